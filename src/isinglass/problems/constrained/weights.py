"""How much a violation must cost: safe weights, a good start below them, and the way up.

**Safe.** Write F(x, s, y) = f(x) + soft(x, ...) + sum_c w_c P_c(x, s, y) for the penalised problem,
s being slack bits and y auxiliary bits. For every hard constraint c, P_c >= 0; P_c is 0 for some s
and the true products y where x satisfies c, and at least ``smallest_c > 0`` where x violates it.
Let L <= f + soft <= U by interval arithmetic over *all* bit patterns (soft costs are >= 0, and at the
best s and y at most their ``largest``). Suppose that a feasible x* exists and

    w_c * smallest_c > U - L   for every hard c.

Then F(x*, s*, y*) <= U < L + w_c smallest_c <= F(x, s, y) for every x that violates some c: every
minimum is feasible. Among feasible x, F is f + soft, so the minima are the optima.

**Safe for one-hots apart.** Where no bit of an "exactly one" or "at most one" occurs in any other
constraint, a smaller weight is enough: with a_b <= field_b <= z_b the interval of what switching bit
b on adds to f, switching one of k >= 2 set bits off saves at least ``w smallest`` of penalty and costs
at most max(-a_b); switching one on where none is set saves ``w smallest`` and costs at most min(z_b).
So above max(0, max(-a_b), min(z_b)) / smallest no minimum breaks it, whatever the others do.

**Start.** Out of a state that meets the constraint exactly, flipping bit b changes f + soft by at
most pull_b and adds ``scale * a_b^2`` to the penalty, so it stops paying at the weight pull_b /
(scale * a_b^2). The initial weight is the median of these over the constraint's bits, divided by
``GROWTH``: penalties far above what is needed freeze an annealer, and the first raise, if one is
called for, brings it to the median. In pull, interactions with a one-hot set count once, for its
largest, since one bit of it is set. The initial weight is never above the safe one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from isinglass.errors import ProblemError
from isinglass.problems.constrained.expressions import Expression, FloatArray
from isinglass.problems.constrained.integers import IntArray
from isinglass.problems.constrained.penalties import Penalty

GROWTH = 4.0
"""Most that one round may multiply a weight by."""

_STRICTLY = 1.0 + 2.0**-10
"""The bounds are strict: a weight equal to one would leave ties between feasible and infeasible."""


def safe_weights(
    objective: Expression, objective_range: float, penalties: Sequence[Penalty], num_bits: int
) -> FloatArray:
    """float64[num_constraints]: the bounds above; the user's weight where soft, 0 where none is needed.

    ``objective_range`` is U - L of the objective alone. Energy per squared unit of violation.
    """
    spread = objective_range + sum(p.soft_weight * p.largest for p in penalties if p.soft_weight is not None)
    if not np.isfinite(spread):
        raise ProblemError(
            "the objective's lowest and highest value are too far apart for float64; scale the objective down"
        )
    weakest, strongest = _field_bounds(objective, num_bits)
    uses = _uses(penalties, num_bits)
    unit = _unit(objective)
    safe = np.zeros(len(penalties))
    for c, penalty in enumerate(penalties):
        if penalty.soft_weight is not None:
            safe[c] = penalty.soft_weight
        elif penalty.is_needed:
            bound = spread
            if penalty.is_at_most_one and np.all(uses[penalty.bit] == 1):
                to_drop, to_add = (-weakest[penalty.bit]).max(), strongest[penalty.bit].min()
                bound = min(bound, max(0.0, to_drop, 0.0 if penalty.dip else to_add))
            safe[c] = (bound * _STRICTLY if bound > 0 else unit) / penalty.smallest
    return safe


def initial_weights(
    objective: Expression, penalties: Sequence[Penalty], safe: FloatArray, num_bits: int
) -> FloatArray:
    """float64[num_constraints]: the start described above."""
    weakest, strongest = _field_bounds(objective, num_bits, _sets(penalties, num_bits))
    pull = np.maximum(np.abs(weakest), np.abs(strongest))
    for penalty in penalties:
        if penalty.soft_weight is not None and penalty.is_needed:
            _add_soft_pull(pull, penalty, penalty.soft_weight)
    unit = _unit(objective)
    start = safe.copy()
    for c, penalty in enumerate(penalties):
        if penalty.soft_weight is None and penalty.is_needed:
            start[c] = min(safe[c], _break_even(penalty, pull) / GROWTH or unit / penalty.smallest)
    return start


def raised_weights(
    weights: FloatArray, broken: FloatArray, safe: FloatArray, fixed: npt.NDArray[np.bool_]
) -> FloatArray:
    """New weights after seeing ``broken`` float64[reads, num_constraints], what each read violates.

    The constraint that most reads violate grows by ``GROWTH`` if no read is feasible, others in
    proportion, all less as more reads are feasible. Never above ``safe``; ``fixed`` ones stay.
    """
    violated = (broken > 0) & ~fixed
    if not violated.any():
        return weights.copy()
    how_often = violated.mean(axis=0)
    infeasible_share = violated.any(axis=1).mean()
    factor = 1.0 + (GROWTH - 1.0) * infeasible_share * how_often / how_often.max()
    return np.where(fixed, weights, np.minimum(weights * factor, safe))


def _unit(objective: Expression) -> float:
    """A weight where the objective asks for none: its own largest coefficient, or 1."""
    largest = max(np.abs(objective.linear).max(initial=0.0), np.abs(objective.quadratic).max(initial=0.0))
    return float(largest) or 1.0


def _add_soft_pull(pull: FloatArray, penalty: Penalty, weight: float) -> None:
    """The most that switching each bit changes the cost of a soft constraint, added to ``pull``."""
    is_linear = len(penalty.cost) > 0
    per_unit = 1.0 if is_linear else 2.0 * np.sqrt(penalty.largest / penalty.scale)
    change = weight * penalty.scale * per_unit * np.abs(penalty.own_coefficients)
    np.add.at(pull, penalty.own_bits, change)
    of_products = change[len(change) - len(penalty.products.bit) :]
    np.add.at(pull, penalty.products.first, of_products)
    np.add.at(pull, penalty.products.second, of_products)


def _break_even(penalty: Penalty, pull: FloatArray) -> float:
    """The weight at which flipping the median bit out of exact satisfaction stops paying."""
    paid = penalty.scale * penalty.own_coefficients**2
    if len(penalty.products.bit):
        flipped = np.concatenate([penalty.own_bits, penalty.products.first, penalty.products.second])
        ratio = pull[flipped] / np.median(paid)
    else:
        ratio = pull[penalty.own_bits] / paid
    return float(np.median(ratio[ratio > 0])) if (ratio > 0).any() else 0.0


def _uses(penalties: Sequence[Penalty], num_bits: int) -> IntArray:
    """int64[num_bits]: how many constraints, hard or soft, each bit occurs in."""
    uses = np.zeros(num_bits, dtype=np.int64)
    for penalty in penalties:
        np.add.at(uses, penalty.own_bits, 1)
        uses[penalty.products.first] += 1
        uses[penalty.products.second] += 1
    return uses


def _sets(penalties: Sequence[Penalty], num_bits: int) -> IntArray:
    """int64[num_bits]: the first one-hot set that each bit belongs to; a set of its own otherwise."""
    member_of = np.arange(num_bits, dtype=np.int64)
    for k, penalty in enumerate(penalties):
        if penalty.soft_weight is None and penalty.is_needed and penalty.is_at_most_one:
            free = penalty.bit[member_of[penalty.bit] < num_bits]
            member_of[free] = num_bits + k
    return member_of


def _field_bounds(
    objective: Expression, num_bits: int, member_of: IntArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Least and most that switching each bit on adds to the objective, float64[num_bits] each.

    Over all states of the other bits, or over those with at most one bit set in each set ``member_of``.
    """
    own = np.concatenate([objective.row, objective.col])
    value = np.concatenate([objective.quadratic, objective.quadratic])
    lowest, highest = np.minimum(value, 0.0), np.maximum(value, 0.0)
    if member_of is not None and len(own):
        other = np.concatenate([objective.col, objective.row])
        key = own * (int(member_of.max()) + 1) + member_of[other]
        order = np.argsort(key, kind="stable")
        begins = np.flatnonzero(np.diff(key[order], prepend=-1))
        own = own[order][begins]
        lowest = np.minimum.reduceat(lowest[order], begins)
        highest = np.maximum.reduceat(highest[order], begins)
    linear = np.bincount(objective.index, weights=objective.linear, minlength=num_bits)
    weakest = linear + np.bincount(own, weights=lowest, minlength=num_bits)
    strongest = linear + np.bincount(own, weights=highest, minlength=num_bits)
    return weakest.astype(np.float64), strongest.astype(np.float64)
