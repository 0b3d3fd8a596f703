"""This room's statements, by name, and those made of them for each tier."""

from collections.abc import Sequence
from pathlib import Path

from powerdash.lib.sql import load_queries
from powerdash.telemetry.quantities import Quantity
from powerdash.telemetry.rollup import WIDTHS_S, Tier

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))

KEY = ("device_id", "phase", "bucket_start_ts")
_ALWAYS = ("power", "current", "voltage", "active_power")
_MAYBE = ("power_factor", "frequency", "temperature")
# What a bucket says, in every tier; the specification's columns first.
FIGURES = (
    "count",
    *(f"{what}_{of}" for of in _ALWAYS for what in ("min", "avg", "max")),
    "covered_s",
    "energy_wh",
    "lead_s",
    *(f"twa_{of}" for of in _ALWAYS if of != "active_power"),
    *(f"{what}_{of}" for of in _MAYBE for what in ("min", "avg", "max", "count")),
)


def made_anew(tier: Tier, below: Tier) -> str:
    """Return the query that makes buckets of a tier from the one below, for runs."""
    if below is Tier.RAW:
        return QUERIES["rollup_5m"]
    return QUERIES["rollup_above"].replace(Tier.FIVE_MINUTES.table, below.table)


def kept(tier: Tier, below: Tier) -> str:
    """Return the statement that makes buckets anew and keeps them.

    One that outlived what it was made of stays as it is, and so does one that has more
    readings than can be counted now. One that is the same as before is not written
    again: it has as many readings, and they speak for the same time.
    """
    columns = ", ".join((*KEY, *FIGURES))
    changes = ", ".join(f"{name} = excluded.{name}" for name in FIGURES)
    return (
        f"INSERT INTO {tier.table} AS old ({columns}, created_at, updated_at)"  # noqa: S608
        f" SELECT {columns}, %(at)s, %(at)s FROM ({made_anew(tier, below)}) made"
        f" WHERE NOT EXISTS (SELECT FROM {tier.table} old JOIN telemetry_dropped gone"
        f" ON {_outlived(tier, below)} WHERE {_same_bucket('old', 'made')})"
        f" ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET {changes},"
        " updated_at = excluded.updated_at WHERE excluded.count >= old.count"
        " AND (excluded.count, excluded.covered_s, excluded.lead_s)"
        " <> (old.count, old.covered_s, old.lead_s)"
    )


def compared(tier: Tier, below: Tier) -> str:
    """Return the query of buckets as made anew beside those kept, for runs.

    Its rows: the key, then JSON with both where they differ, None where they do not.
    Those that went with their tier and those that outlived what made them, which cannot
    be made again, do not differ.
    """
    made, old = (
        ", ".join(f"{where}.{name}" for name in FIGURES) for where in ("made", "old")
    )
    return (
        f"SELECT {', '.join(KEY)}, CASE WHEN ({made}) IS DISTINCT FROM ({old})"  # noqa: S608
        " AND NOT EXISTS (SELECT FROM telemetry_dropped gone WHERE"
        f" {_outlived(tier, below)} OR {_went(tier)})"
        " THEN jsonb_build_object('made', to_jsonb(made), 'kept', to_jsonb(old)) END"
        f" FROM ({made_anew(tier, below)}) made"
        f" FULL JOIN (SELECT t.* FROM {tier.table} t JOIN"
        " unnest(%(device_ids)s::int[], %(phases)s::text[], %(starts)s::timestamptz[],"
        " %(stops)s::timestamptz[]) AS run (device_id, phase, start, stop)"
        " ON t.device_id = run.device_id AND t.phase = run.phase"
        " AND t.bucket_start_ts >= run.start AND t.bucket_start_ts < run.stop) old"
        f" USING ({', '.join(KEY)})"
    )


def _outlived(tier: Tier, below: Tier) -> str:
    """Return the condition that a bucket `old` outlived, for `gone`, what made it.

    That is a part of its readings, or of the time before them in which the first of
    them may have had one before it: neither can be had again. `made` is what is left.
    """
    width = {Tier.FIVE_MINUTES: "5 minutes", Tier.HOUR: "1 hour", Tier.DAY: "25 hours"}
    return (
        f"(gone.tier = '{below}' AND gone.dropped_at >= old.created_at"
        " AND has_lost(gone, old.device_id)"
        " AND gone.upper > coalesce(made.before_ts, old.bucket_start_ts)"
        f" AND gone.lower < old.bucket_start_ts + interval '{width[tier]}')"
    )


def _went(tier: Tier) -> str:
    """Return the condition that a bucket `made` is not kept, for `gone` took it."""
    return (
        f"(gone.tier = '{tier}' AND old.device_id IS NULL"
        " AND has_lost(gone, made.device_id)"
        " AND gone.upper > made.bucket_start_ts AND gone.lower <= made.bucket_start_ts)"
    )


def _same_bucket(one: str, other: str) -> str:
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in KEY)


def raw_series(quantities: Sequence[Quantity]) -> str:
    """Return the query of the readings of a device and phase by step of time.

    Its rows: step, first and last time and longest sampling interval, all in (Unix)
    seconds, then mean, least and greatest of each quantity; energy is a sum. A sum is
    cheaper than an `avg`, which also keeps what a variance needs.
    """
    figures = ", ".join(
        f"sum(({q.raw})::float8) / {q.count}, min({q.raw}), max({q.raw})"
        if q.column
        else f"sum({q.raw} * spoken_s) / 3600, NULL::float8, NULL::float8"
        for q in quantities
    )
    statement = QUERIES["series_raw"].replace(
        "max(sampling_ms) / 1000.0::float8",
        f"max(sampling_ms) / 1000.0::float8, {figures}",
    )
    if all(q.column for q in quantities):
        return statement
    readings = "readings(%(device_id)s, %(phase)s, %(since)s, %(until)s)"
    return statement.replace(readings, f"({QUERIES['series_spoken']}) spoken")


def rolled_series(
    tier: Tier, quantities: Sequence[Quantity], *, stitched: bool = False
) -> str:
    """Return the query of a device's buckets by step.

    Its rows: phase, step in Unix seconds, seconds covered, then mean, least and
    greatest of each quantity.

    Args:
        stitched: The newest readings come after the buckets.
    """
    figures = ", ".join(
        f"{q.mean}, min(min_{q.column}), max(max_{q.column})"
        if q.column
        else f"{q.mean}, NULL, NULL"
        for q in quantities
    )
    return (
        QUERIES["series_stitched" if stitched else "series_rolled"]
        .replace("sum(covered_s)", f"sum(covered_s), {figures}", 1)
        .replace(Tier.FIVE_MINUTES.table, tier.table)
    )


def by_step(statement: str, step_s: int) -> str:
    """Return the statement for steps of this length: of a day or more, a zone's days.

    Seven of them begin on a Monday, as 1970-01-05 was.
    When a day begins is asked for each step, not for each bucket: that takes longer
    than all else of ten years.
    """
    if step_s < WIDTHS_S[Tier.DAY]:
        return statement
    step = "date_bin(%(step)s::interval, bucket_start_ts, 'epoch')"
    days = (
        "date_bin(%(step)s::interval, bucket_start_ts AT TIME ZONE %(zone)s::text,"
        " '1970-01-05')"
    )
    told, _, grouped = statement.rpartition(step)
    told = told.replace(step, f"day_start({days}, %(zone)s::text)")
    return f"{told}{days}{grouped}"
