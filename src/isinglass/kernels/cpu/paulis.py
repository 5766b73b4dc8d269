"""Expectation values of Pauli strings from a state vector.

A string is i^y X^x Z^z with masks x and z and y letters Y, so

    <P> = i^y sum_b (-1)^|b & z| conj(a[b ^ x]) a[b].

Strings with the same x share the products; the sums over all z at once are their Walsh-Hadamard transform.
Exact up to rounding. Memory: 8 bytes an amplitude.
"""

from __future__ import annotations

from numba import njit

from isinglass.kernels.cpu.vector import stop_requested

_POLL = 1 << 16


@njit(nogil=True, cache=True)
def overlaps(re, im, x, imaginary, out, flag):
    """``out[b]`` = real or imaginary part of conj(a[b ^ x]) a[b]; float64[2^n]. O(2^n)."""
    for b in range(re.size):
        if b % _POLL == 0 and stop_requested(flag):
            return
        c = b ^ x
        if imaginary:
            out[b] = float(re[c]) * im[b] - float(im[c]) * re[b]
        else:
            out[b] = float(re[c]) * re[b] + float(im[c]) * im[b]


@njit(nogil=True, cache=True)
def signed_sum(values, z):
    """sum_b (-1)^|b & z| values[b]; O(2^n)."""
    total = 0.0
    for b in range(values.size):
        parities = b & z
        parities ^= parities >> 32
        parities ^= parities >> 16
        parities ^= parities >> 8
        parities ^= parities >> 4
        parities ^= parities >> 2
        parities ^= parities >> 1
        total += -values[b] if parities & 1 else values[b]
    return total


@njit(nogil=True, cache=True)
def walsh_hadamard(values, flag):
    """``values[z]`` becomes sum_b (-1)^|b & z| values[b], in place; O(n 2^n)."""
    run = 1
    while run < values.size:
        if stop_requested(flag):
            return
        for begin in range(0, values.size, 2 * run):
            for b in range(begin, begin + run):
                low, high = values[b], values[b + run]
                values[b], values[b + run] = low + high, low - high
        run *= 2
