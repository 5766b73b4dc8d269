"""Elimination orders, the width they give, and what eliminating along them costs.

Eliminating a variable joins its neighbours to each other; the largest number of neighbours met on
the way is the width of the order, at least the graph's treewidth (Bertelè, Brioschi 1972). Minimum degree
(Rose 1972) is the greedy rule used here. All functions give up once the width exceeds a limit.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.links import insert, link, remove
from isinglass.kernels.cpu.vector import stop_requested


@njit(nogil=True, cache=True)
def minimum_degree(indptr, indices, values, widest, most_work, flag):
    """(order int32[n], width); width is -1 where it exceeds ``widest``, or the search was ended.

    ``most_work``: pairs of neighbours to join before giving up; ``flag``: see progress.py.

    Ties go to the variable that got its degree last. O(m + n width^2) for bounded degrees.
    """
    n = indptr.shape[0] - 1
    head, degree, after, before, target, _ = link(indptr, indices, values)
    order = np.empty(n, np.int32)
    bins = np.full(widest + 2, -1, np.int32)
    follows = np.full(n, -1, np.int32)
    precedes = np.full(n, -1, np.int32)
    kept_in = np.empty(n, np.int32)
    for i in range(n - 1, -1, -1):
        _put(bins, follows, precedes, kept_in, i, min(degree[i], widest + 1))
    mark = np.full(n, -1, np.int32)
    around = np.empty(widest + 1, np.int32)
    spare = np.empty(target.shape[0] // 2 + 1, np.int32)
    spares, edges = 0, target.shape[0] // 2
    width, work = 0, 0
    for step in range(n):
        d = 0
        while d <= widest and bins[d] < 0:
            d += 1
        work += d * d
        if d > widest or work > most_work or (step % 256 == 0 and stop_requested(flag)):
            return order, -1
        v = bins[d]
        _take(bins, follows, precedes, kept_in, v)
        order[step] = v
        width = max(width, d)
        half, k = head[v], 0
        while half >= 0:
            u = target[half]
            around[k] = u
            k += 1
            remove(head, degree, after, before, u, half ^ 1)
            spare[spares] = half >> 1
            spares += 1
            half = after[half]
        if spares + d * d + 2 > spare.shape[0] or edges + d * d > target.shape[0] // 2:
            more = target.shape[0] // 2 + d * d + 1
            target, after, before = _grown(target, more), _grown(after, more), _grown(before, more)
            spare = _grown(spare, more)
        for a in range(d):
            u = around[a]
            mark[u] = u
            half = head[u]
            while half >= 0:
                mark[target[half]] = u
                half = after[half]
            for b in range(a + 1, d):
                w = around[b]
                if mark[w] != u:
                    if spares > 0:
                        spares -= 1
                        edge = spare[spares]
                    else:
                        edge = edges
                        edges += 1
                    target[2 * edge] = w
                    target[2 * edge + 1] = u
                    insert(head, degree, after, before, u, 2 * edge)
                    insert(head, degree, after, before, w, 2 * edge + 1)
            # Marks of one variable must not be taken for those of a later visit.
            half = head[u]
            while half >= 0:
                mark[target[half]] = -1
                half = after[half]
            mark[u] = -1
        for a in range(d):
            u = around[a]
            new = min(degree[u], widest + 1)
            if new != kept_in[u]:
                _take(bins, follows, precedes, kept_in, u)
                _put(bins, follows, precedes, kept_in, u, new)
    return order, width


@njit(cache=True)
def _grown(array, more):
    bigger = np.empty(array.shape[0] + 2 * more, array.dtype)
    bigger[: array.shape[0]] = array
    return bigger


@njit(cache=True)
def _put(bins, follows, precedes, kept_in, i, d):
    first = bins[d]
    follows[i] = first
    precedes[i] = -1
    if first >= 0:
        precedes[first] = i
    bins[d] = i
    kept_in[i] = d


@njit(cache=True)
def _take(bins, follows, precedes, kept_in, i):
    if precedes[i] >= 0:
        follows[precedes[i]] = follows[i]
    else:
        bins[kept_in[i]] = follows[i]
    if follows[i] >= 0:
        precedes[follows[i]] = precedes[i]


@njit(nogil=True, cache=True)
def symbolic(indptr, indices, order, widest):
    """What eliminating in ``order`` will need, told in a postorder of its elimination tree.

    Returns (width or -1, variable int32[n] by position, parent int32[n] or -1, scope_ptr int64[n + 1],
    scope int32: the positions each elimination leaves coupled, ascending; the parent is the first).
    """
    n = order.shape[0]
    position = np.empty(n, np.int32)
    for k in range(n):
        position[order[k]] = k
    parent = np.full(n, -1, np.int32)
    first_child = np.full(n, -1, np.int32)
    sibling = np.full(n, -1, np.int32)
    mark = np.full(n, -1, np.int32)
    scope_ptr = np.zeros(n + 1, np.int64)
    scope = np.empty(2 * n + 64, np.int32)
    width = 0
    for k in range(n):
        v = order[k]
        start = scope_ptr[k]
        end = start
        if start + (widest + 1) * 2 > scope.shape[0]:
            scope = _grown(scope, scope.shape[0] // 2 + widest + 1)
        mark[k] = k
        for e in range(indptr[v], indptr[v + 1]):
            p = position[indices[e]]
            if p > k and mark[p] != k:
                if end - start >= widest:
                    return -1, order, parent, scope_ptr, scope
                mark[p] = k
                scope[end] = p
                end += 1
        child = first_child[k]
        while child >= 0:
            for e in range(scope_ptr[child], scope_ptr[child + 1]):
                p = scope[e]
                if mark[p] != k:
                    if end - start >= widest:
                        return -1, order, parent, scope_ptr, scope
                    mark[p] = k
                    scope[end] = p
                    end += 1
            child = sibling[child]
        scope[start:end].sort()
        scope_ptr[k + 1] = end
        width = max(width, end - start)
        if end > start:
            parent[k] = scope[start]
            sibling[k] = first_child[parent[k]]
            first_child[parent[k]] = k
    return _in_postorder(n, width, order, parent, first_child, sibling, scope_ptr, scope)


@njit(cache=True)
def _in_postorder(n, width, order, parent, first_child, sibling, scope_ptr, scope):
    new = np.empty(n, np.int32)
    old = np.empty(n, np.int32)
    count = 0
    for root in range(n):
        if parent[root] >= 0:
            continue
        v = root
        while True:
            while first_child[v] >= 0:
                following = first_child[v]
                first_child[v] = sibling[following]
                v = following
            new[v] = count
            old[count] = v
            count += 1
            if parent[v] < 0:
                break
            v = parent[v]
    variable = np.empty(n, np.int32)
    new_parent = np.full(n, -1, np.int32)
    ptr = np.zeros(n + 1, np.int64)
    new_scope = np.empty(scope_ptr[n], np.int32)
    for k in range(n):
        o = old[k]
        variable[k] = order[o]
        if parent[o] >= 0:
            new_parent[k] = new[parent[o]]
        ptr[k + 1] = ptr[k]
        for e in range(scope_ptr[o], scope_ptr[o + 1]):
            new_scope[ptr[k + 1]] = new[scope[e]]
            ptr[k + 1] += 1
    return width, variable, new_parent, ptr, new_scope


@njit(nogil=True, cache=True)
def elimination_cost(parent, scope_ptr):
    """(table entries read and written, most entries held at once, entries in total, most children)."""
    n = parent.shape[0]
    children = np.zeros(n, np.int64)
    below = np.zeros(n)
    work, held, most, total = 0.0, 0.0, 0.0, 0.0
    most_children = 0
    for k in range(n):
        size = 2.0 ** (scope_ptr[k + 1] - scope_ptr[k])
        work += 2.0 * size * (1 + children[k])
        total += size
        most = max(most, held + 2.0 * size)
        held += size - below[k]
        most_children = max(most_children, children[k])
        if parent[k] >= 0:
            children[parent[k]] += 1
            below[parent[k]] += size
    return work, most, total, most_children
