"""Can this problem be solved exactly in a given time? A look that costs little itself.

Only methods whose time can be foretold count: tree decomposition, before or after folding, and
enumeration. Branch and cut may be as fast but does not say so beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isinglass.problems.compiled import CompiledProblem, Sparse
from isinglass.problems.reduce.presolve import presolve
from isinglass.problems.reduce.terms import Terms, terms_of
from isinglass.solvers.enumeration import LARGEST, enumeration_seconds
from isinglass.solvers.tree_decomposition import WIDEST, best_order

_LARGEST_MATRIX = 1024
"""Variables of packed and dense problems looked at; denser ones are too wide, whatever the order."""

_WORK_A_TERM = 1
_WORK_AT_LEAST = 100_000
"""Pairs of neighbours joined before the search for an order is given up as too dear."""


@dataclass(frozen=True)
class Plan:
    """How ``exact`` would solve a problem, and how long that takes on one thread."""

    method: str | None
    """"tree_decomposition", "enumeration", or None where neither ends in the time asked for."""
    estimated_seconds: float
    """inf for None."""


def plan(problem: CompiledProblem, seconds: float = 1.0) -> Plan:
    """A plan that takes about ``seconds`` at most, or one whose ``method`` is None.

    O(couplings + variables x width^2), with an early stop where the width allows no such time.
    """
    n = problem.num_variables
    if not isinstance(problem.couplings, Sparse) and n > _LARGEST_MATRIX:
        return Plan(None, np.inf)
    terms = terms_of(problem)
    found = _by_width(terms, seconds)
    if found is None and problem.h.any():
        found = _by_width(presolve(terms, np.zeros(8, np.int64), roof_duality=False).terms, seconds)
    if found is not None:
        return Plan("tree_decomposition", found)
    if n <= LARGEST and enumeration_seconds(n) <= seconds:
        return Plan("enumeration", enumeration_seconds(n))
    return Plan(None, np.inf)


def _by_width(terms: Terms, seconds: float) -> float | None:
    # One table of width w takes 2^(w + 1) entries of a nanosecond or two.
    widest = int(np.clip(np.log2(max(seconds, 1e-6) * 3e8), 2, WIDEST))
    work = _WORK_A_TERM * (terms.num_variables + len(terms.values)) + _WORK_AT_LEAST
    order = best_order(terms, np.zeros(8, np.int64), widest, work)
    if order is None or not order.fits or order.seconds > seconds:
        return None
    return order.seconds
