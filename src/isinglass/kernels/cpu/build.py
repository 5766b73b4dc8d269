"""From coefficients to the couplings that kernels read: compressed rows, symmetric and packed.

Counting sorts and single passes; each coefficient is touched a small constant number of times.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def count_degrees(row, col, n, indptr):
    """Fill ``indptr`` (int64[n+1], zeros) with row starts of the symmetric CSR of the edges.

    Returns the first edge with an endpoint out of 0..n-1 or with equal endpoints, or -1.
    """
    for e in range(row.shape[0]):
        i, j = np.int64(row[e]), np.int64(col[e])
        if i < 0 or i >= n or j < 0 or j >= n or i == j:
            return e
        indptr[i + 1] += 1
        indptr[j + 1] += 1
    for i in range(n):
        indptr[i + 1] += indptr[i]
    return -1


@njit(nogil=True, cache=True)
def fill_rows(row, col, value, indptr, indices, values):
    """Scatter each edge into both its rows; returns whether all rows came out sorted and simple."""
    n = indptr.shape[0] - 1
    cursor = indptr[:n].copy()
    for e in range(row.shape[0]):
        i, j = np.int64(row[e]), np.int64(col[e])
        indices[cursor[i]], values[cursor[i]] = j, value[e]
        indices[cursor[j]], values[cursor[j]] = i, value[e]
        cursor[i] += 1
        cursor[j] += 1
    for i in range(n):
        for k in range(indptr[i] + 1, indptr[i + 1]):
            if indices[k - 1] >= indices[k]:
                return False
    return True


@njit(nogil=True, cache=True)
def sort_and_merge(indptr, indices, values):
    """Sort every row by column and add up repeated entries, in place; returns the entries left.

    The sums run over the repeats sorted by value, so the order of the input does not show.
    """
    n = indptr.shape[0] - 1
    write = np.int64(0)
    begin = indptr[0]
    for i in range(n):
        end = indptr[i + 1]
        size = end - begin
        order = np.argsort(indices[begin:end])
        row_indices = indices[begin:end].copy()
        row_values = values[begin:end].copy()
        k = 0
        while k < size:
            column = row_indices[order[k]]
            last = k + 1
            while last < size and row_indices[order[last]] == column:
                last += 1
            total = row_values[order[k]]
            if last > k + 1:
                repeats = np.sort(row_values[order[k:last]])
                total = repeats.sum()
            indices[write], values[write] = column, total
            write += 1
            k = last
        begin = end
        indptr[i + 1] = write
    return write


@njit(nogil=True, cache=True)
def first_asymmetry(indptr, indices, values):
    """Compare A with its transpose, for a CSR with sorted rows; one pass, no second matrix.

    Returns (i, j, kind): kind 0 symmetric, 1 only the upper triangle is filled, 2 only the lower,
    3 the entries (i, j) and (j, i) differ or one of them is missing.
    """
    n = indptr.shape[0] - 1
    lower, upper = False, False
    for i in range(n):
        for k in range(indptr[i], indptr[i + 1]):
            if values[k] != 0:
                upper = upper or indices[k] > i
                lower = lower or indices[k] < i
    if not lower or not upper:
        return 0, 0, (0 if not lower and not upper else (1 if upper else 2))
    # Rows come in ascending order, so the partners of (i, j > i) stand in row j in that order.
    cursor = indptr[:n].copy()
    for i in range(n):
        for k in range(indptr[i], indptr[i + 1]):
            j = np.int64(indices[k])
            if j <= i or values[k] == 0:
                continue
            p = cursor[j]
            while p < indptr[j + 1] and values[p] == 0:
                p += 1
            if p >= indptr[j + 1] or indices[p] != i or values[p] != values[k]:
                return i, j, 3
            cursor[j] = p + 1
    for j in range(n):
        p = cursor[j]
        while p < indptr[j + 1] and values[p] == 0:
            p += 1
        if p < indptr[j + 1] and indices[p] < j:
            return j, np.int64(indices[p]), 3
    return 0, 0, 0


@njit(nogil=True, cache=True)
def row_sums(indptr, values):
    """(float64[n] sums, float64[n] sums of absolute values, float64[n] sums of squares) by row."""
    n = indptr.shape[0] - 1
    plain, absolute, squares = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        total, size, square = 0.0, 0.0, 0.0
        for k in range(indptr[i], indptr[i + 1]):
            v = np.float64(values[k])
            total += v
            size += abs(v)
            square += v * v
        plain[i], absolute[i], squares[i] = total, size, square
    return plain, absolute, squares


@njit(nogil=True, cache=True)
def pack_rows(indptr, indices, values, chosen, bits, mirror):
    """Set bit j of row i (uint64 words, zeroed) where the entry (i, j), i != j, equals ``chosen``.

    With ``mirror`` bit i of row j too, for rows that hold one triangle.
    """
    for i in range(np.uint64(indptr.shape[0] - 1)):
        for k in range(np.uint64(indptr[i]), np.uint64(indptr[i + np.uint64(1)])):
            j = np.uint64(indices[k])
            # No branch: two random values would mispredict it half of the time.
            bit = np.uint64(values[k] == chosen) & np.uint64(j != i)
            bits[i, j >> np.uint64(6)] |= bit << (j & np.uint64(63))
            if mirror:
                bits[j, i >> np.uint64(6)] |= bit << (i & np.uint64(63))


@njit(nogil=True, cache=True)
def mirror_bits(bits, n):
    """Make a packed matrix symmetric: set bit (j, i) for every set bit (i, j)."""
    for i in range(n):
        for w in range(bits.shape[1]):
            word = bits[i, w]
            while word:
                b = 0
                while not (word >> np.uint64(b)) & np.uint64(1):
                    b += 1
                word ^= np.uint64(1) << np.uint64(b)
                bits[64 * w + b, i >> 6] |= np.uint64(1) << np.uint64(i & 63)


@njit(nogil=True, cache=True)
def row_popcounts(bits, counts):
    """``counts[i]`` (int32) = number of set bits of row i."""
    one, two, four = (
        np.uint64(0x5555555555555555),
        np.uint64(0x3333333333333333),
        np.uint64(0x0F0F0F0F0F0F0F0F),
    )
    for i in range(bits.shape[0]):
        total = np.uint64(0)
        for w in range(bits.shape[1]):
            x = bits[i, w]
            x -= (x >> np.uint64(1)) & one
            x = (x & two) + ((x >> np.uint64(2)) & two)
            x = (x + (x >> np.uint64(4))) & four
            total += (x * np.uint64(0x0101010101010101)) >> np.uint64(56)
        counts[i] = np.int32(total)


@njit(nogil=True, cache=True)
def csr_degrees(indptr, indices, indptr_out):
    """As ``count_degrees`` for the off-diagonal entries of one triangle in CSR form."""
    n = indptr.shape[0] - 1
    for i in range(n):
        for k in range(indptr[i], indptr[i + 1]):
            j = np.int64(indices[k])
            if j != i:
                indptr_out[i + 1] += 1
                indptr_out[j + 1] += 1
    for i in range(n):
        indptr_out[i + 1] += indptr_out[i]


@njit(cache=True)
def _in_units(value, size, whole):
    units = np.float64(value) / size
    return np.rint(units) if whole else units


@njit(nogil=True, cache=True)
def csr_mirror(indptr, indices, values, size, whole, indptr_out, indices_out, units_out):
    """Both directions of one triangle's entries, each ``value / size``; rows come out sorted."""
    n = indptr.shape[0] - 1
    cursor = indptr_out[:n].copy()
    for i in range(n):
        for k in range(indptr[i], indptr[i + 1]):
            j = np.int64(indices[k])
            if j != i:
                units = _in_units(values[k], size, whole)
                indices_out[cursor[i]], units_out[cursor[i]] = j, units
                indices_out[cursor[j]], units_out[cursor[j]] = i, units
                cursor[i] += 1
                cursor[j] += 1


