"""The installation's folder."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from powerdash.lib import datadir


def test_the_secret_key_is_made_once_and_for_us_only(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(datadir.secret_key, [folder] * 8))
    assert len(keys) == 1
    assert len(keys.pop()) >= 48
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in folder.iterdir()] == ["secret_key"]


def test_the_socket_lies_in_the_folder_when_its_path_is_short() -> None:
    assert datadir.socket_dir(Path("/srv/power")) == Path("/srv/power/run")


def test_a_path_too_long_for_a_socket_is_replaced_by_one_of_its_own() -> None:
    deep = Path("/srv") / ("x" * 100)
    short = datadir.socket_dir(deep)
    assert len(os.fsencode(short)) <= datadir.SOCKET_DIR_MAX
    assert short == datadir.socket_dir(deep)
    assert short != datadir.socket_dir(deep / "y")
