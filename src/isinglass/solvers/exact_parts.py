"""The parts an exact run falls into, the method for each, and how their states join.

A part is the whole problem, or after presolve all components narrow enough for one tree decomposition,
or one component that is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse

from isinglass.errors import ProblemError
from isinglass.problems.reduce.terms import Terms
from isinglass.solvers.enumeration import LARGEST, enumeration_seconds
from isinglass.solvers.tree_decomposition import EliminationPlan, best_order

METHODS = ("auto", "enumeration", "tree_decomposition", "branch_and_cut")

PATIENCE = 300.0
"""Seconds that a method whose time can be foretold may take where there is no time limit."""

AT_ONCE = 2.0
"""Seconds up to which a tree decomposition of the whole problem is taken without presolve."""

_WORTH_CUTTING = 5.0
_SMALL = 20
"""Components up to this many spins share one tree decomposition unseen."""
_MOST_EDGES = 3000
_LARGEST_DEGREE = 6.0
"""Mean degree and couplings up to which branch and cut ended within minutes (bench/exact_instances.py)."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some variables of a problem, and how they are to be solved."""

    members: np.ndarray
    """int64, sorted"""
    terms: Terms
    method: str
    plan: EliminationPlan | None = None

    @property
    def edges(self) -> int:
        """Couplings, fields counted as such."""
        return len(self.terms.values) // 2 + int(np.count_nonzero(self.terms.h))

    @property
    def mean_degree(self) -> float:
        """Of the graph with a further spin for the fields."""
        return 2.0 * self.edges / (self.terms.num_variables + bool(self.terms.h.any()))

    @property
    def worth_cutting(self) -> bool:
        """True where branch and cut often ends long before the method chosen does."""
        if self.method == "enumeration":
            slow = enumeration_seconds(self.terms.num_variables) > AT_ONCE
        else:
            slow = self.plan is not None and self.plan.seconds > AT_ONCE
        return slow and self.mean_degree <= _WORTH_CUTTING

    @property
    def hopeless(self) -> bool:
        """True where branch and cut is not known to end in minutes."""
        cut = self.method == "branch_and_cut"
        return cut and (self.edges > _MOST_EDGES or self.mean_degree > _LARGEST_DEGREE)


def whole_part(terms: Terms, method: str, seconds: float, flag: np.ndarray) -> Part | None:
    """The problem as one part where that is asked for or quick; None where presolve comes first."""
    n = terms.num_variables
    every = np.arange(n)
    if method == "enumeration":
        if n > LARGEST:
            raise ProblemError(
                f"method='enumeration' visits all 2^n states and takes up to {LARGEST} variables; this "
                f"problem has {n}: use method='auto' or solver='simulated_annealing'"
            )
        return Part(every, terms, method)
    if method == "branch_and_cut":
        return None
    plan = best_order(terms, flag)
    if method == "auto" and _enumerates_faster(n, plan, min(seconds, AT_ONCE)):
        return Part(every, terms, "enumeration")
    quick = plan is not None and plan.seconds <= min(seconds, AT_ONCE)
    if plan is not None and plan.fits and (quick or method == "tree_decomposition"):
        return Part(every, terms, "tree_decomposition", plan)
    if method == "tree_decomposition":
        width = "over 30" if plan is None else f"{plan.width} ({plan.nbytes / 1e9:.3g} GB)"
        raise ProblemError(
            f"method='tree_decomposition' would need tables of width {width}, which do not fit: use "
            "method='auto' or solver='simulated_annealing'"
        )
    return None


def split(terms: Terms, method: str, seconds: float, flag: np.ndarray) -> list[Part]:
    """The parts of a reduced problem, those of foreseeable time first."""
    n = terms.num_variables
    csr = scipy.sparse.csr_array((terms.values, terms.indices, terms.indptr), shape=(n, n))
    number, label = scipy.sparse.csgraph.connected_components(csr, directed=False)
    size = np.bincount(label, minlength=number)
    easy = [np.flatnonzero(size[label] <= _SMALL)]
    parts = []
    for component in np.flatnonzero(size > _SMALL):
        members = np.flatnonzero(label == component)
        part = _part(members, terms.part(members) if number > 1 else terms, method, seconds, flag)
        if part.plan is not None:
            easy.append(members)
        else:
            parts.append(part)
    members = np.sort(np.concatenate(easy))
    if len(members):
        joined = terms.part(members)
        parts.insert(
            0, Part(members, joined, "tree_decomposition", best_order(joined, np.zeros(8, np.int64)))
        )
    return parts


def _part(members: np.ndarray, terms: Terms, method: str, seconds: float, flag: np.ndarray) -> Part:
    n = terms.num_variables
    if method == "auto":
        plan = best_order(terms, flag)
        if _enumerates_faster(n, plan, seconds):
            return Part(members, terms, "enumeration")
        if plan is not None and plan.fits and plan.seconds <= seconds:
            return Part(members, terms, "tree_decomposition", plan)
    return Part(members, terms, "branch_and_cut")


def _enumerates_faster(n: int, plan: EliminationPlan | None, seconds: float) -> bool:
    foreseen = enumeration_seconds(n) if 0 < n <= LARGEST else np.inf
    return bool(foreseen <= seconds and (plan is None or foreseen < plan.seconds or not plan.fits))


def join(n: int, parts: Sequence[tuple[Part, np.ndarray]], wanted: int) -> np.ndarray:
    """int8[k, n]: up to ``wanted`` combinations of the parts' states, all distinct."""
    states = np.zeros((1, n), np.int8)
    for part, own in parts:
        count = min(wanted, len(states) * len(own))
        joined = np.repeat(states, len(own), axis=0)[:count]
        joined[:, part.members] = np.tile(own, (len(states), 1))[:count]
        states = joined
    return states
