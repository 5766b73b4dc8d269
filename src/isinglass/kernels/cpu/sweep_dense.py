"""One Metropolis sweep of one replica of a dense problem with arbitrary couplings.

Fields of all spins are maintained; an accepted flip adds one row of the matrix to them. Spins are
visited in index order, 64 at a time: all 64 are tested at once, and after a flip those behind it
are tested again, so the chain is the plain sequential one at the price of its flips.
Metropolis, Rosenbluth, Rosenbluth, Teller, Teller, J. Chem. Phys. 21, 1087 (1953). A sweep costs n
tests and n per accepted flip; memory n^2 couplings (shared by all replicas) and n fields. Exact for
integer couplings; single precision otherwise, the fields computed afresh every ``REFRESH`` sweeps
so that rounding does not pile up.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.streams import slack_of, uniform32
from isinglass.kernels.cpu.vector import accepted_word, lowest_bit

REFRESH = 64
"""Sweeps between two computations of the fields from nothing."""


@njit(nogil=True, cache=True)
def dense_fields(matrix, h, spins, fields):
    """Fill ``fields`` [n] with ``h_i + sum_j J_ij s_j``."""
    for i in range(h.shape[0]):
        fields[i] = h[i]
    for j in range(h.shape[0]):
        s = fields.dtype.type(spins[j])
        row = matrix[j]
        for i in range(h.shape[0]):
            fields[i] += s * row[i]


@njit(nogil=True, cache=True)
def dense_energy(h, spins, fields):
    """``sum_i s_i (field_i + h_i) / 2`` in float64."""
    total = 0.0
    for i in range(h.shape[0]):
        total += np.float64(spins[i]) * (np.float64(fields[i]) + np.float64(h[i]))
    return 0.5 * total


@njit(cache=True, error_model="numpy")
def sweep_dense(matrix, h, spins, fields, key, scale, quantum, barriers, slack):
    """Sweep ``spins`` (int8[n]) and their ``fields`` in place.

    ``matrix``: [n, n] symmetric, zero diagonal, int16 or float32; ``h``, ``fields``: int32[n] with an
    integer matrix (no field may leave int32), float32[n] otherwise; ``key``: uint64, the sweep's;
    ``scale``: float32, 1 / (2 beta); ``quantum``: float32, see ``slack_of``. Scratch: ``barriers``
    and ``slack`` float32[64].
    """
    n = h.shape[0]
    key_low, key_high = np.uint32(key), np.uint32(key >> np.uint64(32))
    for start in range(0, n, 64):
        size = min(64, n - start)
        for b in range(64):
            slack[b] = slack_of(uniform32(np.uint32(start + b), key_low, key_high), scale, quantum)
        ahead = ~np.uint64(0) >> np.uint64(64 - size)
        while True:
            for b in range(size):
                barriers[b] = -np.float32(spins[start + b]) * np.float32(fields[start + b])
            accepted = accepted_word(barriers, slack) & ahead
            if accepted == np.uint64(0):
                break
            b = lowest_bit(accepted)
            s = spins[start + b]
            spins[start + b] = -s
            row = matrix[start + b]
            change = fields.dtype.type(-2 * s)
            for j in range(n):
                fields[j] += change * row[j]
            # All above b; shifted twice because b may be 63.
            ahead &= (~np.uint64(0) << np.uint64(b)) << np.uint64(1)
