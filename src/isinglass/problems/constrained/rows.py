"""dimod constraints as rows over bits; products of bits get an auxiliary bit each.

A quadratic left-hand side would make its squared penalty quartic. Rosenberg's substitution (Cahiers
du Centre d'Etudes de Recherche Operationnelle 17, 71 (1975)) puts one auxiliary bit ``y`` for each
product ``a b`` and adds ``k (a b - 2 a y - 2 b y + 3 y)``, which is 0 where ``y = a b`` and at least
``k`` elsewhere. A product that occurs in several constraints shares one auxiliary bit.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import dimod
import numpy as np

from isinglass.errors import ProblemError
from isinglass.problems.constrained.expressions import Expression, read, to_bits
from isinglass.problems.constrained.grid import ATOL, RTOL, Row
from isinglass.problems.constrained.integers import IntArray, VariableBits


@dataclass(frozen=True, eq=False)
class ConstraintRows:
    """Every constraint of a CQM, in its order, before any scaling."""

    rows: list[Row]
    num_products: int
    """Auxiliary bits; they follow the bits of the variables."""


def constraint_rows(cqm: dimod.ConstrainedQuadraticModel, variables: VariableBits) -> ConstraintRows:
    """Rows of all constraints of ``cqm`` over the bits of ``variables`` and the auxiliary bits."""
    index_of = {label: j for j, label in enumerate(variables.labels)}
    low, high = variables.lowest.astype(np.float64), variables.highest.astype(np.float64)
    expressions, intervals = [], []
    for label, comparison in cqm.constraints.items():
        if not np.isfinite(comparison.rhs):
            raise ProblemError(
                f"constraint {label!r} has the right-hand side {comparison.rhs}; give a finite number, "
                f"or leave the constraint out if it is always satisfied"
            )
        expression = read(comparison.lhs, index_of, f"constraint {label!r}")
        expressions.append(to_bits(expression, variables))
        intervals.append(expression.bounds(low, high))

    keys = [expression.row * variables.num_bits + expression.col for expression in expressions]
    products: IntArray = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *keys]))
    rows = [
        _row(label, comparison, expression, interval, variables.num_bits + np.searchsorted(products, key))
        for (label, comparison), expression, interval, key in zip(
            cqm.constraints.items(), expressions, intervals, keys, strict=True
        )
    ]
    return ConstraintRows(rows=rows, num_products=len(products))


def _row(
    label: Hashable,
    comparison: dimod.sym.Comparison,
    expression: Expression,
    interval: tuple[float, float],
    product_bit: IntArray,
) -> Row:
    sign = -1.0 if comparison.sense is dimod.sym.Sense.Ge else 1.0
    coefficient = np.concatenate([expression.linear, expression.quadratic])
    # Two valid intervals, of the variables and of the bits: neither contains the other in general.
    low = max(interval[0] - expression.offset, float(np.minimum(coefficient, 0.0).sum()))
    high = min(interval[1] - expression.offset, float(np.maximum(coefficient, 0.0).sum()))
    no_factor = np.full(len(expression.index), -1, dtype=np.int64)
    rhs = float(comparison.rhs)
    return Row(
        label=label,
        is_equality=comparison.sense is dimod.sym.Sense.Eq,
        bit=np.concatenate([expression.index, product_bit]),
        coefficient=sign * coefficient,
        first_factor=np.concatenate([no_factor, expression.row]),
        second_factor=np.concatenate([no_factor, expression.col]),
        rhs=sign * (rhs - expression.offset),
        tolerance=ATOL + RTOL * abs(rhs),
        low=low if sign > 0 else -high,
        high=high if sign > 0 else -low,
    )
