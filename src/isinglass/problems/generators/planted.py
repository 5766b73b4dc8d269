"""Spin glasses with a planted ground state: sums of frustrated loops.

Hen, Job, Albash, Rønnow, Troyer, Lidar, "Probing for quantum speedup in spin-glass problems with
planted solutions", Phys. Rev. A 92, 042325 (2015).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from isinglass.errors import ParameterError
from isinglass.kernels.cpu.packed_bits import random_word
from isinglass.memory import require
from isinglass.problems.generators.draws import Purpose, integer_below, signs, stream_key
from isinglass.problems.generators.generator import (
    MAX_VARIABLES,
    Generator,
    Parameter,
    number_of_variables,
)
from isinglass.problems.generators.lattice import lattice_edges
from isinglass.problems.generators.random_regular import regular_edges
from isinglass.problems.given import EdgeList

_WALKS = 1000
"""Walks in a row that may close no loop of the minimal length before the family gives up."""


def _incidence(n: int, row: np.ndarray, col: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(first, neighbour, edge): for first[v] <= k < first[v + 1], edge[k] joins v to neighbour[k]."""
    ends = np.concatenate((row, col))
    by_vertex = np.argsort(ends, kind="stable")
    first = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=n), out=first[1:])
    return first, np.concatenate((col, row))[by_vertex], by_vertex % row.size


@njit(cache=True)
def _walk_into_loop(
    graph: tuple[np.ndarray, np.ndarray, np.ndarray],
    key: np.uint64,
    draw: int,
    path: np.ndarray,
    path_edges: np.ndarray,
    position: np.ndarray,
) -> tuple[int, int, int]:
    """Walk at random, never straight back, until a vertex comes again: (start, end, next draw).

    The loop is ``path_edges[start:end]``. Every vertex needs two edges or more. ``path`` and
    ``path_edges`` have room for n; ``position`` is -1 everywhere, before and after.
    """
    first, neighbour, edge = graph
    v = integer_below(random_word(key, np.uint64(draw)), first.size - 1)
    draw += 1
    came_by = -1
    length = 0
    while position[v] < 0:
        position[v] = length
        path[length] = v
        leave = came_by
        k = 0
        while leave == came_by:
            k = first[v] + integer_below(random_word(key, np.uint64(draw)), first[v + 1] - first[v])
            draw += 1
            leave = edge[k]
        path_edges[length] = leave
        length += 1
        came_by = leave
        v = neighbour[k]
    start = position[v]
    for k in range(length):
        position[path[k]] = -1
    return start, length, draw


@njit(cache=True)
def _plant_loops(
    graph: tuple[np.ndarray, np.ndarray, np.ndarray],
    bonds: float,
    min_length: int,
    key: np.uint64,
    coupling: np.ndarray,
) -> tuple[int, int, int]:
    """Add loops to ``coupling`` (int32 per edge) until their lengths reach ``bonds``.

    Returns the number of loops, the sum of their lengths and the energy of all spins up.

    In each loop one random bond is +1 and the others are -1: all spins up breaks that bond only,
    and an odd number of bonds must break.
    """
    n = graph[0].size - 1
    path = np.empty(n, np.int64)
    path_edges = np.empty(n, np.int64)
    position = np.full(n, -1, np.int64)
    loops = used = draw = rejected = 0
    while used < bonds and rejected < _WALKS:
        start, end, draw = _walk_into_loop(graph, key, draw, path, path_edges, position)
        length = end - start
        if length < min_length:
            rejected += 1
            continue
        rejected = 0
        for k in range(start, end):
            coupling[path_edges[k]] -= 1
        broken = start + integer_below(random_word(key, np.uint64(draw)), length)
        draw += 1
        coupling[path_edges[broken]] += 2
        used += length
        loops += 1
    return loops, used, 2 * loops - used


def _graph_edges(graph: str, n: int, degree: int | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if graph == "random_regular":
        return regular_edges(n, 3 if degree is None else degree, seed)
    if degree is not None:
        raise ParameterError(f"degree={degree} goes with graph='random_regular': leave it out")
    length = math.isqrt(n)
    if length * length != n:
        raise ParameterError(f"n={n} is not a square: a 2-D lattice needs one, such as {length**2}")
    require(24 * n, f"A lattice of {n} sites")
    return lattice_edges((length, length), periodic=True)


def _smallest_integers(values: np.ndarray) -> np.ndarray:
    largest = int(np.abs(values).max())
    return values.astype(next(t for t in (np.int8, np.int16, np.int32) if largest <= np.iinfo(t).max))


def planted(
    *, seed: int, n: int, graph: str, degree: int | None, coverage: float, min_length: int
) -> EdgeList:
    """A sum of frustrated loops on a random regular graph or a periodic square lattice.

    A loop is where a random walk meets itself; loops shorter than ``min_length`` are thrown away,
    and loops are added until their lengths sum to ``coverage`` times the edges of the graph. (The
    paper counts loops per variable: ``facts["loops"] / n``.) All loops reach their minimum in one
    state, which a random gauge then hides, so ``facts["ground_state"]`` (int8[n]) has the exact
    ground energy ``facts["ground_energy"]``: minus the sum of (length - 2). Other ground states
    may exist. Couplings are integers; an edge on which they cancel or that no loop uses is left
    out.

    Few loops leave the spins nearly free and many make the planted state obvious. Loops on a
    lattice are short; on a random regular graph they grow as sqrt(n), so that few bonds are
    broken, and a higher degree than 3 can make the instance easy.
    """
    row, col = _graph_edges(graph, n, degree, seed)
    require(100 * row.size + 40 * n, f"Planting loops on {row.size} edges")
    coupling = np.zeros(row.size, np.int32)
    bonds = coverage * row.size
    key = stream_key(seed, Purpose.LOOPS)
    loops, used_bonds, energy = _plant_loops(_incidence(n, row, col), bonds, min_length, key, coupling)
    if used_bonds < bonds:
        raise ParameterError(
            f"min_length={min_length} is too long: {_WALKS} walks in a row on this graph of {n} "
            "vertices closed no such loop; lower it or raise n"
        )
    gauge = signs(stream_key(seed, Purpose.GAUGE), n)
    used = np.flatnonzero(coupling)
    row, col, value = row[used], col[used], coupling[used]
    value = _smallest_integers(value * gauge[row] * gauge[col])
    facts: dict[str, Any] = {"ground_energy": float(energy), "ground_state": gauge, "loops": loops}
    return EdgeList(n, row, col, value, facts=facts)


PLANTED = Generator(
    "planted",
    planted,
    "sum of frustrated loops with a known ground state",
    (
        number_of_variables(low=4),
        Parameter(
            "graph",
            str,
            "the graph that carries the loops",
            default="random_regular",
            choices=("random_regular", "lattice_2d"),
        ),
        Parameter(
            "degree", int, "neighbours on the random regular graph (3 if left out)", low=3, high=MAX_VARIABLES
        ),
        Parameter(
            "coverage", float, "bonds of loops per edge of the graph", default=1.0, low=0.01, high=1000
        ),
        Parameter("min_length", int, "bonds in the shortest loop kept", default=6, low=3, high=MAX_VARIABLES),
    ),
)
