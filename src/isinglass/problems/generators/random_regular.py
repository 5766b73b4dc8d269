"""Random regular graphs: stubs paired at random, the few collisions mended by switchings."""

from __future__ import annotations

import itertools

import numpy as np
from numba import njit

from isinglass.errors import ParameterError
from isinglass.kernels.cpu.packed_bits import random_word
from isinglass.memory import require
from isinglass.problems.generators.couplings import couplings_parameter, draw_couplings
from isinglass.problems.generators.draws import Purpose, integer_below, stream_key
from isinglass.problems.generators.generator import (
    MAX_VARIABLES,
    Generator,
    Parameter,
    number_of_variables,
)
from isinglass.problems.given import EdgeList

_TRIES = 1000
"""Partners tried for one switching. Only a graph of a few vertices can run out of them."""
_DRAWS_PER_ATTEMPT = 1 << 40


@njit(cache=True)
def _shuffled_stubs(n: int, degree: int, key: np.uint64, first_draw: int) -> np.ndarray:
    """int32[n degree]: each vertex ``degree`` times, in random order (Fisher-Yates)."""
    stubs = np.empty(n * degree, np.int32)
    for v in range(n):
        for slot in range(degree):
            stubs[v * degree + slot] = v
    for k in range(stubs.size - 1, 0, -1):
        other = integer_below(random_word(key, np.uint64(first_draw + k)), k + 1)
        vertex = stubs[k]
        stubs[k] = stubs[other]
        stubs[other] = vertex
    return stubs


@njit(cache=True)
def _neighbour_lists(stubs: np.ndarray, n: int, degree: int) -> np.ndarray:
    """int32[n, degree]: the neighbours when stub k is joined to stub ``k + len(stubs) / 2``."""
    neighbours = np.empty((n, degree), np.int32)
    filled = np.zeros(n, np.int32)
    half = stubs.size // 2
    for k in range(half):
        u = stubs[k]
        v = stubs[k + half]
        neighbours[u, filled[u]] = v
        filled[u] += 1
        neighbours[v, filled[v]] = u
        filled[v] += 1
    return neighbours


@njit(cache=True)
def _collisions(neighbours: np.ndarray, found: np.ndarray) -> int:
    """Number of entries that are self-loops or repeat the entry before (rows are sorted).

    As many (vertex, neighbour) as ``found`` (int32[k, 2]) has room for are written to it.
    """
    count = 0
    for v in range(neighbours.shape[0]):
        for slot in range(neighbours.shape[1]):
            w = neighbours[v, slot]
            if w == v or (slot > 0 and neighbours[v, slot - 1] == w):
                if count < found.shape[0]:
                    found[count, 0] = v
                    found[count, 1] = w
                count += 1
    return count


@njit(cache=True)
def _multiplicity(neighbours: np.ndarray, u: int, v: int) -> int:
    count = 0
    for slot in range(neighbours.shape[1]):
        if neighbours[u, slot] == v:
            count += 1
    return count


@njit(cache=True)
def _replace(neighbours: np.ndarray, u: int, old: int, new: int) -> None:
    slot = 0
    while neighbours[u, slot] != old:
        slot += 1
    neighbours[u, slot] = new


@njit(cache=True)
def _mend(neighbours: np.ndarray, found: np.ndarray, key: np.uint64, first_draw: int) -> bool:
    """Switch away the self-loops and repeated edges in ``found``; False where one has no partner.

    The bad edge u-v and a random edge x-y become u-x and v-y where neither exists yet and
    neither is a loop. That makes no new collision, so one pass over ``found`` is enough.
    """
    n, degree = neighbours.shape
    draw = first_draw
    for k in range(found.shape[0]):
        u, v = found[k, 0], found[k, 1]
        if _multiplicity(neighbours, u, v) <= (0 if u == v else 1):
            continue  # mended with an earlier one
        last = draw + _TRIES
        while True:
            if draw == last:
                return False
            end = integer_below(random_word(key, np.uint64(draw)), n * degree)
            draw += 1
            x = end // degree
            y = neighbours[x, end % degree]
            if u == x or v == y or (u == v and x == y):
                continue
            if _multiplicity(neighbours, u, x) == 0 and _multiplicity(neighbours, v, y) == 0:
                break
        _replace(neighbours, u, v, x)
        _replace(neighbours, v, u, y)
        _replace(neighbours, x, y, u)
        _replace(neighbours, y, x, v)
    return True


