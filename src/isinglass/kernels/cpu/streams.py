"""Random numbers as a function of (read key, sweep, spin): a stream per read, in any order.

A counter-based generator has no state to carry, so one read annealed alone, the same read as one
lane of sixty-four, or the same read on another machine draws the same numbers. Two levels:

* once a sweep, ``sweep_key`` turns the read's 64-bit key and the sweep's number into 64 fresh
  bits (the finaliser of SplitMix64, Steele, Lea, Flood, OOPSLA 2014);
* once a spin, ``uniform32`` mixes the spin's index with those bits (a three-multiply xorshift
  hash with Wellons' "triple32" constants, the key's halves added before and inside it). Two
  multiplies are not enough: dieharder's sts_serial fails them after 10^8 draws.

``slack_of`` turns the 32 bits into half the energy that a Metropolis step may climb:
``E / (2 beta)`` with ``E = -ln u`` exponential, so that ``P(slack >= a) = exp(-2 beta a)``.
Arithmetic is 32-bit integer and IEEE single without contraction: the same on every machine.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


@njit(cache=True)
def sweep_key(read_key: np.uint64, sweep: int) -> np.uint64:
    """64 fresh bits for one sweep of one read."""
    z = read_key + np.uint64(sweep + 1) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX1
    z = (z ^ (z >> np.uint64(27))) * _MIX2
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def uniform32(index: np.uint32, key_low: np.uint32, key_high: np.uint32) -> np.uint32:
    """32 random bits for spin ``index`` in a sweep."""
    x = np.uint32(index + key_low)
    x = np.uint32(x ^ (x >> np.uint32(17)))
    x = np.uint32(x * np.uint32(0xED5AD4BB))
    x = np.uint32(x ^ (x >> np.uint32(11)))
    x = np.uint32(x + key_high)
    x = np.uint32(x * np.uint32(0xAC4C1B51))
    x = np.uint32(x ^ (x >> np.uint32(15)))
    x = np.uint32(x * np.uint32(0x31848BAB))
    return np.uint32(x ^ (x >> np.uint32(14)))


@njit(cache=True)
def exponential(bits: np.uint32) -> np.float32:
    """``-ln((bits + 1/2) / 2^32)`` to within 2e-6 (tested over all exponents)."""
    u = np.float32(bits) + np.float32(0.5)
    raw = np.float32(u).view(np.int32)
    exponent = np.float32((raw >> np.int32(23)) - np.int32(127))
    m = np.int32((raw & np.int32(0x007FFFFF)) | np.int32(0x3F800000)).view(np.float32) - np.float32(1.0)
    p = np.float32(-0.02582845464348793)
    p = p * m + np.float32(0.12176050245761871)
    p = p * m + np.float32(-0.27786704897880554)
    p = p * m + np.float32(0.4575333595275879)
    p = p * m + np.float32(-0.7181435227394104)
    p = p * m + np.float32(1.4425451755523682)
    return (np.float32(32.0) - exponent - p * m) * np.float32(0.6931472)


@njit(cache=True)
def slack_of(bits: np.uint32, scale: np.float32, quantum: np.float32) -> np.float32:
    """Half the energy that this step may climb; a flip is accepted when half its cost is at most it.

    ``scale`` is 1 / (2 beta). ``quantum`` is the smallest non-zero half cost, 1 in whole-number
    problems, 0 where costs are continuous. Visits in fixed order that always accept a flip of cost
    zero move every domain wall of a chain one step a sweep, in the same direction, for ever: walls
    never meet and the chain is not ergodic. So one in sixteen flips of cost zero is refused.
    Detailed balance holds for any such rate; one in two already costs quality on lattices, where
    the drift helps (bench/README.md).
    """
    slack = exponential(bits) * scale
    if slack < quantum and (bits & np.uint32(15)) == np.uint32(0):
        return -quantum
    return slack
