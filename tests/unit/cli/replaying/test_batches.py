"""Batches and checkpoints: nothing left out, nothing sent that need not be."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.cli.posting import ARRAY_MAX, Answer, Reading
from powerdash.cli.replaying.batches import Batch, Timeline, batches
from powerdash.cli.replaying.checkpoint import (
    Checkpoint,
    StateUnwritable,
    Tally,
    Window,
)
from powerdash.cli.replaying.mapping import Found
from powerdash.cli.replaying.run import Reasons

START = datetime(2026, 1, 1, tzinfo=UTC)


def found(row: list[str]) -> Found:
    """Read a row such as `["12", "3"]`: 3 phases at second 12; `-` is missing."""
    second, phases = row
    if phases == "-":
        return Found(missing=1)
    if phases == "!":
        return Found(problem="broken")
    at = START + timedelta(seconds=int(second))
    return Found(
        [Reading(at, 1.0, 230.0, {"sample_ms": 1000}) for _ in range(int(phases))]
    )


def cut(rows: Iterable[list[str]], **given: int) -> list[Batch]:
    return list(batches(rows, found, Timeline(), **{"size": 10, **given}))


ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(["1", "3", "-", "!"])), max_size=80
)


@given(ROWS, st.integers(1, 20), st.integers(0, 90))
def test_every_row_behind_the_skipped_ones_is_in_one_batch(
    steps: list[tuple[int, str]], size: int, skip: int
) -> None:
    second, rows = 0, []
    for step, phases in steps:
        second += step
        rows.append([str(second), phases])
    made = cut(rows, size=size, skip=skip)
    kept = rows[skip:]
    assert sum(batch.counts.rows for batch in made) == len(kept)
    assert sum(batch.counts.missing for batch in made) == sum(
        phases == "-" for _, phases in kept
    )
    assert sum(batch.counts.unreadable for batch in made) == sum(
        phases == "!" for _, phases in kept
    )
    times = [{reading.ts for reading in batch.readings} for batch in made]
    for one, other in pairwise(times):
        assert not one & other, "readings of one moment must not race each other"


def test_a_batch_is_never_more_than_the_server_takes() -> None:
    rows = [["0", "3"]] * 4000
    assert [len(b.readings) for b in cut(rows)] == [4998, 4998, 2004]
    assert max(len(b.readings) for b in cut(rows)) <= ARRAY_MAX


def test_row_numbers_begin_at_one() -> None:
    (batch,) = cut([["0", "3"], ["1", "!"], ["2", "1"]])
    assert batch.row_of == [1, 1, 1, 3]
    assert batch.problems == [(2, "broken")]


def test_a_paced_replay_gathers_a_quarter_of_a_second() -> None:
    rows = [[str(second), "1"] for second in range(60)]
    made = list(batches(rows, found, Timeline(60.0), size=1000))
    assert [len(batch.readings) for batch in made] == [15, 15, 15, 15]
    assert made[0].readings[0].ts == START
    assert made[1].due_s == pytest.approx(29 / 60)
    live = list(batches(rows, found, Timeline(1.0), size=1000))
    assert [batch.due_s for batch in live] == list(range(60))


def test_a_live_replay_is_stamped_when_it_is_due() -> None:
    now = datetime(2030, 5, 5, tzinfo=UTC)
    rows = [["7", "1"], ["67", "1"], ["607", "1"]]
    made = list(batches(rows, found, Timeline(60.0, live_from=now), size=1000))
    readings = [reading for batch in made for reading in batch.readings]
    assert [(r.ts - now).total_seconds() for r in readings] == [0, 1, 10]
    assert readings[0].attributes["sample_ms"] == 17


def test_a_shift_moves_every_reading_alike() -> None:
    shifted = batches([["7", "1"]], found, Timeline(shift=timedelta(days=9)), size=9)
    assert next(shifted).readings[0].ts == START + timedelta(days=9, seconds=7)


@given(st.integers(1, 30), st.randoms())
def test_firm_rows_are_those_without_a_gap(count: int, order: random.Random) -> None:
    window = Window(Tally(rows=100))
    numbers = [window.begin() for _ in range(count)]
    order.shuffle(numbers)
    acknowledged: set[int] = set()
    for number in numbers:
        window.acknowledge(number, Tally(rows=10), Answer(accepted=10))
        acknowledged.add(number)
        whole = next(n for n in range(count + 1) if n not in acknowledged)
        assert window.firm.rows == 100 + 10 * whole
        assert window.all.rows == 100 + 10 * len(acknowledged)
    assert window.firm == window.all


def test_a_checkpoint_is_of_one_file_and_device(tmp_path: Path) -> None:
    one, other = Checkpoint(tmp_path, "a", "b"), Checkpoint(tmp_path, "a", "c")
    assert one.load() is None
    one.save(Tally(rows=5, accepted=4, missing=1))
    assert one.load() == Tally(rows=5, accepted=4, missing=1)
    assert other.load() is None
    assert one.file.stat().st_mode & 0o777 == 0o600
    one.file.write_bytes(b'{"rows": "many"}')
    assert one.load() is None


def test_a_state_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateUnwritable, match="--state-dir"):
        Checkpoint(tmp_path / "file" / "in", "a").save(Tally())


def test_reasons_are_told_once_with_their_count() -> None:
    reasons = Reasons()
    for row in (9, 3, 12):
        reasons.add(row, "current must not be negative")
    reasons.add(5, "broken")
    assert reasons.lines() == [
        "row 3: current must not be negative (3 times)",
        "row 5: broken",
    ]
    for row in range(100):
        reasons.add(row, f"reason {row}")
    assert len(reasons.lines()) == 20
