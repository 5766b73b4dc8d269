"""Products of a packed bit matrix: with a real vector, and with itself between many spin vectors."""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.packed_vector import ROWS_AT_ONCE, sums_under_rows
from isinglass.kernels.cpu.vector import popcount


@njit(nogil=True, cache=True)
def packed_times_vector(bits, values, first, last, product):
    """``product[i] = sum_j bit_ij values[j]`` for first <= i < last, at least ROWS_AT_ONCE rows.

    ``bits``: uint64[n, words]; ``values``: float32[64 words], clear past n; ``product``: float64[n]. A row
    adds up 64 sums of ``words`` terms in single precision and those in double: relative error below
    1e-5 of the root of the sum of squares for a million columns. n / 16 vector additions a row.
    """
    sums = np.empty((ROWS_AT_ONCE, 64), np.float32)
    for i in range(first, last, ROWS_AT_ONCE):
        # The last rows of a block may be taken twice.
        at = max(first, min(i, last - ROWS_AT_ONCE))
        sums_under_rows(bits, at, values, sums)
        for r in range(ROWS_AT_ONCE):
            total = 0.0
            for b in range(64):
                total += np.float64(sums[r, b])
            product[at + r] = total


@njit(nogil=True, cache=True)
def packed_quadratic_forms(bits, spins, first, last, sums):
    """``sums[r] += sum of s_i s_j over the set bits (i, j)`` of rows first <= i < last; exact.

    ``bits``: uint64[n, words]; ``spins``: uint64[reads, words], a set bit is +1; ``sums``: int64[reads].
    Rows are read from memory once for all reads.
    """
    for i in range(first, last):
        count = np.int64(0)
        for w in range(bits.shape[1]):
            count += popcount(bits[i, w])
        for r in range(spins.shape[0]):
            up = np.int64(0)
            for w in range(bits.shape[1]):
                up += popcount(bits[i, w] & spins[r, w])
            s = np.int64((spins[r, i >> 6] >> np.uint64(i & 63)) & np.uint64(1)) * 2 - 1
            sums[r] += s * (2 * up - count)
