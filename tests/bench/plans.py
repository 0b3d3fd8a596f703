"""How PostgreSQL answers each question over history: `python -m tests.bench.plans`.

Fills an installation as `tests.bench.telemetry` does, asks, and writes the plans to
`docs/explanation/plans.md`. A plan that reads history from its beginning to its end is
an error.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from tests.bench.fill import fill
from tests.bench.telemetry import prepare
from tests.installation import Up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "powerdash.settings")

PAGE = Path(__file__).parents[2] / "docs/explanation/plans.md"
# A scan that met rows: the partitions of days to come are empty.
# Where steps begin, thousands of numbers.
EDGES = re.compile(r"\{([\d.]+,[\d.]+),[\d.,]{100,},([\d.]+)\}")
SCAN = re.compile(
    r"Seq Scan on (power_records|power_chunks|telemetry_(rollups|totals))[^\n(]*"
    r"\(actual rows=([1-9]|[^\n]*\n(\s+Filter: [^\n]*\n)?\s+Rows Removed)"
)
HEAD = """# How questions over history are answered

Each statement that meets readings or rollups, as PostgreSQL carries it out: `EXPLAIN
(ANALYZE, BUFFERS)`. Made by `python -m tests.bench.plans`, which fills an installation
with a month of five minutes, a year of hours and ten years of days of 1,000 devices and
1.8 million readings of a day, and fails when one of these reads a table of history from
its beginning to its end. All are index ranges of a device and phase, or of an
organization, in the partitions of the range; what they cost follows from what is asked,
not from what is there.

| question | pages of 8 KiB | ms |
|---|--:|--:|"""


class Question(NamedTuple):
    """A statement, whose it is, and what it is asked with."""

    title: str
    statement: str
    arguments: dict[str, Any]


def main() -> None:
    """Fill, ask, write."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        up = Up(Path(folder), "--workers", "1")
        try:
            prepare(Path(folder))
            host = str(up.cluster.socket_dir)
            fill(host)
            PAGE.write_text(page(host))
        finally:
            up.stop()
    print(f"Written to {PAGE}.")


def page(host: str) -> str:
    """Return the page: a heading and a plan for each question.

    Args:
        host: Folder of the server's socket.

    Raises:
        AssertionError: A plan reads a table of history from its beginning to its end.
    """
    rows: list[str] = []
    parts: list[str] = []
    with connected(host) as connection:
        for question in questions(datetime.now(UTC)):
            plan = explained(connection, question)
            assert not SCAN.search(plan), f"{question.title}\n{plan}"
            rows.append(f"| {question.title} | {_pages(plan)} | {_ms(plan)} |")
            told = EDGES.sub(r"{\1,…,\2}", plan)
            parts.append(f"## {question.title}\n\n```\n{told}\n```\n")
    return "\n".join([HEAD, *rows, "", *parts])


def _pages(plan: str) -> str:
    """Return how many pages of 8 KiB a plan touched."""
    first = next(line for line in plan.splitlines() if "Buffers:" in line)
    return f"{sum(int(n) for n in re.findall(r'(?:hit|read)=([0-9]+)', first)):,}"


def _ms(plan: str) -> str:
    return f"{float(plan.rpartition('Execution Time: ')[2].split()[0]):.1f}"


@contextmanager
def connected(host: str) -> Iterator[psycopg.Connection[tuple[str]]]:
    """Connect as Django does: values are written into the statement."""
    with psycopg.connect(
        host=host,
        user="powerdash",
        dbname="power_dashboard",
        autocommit=True,
        cursor_factory=psycopg.ClientCursor,
    ) as connection:
        yield connection


def explained(connection: psycopg.Connection[tuple[str]], question: Question) -> str:
    """Return a plan; what the statement does is undone."""
    explain = "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF)\n"
    with connection.transaction(force_rollback=True):
        if question.title.startswith("Rolling up"):
            connection.execute(_queries()["rollup_plan"].encode())
        statement = (explain + question.statement).encode()
        rows = connection.execute(statement, question.arguments).fetchall()
    return "\n".join(row[0].rstrip() for row in rows)


def _queries() -> dict[str, str]:
    from powerdash.telemetry.sql import QUERIES

    return QUERIES


