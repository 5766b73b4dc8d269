"""One constraint becomes one penalty: 0 on what satisfies it, at least ``smallest`` on what does not.

Hard constraints, in units of the row's step, M being the left-hand side and s >= 0 the slack:

* ``M == rhs``: ``(M - rhs)^2``.
* ``M <= rhs``: ``(M + s - rhs)^2`` with s of ``0..rhs - low``, low being the least that M can be.
* ``M <= low + 1`` needs no slack: with ``m = M - low`` it is ``m (m - 1) / 2``, which for a sum of
  bits ("at most one") is one product for each pair.

Soft constraints of weight w cost what dimod adds to the energy (``SampleSet.from_samples_cqm``):

* quadratic: ``w * violation^2``, as above with slack.
* linear: ``w * violation``. The gap is written ``M - rhs = p - n`` with integers p, n >= 0, and p
  costs w per step (n too for an equality). A wrong p saves at most w per step and pays at least w.

Each product of bits adds its Rosenberg penalty (rows.py). For a hard constraint its factor is the
square of the product's coefficient, what a false auxiliary bit saves where it closes a gap of just
that size, and never less than ``smallest``. For a soft one it is the most that the constraint can
cost, so that the least penalty over the auxiliary bits is exactly that cost.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from isinglass.errors import ProblemError
from isinglass.problems.constrained.expressions import FloatArray
from isinglass.problems.constrained.grid import Row, on_grid
from isinglass.problems.constrained.integers import MAX_BITS, IntArray, bit_weights

_NO_BITS: IntArray = np.zeros(0, dtype=np.int64)
_NO_VALUES: FloatArray = np.zeros(0, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Products:
    """Rosenberg terms ``scale (a b - 2 a y - 2 b y + 3 y)``, one for each auxiliary bit y."""

    bit: IntArray
    first: IntArray
    second: IntArray
    scale: FloatArray

    @classmethod
    def of(cls, row: Row, least: float, per_square: float = 0.0) -> Products:
        """The products of ``row``, each of scale ``max(least, per_square * coefficient^2)``."""
        chosen = row.first_factor >= 0
        scale = np.maximum(least, per_square * row.coefficient[chosen] ** 2)
        return cls(row.bit[chosen], row.first_factor[chosen], row.second_factor[chosen], scale)


_NO_PRODUCTS = Products(_NO_BITS, _NO_BITS, _NO_BITS, _NO_VALUES)


@dataclass(frozen=True, eq=False)
class Penalty:
    """``scale * ((sum a_b bit_b + constant)^2 - dip) + sum cost_b bit_b + Rosenberg terms``, for weight 1.

    In the user's units of violation, squared (soft linear: to the first power).
    """

    label: Hashable
    bit: IntArray = field(default_factory=_NO_BITS.copy)
    coefficient: FloatArray = field(default_factory=_NO_VALUES.copy)
    constant: float = 0.0
    scale: float = 0.0
    dip: float = 0.0
    num_slack_bits: int = 0
    """The last ones in ``bit``."""
    cost_bit: IntArray = field(default_factory=_NO_BITS.copy)
    cost: FloatArray = field(default_factory=_NO_VALUES.copy)
    products: Products = _NO_PRODUCTS
    smallest: float = 0.0
    """The least penalty of an assignment that violates the constraint; 0 where none is needed."""
    largest: float = 0.0
    """The most that a soft constraint can cost, for weight 1."""
    soft_weight: float | None = None
    is_infeasible: bool = False
    tightening: float = 0.0

    @property
    def is_needed(self) -> bool:
        """False for a constraint that every assignment satisfies."""
        return self.smallest > 0

    @property
    def own_bits(self) -> IntArray:
        """Bits of the left-hand side: variables and products, without slack."""
        return self.bit[: len(self.bit) - self.num_slack_bits]

    @property
    def own_coefficients(self) -> FloatArray:
        """Coefficients of ``own_bits``."""
        return self.coefficient[: len(self.bit) - self.num_slack_bits]

    @property
    def is_at_most_one(self) -> bool:
        """True for "exactly one" and "at most one" of a set of variable bits."""
        if self.num_slack_bits or len(self.products.bit) or not len(self.bit):
            return False
        return self.constant == (-0.5 if self.dip else -1.0) and bool(np.all(self.coefficient == 1))


def hard_penalty(row: Row, first_slack: int) -> Penalty:
    """The penalty of a hard constraint; slack bits are numbered from ``first_slack``."""
    grid = on_grid(row, rhs_on_grid=False)
    if grid.always_satisfied:
        return Penalty(label=row.label)
    square = _checked_square(grid)
    span = 0 if grid.is_equality else max(0, round(grid.rhs - grid.low))
    slack = _slack(row, span) if span > 1 else _NO_BITS
    smallest = square * grid.smallest_violation**2
    return Penalty(
        label=row.label,
        bit=np.concatenate([grid.bit, first_slack + np.arange(len(slack))]),
        coefficient=np.concatenate([grid.coefficient, slack]),
        # m (m - 1) / 2 = ((m - 1/2)^2 - 1/4) / 2 with m = M - low
        constant=-grid.low - 0.5 if span == 1 else -grid.rhs,
        scale=0.5 * square if span == 1 else square,
        dip=0.25 if span == 1 else 0.0,
        num_slack_bits=len(slack),
        products=Products.of(grid, smallest, per_square=square),
        smallest=smallest,
        is_infeasible=row.out_of_reach or grid.is_between_steps,
        tightening=grid.tightening,
    )


def soft_penalty(row: Row, weight: float, kind: Literal["linear", "quadratic"], first_slack: int) -> Penalty:
    """The penalty of a soft constraint of dimod's ``weight`` and ``penalty``, to be kept at ``weight``."""
    needs_integers = kind == "linear" or not row.is_equality
    grid = on_grid(row, rhs_on_grid=True) if needs_integers else row
    if grid.always_satisfied:
        return Penalty(label=row.label, soft_weight=weight)
    above = max(0.0, grid.high - grid.rhs)
    below = max(0.0, grid.rhs - grid.low)
    worst = max(above, below) if grid.is_equality else above
    square = _checked_square(grid)
    if kind == "quadratic":
        slack = _NO_BITS if grid.is_equality else _slack(row, round(below))
        scale, largest, cost = square, square * worst**2, _NO_VALUES
    else:
        over, under = -_slack(row, round(above)), _slack(row, round(below))
        slack = np.concatenate([over, under])
        scale, largest = grid.step, grid.step * worst
        cost = grid.step * np.abs(slack if grid.is_equality else over)
    slack_bit = first_slack + np.arange(len(slack))
    return Penalty(
        label=row.label,
        bit=np.concatenate([grid.bit, slack_bit]),
        coefficient=np.concatenate([grid.coefficient, slack]),
        constant=-grid.rhs,
        scale=scale,
        num_slack_bits=len(slack),
        cost_bit=slack_bit[: len(cost)],
        cost=cost,
        products=Products.of(grid, largest),
        smallest=largest,
        largest=largest,
        soft_weight=weight,
        tightening=grid.tightening,
    )


def one_hot(label: Hashable, bit: IntArray) -> Penalty:
    """``(sum bit_b - 1)^2``: exactly one of the bits."""
    return Penalty(
        label=label, bit=bit, coefficient=np.ones(len(bit)), constant=-1.0, scale=1.0, smallest=1.0
    )


def _slack(row: Row, span: int) -> IntArray:
    if span.bit_length() > MAX_BITS:
        raise ProblemError(
            f"constraint {row.label!r} needs a slack of {span.bit_length()} bits where at most {MAX_BITS} "
            f"are allowed; tighten the bounds of its variables or give its coefficients in coarser units"
        )
    return bit_weights(span)


def _checked_square(row: Row) -> float:
    """The step squared, or an error where squares of this constraint leave float64."""
    largest = float(np.abs(row.coefficient).max(initial=abs(row.rhs))) * row.step
    if row.step < 1e-140 or largest > 1e140:
        raise ProblemError(
            f"constraint {row.label!r} has numbers up to {largest:g} in steps of {row.step:g}, whose squares "
            f"leave float64; scale the constraint so that they lie between 1e-140 and 1e140"
        )
    return row.step**2
