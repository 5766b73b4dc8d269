"""Exact elimination of single spins: what can be minimised out without a search.

A spin v with field h and neighbours u is replaced by ``min over s_v = -|h + sum_u J_u s_u|``. That is
again a field and couplings of the neighbours where

* v has at most two neighbours, or three and no field (the star-triangle relation);
* ``|h| >= sum |J_u|``: the spin is -sign(h) whatever its neighbours do (dominance);
* ``|J_u| >= |h| + the other |J|``: the spin is -sign(J_u) s_u, and the edge is contracted.

Each is the rule "some minimum has s_v = -sign(h + sum J_u s_u)" with at most three of the
neighbours named, so one log of these undoes them all, last first. Boros, Hammer, Tavares, "Preprocessing of
unconstrained quadratic binary optimization" (RUTCOR 2006) collects such rules. What is folded in are
Walsh coefficients of whole-number functions of few spins: multiples of 1/8 (1/16 and so on only where
couplings cancel), so double precision holds them exactly. O(degree) an inspection.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.links import find, insert, link, remove
from isinglass.kernels.cpu.vector import stop_requested

NAMED = 3
"""Neighbours an entry of the log names at most."""

_LARGEST_DEGREE = 256
"""Beyond it a spin is looked at once: looking again after every change would cost degree squared."""


@njit(nogil=True, cache=True)
def fold(h, indptr, indices, values, slack, flag):
    """Fold until nothing changes; ``h`` (float64[n]) and a symmetric CSR of J, ``h`` changed in place.

    ``slack``: relative margin that dominance must have, 0 for whole numbers. Returns (constant,
    order int32[k] of the spins eliminated, named int32[k, 3] with -1 for none, terms
    float64[k, 4]: h and the J of the named, counts int64[4] of folded, dominated, contracted and
    star-triangle eliminations, and what is left: head, after, target, value).
    """
    n = h.shape[0]
    head, degree, after, before, target, value = link(indptr, indices, values)
    order = np.empty(n, np.int32)
    named = np.full((n, NAMED), -1, np.int32)
    terms = np.zeros((n, NAMED + 1))
    counts = np.zeros(4, np.int64)
    gone = np.zeros(n, np.bool_)
    waiting = np.ones(n, np.bool_)
    stack = np.empty(n, np.int32)
    for i in range(n):
        stack[i] = n - 1 - i
    top = n
    constant = 0.0
    done = 0
    inspected = 0
    while top > 0:
        top -= 1
        v = stack[top]
        waiting[v] = False
        inspected += 1
        if inspected % 1024 == 0 and stop_requested(flag):
            break
        sum_sizes, largest = 0.0, -1
        half = head[v]
        while half >= 0:
            size = abs(value[half >> 1])
            sum_sizes += size
            if largest < 0 or size > abs(value[largest >> 1]):
                largest = half
            half = after[half]
        own = h[v]
        margin = sum_sizes * (1.0 + slack)
        kind = -1
        if degree[v] <= 2:
            kind = 0
        elif abs(own) >= margin:
            kind = 1
        elif degree[v] == 3 and own == 0.0:
            kind = 3
        elif degree[v] <= _LARGEST_DEGREE:
            strong = abs(value[largest >> 1])
            if strong >= (abs(own) + sum_sizes - strong) * (1.0 + slack):
                kind = 2
        if kind < 0:
            continue
        order[done] = v
        counts[kind] += 1
        gone[v] = True
        # The neighbours will change: look at them again.
        half = head[v]
        while half >= 0:
            u = target[half]
            if not waiting[u] and degree[u] <= _LARGEST_DEGREE:
                waiting[u] = True
                stack[top] = u
                top += 1
            half = after[half]
        if kind == 1:
            constant += _fix(h, head, degree, after, before, target, value, v)
            terms[done, 0] = own
        elif kind == 2:
            u = target[largest]
            named[done, 0] = u
            terms[done, 1] = value[largest >> 1]
            constant += _contract(h, head, degree, after, before, target, value, v, largest)
        else:
            terms[done, 0] = own
            half, d = head[v], 0
            while half >= 0:
                named[done, d] = target[half]
                terms[done, 1 + d] = value[half >> 1]
                d += 1
                half = after[half]
            constant += _minimise_out(h, head, degree, after, before, target, value, v)
        done += 1
    return (
        constant, order[:done].copy(), named[:done].copy(), terms[:done].copy(), counts, gone,
        head, after, target, value,
    )  # fmt: skip


@njit(cache=True)
def _fix(h, head, degree, after, before, target, value, v):
    """Set ``v`` to -sign(h); its couplings become fields."""
    s = -1.0 if h[v] >= 0 else 1.0
    half = head[v]
    while half >= 0:
        u = target[half]
        h[u] += value[half >> 1] * s
        remove(head, degree, after, before, u, half ^ 1)
        half = after[half]
    return -abs(h[v])


@njit(cache=True)
def _contract(h, head, degree, after, before, target, value, v, strong):
    """Set ``v`` to -sign(J) u along the half edge ``strong``; its other terms go to u."""
    u = target[strong]
    J = value[strong >> 1]
    sign = -1.0 if J >= 0 else 1.0
    remove(head, degree, after, before, u, strong ^ 1)
    h[u] += sign * h[v]
    half = head[v]
    while half >= 0:
        following = after[half]
        if half != strong:
            w = target[half]
            change = sign * value[half >> 1]
            remove(head, degree, after, before, w, half ^ 1)
            _add_edge(head, degree, after, before, target, value, u, w, change, half)
        half = following
    return -abs(J)


@njit(cache=True)
def _add_edge(head, degree, after, before, target, value, a, b, change, free):
    """Add ``change`` to the coupling of a and b, in the halves of ``free`` if it is a new one."""
    half = find(head, degree, after, target, a, b)
    if half >= 0:
        value[half >> 1] += change
        if value[half >> 1] == 0.0:
            remove(head, degree, after, before, a, half)
            remove(head, degree, after, before, b, half ^ 1)
    elif change != 0.0:
        value[free >> 1] = change
        target[free] = b
        target[free ^ 1] = a
        insert(head, degree, after, before, a, free)
        insert(head, degree, after, before, b, free ^ 1)


@njit(cache=True)
def _minimise_out(h, head, degree, after, before, target, value, v):
    """Replace ``v`` of degree up to 3 by the Walsh coefficients of -|h + sum J s|."""
    halves = np.empty(NAMED, np.int64)
    d = 0
    half = head[v]
    while half >= 0:
        halves[d] = half
        d += 1
        half = after[half]
    ends = np.empty(NAMED, np.int64)
    J = np.zeros(NAMED)
    for k in range(d):
        ends[k] = target[halves[k]]
        J[k] = value[halves[k] >> 1]
    field = np.zeros(NAMED)
    pair = np.zeros((NAMED, NAMED))
    mean = 0.0
    settings = 1 << d
    for x in range(settings):
        total = h[v]
        for k in range(d):
            total += J[k] if (x >> k) & 1 else -J[k]
        least = -abs(total)
        mean += least
        for k in range(d):
            s = 1.0 if (x >> k) & 1 else -1.0
            field[k] += s * least
            for m in range(k + 1, d):
                pair[k, m] += s * (1.0 if (x >> m) & 1 else -1.0) * least
    for k in range(d):
        remove(head, degree, after, before, ends[k], halves[k] ^ 1)
        if h[v] != 0.0:
            h[ends[k]] += field[k] / settings
    free = 0
    for k in range(d):
        for m in range(k + 1, d):
            _add_edge(
                head,
                degree,
                after,
                before,
                target,
                value,
                ends[k],
                ends[m],
                pair[k, m] / settings,
                halves[free],
            )
            free += 1
    return mean / settings


@njit(nogil=True, cache=True)
def unfold(order, named, terms, spins):
    """Set the eliminated spins of ``spins`` (int8[n]) from the others, last eliminated first."""
    for k in range(order.shape[0] - 1, -1, -1):
        total = terms[k, 0]
        for m in range(NAMED):
            if named[k, m] >= 0:
                total += terms[k, 1 + m] * spins[named[k, m]]
        spins[order[k]] = -1 if total >= 0 else 1
