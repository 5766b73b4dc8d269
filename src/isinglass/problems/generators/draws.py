"""What the families draw: signs, integers and normal deviates as functions of (key, index).

A family takes one key per purpose from the seed; draw number ``k`` is a hash of the key and
``k``. Logarithm and normal quantile are written out in IEEE additions, multiplications,
divisions and square roots, whose results are fixed to the last bit, where the C library's are
not: a seed gives the same instance on every machine.
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numba import njit

from isinglass.kernels.cpu.packed_bits import random_word
from isinglass.rng import read_key

_LN2 = 0.6931471805599453
_SQRT2 = 1.4142135623730951

# Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", PPND16,
# Applied Statistics 37 (1988) 477; relative error about 1e-16. Highest power first.
_CENTRE_NUMERATOR = (
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0,
)  # fmt: skip
_CENTRE_DENOMINATOR = (
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0,
)  # fmt: skip
_TAIL_NUMERATOR = (
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
    1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
    4.63033784615654529590e0, 1.42343711074968357734e0,
)  # fmt: skip
_TAIL_DENOMINATOR = (
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
    1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
    2.05319162663775882187e0, 1.0,
)  # fmt: skip
_FAR_TAIL_NUMERATOR = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
    2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
    5.46378491116411436990e0, 6.65790464350110377720e0,
)  # fmt: skip
_FAR_TAIL_DENOMINATOR = (
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
    7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
    5.99832206555887937690e-1, 1.0,
)  # fmt: skip


class Purpose(IntEnum):
    """What a key is for. The numbers are part of what a seed means: never change them."""

    GRAPH = 0
    COUPLINGS = 1
    GAUGE = 2
    LOOPS = 3
    MENDING = 4


def stream_key(seed: int, purpose: Purpose) -> np.uint64:
    """The 64-bit key of one purpose."""
    return read_key(seed, int(purpose))


@njit(cache=True, error_model="numpy")
def artanh(x: float) -> float:
    """Inverse hyperbolic tangent for |x| <= 0.172, by its series (relative error about 1e-16)."""
    square = x * x
    total = 0.0
    for k in range(12, -1, -1):
        total = total * square + 1.0 / (2 * k + 1)
    return x * total


@njit(cache=True, error_model="numpy")
def natural_log(x: float) -> float:
    """ln x of a positive normal float64: ``ln m = 2 artanh((m - 1) / (m + 1))``."""
    raw = np.float64(x).view(np.int64)
    exponent = (raw >> np.int64(52)) - np.int64(1023)
    m = np.int64((raw & np.int64(0x000FFFFFFFFFFFFF)) | np.int64(0x3FF0000000000000)).view(np.float64)
    if m > _SQRT2:
        m = m * 0.5
        exponent += 1
    return exponent * _LN2 + 2.0 * artanh((m - 1.0) / (m + 1.0))


@njit(cache=True)
def unit_interval(word: np.uint64) -> float:
    """One of the 2^52 midpoints of equal parts of (0, 1)."""
    return (np.float64(word >> np.uint64(12)) + 0.5) * 2.0**-52


@njit(cache=True)
def _polynomial(coefficients: tuple[float, ...], x: float) -> float:
    total = 0.0
    for c in coefficients:
        total = total * x + c
    return total


@njit(cache=True, error_model="numpy")
def normal_quantile(u: float) -> float:
    """The standard normal deviate below which a share ``u`` in (0, 1) lies."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _polynomial(_CENTRE_NUMERATOR, r) / _polynomial(_CENTRE_DENOMINATOR, r)
    r = math.sqrt(-natural_log(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        x = _polynomial(_TAIL_NUMERATOR, r - 1.6) / _polynomial(_TAIL_DENOMINATOR, r - 1.6)
    else:
        x = _polynomial(_FAR_TAIL_NUMERATOR, r - 5.0) / _polynomial(_FAR_TAIL_DENOMINATOR, r - 5.0)
    return -x if q < 0.0 else x


@njit(cache=True)
def gaussian(key: np.uint64, index: int) -> float:
    """Normal deviate number ``index``: mean 0, variance 1, cut off at 8.2."""
    return normal_quantile(unit_interval(random_word(key, np.uint64(index))))


@njit(cache=True)
def integer_below(word: np.uint64, size: int) -> np.int64:
    """A random integer from 0 to ``size`` - 1 (size <= 2^32): the high half of ``word * size``."""
    factor = np.uint64(size)
    low = (word & np.uint64(0xFFFFFFFF)) * factor
    high = (word >> np.uint64(32)) * factor + (low >> np.uint64(32))
    return np.int64(high >> np.uint64(32))


@njit(cache=True)
def signs(key: np.uint64, count: int) -> np.ndarray:
    """int8[count] of -1 and +1 with equal chance."""
    drawn = np.empty(count, np.int8)
    for start in range(0, count, 64):
        word = random_word(key, np.uint64(start >> 6))
        for k in range(start, min(count, start + 64)):
            drawn[k] = 1 - 2 * np.int64((word >> np.uint64(k - start)) & np.uint64(1))
    return drawn


@njit(cache=True)
def gaussians(key: np.uint64, count: int) -> np.ndarray:
    """float64[count] of normal deviates with mean 0 and variance 1."""
    drawn = np.empty(count, np.float64)
    for k in range(count):
        drawn[k] = gaussian(key, k)
    return drawn
