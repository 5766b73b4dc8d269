"""Most violated odd-cycle inequalities of the cut polytope, by shortest paths.

A cut meets every cycle in an even number of edges: for F part of the cycle C with |F| odd,
``x(F) - x(C - F) <= |F| - 1``. Barahona, Mahjoub, "On the cut polytope" (Math. Programming 36, 157
(1986)) separate these exactly: in a graph with two copies of every vertex, edges within a copy have
length x_e and edges between the copies 1 - x_e; a path of length below 1 from a vertex to its own
copy is a violated inequality. One Dijkstra search a vertex, O(m log n) each, cut off at length 1.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.vector import stop_requested

_PER_EDGE = 1e-7
"""Added to every length, so that of equally violated cycles the one with fewest edges is found."""


@njit(nogil=True, cache=True)
def separate(indptr, neighbour, edge, x, violation, most, flag):
    """Violated inequalities, at most one a vertex and ``most`` entries in all.

    indptr, neighbour, edge: CSR of the graph with the edge number of each entry; x: float64[m].
    Returns (ptr int64[k + 1], member int32, odd bool): the edges of each cycle and whether they
    are in F.
    """
    n = indptr.shape[0] - 1
    ptr = np.zeros(n + 1, np.int64)
    member = np.empty(most, np.int32)
    odd = np.empty(most, np.bool_)
    found = 0
    distance = np.full(2 * n, np.inf)
    came_from = np.full(2 * n, -1, np.int32)
    by_edge = np.full(2 * n, -1, np.int32)
    touched = np.empty(2 * n, np.int32)
    heap_at = np.empty(4 * neighbour.shape[0] + 2, np.int32)
    heap_key = np.empty(4 * neighbour.shape[0] + 2)
    first_visit = np.full(n, -1, np.int32)
    path = np.empty(2 * n + 1, np.int32)
    limit = 1.0 - violation
    for root in range(n):
        if stop_requested(flag):
            break
        touches = 1
        touched[0] = 2 * root
        distance[2 * root] = 0.0
        heap_at[0], heap_key[0] = 2 * root, 0.0
        waiting = 1
        goal = 2 * root + 1
        reached = False
        while waiting > 0:
            node, key = heap_at[0], heap_key[0]
            waiting -= 1
            _sink(heap_at, heap_key, waiting)
            if key > distance[node]:
                continue
            if node == goal:
                reached = True
                break
            v, side = node >> 1, node & 1
            for k in range(indptr[v], indptr[v + 1]):
                value = min(1.0, max(0.0, x[edge[k]]))
                for cross in range(2):
                    length = key + _PER_EDGE + ((1.0 - value) if cross else value)
                    to = 2 * neighbour[k] + (side ^ cross)
                    if length < limit and length < distance[to]:
                        if distance[to] == np.inf:
                            touched[touches] = to
                            touches += 1
                        distance[to] = length
                        came_from[to] = node
                        by_edge[to] = edge[k]
                        _rise(heap_at, heap_key, waiting, to, length)
                        waiting += 1
        if reached:
            steps = 0
            node = goal
            while node >= 0:
                path[steps] = node
                steps += 1
                node = came_from[node] if node != 2 * root else -1
            # Where the path meets a vertex again in the other copy, a simple odd cycle closes.
            last = 0
            while first_visit[path[last] >> 1] < 0:
                first_visit[path[last] >> 1] = last
                last += 1
            begin = first_visit[path[last] >> 1]
            for k in range(last):
                first_visit[path[k] >> 1] = -1
            if ptr[found] + last - begin > most:
                break
            ptr[found + 1] = ptr[found] + last - begin
            for k in range(begin, last):
                member[ptr[found] + k - begin] = by_edge[path[k]]
                odd[ptr[found] + k - begin] = (path[k] ^ path[k + 1]) & 1
            found += 1
        for k in range(touches):
            distance[touched[k]] = np.inf
            came_from[touched[k]] = -1
    return ptr[: found + 1], member[: ptr[found]], odd[: ptr[found]]


@njit(nogil=True, cache=True)
def separate_triangles(number, x, violation, most):
    """Violated inequalities of triangles: (edges int32[k, 3], odd bool[k, 3], violations float64[k]).

    number: int32[n, n], the edge of each pair or -1. For dense graphs, whose other cycles have
    chords and follow from triangles; ``most`` are returned at most. n^3 / 6 steps.
    """
    n = number.shape[0]
    edges = np.empty((most, 3), np.int32)
    odd = np.empty((most, 3), np.bool_)
    violations = np.empty(most)
    found = 0
    for a in range(n):
        for b in range(a + 1, n):
            if number[a, b] < 0:
                continue
            for c in range(b + 1, n):
                if number[a, c] < 0 or number[b, c] < 0:
                    continue
                p, q, r = x[number[a, b]], x[number[a, c]], x[number[b, c]]
                largest, kind = p + q + r - 2.0, 3
                for k in range(3):
                    side = (p if k == 0 else q if k == 1 else r) * 2.0 - p - q - r
                    if side > largest:
                        largest, kind = side, k
                if largest > violation:
                    if found == most:
                        return edges, odd, violations
                    edges[found, 0], edges[found, 1], edges[found, 2] = (
                        number[a, b],
                        number[a, c],
                        number[b, c],
                    )
                    for k in range(3):
                        odd[found, k] = kind == 3 or kind == k
                    violations[found] = largest
                    found += 1
    return edges[:found], odd[:found], violations[:found]


@njit(cache=True)
def _rise(heap_at, heap_key, k, node, key):
    while k > 0 and heap_key[(k - 1) >> 1] > key:
        heap_at[k], heap_key[k] = heap_at[(k - 1) >> 1], heap_key[(k - 1) >> 1]
        k = (k - 1) >> 1
    heap_at[k], heap_key[k] = node, key


@njit(cache=True)
def _sink(heap_at, heap_key, size):
    """Fill the root with entry ``size``, which leaves its place."""
    node, key = heap_at[size], heap_key[size]
    k = 0
    while 2 * k + 1 < size:
        child = 2 * k + 1
        if child + 1 < size and heap_key[child + 1] < heap_key[child]:
            child += 1
        if heap_key[child] >= key:
            break
        heap_at[k], heap_key[k] = heap_at[child], heap_key[child]
        k = child
    heap_at[k], heap_key[k] = node, key


@njit(nogil=True, cache=True)
def round_to_cut(order, end_a, end_b, x, spins):
    """Spins (int8[n], written) along a spanning forest of the edges in ``order``, x > 1/2 as cut."""
    n = spins.shape[0]
    root = np.arange(n)
    sign = np.ones(n, np.int8)
    for e in order:
        a, sign_a = _root_of(root, sign, end_a[e])
        b, sign_b = _root_of(root, sign, end_b[e])
        if a != b:
            root[a] = b
            sign[a] = sign_a * sign_b * (-1 if x[e] > 0.5 else 1)
    for v in range(n):
        spins[v] = _root_of(root, sign, v)[1]


@njit(cache=True)
def _root_of(root, sign, v):
    """The set of v and v's spin relative to its root; paths are halved on the way."""
    s = np.int8(1)
    while root[v] != v:
        up = root[v]
        if root[up] != up:
            sign[v] *= sign[up]
            root[v] = root[up]
        s *= sign[v]
        v = root[v]
    return v, s
