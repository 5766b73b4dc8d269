"""Expectation values of Pauli strings from a state vector.

A string is i^y X^x Z^z with masks x and z and y letters Y, so

    <P> = i^y sum_b (-1)^|b & z| conj(a[b ^ x]) a[b].

Strings with the same x share the products. They are summed in chunks of 2^12 amplitudes: the
Walsh-Hadamard transform of a chunk's products has the signed sums for all low bits of z at once, and the high
bits turn the sign of the whole chunk. Exact up to rounding. Memory: one chunk.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.vector import stop_requested

CHUNK = 1 << 12


@njit(nogil=True, cache=True)
def pauli_sums(re, im, x, imaginary, zs, first, last, sums, flag):
    """Add to ``sums[k]`` the part of b from ``first`` to before ``last`` for z = ``zs[k]``.

    re, im: float[2^n]; zs: int64[strings]; sums: float64[strings]; first, last: multiples of CHUNK, or 0 and
    2^n. ``imaginary``: of the products the imaginary part counts, not the real one.
    O(12 (last - first) + strings (last - first) / 4096).
    """
    chunk = min(CHUNK, re.size)
    low = x & (chunk - 1)
    products = np.empty(chunk)
    for begin in range(first, last, chunk):
        if stop_requested(flag):
            return
        other = begin ^ (x - low)
        for j in range(chunk):
            b, c = begin + j, other + (j ^ low)
            if imaginary:
                products[j] = float(re[c]) * im[b] - float(im[c]) * re[b]
            else:
                products[j] = float(re[c]) * re[b] + float(im[c]) * im[b]
        walsh_hadamard(products)
        for k in range(zs.size):
            part = products[zs[k] & (chunk - 1)]
            sums[k] += -part if odd(begin & zs[k]) else part


@njit(nogil=True, cache=True, inline="always")
def odd(bits):
    """Is the number of ones odd?"""
    bits ^= bits >> 32
    bits ^= bits >> 16
    bits ^= bits >> 8
    bits ^= bits >> 4
    bits ^= bits >> 2
    bits ^= bits >> 1
    return bits & 1


@njit(nogil=True, cache=True)
def walsh_hadamard(values):
    """``values[z]`` becomes sum_b (-1)^|b & z| values[b], in place; O(n 2^n)."""
    run = 1
    while run < values.size:
        for begin in range(0, values.size, 2 * run):
            for b in range(begin, begin + run):
                low, high = values[b], values[b + run]
                values[b], values[b + run] = low + high, low - high
        run *= 2