@njit(nogil=True, cache=True)
def to_units(values, size, whole, units_out):
    """``values / size``, rounded where they are whole, in the type of ``units_out``."""
    for k in range(values.shape[0]):
        units_out[k] = _in_units(values[k], size, whole)


@njit(nogil=True, cache=True)
def scatter_rows(indptr, indices, weights, factor, matrix):
    """Fill a zeroed matrix, n rows of n numbers at least, with ``factor`` times compressed rows."""
    for i in range(indptr.shape[0] - 1):
        for k in range(indptr[i], indptr[i + 1]):
            matrix[i, indices[k]] = weights[k] * factor


@njit(nogil=True, cache=True)
def triangle_sums(indptr, indices, values):
    """As ``row_sums`` for the symmetric matrix of which these rows hold one triangle."""
    n = indptr.shape[0] - 1
    plain, absolute, squares = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n):
        for k in range(indptr[i], indptr[i + 1]):
            j, v = np.int64(indices[k]), np.float64(values[k])
            if j == i:
                continue
            for end in (i, j):
                plain[end] += v
                absolute[end] += abs(v)
                squares[end] += v * v
    return plain, absolute, squares


@njit(nogil=True, cache=True)
def largest_size(values):
    """The largest absolute value; 0 if there is none."""
    largest = 0.0
    for k in range(values.shape[0]):
        largest = max(largest, abs(np.float64(values[k])))
    return largest


