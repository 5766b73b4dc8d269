"""Erdős-Rényi graphs G(n, p): each pair of vertices is an edge with probability p."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from isinglass.kernels.cpu.packed_bits import random_word
from isinglass.memory import require
from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.generators.draws import (
    Purpose,
    artanh,
    natural_log,
    stream_key,
    unit_interval,
)
from isinglass.problems.generators.generator import (
    NUM_THREADS,
    Generator,
    Parameter,
    number_of_variables,
)
from isinglass.problems.generators.tiles import random_bits
from isinglass.problems.given import EdgeList

SPARSE_BELOW = 0.1
"""Edge probability below which edges are listed; above, every pair is a bit."""


@njit(cache=True, error_model="numpy")
def _skip_through_pairs(n: int, log_absent: float, key: np.uint64, row: np.ndarray, col: np.ndarray) -> int:
    """Number of edges of a sparse G(n, p); they are written where ``row`` and ``col`` have room.

    The gap between two edges in the list of all pairs is geometric, ``ln u / ln(1 - p)`` rounded
    down (Batagelj, Brandes, Phys. Rev. E 71, 036113 (2005)). O(n + edges).
    """
    pairs_left = n * (n - 1) // 2
    i = 0
    j = 0
    edges = 0
    while True:
        gap = natural_log(unit_interval(random_word(key, np.uint64(edges)))) / log_absent
        if gap >= pairs_left:
            return edges
        step = 1 + int(gap)
        pairs_left -= step
        j += step
        while j >= n:
            i += 1
            j += i + 1 - n
        if edges < row.size:
            row[edges] = i
            col[edges] = j
        edges += 1


def _sparse_edges(n: int, p: float, key: np.uint64) -> tuple[np.ndarray, np.ndarray]:
    """int32 arrays of the ends i < j, in lexical order."""
    pairs = n * (n - 1) // 2
    expected = int(pairs * p + 6 * math.sqrt(pairs * p))
    require(9 * expected, f"A graph of {n} variables with about {pairs * p:.3g} edges")
    log_absent = -2.0 * artanh(p / (2.0 - p))
    nowhere = np.empty(0, np.int32)
    if p == 0.0:
        return nowhere, nowhere
    edges = _skip_through_pairs(n, log_absent, key, nowhere, nowhere)
    row, col = np.empty(edges, np.int32), np.empty(edges, np.int32)
    _skip_through_pairs(n, log_absent, key, row, col)
    return row, col


def gnp(*, seed: int, n: int, p: float, num_threads: int | None) -> EdgeList | PackedGraph:
    """G(n, p) with edge weights 1, as a maximum-cut problem.

    p < 0.1: an ``EdgeList`` (9 bytes an edge, one thread); otherwise a ``PackedGraph`` (n^2 / 8
    bytes, p rounded to a multiple of 2^-32).
    """
    key = stream_key(seed, Purpose.GRAPH)
    if p >= SPARSE_BELOW:
        bits = random_bits(n, p, key, num_threads)
        return PackedGraph(n, bits, low=0.0, high=1.0, kind="maxcut")
    row, col = _sparse_edges(n, p, key)
    return EdgeList(n, row, col, np.ones(row.size, np.int8), kind="maxcut")


GNP = Generator(
    "gnp",
    gnp,
    "maximum cut of a random graph G(n, p)",
    (
        number_of_variables(),
        Parameter("p", float, "probability of an edge", default=0.5, low=0, high=1),
        NUM_THREADS,
    ),
)
