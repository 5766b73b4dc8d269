"""Presolve: fix and eliminate spins until nothing more can be had cheaply, and undo it.

    reduction = presolve(terms)
    ... minimise reduction.terms ...
    full = reduction.undo(states)

Exact: ``min terms = reduction.constant + min reduction.terms``, and a minimum of the smaller problem
becomes a minimum of the whole one. Of several ground states some may be lost. Two rounds of rules take
turns: folding (kernels/cpu/fold.py) and roof duality (roof_duality.py, where its package is installed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse

from isinglass.kernels.cpu.fold import fold, unfold
from isinglass.kernels.cpu.links import unlink
from isinglass.problems.reduce.roof_duality import roof_dual_spins
from isinglass.problems.reduce.terms import Terms, from_csr

_FINEST = 1 << 24
"""Whole-number problems fold into multiples of a power of 1/2; below 1 / this they count as rounded."""


@dataclass(frozen=True)
class Elimination:
    """Spins of one round of folding, to be set from ``-sign(h + sum J s)``, last first."""

    order: np.ndarray
    named: np.ndarray
    terms: np.ndarray


@dataclass(frozen=True, eq=False)
class Reduction:
    """A smaller problem and the way back."""

    terms: Terms
    """The smaller problem, in the same units."""
    kept: np.ndarray
    """int64, its variables in those of the whole problem."""
    constant: float
    num_variables: int
    """Of the whole problem."""
    steps: Sequence[Elimination] = field(default=())
    counts: dict[str, int] = field(default_factory=dict)
    """Spins by the rule that removed them."""

    def undo(self, states: np.ndarray) -> np.ndarray:
        """int8[reads, kept] to int8[reads, num_variables]."""
        full = np.zeros((len(states), self.num_variables), np.int8)
        full[:, self.kept] = states
        for step in reversed(self.steps):
            for row in full:
                unfold(step.order, step.named, step.terms, row)
        return full


def presolve(terms: Terms, flag: np.ndarray, roof_duality: bool = True) -> Reduction:
    """Reduce ``terms``; ``flag`` (see kernels/cpu/progress.py) ends the search for more."""
    n = terms.num_variables
    counts = dict.fromkeys(("folded", "dominated", "contracted", "star_triangle"), 0)
    reduction = Reduction(terms, np.arange(n), 0.0, n, (), counts)
    reduction = _fold(reduction, flag)
    if roof_duality and not flag[0]:
        spins = roof_dual_spins(reduction.terms)
        if spins is not None:
            counts["roof_duality"] = int(np.count_nonzero(spins))
            if spins.any():
                reduction = _fold(_fix(reduction, spins), flag)
    return reduction


def _fold(before: Reduction, flag: np.ndarray) -> Reduction:
    old = before.terms
    h = old.h.copy()
    constant, order, named, terms, counts, gone, head, after, target, value = fold(
        h, old.indptr, old.indices, old.values, old.slack, flag
    )
    if not len(order):
        return before
    kept = np.flatnonzero(~gone)
    for name, count in zip(before.counts, counts, strict=False):
        before.counts[name] += int(count)
    original = before.kept
    step = Elimination(
        original[order].astype(np.int32),
        np.where(named >= 0, original[named], -1).astype(np.int32),
        terms,
    )
    csr = _left(kept, head, after, target, value)
    return Reduction(
        terms=from_csr(h[kept], csr, old.whole and _exact(h[kept], csr.data)),
        kept=original[kept],
        constant=before.constant + constant,
        num_variables=before.num_variables,
        steps=[*before.steps, step],
        counts=before.counts,
    )


def _left(
    kept: np.ndarray, head: np.ndarray, after: np.ndarray, target: np.ndarray, value: np.ndarray
) -> scipy.sparse.csr_array:
    """The edges still in the lists of ``kept``, renumbered."""
    indptr, indices, values = unlink(kept, head, after, target, value)
    return scipy.sparse.csr_array((values, indices, indptr), shape=(len(kept), len(kept)))


def _exact(*arrays: np.ndarray) -> bool:
    return all(bool((a * _FINEST == np.rint(a * _FINEST)).all()) for a in arrays)


def _fix(before: Reduction, spins: np.ndarray) -> Reduction:
    """Fix the spins that ``spins`` (-1, 0 or +1) names; their couplings become fields."""
    old, n = before.terms, before.terms.num_variables
    csr = scipy.sparse.csr_array((old.values, old.indices, old.indptr), shape=(n, n))
    s = spins.astype(np.float64)
    fixed, kept = np.flatnonzero(spins), np.flatnonzero(spins == 0)
    field_of_fixed = csr @ s
    step = Elimination(
        before.kept[fixed].astype(np.int32),
        np.full((len(fixed), 3), -1, np.int32),
        np.concatenate([-s[fixed, None], np.zeros((len(fixed), 3))], axis=1),
    )
    return Reduction(
        terms=from_csr((old.h + field_of_fixed)[kept], csr[kept][:, kept], old.whole),
        kept=before.kept[kept],
        constant=before.constant + float(old.h @ s + 0.5 * s @ field_of_fixed),
        num_variables=before.num_variables,
        steps=[*before.steps, step],
        counts=before.counts,
    )