def questions(at: datetime) -> Iterator[Question]:
    """Return what pages, the API, exports and the worker ask of history."""
    from powerdash.telemetry.exporting.rows import statement as exported
    from powerdash.telemetry.quantities import QUANTITIES, USUAL
    from powerdash.telemetry.rollup import REACH, Tier
    from powerdash.telemetry.sql import by_step, kept, raw_series, rolled_series

    queries = _queries()
    usual = [QUANTITIES[name] for name in USUAL]
    until = at.replace(minute=0, second=0, microsecond=0)
    device = {"device_id": 1, "phase": "", "phases": [""], "zone": "Europe/Berlin"}
    day = {**device, **_range(until, 1), "step": timedelta(seconds=44)}
    yield Question(
        "A device's day of one-second readings in 2,000 steps", raw_series(usual), day
    )
    for tier, days, step in (
        (Tier.FIVE_MINUTES, 30, timedelta(minutes=25)),
        (Tier.HOUR, 365, timedelta(hours=5)),
        (Tier.DAY, 3650, timedelta(days=2)),
    ):
        is_days = tier is Tier.DAY
        statement = rolled_series(tier, usual, stitched=not is_days)
        yield Question(
            f"A device's {days} days from {tier.table}"
            + ("" if is_days else ", with the newest readings"),
            by_step(statement, int(step.total_seconds())),
            {**device, **_range(until, days), "step": step, "reach": REACH,
             "head": until - timedelta(minutes=10), "hold": timedelta(minutes=4)},
        )  # fmt: skip
    yield Question(
        "Where a device's rollups end",
        queries["series_end"],
        {
            **device,
            "earliest": until - timedelta(hours=3),
            "width": timedelta(minutes=5),
        },
    )
    yield Question(
        "How many readings a range has",
        queries["series_readings"],
        {**device, **_range(until, 30)},
    )
    newest = {"device_id": 1, **_range(until, 365), "limit": 1000}
    yield Question("A device's newest readings", queries["records"], newest)
    yield Question(
        "When devices' records begin and end",
        queries["spans"],
        {"device_ids": list(range(1, 51))},
    )
    yield Question(
        "The load curve of an hour, from readings",
        queries["curve_raw"],
        {"organization_id": 1, "since": until - timedelta(hours=3),
         "until": until - timedelta(hours=2), "step_s": 10},
    )  # fmt: skip
    month = {"organization_id": 1, **_range(until, 30), "reach": REACH}
    yield Question(
        "An organization's total over 30 days",
        queries["totals_series"],
        {**month, **_edges(until, 1500), "width": timedelta(minutes=5)},
    )
    yield Question(
        "Twenty devices together over 30 days",
        queries["devices_series"].replace(Tier.FIVE_MINUTES.table, Tier.HOUR.table),
        {**month, **_edges(until, 3600), "width": timedelta(hours=1),
         "device_ids": list(range(1, 21))},
    )  # fmt: skip
    piece = {"device_id": 1, "phase": "", "until": until, "limit": 10_000}
    for tier, days in ((Tier.RAW, 1), (Tier.FIVE_MINUTES, 31)):
        yield Question(
            f"A piece of an export of {tier.table}",
            exported(tier),
            {**piece, "after": until - timedelta(days=days)},
        )
    run = {
        "device_ids": [1, 2],
        "phases": ["", ""],
        "starts": [until - timedelta(hours=5)] * 2,
        "stops": [until - timedelta(hours=4)] * 2,
        "holds": [timedelta(minutes=4)] * 2,
        "reach": timedelta(days=1),
        "at": at,
    }
    for tier, below in (
        (Tier.FIVE_MINUTES, Tier.RAW),
        (Tier.HOUR, Tier.FIVE_MINUTES),
        (Tier.DAY, Tier.HOUR),
    ):
        title = f"Rolling up {below.table} into {tier.table}"
        yield Question(title, kept(tier, below), run)


def _edges(until: datetime, step_s: int) -> dict[str, Any]:
    """Return the edges of a month's steps, seconds after it begins."""
    length_s = 30 * 86_400
    return {
        "edges": [float(at) for at in range(0, length_s + 1, step_s)],
        "length_s": length_s,
        "since_s": until.timestamp() - length_s,
        "width_s": 300,
        "now_s": length_s,
        "least_s": 1e-3,
    }


def _range(until: datetime, days: int) -> dict[str, datetime]:
    return {"since": until - timedelta(days=days), "until": until}


if __name__ == "__main__":
    main()
