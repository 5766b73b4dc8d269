"""A constraint on an integer grid: ``sum_b a_b bit_b <= rhs`` with integer ``a`` in units of one step.

A slack variable can only close the gap of an inequality exactly when the left-hand side moves in
steps of a known size, and a violation only has a smallest size on such a grid. Three cases:

* **Exact.** The coefficients are integer multiples of a common step (integers; decimals such as
  0.25 and 1.1; fractions with a common denominator up to 10^6). Dividing by the step loses nothing.
* **Rounded.** The coefficients of an inequality have no common step. They are rounded *up* to
  ``RESOLUTION`` steps over the range of the left-hand side, and the right-hand side down, after
  adding dimod's own tolerance. Whatever satisfies the grid then satisfies the original constraint as
  dimod judges it. The price: assignments closer to the boundary than ``tightening`` may be lost.
  Where the tolerance covers the rounding, ``tightening`` is 0 and nothing is lost.
* **Free.** An equality without a common step needs no slack, so it keeps its coefficients as they
  are. Its smallest violation is not known: violations below dimod's tolerance, or below the range
  divided by ``RESOLUTION``, are not guarded by the safe weight, and that weight is so large that
  rounding in a float64 energy blurs the objective: by ``(range / violation)^2 * 2^-53`` of its range,
  1e-4 where the right-hand side is about as large as the range, 3% at worst. Coefficients with a
  common step avoid both.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from isinglass.problems.constrained.expressions import FloatArray
from isinglass.problems.constrained.integers import MAX_BITS, IntArray

RTOL, ATOL = 1e-6, 1e-8
"""dimod calls a constraint satisfied when its violation is at most ``ATOL + RTOL * |rhs|``."""

RESOLUTION = 2**24
"""Steps over the range of a left-hand side without a common step: their squares fit float64 exactly."""

_LARGEST_DENOMINATOR = 10**6
_SAME = 1e-11
"""Relative difference below which a coefficient is taken for its multiple of the step."""


@dataclass(frozen=True, eq=False)
class Row:
    """One constraint over bits: ``sum_b coefficient[b] bit_b <= rhs`` or ``== rhs``.

    Constants have moved to ``rhs`` and ``>=`` has been turned into ``<=`` by sign. A bit that stands
    for a product of two others is listed in ``first_factor`` and ``second_factor``; -1 elsewhere.
    """

    label: Hashable
    is_equality: bool
    bit: IntArray
    coefficient: FloatArray
    first_factor: IntArray
    second_factor: IntArray
    rhs: float
    tolerance: float
    """What dimod tolerates, in the user's units."""
    low: float
    """The sum lies between ``low`` and ``high``, and reaches both where it has no products."""
    high: float
    step: float = 1.0
    """User's units per unit of this row."""
    smallest_violation: float = 1.0
    """In units of this row: what breaks the constraint breaks it by at least this."""
    tightening: float = 0.0
    """User's units by which rounding may cut into the feasible set; 0 where the row is exact."""
    is_between_steps: bool = False
    """True for an equality whose right-hand side is off the grid: no assignment satisfies it."""

    @property
    def out_of_reach(self) -> bool:
        """True if the range misses the right-hand side by more than the tolerance."""
        tolerance = self.tolerance / self.step
        too_high = self.low > self.rhs + tolerance
        return too_high or (self.is_equality and self.high < self.rhs - tolerance)

    @property
    def always_satisfied(self) -> bool:
        """True if every assignment satisfies the row."""
        return self.high <= self.rhs and (not self.is_equality or self.low == self.rhs)


def common_step(values: FloatArray) -> float | None:
    """The largest number of which all ``values`` are integer multiples, or None where there is none."""
    nonzero = values[values != 0]
    if not len(nonzero):
        return 1.0
    for unit in (1.0, float(np.abs(nonzero).min())):
        denominator = _common_denominator(nonzero / unit)
        if denominator is not None:
            multiples = np.rint(nonzero / unit * denominator).astype(np.int64)
            return unit * float(np.gcd.reduce(multiples)) / denominator
    return None


def _common_denominator(values: FloatArray) -> int | None:
    denominator = 1
    while denominator <= _LARGEST_DENOMINATOR:
        scaled = values * denominator
        if np.abs(scaled).sum() >= 2.0**MAX_BITS:
            return None
        apart = np.abs(scaled - np.rint(scaled)) > _SAME * np.abs(scaled)
        if not apart.any():
            return denominator
        # Each round makes at least one more value whole, so there are few rounds.
        first = Fraction(float(scaled[np.argmax(apart)])).limit_denominator(_LARGEST_DENOMINATOR)
        if first.denominator == 1:
            return None
        denominator *= first.denominator
    return None


def on_grid(row: Row, *, rhs_on_grid: bool) -> Row:
    """The row in units of its step, as the module describes.

    ``rhs_on_grid`` asks for a step that divides the right-hand side as well: a soft constraint needs
    it because the amount of the violation counts; a hard one can round the right-hand side down.
    """
    values = np.append(row.coefficient, row.rhs) if rhs_on_grid else row.coefficient
    step = common_step(values)
    if step is not None and np.abs(row.coefficient).sum() / step < 2.0**MAX_BITS:
        return _exact(row, step)
    if row.is_equality and not rhs_on_grid:
        resolved = max(row.tolerance, np.abs(row.coefficient).sum() / RESOLUTION)
        return replace(row, smallest_violation=resolved)
    return _rounded(row, allowance=0.0 if rhs_on_grid else row.tolerance)


def _exact(row: Row, step: float) -> Row:
    coefficient = np.rint(row.coefficient / step)
    rhs, tolerance = row.rhs / step, row.tolerance / step
    if abs(rhs - np.rint(rhs)) <= tolerance:
        rhs = float(np.rint(rhs))
    elif not row.is_equality:
        rhs = float(np.floor(rhs))
    # The sum only takes values on the grid. Rounding errors must not push a bound past such a value.
    low, high = row.low / step, row.high / step
    rounding = 1e-6 + 2.0 * _SAME * np.abs(coefficient).sum()
    low = max(np.ceil(low - rounding), coefficient[coefficient < 0].sum())
    high = min(np.floor(high + rounding), coefficient[coefficient > 0].sum())
    return replace(
        row,
        coefficient=coefficient,
        rhs=rhs,
        low=float(low),
        high=float(high),
        step=step,
        is_between_steps=row.is_equality and rhs != np.rint(rhs),
    )


def _rounded(row: Row, allowance: float) -> Row:
    step = float(np.abs(row.coefficient).sum()) / RESOLUTION
    coefficient = np.ceil(row.coefficient / step)
    rhs = float(np.floor((row.rhs + allowance) / step))
    rounding = float(np.sum(coefficient * step - row.coefficient)) + row.rhs - rhs * step
    return replace(
        row,
        coefficient=coefficient,
        rhs=rhs,
        low=float(coefficient[coefficient < 0].sum()),
        high=float(coefficient[coefficient > 0].sum()),
        step=step,
        tightening=max(0.0, rounding),
    )
