"""Exact minimum of a small problem by visiting every state once.

The first ten spins are taken together: for each setting of the others, in Gray-code order (Gray
1953), the 1024 energies are two tables added up, the terms among the ten (made once) and their fields
(built by doubling, an addition an entry). Some two nanoseconds a state instead of a row of the matrix.
2^n states; the caller splits the highest spins over threads. Certified: every state is visited.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import BEST, SWEEPS
from isinglass.kernels.cpu.vector import stop_requested

_TOGETHER = 10
_POLL_EVERY = 1 << 10
"""Blocks of 1024 states between two looks at the stop flag."""


@njit(nogil=True, cache=True, fastmath={"nnan", "nsz"})
def enumerate_states(matrix, h, spins, free, best_states, tolerance, flag, progress):
    """Visit the 2^free settings of spins 0 to free - 1; the others stay as given.

    ``matrix``: float64[n, n], symmetric, zero diagonal; ``h``: float64[n]; ``spins``: int8[n],
    changed in place; ``best_states``: int8[k, n], filled with the first k states whose energy is
    within ``tolerance`` of the lowest. Returns (lowest energy, number of states at it, finished).
    """
    n = h.shape[0]
    low = min(free, _TOGETHER)
    block = 1 << low
    for i in range(low):
        spins[i] = -1
    inner = _energies_among(matrix, low)
    linear = np.empty(block)
    # Energy of the spins beyond the block, their fields without it, and its fields from them.
    outer_field = h.copy()
    for i in range(n):
        for j in range(low, n):
            outer_field[i] += matrix[i, j] * spins[j]
    outer = 0.0
    for i in range(low, n):
        outer += 0.5 * spins[i] * (outer_field[i] + h[i])
    lowest = np.inf
    found = 0
    parts = np.int64(1) << np.int64(free - low)
    for part in range(parts):
        if part > 0:
            i = low
            while not (part >> (i - low)) & 1:
                i += 1
            change = -2.0 * spins[i]
            outer += change * outer_field[i]
            spins[i] = -spins[i]
            for j in range(n):
                outer_field[j] += change * matrix[i, j]
        start = outer
        for b in range(low):
            start -= outer_field[b]
        linear[0] = start
        for b in range(low):
            size = 1 << b
            step = 2.0 * outer_field[b]
            for x in range(size):
                linear[size + x] = linear[x] + step
        least = np.inf
        for x in range(block):
            least = min(least, linear[x] + inner[x])
        if least <= lowest + tolerance:
            if least < lowest - tolerance:
                lowest = least
                found = 0
            for x in range(block):
                if linear[x] + inner[x] <= lowest + tolerance:
                    if found < best_states.shape[0]:
                        best_states[found] = spins
                        for b in range(low):
                            best_states[found, b] = 1 if (x >> b) & 1 else -1
                    found += 1
        if part % _POLL_EVERY == 0:
            progress[SWEEPS] = part * block / n
            progress[BEST] = min(progress[BEST], lowest)
            if stop_requested(flag):
                return lowest, found, False
    progress[SWEEPS] = parts * block / n
    progress[BEST] = min(progress[BEST], lowest)
    return lowest, found, True


@njit(cache=True)
def _energies_among(matrix, low):
    """float64[2^low]: couplings among the first ``low`` spins, for each of their settings."""
    energies = np.zeros(1 << low)
    for x in range(1 << low):
        for a in range(low):
            for b in range(a + 1, low):
                same = ((x >> a) & 1) == ((x >> b) & 1)
                energies[x] += matrix[a, b] if same else -matrix[a, b]
    return energies
