"""dimod constrained quadratic models: variables to bits, constraints to penalties, and back."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import dimod
import numpy as np
import numpy.typing as npt
from dimod.variables import Variables

from isinglass.problems.constrained.encoding import Encoding, assemble
from isinglass.problems.constrained.expressions import FloatArray, read, to_bits
from isinglass.problems.constrained.grid import ATOL, RTOL, Row
from isinglass.problems.constrained.integers import VariableBits, variable_bits
from isinglass.problems.constrained.penalties import Penalty, hard_penalty, soft_penalty
from isinglass.problems.constrained.report import Report
from isinglass.problems.constrained.rows import constraint_rows


def encode_cqm(cqm: dimod.ConstrainedQuadraticModel) -> Encoding:
    """Encode a CQM. Bits: those of the variables in order, then products, then slack.

    Raises ``ProblemError`` for REAL variables, integers of more than 50 bits and numbers that are
    not finite.
    """
    variables = variable_bits(cqm)
    index_of = {label: j for j, label in enumerate(variables.labels)}
    objective = read(cqm.objective, index_of, "the objective")
    objective_bits = to_bits(objective, variables)
    found = constraint_rows(cqm, variables)
    ones = np.ones(variables.num_bits)
    low, high = objective.bounds(variables.lowest.astype(np.float64), variables.highest.astype(np.float64))
    bit_low, bit_high = objective_bits.bounds(0 * ones, ones)
    return assemble(
        objective_bits,
        objective_range=float(np.maximum(0.0, min(high, bit_high) - max(low, bit_low))),
        penalties=_penalties(cqm, found.rows, variables.num_bits + found.num_products),
        num_variables=len(variables.labels),
        num_variable_bits=variables.num_bits,
        num_product_bits=found.num_products,
        decoder=CQMDecoder(cqm, variables),
    )


def _penalties(cqm: dimod.ConstrainedQuadraticModel, rows: list[Row], next_slack: int) -> list[Penalty]:
    penalties: list[Penalty] = []
    for row in rows:
        left = cqm.constraints[row.label].lhs
        if left.is_soft():
            penalty = soft_penalty(row, float(left.weight()), left.penalty(), next_slack)
        else:
            penalty = hard_penalty(row, next_slack)
        penalties.append(penalty)
        next_slack += penalty.num_slack_bits
    return penalties


@dataclass(frozen=True, eq=False)
class CQMDecoder:
    """Reads of the unconstrained problem in the variables of the CQM, judged by dimod's own arithmetic.

    As in ``dimod.SampleSet.from_samples_cqm``: soft constraints do not count against feasibility and
    add their penalty to the energy (``cqm.check_feasible``, which ignores softness, is stricter). One
    difference: dimod takes an expression without variables for 0; here it is its constant.
    """

    cqm: dimod.ConstrainedQuadraticModel
    variables: VariableBits

    def __call__(self, states: npt.NDArray[np.int8]) -> Report:
        """The report on int8[reads, num_bits] of 0/1."""
        samples = self.variables.values(states)
        labelled = (samples, Variables(self.variables.labels))
        constraint_labels: tuple[Hashable, ...] = tuple(self.cqm.constraints)
        violations = np.zeros((len(samples), len(constraint_labels)))
        is_hard = np.ones(len(constraint_labels), dtype=bool)
        objectives = _evaluate(self.cqm.objective, labelled)
        energies = objectives.copy()
        for c, comparison in enumerate(self.cqm.constraints.values()):
            left = comparison.lhs
            violations[:, c] = _violation(comparison, labelled)
            if left.is_soft():
                is_hard[c] = False
                power = 2 if left.penalty() == "quadratic" else 1
                energies += left.weight() * violations[:, c] ** power
        is_satisfied = violations == 0
        return Report(
            variable_labels=self.variables.labels,
            samples=samples,
            energies=energies,
            objectives=objectives,
            is_feasible=is_satisfied[:, is_hard].all(axis=1),
            constraint_labels=constraint_labels,
            is_satisfied=is_satisfied,
            violations=violations,
            broken=violations,
            repaired=np.zeros(len(samples), dtype=np.int64),
            vartype="INTEGER",
        )


def _evaluate(view: Any, labelled: tuple[npt.NDArray[Any], Variables]) -> FloatArray:
    if not view.num_variables:
        return np.full(len(labelled[0]), float(view.offset))
    return np.asarray(view.energies(labelled), dtype=np.float64)


def _violation(comparison: dimod.sym.Comparison, labelled: tuple[npt.NDArray[Any], Variables]) -> FloatArray:
    """float64[reads]: the amount of the violation, 0 within dimod's tolerance."""
    excess = _evaluate(comparison.lhs, labelled) - comparison.rhs
    if comparison.sense is dimod.sym.Sense.Eq:
        excess = np.abs(excess)
    elif comparison.sense is dimod.sym.Sense.Ge:
        excess = -excess
    return np.where(excess <= ATOL + RTOL * abs(comparison.rhs), 0.0, excess)
