"""History for the questions: rollups of a thousand devices, readings of a day."""

from datetime import UTC, datetime, timedelta

import psycopg

DEVICES = 1_000
ORGANIZATIONS = 20  # that have totals
SLOW = 200  # devices that read each ten seconds of the last day, beside one each second
TIERS = (("5m", 300, 31), ("1h", 3600, 366), ("1d", 86_400, 3653))
NEWEST = 10_000  # rows of the table of the newest

# Buckets in the order in which a running rollup writes them.
ROLLUPS = """
INSERT INTO telemetry_rollups_{tier} (device_id, phase, bucket_start_ts,
    min_power, avg_power, max_power, count, min_current, avg_current, max_current,
    min_voltage, avg_voltage, max_voltage, min_active_power, avg_active_power,
    max_active_power, covered_s, lead_s, energy_wh, twa_power, twa_current, twa_voltage,
    created_at, updated_at)
SELECT d, '', b, p * 0.9, p, p * 1.2, 30, 5, 5.5, 6, 228, 230, 232, p * 0.9, p, p * 1.2,
    %(width)s, 10, p * %(width)s / 3600, p, 5.5, 230, now(), now()
FROM generate_series(%(since)s, %(until)s, make_interval(secs => %(width)s)) b,
    generate_series(1, %(devices)s) d, LATERAL (SELECT 1000 + 500 * random() AS p) v
ORDER BY b, d
"""
TOTALS = """
INSERT INTO telemetry_totals_5m SELECT o, b, 30000, 100000, 3e8, 6.9e7, 300000
FROM generate_series(%(since)s, %(until)s, interval '5 minutes') b,
    generate_series(1, %(organizations)s) o ORDER BY b, o
"""
READINGS = """
INSERT INTO power_records (device_id, phase, ts, current, voltage, power, sampling_ms)
SELECT d, '', %(since)s::timestamptz + s * interval '1 second', current, voltage,
    current * voltage, 1000
FROM generate_series(0, 86399) s, generate_series(1, %(slow)s) d,
    -- As meters tell: hundredths of an ampere, tenths of a volt.
    LATERAL (SELECT (500 + floor(100 * random() + 0 * d)) / 100 AS current,
        (2300 + floor(50 * random() + 0 * s)) / 10 AS voltage) v
WHERE d = 1 OR (s + d) %% 10 = 0 ORDER BY s, d
"""
LATEST = """
INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)
SELECT d, '', now(), 5, 230, 1150 FROM generate_series(1, %(newest)s) d
"""


def fill(host: str) -> dict[str, float]:
    """Fill the tables; return bytes on disk by reading and by bucket.

    Args:
        host: Folder of the server's socket.
    """
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with psycopg.connect(
        host=host, user="powerdash", dbname="power_dashboard", autocommit=True
    ) as connection:
        for tier, width, days in TIERS:
            since = until - timedelta(days=days)
            connection.execute(
                "SELECT telemetry_rollups_ensure(%s, at) FROM"
                " generate_series(%s, %s + interval '1 month', interval '28 days') at",
                [f"telemetry_rollups_{tier}", since, until],
            )
            given = {"since": since, "until": until, "width": width, "devices": DEVICES}
            connection.execute(ROLLUPS.format(tier=tier), given)
        month = {"since": until - timedelta(days=31), "until": until}
        connection.execute(TOTALS, {**month, "organizations": ORGANIZATIONS})
        day = until - timedelta(days=1)
        connection.execute(
            "SELECT power_records_partition_ensure(at, now())"
            " FROM unnest(%s::timestamptz[]) at",
            [[day, until]],
        )
        connection.execute(READINGS, {"since": day, "slow": SLOW})
        connection.execute(LATEST, {"newest": NEWEST})
        connection.execute("VACUUM ANALYZE")
        # Gigabytes that are still to be written would be measured with the questions.
        connection.execute("CHECKPOINT")
        return {
            "a reading": _bytes_each(connection, "power_records"),
            "a bucket of 5 minutes": _bytes_each(connection, "telemetry_rollups_5m"),
        }


def _bytes_each(connection: psycopg.Connection[tuple[float]], table: str) -> float:
    rows = connection.execute(
        "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
        " WHERE inhparent = %s::regclass",
        [table],
    ).fetchall()
    count = connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608
    return float(rows[0][0]) / float(count[0][0])
