"""Test which names are zones."""

import pytest

from powerdash.lib.zones import is_zone


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_a_place_has_a_zone(name: str) -> None:
    assert is_zone(name)


@pytest.mark.parametrize(
    "name", ["", "Berlin", "europe/berlin", "localtime", "Factory"]
)
def test_other_names_are_none(name: str) -> None:
    assert not is_zone(name)