@njit(cache=True)
def _edges_once(neighbours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int32 arrays of the ends i < j of all edges, in the order of the rows."""
    n, degree = neighbours.shape
    row = np.empty(n * degree // 2, np.int32)
    col = np.empty(n * degree // 2, np.int32)
    count = 0
    for v in range(n):
        for slot in range(degree):
            if neighbours[v, slot] > v:
                row[count] = v
                col[count] = neighbours[v, slot]
                count += 1
    return row, col


def _simple_neighbour_lists(n: int, degree: int, seed: int) -> np.ndarray:
    """int32[n, degree], rows sorted, of a random simple graph; 2 degree < n."""
    pairing_key = stream_key(seed, Purpose.GRAPH)
    mending_key = stream_key(seed, Purpose.MENDING)
    for attempt in itertools.count():
        first_draw = attempt * _DRAWS_PER_ATTEMPT
        neighbours = _neighbour_lists(_shuffled_stubs(n, degree, pairing_key, first_draw), n, degree)
        neighbours.sort(axis=1)
        found = np.empty((_collisions(neighbours, np.empty((0, 2), np.int32)), 2), np.int32)
        _collisions(neighbours, found)
        if _mend(neighbours, found, mending_key, first_draw):
            break
    neighbours.sort(axis=1)
    return neighbours


def regular_edges(n: int, degree: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """int32 arrays of the ends i < j, in lexical order, of a random simple regular graph.

    The configuration model with its collisions (about ``degree^2 / 4`` edges, however large n is)
    switched away; asymptotically uniform for fixed degree, and not exactly so. Above half of all
    neighbours the complement is drawn. Memory ``8 n degree`` bytes; time linear in n, plus
    ``degree^3`` steps of mending. Raises ParameterError where no such graph exists.
    """
    if degree >= n:
        raise ParameterError(f"degree={degree} is out of range: n={n} allows at most {n - 1}")
    if n * degree % 2:
        raise ParameterError(f"n={n} times degree={degree} is odd: no such graph, make one of them even")
    if 2 * degree < n:
        require(8 * n * degree + 4 * n, f"A regular graph of {n} variables and degree {degree}")
        row, col = _edges_once(_simple_neighbour_lists(n, degree, seed))
        return row, col
    require(16 * n * n, f"A regular graph of {n} variables and degree {degree}")
    adjacent = np.ones((n, n), dtype=np.bool_)
    if degree < n - 1:
        np.put_along_axis(adjacent, _simple_neighbour_lists(n, n - 1 - degree, seed), False, axis=1)
    row, col = np.nonzero(np.triu(adjacent, 1))
    return row.astype(np.int32), col.astype(np.int32)


def random_regular(*, seed: int, n: int, degree: int, couplings: str) -> EdgeList:
    """A random simple graph in which every vertex has ``degree`` neighbours.

    couplings "pm1": an Ising spin glass with -1 and +1; "one": maximum cut with weights 1.
    """
    row, col = regular_edges(n, degree, seed)
    value = draw_couplings(couplings, row.size, seed)
    return EdgeList(n, row, col, value, kind="maxcut" if couplings == "one" else "ising")


RANDOM_REGULAR = Generator(
    "random_regular",
    random_regular,
    "spin glass or maximum cut on a random regular graph",
    (
        number_of_variables(low=2),
        Parameter("degree", int, "neighbours of each vertex", default=3, low=1, high=MAX_VARIABLES),
        couplings_parameter(
            ("pm1", "one"), "-1 and +1 with equal chance (Ising), or edge weights 1 (maximum cut)"
        ),
    ),
)
