"""Exact minimum of a small problem by visiting every state once in Gray-code order.

Consecutive states differ in one spin (Gray 1953), so each costs one flip: O(n) on a dense matrix.
2^n states; the caller splits the highest spins over threads. Certified: every state is visited.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import BEST, SWEEPS
from isinglass.kernels.cpu.vector import stop_requested

POLL_EVERY = 1 << 16
"""States between two looks at the stop flag."""


@njit(nogil=True, cache=True)
def enumerate_states(matrix, h, spins, free, best_states, tolerance, flag, progress):
    """Visit the 2^free settings of spins 0 to free - 1; the others stay as given.

    ``matrix``: float64[n, n], symmetric, zero diagonal; ``h``: float64[n]; ``spins``: int8[n],
    changed in place; ``best_states``: int8[k, n], filled with the first k states whose energy is
    within ``tolerance`` of the lowest. Returns (lowest energy, number of states at it, finished).
    """
    n = h.shape[0]
    fields = h.copy()
    for i in range(n):
        for j in range(n):
            fields[i] += matrix[i, j] * spins[j]
    energy = 0.0
    for i in range(n):
        energy += 0.5 * spins[i] * (fields[i] + h[i])
    lowest = energy
    best_states[0] = spins
    found = 1
    total = np.int64(1) << np.int64(free)
    for state in range(1, total):
        i = 0
        while not (state >> i) & 1:
            i += 1
        s = np.float64(spins[i])
        energy -= 2.0 * s * fields[i]
        spins[i] = -spins[i]
        row = matrix[i]
        for j in range(n):
            fields[j] -= 2.0 * s * row[j]
        if energy < lowest - tolerance:
            lowest = energy
            best_states[0] = spins
            found = 1
        elif energy <= lowest + tolerance:
            if found < best_states.shape[0]:
                best_states[found] = spins
            found += 1
        if state % POLL_EVERY == 0:
            progress[SWEEPS] = state / n
            progress[BEST] = min(progress[BEST], lowest)
            if stop_requested(flag):
                return lowest, found, False
    progress[SWEEPS] = total / n
    progress[BEST] = min(progress[BEST], lowest)
    return lowest, found, True
