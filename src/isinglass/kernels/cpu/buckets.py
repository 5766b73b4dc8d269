"""Exact minimum along an elimination order: bucket elimination (dynamic programming over a tree).

Eliminating v from the terms and tables that contain it leaves a table over its scope N(v),

    m_v(s_N) = min over s_v of  h_v s_v + sum_{u in N} J_uv s_u s_v + sum_{children c} m_c

(Bertelè, Brioschi 1972; Dechter, Artificial Intelligence 113, 41 (1999)), and beside it the number of ways
to reach it. Which values of s_v reach the minimum is kept as two bits an entry, so that states are read
off backwards without a search. Time 2^(width + 1) a variable and child; memory: the tables not yet
consumed (a stack, as positions are a postorder) and a quarter byte for every entry ever made.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.vector import stop_requested

BLOCK_BITS = 10
"""Entries handled at a time, 2^10: their sums stay in the first-level cache."""


@njit(nogil=True, cache=True)
def eliminate(
    h, coupling_ptr, coupling_bit, coupling, parent, scope_ptr, scope, plane_ptr, low, high, stack,
    counts, message, message_counts, maps, tolerance, flag,
):  # fmt: skip
    """Eliminate positions 0 to n - 1; returns (lowest energy, number of ground states, finished).

    h: float64[n] by position; coupling_ptr, coupling_bit, coupling: for every position its J with
    later ones and their places in its scope; parent, scope_ptr, scope: see elimination.symbolic;
    plane_ptr int64[n + 1], low and high uint64: bit x of plane v says that s_v = -1 (+1) reaches
    the minimum at entry x; stack, message float64: tables (elimination_cost says how large);
    counts, message_counts: as these, or of length 1 for no counting; maps: int64[children, block].
    """
    n = h.shape[0]
    counting = counts.shape[0] > 1
    start = np.zeros(n, np.int64)
    first_child = np.full(n, -1, np.int32)
    sibling = np.full(n, -1, np.int32)
    block_most = np.int64(1) << BLOCK_BITS
    field = np.empty(block_most)
    down, up = np.empty(block_most), np.empty(block_most)
    ways_down, ways_up = np.ones(block_most), np.ones(block_most)
    top = np.int64(0)
    energy, number = 0.0, 1.0
    for v in range(n):
        d = np.int64(scope_ptr[v + 1] - scope_ptr[v])
        weight = np.zeros(d)
        lowest_field = h[v]
        for k in range(coupling_ptr[v], coupling_ptr[v + 1]):
            weight[coupling_bit[k]] = 2.0 * coupling[k]
            lowest_field -= coupling[k]
        bits = min(d, np.int64(BLOCK_BITS))
        block = np.int64(1) << bits
        field[0] = lowest_field
        for b in range(bits):
            for x in range(1 << b):
                field[x + (1 << b)] = field[x] + weight[b]
        children = 0
        child = first_child[v]
        while child >= 0:
            children += 1
            child = sibling[child]
        places = np.zeros((children, max(d, 1)), np.int64)
        child, c = first_child[v], 0
        while child >= 0:
            # A child's table has v at bit 0 and its further scope, part of ours, above.
            ours = scope_ptr[v]
            for k in range(scope_ptr[child] + 1, scope_ptr[child + 1]):
                while scope[ours] != scope[k]:
                    ours += 1
                places[c, ours - scope_ptr[v]] = np.int64(1) << (k - scope_ptr[child])
            maps[c, 0] = 0
            for b in range(bits):
                for x in range(1 << b):
                    maps[c, x + (1 << b)] = maps[c, x] + places[c, b]
            c += 1
            child = sibling[child]
        for part in range(np.int64(1) << (d - bits)):
            if stop_requested(flag):
                return energy, number, False
            more = 0.0
            for b in range(bits, d):
                if (part >> (b - bits)) & 1:
                    more += weight[b]
            for x in range(block):
                up[x] = field[x] + more
                down[x] = -up[x]
            if counting:
                ways_up[:block] = 1.0
                ways_down[:block] = 1.0
            child, c = first_child[v], 0
            while child >= 0:
                base = start[child]
                for b in range(bits, d):
                    if (part >> (b - bits)) & 1:
                        base += places[c, b]
                for x in range(block):
                    p = base + maps[c, x]
                    down[x] += stack[p]
                    up[x] += stack[p + 1]
                if counting:
                    for x in range(block):
                        p = base + maps[c, x]
                        ways_down[x] *= counts[p]
                        ways_up[x] *= counts[p + 1]
                c += 1
                child = sibling[child]
            first = part << bits
            for x in range(block):
                message[first + x] = min(down[x], up[x])
            if counting:
                for x in range(block):
                    limit = message[first + x] + tolerance
                    ways = 0.0
                    if down[x] <= limit:
                        ways += ways_down[x]
                    if up[x] <= limit:
                        ways += ways_up[x]
                    message_counts[first + x] = ways
            word_bits = min(block, np.int64(64))
            for w in range(block // word_bits):
                low_word, high_word = np.uint64(0), np.uint64(0)
                for x in range(word_bits):
                    y = w * word_bits + x
                    limit = message[first + y] + tolerance
                    low_word |= np.uint64(down[y] <= limit) << np.uint64(x)
                    high_word |= np.uint64(up[y] <= limit) << np.uint64(x)
                at = plane_ptr[v] + (first >> 6) + w
                low[at] = low_word
                high[at] = high_word
        child = first_child[v]
        while child >= 0:
            top = min(top, start[child])
            child = sibling[child]
        if parent[v] < 0:
            energy += message[0]
            if counting:
                number *= message_counts[0]
            continue
        start[v] = top
        size = np.int64(1) << d
        stack[top : top + size] = message[:size]
        if counting:
            counts[top : top + size] = message_counts[:size]
        top += size
        sibling[v] = first_child[parent[v]]
        first_child[parent[v]] = v
    return energy, number, True


@njit(nogil=True, cache=True)
def read_states(scope_ptr, scope, plane_ptr, low, high, states):
    """Fill ``states`` (int8[k, n], by position) with distinct ground states; returns how many.

    From the last position to the first; where both values of a spin reach the minimum the state
    doubles while there is room.
    """
    n = states.shape[1]
    found = 1
    one = np.uint64(1)
    for v in range(n - 1, -1, -1):
        for r in range(found):
            x = np.int64(0)
            for k in range(scope_ptr[v], scope_ptr[v + 1]):
                if states[r, scope[k]] > 0:
                    x |= np.int64(1) << (k - scope_ptr[v])
            at = plane_ptr[v] + (x >> 6)
            shift = np.uint64(x & 63)
            is_low, is_high = (low[at] >> shift) & one, (high[at] >> shift) & one
            states[r, v] = -1 if is_low else 1
            if is_low and is_high and found < states.shape[0]:
                states[found] = states[r]
                states[found, v] = 1
                found += 1
    return found
