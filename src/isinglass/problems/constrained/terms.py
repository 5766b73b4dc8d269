"""The quadratic terms of all penalties in one flat layout, combined with weights by multiplication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isinglass.memory import require
from isinglass.problems.constrained.expressions import Expression, FloatArray
from isinglass.problems.constrained.integers import IntArray
from isinglass.problems.constrained.penalties import Penalty
from isinglass.problems.given import EdgeList

_BYTES_PER_EDGE = 24
"""Two int32 indices, the value for weight 1, and the value of one combined problem."""


@dataclass(frozen=True, eq=False)
class PenaltyTerms:
    """Objective and penalties over ``num_bits`` bits; a pair that occurs in several stands several times."""

    num_bits: int
    row: npt.NDArray[np.int32]
    col: npt.NDArray[np.int32]
    value: FloatArray
    """float64[edges] for weight 1: the objective's first, then penalty by penalty."""
    edge_begin: IntArray
    """int64[num_constraints + 1]: where each penalty's edges begin."""
    objective_linear: FloatArray
    """float64[num_bits]"""
    linear_bit: IntArray
    linear_value: FloatArray
    linear_begin: IntArray
    """int64[num_constraints + 1]"""
    objective_offset: float
    offset: FloatArray
    """float64[num_constraints]"""

    def combine(self, weights: FloatArray) -> EdgeList:
        """Objective plus ``sum_c weights[c] * penalty_c``. ``row`` and ``col`` are shared and read-only."""
        value = np.empty_like(self.value)
        value[: self.edge_begin[0]] = self.value[: self.edge_begin[0]]
        for weight, begin, end in zip(weights, self.edge_begin, self.edge_begin[1:], strict=False):
            np.multiply(self.value[begin:end], weight, out=value[begin:end])
        repeated = np.repeat(weights, np.diff(self.linear_begin))
        linear = self.objective_linear + np.bincount(
            self.linear_bit, weights=self.linear_value * repeated, minlength=self.num_bits
        )
        return EdgeList(
            num_variables=self.num_bits,
            row=self.row,
            col=self.col,
            value=value,
            linear=linear,
            offset=self.objective_offset + float(weights @ self.offset),
            vartype="BINARY",
            kind="qubo",
        )


def penalty_terms(objective: Expression, penalties: Sequence[Penalty], num_bits: int) -> PenaltyTerms:
    """Lay out the objective and the penalties. Raises ``OutOfMemoryError`` where the edges cannot fit."""
    counts = [len(p.bit) * (len(p.bit) - 1) // 2 + 3 * len(p.products.bit) for p in penalties]
    edge_begin = len(objective.row) + np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    pairs = int(edge_begin[-1])
    # A constraint over n bits has n^2 / 2 pairs.
    require(_BYTES_PER_EDGE * pairs, f"laying out penalties of {pairs} pairs of bits")
    row = np.empty(edge_begin[-1], dtype=np.int32)
    col = np.empty(edge_begin[-1], dtype=np.int32)
    value = np.empty(edge_begin[-1], dtype=np.float64)
    row[: edge_begin[0]], col[: edge_begin[0]] = objective.row, objective.col
    value[: edge_begin[0]] = objective.quadratic
    for penalty, begin, end in zip(penalties, edge_begin, edge_begin[1:], strict=False):
        _write_edges(penalty, row[begin:end], col[begin:end], value[begin:end])
    row.flags.writeable = col.flags.writeable = False

    linear = [_linear(penalty) for penalty in penalties]
    lengths = [len(bit) for bit, _ in linear]
    return PenaltyTerms(
        num_bits=num_bits,
        row=row,
        col=col,
        value=value,
        edge_begin=edge_begin,
        objective_linear=np.bincount(objective.index, weights=objective.linear, minlength=num_bits).astype(
            np.float64
        ),
        linear_bit=np.concatenate([np.zeros(0, dtype=np.int64), *(bit for bit, _ in linear)]),
        linear_value=np.concatenate([np.zeros(0), *(bias for _, bias in linear)]),
        linear_begin=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        objective_offset=objective.offset,
        offset=np.array([p.scale * (p.constant**2 - p.dip) for p in penalties], dtype=np.float64),
    )


def _write_edges(
    penalty: Penalty, row: npt.NDArray[np.int32], col: npt.NDArray[np.int32], value: FloatArray
) -> None:
    bit, coefficient = penalty.bit, 2.0 * penalty.scale * penalty.coefficient
    begin = 0
    # Row by row of the upper triangle: np.triu_indices would need several times the memory.
    for i in range(len(bit) - 1):
        end = begin + len(bit) - 1 - i
        row[begin:end] = bit[i]
        col[begin:end] = bit[i + 1 :]
        np.multiply(coefficient[i + 1 :], penalty.coefficient[i], out=value[begin:end])
        begin = end
    products = penalty.products
    a, b, y = products.first, products.second, products.bit
    row[begin:] = np.concatenate([a, a, b])
    col[begin:] = np.concatenate([b, y, y])
    value[begin:] = np.concatenate([products.scale, np.tile(-2.0 * products.scale, 2)])


def _linear(penalty: Penalty) -> tuple[IntArray, FloatArray]:
    square = penalty.scale * penalty.coefficient * (penalty.coefficient + 2.0 * penalty.constant)
    return (
        np.concatenate([penalty.bit, penalty.cost_bit, penalty.products.bit]),
        np.concatenate([square, penalty.cost, 3.0 * penalty.products.scale]),
    )
