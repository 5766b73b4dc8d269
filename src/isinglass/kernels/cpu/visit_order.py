"""In which order spins may be visited side by side: classes of spins without couplings among them.

* ``levels``: spin i comes one class after the last of its neighbours of lower index. Visits class by class
  are then the very chain of visits in index order: no spin sees anything else than it would have seen.
* ``colours``: greedy colouring in index order, fewer and larger classes; another order, another chain.

Both O(n + m).
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def levels(indptr, indices):
    """int32[n]: the class of each spin, from 0; rows sorted by index."""
    n = indptr.shape[0] - 1
    level = np.zeros(n, np.int32)
    for i in range(n):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if j >= i:
                break
            level[i] = max(level[i], level[j] + 1)
    return level


@njit(cache=True)
def colours(indptr, indices):
    """int32[n]: the class of each spin, from 0; rows sorted by index."""
    n = indptr.shape[0] - 1
    colour = np.zeros(n, np.int32)
    taken_by = np.full(n + 1, -1, np.int32)
    for i in range(n):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if j >= i:
                break
            taken_by[colour[j]] = i
        while taken_by[colour[i]] == i:
            colour[i] += 1
    return colour
