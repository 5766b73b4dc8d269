"""Steepest descent: flip the spin that lowers the energy most, until none lowers it.

The gain of each spin is ``s_i field_i`` (a flip changes the energy by -2 s_i field_i). Ties go to
the lowest index, so a run is a function of its start. Dense rows: a scan of n gains a flip, beside
the n of the row update. Sparse: the gains stand in a tournament tree, log n a changed neighbour.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import BEST, SWEEPS
from isinglass.kernels.cpu.vector import stop_requested


@njit(nogil=True, cache=True)
def descend_dense(matrix, h, spins, tolerance, flag, progress):
    """Descend from ``spins`` (int8[n]) in place; ``matrix`` float64 or int [n, n]; returns flips."""
    n = h.shape[0]
    fields = h.astype(np.float64)
    for j in range(n):
        for i in range(n):
            fields[i] += matrix[j, i] * np.float64(spins[j])
    flips = 0
    while not stop_requested(flag):
        best = _largest_gain(spins, fields, tolerance)
        if best < 0:
            break
        change = -2.0 * spins[best]
        spins[best] = -spins[best]
        for i in range(n):
            fields[i] += change * matrix[best, i]
        flips += 1
    _report(fields, h, spins, flips, progress)
    return flips


@njit(nogil=True, cache=True)
def descend_packed(bits, low, step, h, spins, tolerance, flag, progress):
    """As ``descend_dense`` for couplings ``low + step * bit``."""
    n = h.shape[0]
    fields = h.astype(np.float64)
    for j in range(n):
        _add_packed_row(bits[j], j, low, step, np.float64(spins[j]), fields)
    flips = 0
    while not stop_requested(flag):
        best = _largest_gain(spins, fields, tolerance)
        if best < 0:
            break
        change = -2.0 * spins[best]
        spins[best] = -spins[best]
        _add_packed_row(bits[best], best, low, step, change, fields)
        flips += 1
    _report(fields, h, spins, flips, progress)
    return flips


@njit(cache=True)
def _largest_gain(spins, fields, tolerance):
    """The first spin of largest gain above ``tolerance``, or -1."""
    best, gain = -1, tolerance
    for i in range(fields.shape[0]):
        if spins[i] * fields[i] > gain:
            best, gain = i, spins[i] * fields[i]
    return best


@njit(cache=True)
def _add_packed_row(row, j, low, step, change, fields):
    own = fields[j]
    for i in range(fields.shape[0]):
        bit = np.float64((row[i >> 6] >> np.uint64(i & 63)) & np.uint64(1))
        fields[i] += change * (low + step * bit)
    fields[j] = own


@njit(nogil=True, cache=True)
def descend_sparse(indptr, indices, weights, h, spins, tolerance, flag, progress):
    """As ``descend_dense`` for a CSR; ``weights`` hold 2 J as in the annealing kernels."""
    n = h.shape[0]
    fields = h.astype(np.float64)
    for i in range(n):
        for k in range(indptr[i], indptr[i + 1]):
            fields[i] += 0.5 * weights[k] * spins[indices[k]]
    leaves = 1
    while leaves < n:
        leaves *= 2
    winner = np.full(2 * leaves, -1, np.int32)
    for i in range(n):
        winner[leaves + i] = i
    for node in range(leaves - 1, 0, -1):
        winner[node] = _better(winner[2 * node], winner[2 * node + 1], fields, spins)
    flips = 0
    while n > 0 and not stop_requested(flag):
        best = np.int64(winner[1])
        if spins[best] * fields[best] <= tolerance:
            break
        half_change = -np.float64(spins[best])
        spins[best] = -spins[best]
        _replay(winner, leaves + best, fields, spins)
        for k in range(indptr[best], indptr[best + 1]):
            j = np.int64(indices[k])
            fields[j] += half_change * weights[k]
            _replay(winner, leaves + j, fields, spins)
        flips += 1
    _report(fields, h, spins, flips, progress)
    return flips


@njit(cache=True)
def _better(a, b, fields, spins):
    if b < 0:
        return a
    if a < 0:
        return b
    return b if spins[b] * fields[b] > spins[a] * fields[a] else a


@njit(cache=True)
def _replay(winner, leaf, fields, spins):
    node = leaf >> 1
    while node > 0:
        winner[node] = _better(winner[2 * node], winner[2 * node + 1], fields, spins)
        node >>= 1


@njit(cache=True)
def _report(fields, h, spins, flips, progress):
    energy = 0.0
    for i in range(h.shape[0]):
        energy += 0.5 * spins[i] * (fields[i] + h[i])
    progress[SWEEPS] += flips / max(1, h.shape[0])
    progress[BEST] = min(progress[BEST], energy)
