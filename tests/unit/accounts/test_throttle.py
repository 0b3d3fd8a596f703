"""Which bucket a failed sign-in fills."""

import pytest

from powerdash.accounts.throttle import BY_BROWSER, buckets, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_it_takes_the_network_one_customer_has(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_stranger_fills_the_buckets_of_address_and_account() -> None:
    chosen = buckets(email="a@b.test", address="192.0.2.7", browser=None)
    assert [key for key, _ in chosen] == ["address:192.0.2.7", "account:a@b.test"]


def test_a_known_browser_fills_only_its_own() -> None:
    chosen = buckets(email="a@b.test", address="192.0.2.7", browser="x")
    assert chosen == [("browser:x", BY_BROWSER)]
