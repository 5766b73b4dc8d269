"""Flips of whole runs of consecutive spins: the moves of domain walls on a chain.

Where couplings fall off along the order of the variables (one-dimensional glasses with power-law
couplings), low excitations are domains, and a wall crosses the chain only over a barrier of single
flips. Flipping the spins from a to b at once moves two walls in one Metropolis step. Start and
length are drawn whatever the state, so the move is its own reverse and detailed balance holds.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.streams import exponential, sweep_key, uniform32

_STREAM = np.uint64(0x5E6D_5E6D_5E6D_5E6D)
"""Sets the segments' random numbers apart from those of single flips."""


@njit(cache=True, error_model="numpy")
def flip_segments(matrix, spins, fields, read_key, sweep, proposals, scale):
    """``proposals`` Metropolis flips of segments of ``spins`` (int8[n]), in place with ``fields``.

    ``matrix``, ``fields`` as in ``sweep_dense``; ``scale``: float32, 1 / (2 beta). Lengths are
    log-uniform from 2 to n. Flipping the set S costs, halved,
    ``sum_{i in S} -s_i f_i + 2 sum_{i<j in S} J_ij s_i s_j``: length^2 / 2 operations, and n for each
    spin of an accepted segment.
    """
    n = spins.shape[0]
    bits = sweep_key(read_key ^ _STREAM, sweep)
    low, high = np.uint32(bits), np.uint32(bits >> np.uint64(32))
    for p in range(proposals):
        where = np.uint64(uniform32(np.uint32(3 * p), low, high))
        length = np.float64(uniform32(np.uint32(3 * p + 1), low, high)) / 4294967296.0
        a = np.int64((where * np.uint64(n)) >> np.uint64(32))
        b = min(n, a + np.int64(2.0 * (n / 2.0) ** length))
        barrier = np.float32(0.0)
        for i in range(a, b):
            row = matrix[i]
            inside = np.float32(0.0)
            for j in range(a, i):
                inside += np.float32(row[j]) * np.float32(spins[j])
            barrier += np.float32(spins[i]) * (np.float32(2.0) * inside - np.float32(fields[i]))
        if barrier <= exponential(uniform32(np.uint32(3 * p + 2), low, high)) * scale:
            for i in range(a, b):
                change = fields.dtype.type(-2 * spins[i])
                spins[i] = -spins[i]
                row = matrix[i]
                for j in range(n):
                    fields[j] += change * row[j]
