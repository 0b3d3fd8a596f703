"""From the wheel to the picture: `python -m tests.bench.zoom`.

A device with a year of readings each minute is looked at in Chromium; each turn of the
wheel zooms in, from the year to a minute. A step ends when the picture of the tier that
suits the new range is on the screen.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import Locator, Page, sync_playwright

from tests.installation import Up, powerdash, until

PASSWORD = "a password of the bench"
EMAIL = "bench@bench.test"
READINGS = """
INSERT INTO power_records (device_id, phase, ts, current, voltage, power, sampling_ms)
SELECT 1, '', at, 5 + random(), 230 + random(), 1150 + 200 * random(), 60000
FROM generate_series('2025-01-01Z'::timestamptz, '2025-12-31 23:59Z', '1 minute') at
"""
DUE = """
INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts)
SELECT array_agg(1), array_agg(''::text), array_agg(at)
FROM generate_series('2025-01-01Z'::timestamptz, '2025-12-31 23:59Z', '5 minutes') at
GROUP BY date_trunc('month', at, 'UTC')
"""
NEWEST = """
INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)
VALUES (1, '', '2025-12-31 23:59Z', 5, 230, 1150)
"""
# The chart's own words name its range: they change as the picture does, and two frames
# later it is on the screen.
WATCH = """
chart => {
  window.took = new Promise(resolve => {
    addEventListener('wheel', () => {
      const began = performance.now()
      const done = () => resolve(performance.now() - began)
      new MutationObserver((_, self) => {
        self.disconnect()
        requestAnimationFrame(() => requestAnimationFrame(done))
      }).observe(chart, { attributeFilter: ['aria-label'] })
    }, { capture: true, passive: true, once: true })
  })
}
"""


def main() -> None:
    """Zoom and report each step."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        up = Up(folder, "--workers", "1")
        try:
            uuid = _prepare(folder, str(up.cluster.socket_dir))
            until(
                lambda: up.ask("SELECT count(*) = 0 FROM telemetry_rollup_due")[0][0],
                what="rolled up",
            )
            steps = look(up.port, uuid)
        finally:
            up.stop()
    for step in steps:
        print(f"{step['range']:>14}  {step['tier']:>4}  {step['ms']:6.0f} ms")
    print(f"the slowest of {len(steps)}: {max(step['ms'] for step in steps):.0f} ms")


def _prepare(folder: Path, host: str) -> str:
    powerdash(folder, "organizations", "create", "bench", "--name", "Bench")
    made = powerdash(
        folder, "devices", "register", "--organization", "bench", "--name", "Meter",
        "--json",
    )  # fmt: skip
    secret = folder / "password"
    secret.write_text(PASSWORD)
    powerdash(
        folder, "users", "create", EMAIL, "--organization", "bench", "--role", "viewer",
        "--password-file", str(secret),
    )  # fmt: skip
    with psycopg.connect(
        host=host, user="powerdash", dbname="power_dashboard", autocommit=True
    ) as connection:
        connection.execute(
            "SELECT power_records_partition_ensure(at, now()) FROM"
            " generate_series('2025-01-15Z'::timestamptz, '2025-12-31Z', '28 days') at"
        )
        connection.execute(READINGS)
        connection.execute(NEWEST)
        connection.execute(DUE)
    return str(json.loads(made.stdout.splitlines()[0])["uuid"])


def look(port: int, uuid: str) -> list[dict[str, Any]]:
    """Zoom from the year to a minute; return range, tier and time of each step."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--disable-gpu", *sandbox]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"http://127.0.0.1:{port}/login")
        page.get_by_label("E-mail address").fill(EMAIL)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Overview").wait_for()
        year = "from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z"
        page.goto(f"http://127.0.0.1:{port}/devices/{uuid}?{year}")
        chart = page.get_by_role("application")
        chart.wait_for()
        page.wait_for_load_state("networkidle")
        chart.scroll_into_view_if_needed()
        chart.hover()
        page.keyboard.down("Control")
        steps = list(_zoom(page, chart))
        browser.close()
    return steps


def _zoom(page: Page, chart: Locator) -> Iterator[dict[str, Any]]:
    span_s = 366 * 86_400.0
    while span_s > 60:
        chart.evaluate(WATCH)
        with page.expect_response(lambda answer: "/series?" in answer.url) as answered:
            page.mouse.wheel(0, -240)
        took_ms = page.evaluate("window.took")
        told = answered.value.json()
        since, before = (datetime.fromisoformat(told[end]) for end in ("from", "to"))
        span_s = (before - since).total_seconds()
        yield {"range": _words(span_s), "tier": told["tier"], "ms": took_ms}
        page.wait_for_timeout(150)  # as a hand does between two turns


def _words(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


if __name__ == "__main__":
    main()
