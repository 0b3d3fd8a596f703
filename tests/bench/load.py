"""Load by wrk (Debian's package): one thread, fast enough not to be the limit."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What a run did: requests per second, latencies in ms, answers that were bad."""

    rate: float
    p50_ms: float
    p99_ms: float
    bad: int


def run(
    script: str, port: int, *, connections: int, seconds: int, **environment: str
) -> Load:
    """Run wrk with one of our scripts against a port of this machine.

    Raises:
        SystemExit: wrk is not installed.
    """
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("bench: install wrk (Debian: apt-get install wrk).")
    said = subprocess.run(  # noqa: S603 - our own arguments
        [
            program, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
            "-s", str(HERE / script), f"http://127.0.0.1:{port}",
        ],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout  # fmt: skip
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Load(
        rate=float(_found(r"Requests/sec:\s+([\d.]+)", said)),
        p50_ms=_milliseconds(_found(r"\s50%\s+(\S+)", said)),
        p99_ms=_milliseconds(_found(r"\s99%\s+(\S+)", said)),
        bad=int(bad[1]) if bad else 0,
    )


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(f"wrk did not print {pattern}: {text}")
    return match[1]


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    if match is None:
        raise ValueError(f"wrk printed the time {text!r}.")
    return float(match[1]) * _UNITS[match[2]]
