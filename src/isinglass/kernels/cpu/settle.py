"""Spins that broken chains left open are settled one by one, the most certain first."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def settle(indptr, indices, values, h, spins):
    """Give every open spin (0) the sign that lowers the energy, the largest field first.

    The greedy rule of dwave-system's ``MinimizeEnergy``; heuristic. ``indptr``, ``indices``, ``values``:
    symmetric CSR of J, float64; ``h``: float64[n]; ``spins``: int8[n] of -1, 0, +1, settled in place. Ties
    go to the lowest index, a field of 0 to +1. Cost: n + couplings once, then (open spins)^2 + their
    couplings.
    """
    n = h.shape[0]
    fields = h.copy()
    waiting = np.empty(n, np.int64)
    count = 0
    for i in range(n):
        for k in range(indptr[i], indptr[i + 1]):
            fields[i] += values[k] * np.float64(spins[indices[k]])
        if spins[i] == 0:
            waiting[count] = i
            count += 1
    while count > 0:
        best = 0
        for w in range(1, count):
            if abs(fields[waiting[w]]) > abs(fields[waiting[best]]):
                best = w
        i = waiting[best]
        spin = np.int8(-1) if fields[i] > 0.0 else np.int8(1)
        spins[i] = spin
        for w in range(best, count - 1):
            waiting[w] = waiting[w + 1]
        count -= 1
        for k in range(indptr[i], indptr[i + 1]):
            fields[indices[k]] += values[k] * np.float64(spin)