@njit(nogil=True, cache=True)
def scan_values(values):
    """(first index that is not finite or -1, smallest non-zero size, largest size, all whole)."""
    smallest, largest, whole = np.inf, 0.0, True
    for k in range(values.shape[0]):
        v = abs(np.float64(values[k]))
        if not v < np.inf:
            return k, smallest, largest, False
        if v > 0.0:
            smallest = min(smallest, v)
            largest = max(largest, v)
            whole = whole and v == np.floor(v)
    return -1, smallest, largest, whole


@njit(nogil=True, cache=True)
def common_divisor(values):
    """Greatest common divisor of whole-valued numbers below 2^53, in absolute value."""
    divisor = np.int64(0)
    for k in range(values.shape[0]):
        v = abs(np.float64(values[k]))
        # Most are multiples of what was found so far; a quotient below 2^53 rounds to a whole number only
        # where it is one, and floating division is the faster one.
        if divisor and v / divisor == np.floor(v / divisor):
            continue
        a = np.int64(v)
        while a:
            divisor, a = a, divisor % a
        if divisor == 1:
            break
    return divisor


@njit(nogil=True, cache=True)
def are_multiples(values, unit):
    """Whether every value is a whole multiple of ``unit``, to four roundings of the value itself.

    Decimal weights (0.1, 0.3) are such multiples only after rounding. Kernels may then work in
    whole numbers; energies are computed from the values as given.
    """
    for k in range(values.shape[0]):
        v = np.float64(values[k])
        if abs(np.rint(v / unit) * unit - v) > 8.9e-16 * abs(v):
            return False
    return True


@njit(nogil=True, cache=True)
def two_values(values):
    """(number of distinct values up to 3, first, second); the second repeats the first if alone."""
    if values.shape[0] == 0:
        return 0, 0.0, 0.0
    first = np.float64(values[0])
    second = first
    for k in range(values.shape[0]):
        if values[k] != first:
            second = np.float64(values[k])
            break
    for start in range(0, values.shape[0], 4096):
        others = 0
        for k in range(start, min(start + 4096, values.shape[0])):
            v = np.float64(values[k])
            others += np.int64(v != first) & np.int64(v != second)
        if others:
            return 3, first, second
    return (1 if second == first else 2), first, second
