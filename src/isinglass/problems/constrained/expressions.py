"""Quadratic expressions as arrays: read from dimod, rewritten from variables to bits, bounded.

One class serves both levels. Over variables the index is the place in ``cqm.variables`` and a pair
may be a square (``row == col``). Over bits, every square has become linear (``b*b = b``), each bit
and each pair stands once, and ``row < col``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isinglass.errors import ProblemError
from isinglass.problems.constrained.integers import IntArray, VariableBits

FloatArray = npt.NDArray[np.float64]

_CANCELLED = 1e-14
"""A sum this small beside its terms is rounding: left in, it would pass for a coefficient of its own."""


@dataclass(frozen=True, eq=False)
class Expression:
    """``offset + sum_k linear[k] x_index[k] + sum_k quadratic[k] x_row[k] x_col[k]``."""

    offset: float
    index: IntArray
    linear: FloatArray
    row: IntArray
    col: IntArray
    quadratic: FloatArray

    def bounds(self, low: FloatArray, high: FloatArray) -> tuple[float, float]:
        """Interval arithmetic term by term for ``low <= x <= high``; exact for a linear expression."""
        ends = self.linear * np.stack([low[self.index], high[self.index]])
        pairs = [self.quadratic * u[self.row] * v[self.col] for u in (low, high) for v in (low, high)]
        products = np.stack(pairs)
        through_zero = (self.row == self.col) & (low[self.row] < 0) & (high[self.row] > 0)
        least = np.where(through_zero, np.minimum(products[[0, 3]].min(axis=0), 0.0), products.min(axis=0))
        most = np.where(through_zero, np.maximum(products[[0, 3]].max(axis=0), 0.0), products.max(axis=0))
        return (
            self.offset + float(ends.min(axis=0).sum() + least.sum()),
            self.offset + float(ends.max(axis=0).sum() + most.sum()),
        )


def read(view: Any, index_of: Mapping[Hashable, int], name: str) -> Expression:
    """A dimod objective or left-hand side over variables; ``name`` is its name in error messages.

    Raises ``ProblemError`` for a coefficient that is NaN or infinite.
    """
    labels, linear = _columns(view.iter_linear(), 2)
    first, second, quadratic = _columns(view.iter_quadratic(), 3)
    place = index_of.__getitem__
    expression = Expression(
        offset=float(view.offset),
        index=np.fromiter(map(place, labels), dtype=np.int64, count=len(labels)),
        linear=np.array(linear, dtype=np.float64),
        row=np.fromiter(map(place, first), dtype=np.int64, count=len(first)),
        col=np.fromiter(map(place, second), dtype=np.int64, count=len(second)),
        quadratic=np.array(quadratic, dtype=np.float64),
    )
    for biases in (np.array([expression.offset]), expression.linear, expression.quadratic):
        wrong = biases[~np.isfinite(biases)]
        if len(wrong):
            raise ProblemError(f"{name} has the coefficient {wrong[0]}; coefficients must be finite numbers")
    return expression


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) or [()] * width


def to_bits(expression: Expression, variables: VariableBits) -> Expression:
    """The same expression over the bits of the variables."""
    low = variables.lowest.astype(np.float64)
    row, col, quadratic = expression.row, expression.col, expression.quadratic
    offset = (
        expression.offset
        + float(expression.linear @ low[expression.index])
        + float(np.sum(quadratic * low[row] * low[col]))
    )
    # (low_u + u)(low_v + v): the mixed terms are linear. For a square they are 2 low u, as they should.
    index = np.concatenate([expression.index, row, col])
    linear = np.concatenate([expression.linear, quadratic * low[col], quadratic * low[row]])
    bit, value = _spread(index, linear, variables)
    bit_row, bit_col, bit_quadratic = _spread_pairs(row, col, quadratic, variables)

    square = bit_row == bit_col
    bit, value = _merged(
        np.concatenate([bit, bit_row[square]]), np.concatenate([value, bit_quadratic[square]])
    )
    # A square gives each of its mixed pairs twice, (a, b) and (b, a): keep one, doubled.
    of_square = np.repeat(row == col, variables.bits_of[row] * variables.bits_of[col])
    keep = ~square & ~(of_square & (bit_row > bit_col)) & (bit_quadratic != 0)
    return Expression(
        offset=offset,
        index=bit,
        linear=value,
        row=np.minimum(bit_row, bit_col)[keep],
        col=np.maximum(bit_row, bit_col)[keep],
        quadratic=(bit_quadratic * np.where(of_square, 2.0, 1.0))[keep],
    )


def _spread(index: IntArray, value: FloatArray, variables: VariableBits) -> tuple[IntArray, FloatArray]:
    index, value = index[value != 0], value[value != 0]
    count = variables.bits_of[index]
    term = np.repeat(np.arange(len(index)), count)
    bit = variables.first_bit[index][term] + _position(count)
    return bit, value[term] * variables.weight[bit]


def _spread_pairs(
    row: IntArray, col: IntArray, value: FloatArray, variables: VariableBits
) -> tuple[IntArray, IntArray, FloatArray]:
    count_col = variables.bits_of[col]
    count = variables.bits_of[row] * count_col
    term = np.repeat(np.arange(len(row)), count)
    in_row, in_col = np.divmod(_position(count), count_col[term])
    bit_row = variables.first_bit[row][term] + in_row
    bit_col = variables.first_bit[col][term] + in_col
    return bit_row, bit_col, value[term] * variables.weight[bit_row] * variables.weight[bit_col]


def _position(count: IntArray) -> IntArray:
    """0, 1, ..., count[0]-1, 0, 1, ..., count[1]-1, ..."""
    return np.arange(int(count.sum()), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)


def _merged(bit: IntArray, value: FloatArray) -> tuple[IntArray, FloatArray]:
    """Terms of the same bit added up; what cancels to zero, up to rounding, is dropped."""
    unique, place = np.unique(bit, return_inverse=True)
    total = np.bincount(place, weights=value, minlength=len(unique))
    magnitude = np.bincount(place, weights=np.abs(value), minlength=len(unique))
    keep = np.abs(total) > _CANCELLED * magnitude
    return unique[keep], total[keep].astype(np.float64)
