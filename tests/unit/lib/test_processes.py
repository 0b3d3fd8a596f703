"""What stands between an account and a folder."""

from pathlib import Path

from powerdash.lib.processes import OsUser, barrier, os_user

STRANGER = OsUser("stranger", 4242, 4242)


def test_a_folder_for_its_owner_only_stops_a_stranger(tmp_path: Path) -> None:
    private = tmp_path / "private"
    inner = private / "inner"
    inner.mkdir(parents=True)
    tmp_path.chmod(0o755)
    private.chmod(0o700)
    found = barrier(inner, STRANGER)
    assert found is not None
    assert inner.is_relative_to(found)
    assert found in (private, *tmp_path.parents)


def test_everybody_may_pass_to_the_root() -> None:
    assert barrier(Path("/"), STRANGER) is None


def test_a_number_without_a_name_is_no_account() -> None:
    assert os_user(3_999_999_999) is None
