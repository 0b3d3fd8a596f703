"""Device secrets: 256 random bits, kept only as a keyed hash. Pure.

A random 256-bit secret cannot be guessed, so a keyed SHA-256 protects it as well as a
slow password hash would, at a thousandth of the cost per reading.
"""

import hashlib
import hmac
import secrets


def secret_new() -> str:
    """Return a new secret: 43 URL-safe characters, 256 random bits."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str, *, pepper: str) -> str:
    """Return the keyed hash under which `secret` is stored: 64 hex digits."""
    return hmac.digest(pepper.encode(), secret.encode(), hashlib.sha256).hex()


def secret_matches(secret: str, stored_hash: str, *, pepper: str) -> bool:
    """Tell, in constant time, whether `secret` is the one behind `stored_hash`."""
    return hmac.compare_digest(secret_hash(secret, pepper=pepper), stored_hash)
