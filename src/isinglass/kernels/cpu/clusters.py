"""Isoenergetic cluster moves: two replicas at one temperature trade a cluster of spins.

Houdayer, Eur. Phys. J. B 22, 479 (2001); Zhu, Ochoa, Katzgraber, Phys. Rev. Lett. 115, 077201
(2015). Where two replicas disagree, a connected set of disagreeing spins is flipped in both: one
takes over the other's arrangement there. The sum of both energies is unchanged, so the move is
always accepted, and in systems where such sets do not span everything (two dimensions, low degree)
it crosses barriers that single flips never would.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.streams import uniform32

_TRIES = 32
"""Random spins looked at to begin a cluster from."""


@njit(cache=True)
def _first_spin(spins, shift_a, shift_b, symmetric, low, high):
    """(a spin to begin from or -1, 1 to cluster disagreement or 0 agreement, share of such spins)."""
    n = np.uint64(spins.shape[0])
    counts = np.zeros(2, np.int64)
    last = np.full(2, -1, np.int64)
    for attempt in range(_TRIES):
        i = np.int64((np.uint64(uniform32(np.uint32(attempt), low, high)) * n) >> np.uint64(32))
        word = np.uint64(spins[i])
        differ = np.int64(((word >> shift_a) ^ (word >> shift_b)) & np.uint64(1))
        counts[differ] += 1
        last[differ] = i
    rarer = 0 if symmetric and counts[0] < counts[1] else 1
    return last[rarer], np.uint64(rarer), counts[rarer] / _TRIES


@njit(cache=True)
def trade_cluster(indptr, indices, weights, h, spins, a, b, symmetric, low, high, seen, stamp, stack):
    """Flip one cluster in replicas ``a`` and ``b`` of ``spins`` (unsigned words [n]).

    ``weights``: 2 J [nnz]. ``symmetric``: no fields, so that a replica may be turned over as a whole;
    then spins that agree form clusters too, and the rarer kind is taken. Neither kind is changed by
    the move, so it stays reversible. ``low``, ``high``: uint32, random; ``seen``: int64[n], smaller
    than ``stamp`` everywhere; ``stack``: int32[n]. Returns (spins in the cluster, energy change of
    a, estimated share of all spins that are of its kind); b changes by the opposite. The cluster is
    empty if no spin of its kind was hit on. Costs the cluster's couplings.
    """
    kind = spins.dtype.type
    one_a = np.uint64(1) << np.uint64(a)
    mask = kind(one_a | (np.uint64(1) << np.uint64(b)))
    shift_a, shift_b = np.uint64(a), np.uint64(b)
    first, differ, share = _first_spin(spins, shift_a, shift_b, symmetric, low, high)
    if first < 0:
        return 0, 0.0, share
    stack[0] = first
    seen[first] = stamp
    size = 1
    change = 0.0
    begin = 0
    while begin < size:
        i = stack[begin]
        begin += 1
        # Spins of the cluster keep their bits until all are found.
        s_i = 1.0 if np.uint64(spins[i]) & one_a else -1.0
        change -= 2.0 * np.float64(h[i]) * s_i
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            other = np.uint64(spins[j])
            if ((other >> shift_a) ^ (other >> shift_b)) & np.uint64(1) == differ:
                if seen[j] != stamp:
                    seen[j] = stamp
                    stack[size] = j
                    size += 1
            else:
                s_j = 1.0 if other & one_a else -1.0
                change -= np.float64(weights[k]) * s_i * s_j
    for c in range(size):
        spins[stack[c]] ^= mask
    return size, change, share
