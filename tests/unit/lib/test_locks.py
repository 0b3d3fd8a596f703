"""Locks between processes, here between open files."""

from pathlib import Path

from powerdash.lib.locks import FileLock


def test_one_alone_or_many_together(tmp_path: Path) -> None:
    first, second, third = (FileLock(tmp_path / "lock") for _ in range(3))
    assert first.acquire(shared=True)
    assert second.acquire(shared=True, wait=False)
    assert not third.acquire(wait=False)
    second.release()
    assert first.acquire(wait=False)  # from shared to alone
    assert second.held_elsewhere()
    assert not third.acquire(shared=True, wait=False)
    first.release()
    assert not second.held_elsewhere()


def test_it_is_free_after_the_with_block(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock") as held:
        assert FileLock(held.path).held_elsewhere()
    assert not FileLock(held.path).held_elsewhere()
