"""A graph whose edges come and go: every variable's half edges in a doubly linked list.

Edge k is the half edges 2k and 2k + 1, each the other's twin (``half ^ 1``). Half edge e stands in
the list of the variable at its own end and points at ``target[e]``; ``value[e >> 1]`` is the
coupling. Removing costs O(1), finding an edge the smaller of two degrees. Memory: 32 bytes a half.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def link(indptr, indices, values):
    """Lists of a symmetric CSR; returns (head, degree, after, before, target, value)."""
    n = indptr.shape[0] - 1
    halves = indices.shape[0]
    head = np.full(n, -1, np.int32)
    degree = np.zeros(n, np.int32)
    after = np.empty(halves, np.int32)
    before = np.empty(halves, np.int32)
    target = np.empty(halves, np.int32)
    value = np.empty(halves // 2, np.float64)
    edges = 0
    for i in range(n):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if j > i:
                value[edges] = values[k]
                target[2 * edges] = j
                target[2 * edges + 1] = i
                insert(head, degree, after, before, i, 2 * edges)
                insert(head, degree, after, before, j, 2 * edges + 1)
                edges += 1
    return head, degree, after, before, target, value


@njit(nogil=True, cache=True)
def unlink(kept, head, after, target, value):
    """The lists of the variables ``kept`` as a CSR (indptr, indices, values), numbered as in ``kept``."""
    new = np.full(head.shape[0], -1, np.int32)
    indptr = np.zeros(kept.shape[0] + 1, np.int64)
    for i in range(kept.shape[0]):
        new[kept[i]] = i
        half, count = head[kept[i]], 0
        while half >= 0:
            count += 1
            half = after[half]
        indptr[i + 1] = indptr[i] + count
    indices = np.empty(indptr[-1], np.int32)
    values = np.empty(indptr[-1], np.float64)
    for i in range(kept.shape[0]):
        half, k = head[kept[i]], indptr[i]
        while half >= 0:
            indices[k] = new[target[half]]
            values[k] = value[half >> 1]
            k += 1
            half = after[half]
    return indptr, indices, values


@njit(nogil=True, cache=True)
def insert(head, degree, after, before, owner, half):
    """Put ``half`` in front of ``owner``'s list."""
    first = head[owner]
    after[half] = first
    before[half] = -1
    if first >= 0:
        before[first] = half
    head[owner] = half
    degree[owner] += 1


@njit(nogil=True, cache=True)
def remove(head, degree, after, before, owner, half):
    """Take ``half`` out of ``owner``'s list."""
    if before[half] >= 0:
        after[before[half]] = after[half]
    else:
        head[owner] = after[half]
    if after[half] >= 0:
        before[after[half]] = before[half]
    degree[owner] -= 1


@njit(nogil=True, cache=True)
def find(head, degree, after, target, a, b):
    """The half edge of ``a`` that points at ``b``, or -1."""
    if degree[a] <= degree[b]:
        half = head[a]
        while half >= 0 and target[half] != b:
            half = after[half]
        return half
    half = head[b]
    while half >= 0 and target[half] != a:
        half = after[half]
    return half if half < 0 else half ^ 1
