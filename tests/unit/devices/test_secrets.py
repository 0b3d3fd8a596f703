"""Device secrets."""

from powerdash.devices.secrets import secret_hash, secret_matches, secret_new


def test_each_secret_is_new_and_long() -> None:
    made = {secret_new() for _ in range(100)}
    assert len(made) == 100
    assert {len(secret) for secret in made} == {43}


def test_only_the_secret_and_the_pepper_match() -> None:
    stored = secret_hash("s", pepper="p")
    assert secret_matches("s", stored, pepper="p")
    assert not secret_matches("t", stored, pepper="p")
    assert not secret_matches("s", stored, pepper="q")
