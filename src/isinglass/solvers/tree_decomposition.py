"""Exact minimum by dynamic programming over a tree decomposition, for problems of small width.

    plan = best_order(terms, flag)    # None: too wide
    outcome = solve_by_elimination(terms, plan, wanted, flag)

Three orders are tried, the cheapest is taken: minimum degree, reverse Cuthill-McKee and the order in which
the variables came. Chains of millions of spins have width 1; an open L x L lattice has width L.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from isinglass.kernels.cpu.buckets import BLOCK_BITS, eliminate, read_states
from isinglass.kernels.cpu.elimination import elimination_cost, minimum_degree, symbolic
from isinglass.memory import available_bytes, require
from isinglass.problems.reduce.terms import Terms

WIDEST = 30
"""Spins in a table's scope at most: 2^30 entries are 8 GB."""

MOST_WORK = 50_000_000
"""Pairs of neighbours joined before the search for an order is given up: some seconds."""

_NS_PER_ENTRY = 1.6
_NS_PER_VARIABLE = 700
_MOST_OF_FREE = 0.5


@dataclass(frozen=True)
class EliminationPlan:
    """An elimination order with its tree and its cost."""

    width: int
    variable: np.ndarray
    parent: np.ndarray
    scope_ptr: np.ndarray
    scope: np.ndarray
    work: float
    held: float
    total: float
    most_children: int

    @property
    def seconds(self) -> float:
        """Estimated time on one thread."""
        return 1e-9 * (_NS_PER_ENTRY * self.work + _NS_PER_VARIABLE * len(self.parent))

    @property
    def nbytes(self) -> int:
        """Memory of the tables, without counts."""
        return int(8 * (self.held + 2.0**self.width) + self.total / 4 + 16 * len(self.parent))

    @property
    def fits(self) -> bool:
        """True where the tables leave half of the free memory."""
        free = available_bytes()
        return free is None or self.nbytes <= _MOST_OF_FREE * free


@dataclass(frozen=True)
class GroundStates:
    """What an exact method found of one problem."""

    energy: float
    states: np.ndarray
    """int8[k, n], distinct."""
    count: int | None
    """How many states have the lowest energy; None where it was not counted."""


def best_order(
    terms: Terms, flag: np.ndarray, widest: int = WIDEST, most_work: int = MOST_WORK
) -> EliminationPlan | None:
    """The cheapest of three orders, or None where all are wider than ``widest``.

    ``flag`` (see kernels/cpu/progress.py) and ``most_work`` end the search for the first of them.
    """
    n = terms.num_variables
    graph = (terms.indptr, terms.indices, terms.values)
    order, width = minimum_degree(*graph, widest, most_work, flag)
    best = _planned(terms, order, widest) if width >= 0 else None
    if flag[0] or (best is not None and best.width <= 8):
        return best
    csr = scipy.sparse.csr_array((terms.values, terms.indices, terms.indptr), shape=(n, n))
    for other in (scipy.sparse.csgraph.reverse_cuthill_mckee(csr, True), np.arange(n)):
        limit = min(widest, best.width if best is not None else widest)
        plan = _planned(terms, other.astype(np.int32), limit)
        if plan is not None and (best is None or plan.work < best.work):
            best = plan
    return best


def _planned(terms: Terms, order: np.ndarray, widest: int) -> EliminationPlan | None:
    width, *tree = symbolic(terms.indptr, terms.indices, order, widest)
    if width < 0:
        return None
    variable, parent, scope_ptr, scope = tree
    return EliminationPlan(width, variable, parent, scope_ptr, scope, *elimination_cost(parent, scope_ptr))


def solve_by_elimination(
    terms: Terms, plan: EliminationPlan, wanted: int, flag: np.ndarray, count: bool
) -> GroundStates | None:
    """Ground energy and up to ``wanted`` ground states, counted if asked; None where ``flag`` stopped it."""
    n, d = terms.num_variables, np.diff(plan.scope_ptr)
    require(plan.nbytes * (2 if count else 1), f"a tree decomposition of width {plan.width}")
    plane_ptr = np.r_[0, np.cumsum(np.maximum(1, (1 << d) >> 6))].astype(np.int64)
    low, high = np.empty(plane_ptr[-1], np.uint64), np.empty(plane_ptr[-1], np.uint64)
    held, largest = int(plan.held) + 1, 1 << plan.width
    counted = (held, largest) if count else (1, 1)
    maps = np.empty((max(1, plan.most_children), 1 << min(plan.width, BLOCK_BITS)), np.int64)
    energy, number, finished = eliminate(
        terms.h[plan.variable], *_couplings(terms, plan), plan.parent, plan.scope_ptr, plan.scope,
        plane_ptr, low, high, np.empty(held), np.empty(counted[0]), np.empty(largest),
        np.empty(counted[1]), maps, terms.tolerance, flag,
    )  # fmt: skip
    if not finished:
        return None
    known = int(number) if count and number < 2.0**53 else None
    states = np.empty((min(wanted, known or wanted), n), np.int8)
    found = read_states(plan.scope_ptr, plan.scope, plane_ptr, low, high, states)
    ordered = np.empty((found, n), np.int8)
    ordered[:, plan.variable] = states[:found]
    return GroundStates(energy, ordered, known)


def _couplings(terms: Terms, plan: EliminationPlan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ptr, bit in the scope, J) of every position's couplings to later positions."""
    n = terms.num_variables
    position = np.empty(n, np.int64)
    position[plan.variable] = np.arange(n)
    row, col, value = terms.edges()
    a, b = position[row], position[col]
    first, last = np.minimum(a, b), np.maximum(a, b)
    sort = np.lexsort((last, first))
    first, last, value = first[sort], last[sort], value[sort]
    ptr = np.r_[0, np.cumsum(np.bincount(first, minlength=n))].astype(np.int64)
    owner = np.repeat(np.arange(n), np.diff(plan.scope_ptr))
    # Scopes are sorted, so (position, member) pairs are too.
    at = np.searchsorted(owner * n + plan.scope, first * n + last)
    return ptr, (at - plan.scope_ptr[first]).astype(np.int64), value
