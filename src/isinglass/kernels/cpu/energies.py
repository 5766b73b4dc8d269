"""Energies of many samples in float64, from coefficients of any type.

Sums run over blocks of ``_BLOCK`` terms and the blocks are added up, which keeps the rounding of
a sum of a hundred million terms near that of ten thousand. Exact for integers below 2^53.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_BLOCK = 4096


@njit(nogil=True, cache=True)
def edge_energies(row, col, value, states, totals):
    """``totals[r] += sum_k value[k] states[row[k], r] states[col[k], r]``.

    ``states``: int8[n, reads], -1/+1 or 0/1; ``totals``: float64[reads].
    """
    reads = states.shape[1]
    block = np.zeros(reads)
    for start in range(0, row.shape[0], _BLOCK):
        block[:] = 0.0
        for k in range(start, min(start + _BLOCK, row.shape[0])):
            v = np.float64(value[k])
            a, b = states[row[k]], states[col[k]]
            for r in range(reads):
                block[r] += v * np.float64(a[r] * b[r])
        totals += block


@njit(nogil=True, cache=True)
def row_energies(indptr, indices, values, states, totals):
    """``totals[r] += sum_ij A_ij states[i, r] states[j, r]`` over the stored entries of a CSR."""
    reads = states.shape[1]
    block = np.zeros(reads)
    inner = np.zeros(reads)
    for start in range(0, indptr.shape[0] - 1, _BLOCK):
        block[:] = 0.0
        for i in range(start, min(start + _BLOCK, indptr.shape[0] - 1)):
            inner[:] = 0.0
            for k in range(indptr[i], indptr[i + 1]):
                v = np.float64(values[k])
                b = states[indices[k]]
                for r in range(reads):
                    inner[r] += v * np.float64(b[r])
            a = states[i]
            for r in range(reads):
                block[r] += inner[r] * np.float64(a[r])
        totals += block
