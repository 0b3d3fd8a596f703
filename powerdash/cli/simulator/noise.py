"""Chance as a pure function: the same seed, stream and time give the same value.

A hash instead of a generator: any moment can be asked for, in any order, so a device
that restarts goes on exactly where it would have been.
"""

import math
from functools import lru_cache

_MASK = (1 << 64) - 1


@lru_cache(maxsize=50_000)  # most of what a beat asks for, the one before asked
def mix(*parts: int) -> int:
    """Return 64 well-mixed bits of `parts`. Source: splitmix64 (Steele et al. 2014)."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = (state ^ (part & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


def unit(*parts: int) -> float:
    """Return a number in [0, 1) that `parts` decide."""
    return (mix(*parts) >> 11) / (1 << 53)


def between(low: float, high: float, *parts: int) -> float:
    """Return a number in [low, high) that `parts` decide."""
    return low + (high - low) * unit(*parts)


def bell(*parts: int) -> float:
    """Return a roughly normal number: mean 0, deviation 1, within ±3.47."""
    bits = mix(*parts)
    total = sum((bits >> shift) & 0xFFFF for shift in (0, 16, 32, 48)) / 65535.0
    return (total - 2.0) * math.sqrt(3.0)


def smooth(seed: int, stream: int, at: float, period_s: float) -> float:
    """Return slow noise in [-1, 1]: random values each `period_s`, joined smoothly."""
    place = at / period_s
    step = math.floor(place)
    fraction = place - step
    left = 2.0 * unit(seed, stream, step) - 1.0
    right = 2.0 * unit(seed, stream, step + 1) - 1.0
    weight = fraction * fraction * (3.0 - 2.0 * fraction)
    return left + (right - left) * weight
