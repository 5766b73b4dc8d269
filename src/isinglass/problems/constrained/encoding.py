"""A constrained problem as one family of unconstrained ones, a member for each choice of weights.

The quadratic terms of every penalty are laid out once. ``penalised(weights)`` then only multiplies
each penalty's stretch of values by its weight.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dimod
import numpy as np
import numpy.typing as npt

from isinglass.errors import ParameterError
from isinglass.problems.constrained.expressions import Expression, FloatArray
from isinglass.problems.constrained.penalties import Penalty
from isinglass.problems.constrained.report import BoolArray, Report, checked_states
from isinglass.problems.constrained.terms import PenaltyTerms, penalty_terms
from isinglass.problems.constrained.weights import initial_weights, raised_weights, safe_weights
from isinglass.problems.given import EdgeList


@dataclass(frozen=True, eq=False)
class Encoding:
    """What ``encode`` returns. The model it was made from is referred to and must not change meanwhile."""

    num_variables: int
    """Of the user's model."""
    num_variable_bits: int
    """Bits that carry the user's variables; they come first."""
    num_product_bits: int
    """Auxiliary bits of products in quadratic constraints; they come second."""
    num_slack_bits: int
    """Slack and violation bits of inequalities and soft constraints; they come last."""
    constraint_labels: tuple[Hashable, ...]
    """One for each weight: constraints of a CQM in its order, variables of a DQM."""
    safe_weights: FloatArray
    """float64[num_constraints]: with these, every minimum is feasible if anything is (proof in weights.py).
    The user's own weight for a soft constraint; 0 for one that needs no penalty."""
    start: FloatArray
    """float64[num_constraints]: what ``initial_weights`` returns."""
    is_soft: BoolArray
    """bool[num_constraints]"""
    is_needed: BoolArray
    """bool[num_constraints]: false for what every assignment satisfies; it has no slack and no penalty."""
    is_infeasible: BoolArray
    """bool[num_constraints]: hard and satisfied by no assignment. The penalty still asks for the least
    violation, but its weight is not raised."""
    tightened: Mapping[Hashable, float]
    """Constraints whose coefficients have no common step and were rounded (grid.py), with the most, in
    the user's units, by which rounding may cut into the feasible set (soft: shift the violation)."""
    terms: PenaltyTerms
    """Objective and penalties, ready to combine."""
    decoder: Callable[[npt.NDArray[np.int8]], Report]
    """From int8[reads, num_bits] of 0/1; ``decode`` checks its argument first."""

    @property
    def num_bits(self) -> int:
        """Variables of the unconstrained problem."""
        return self.num_variable_bits + self.num_product_bits + self.num_slack_bits

    @property
    def num_constraints(self) -> int:
        """Number of weights."""
        return len(self.constraint_labels)

    @property
    def always_satisfied(self) -> tuple[Hashable, ...]:
        """Labels of the constraints that every assignment satisfies."""
        return tuple(itertools.compress(self.constraint_labels, ~self.is_needed))

    @property
    def infeasible(self) -> tuple[Hashable, ...]:
        """Labels of the hard constraints that no assignment satisfies: the model has no feasible point."""
        return tuple(itertools.compress(self.constraint_labels, self.is_infeasible))

    def initial_weights(self) -> FloatArray:
        """float64[num_constraints]: a start below or at ``safe_weights``, usually far below (weights.py)."""
        return self.start.copy()

    def penalised(self, weights: npt.ArrayLike) -> EdgeList:
        """The unconstrained problem for these weights, in energy per squared unit of violation.

        A soft constraint keeps the user's own weight, whatever its entry in ``weights``.
        """
        used = np.where(self.is_soft, self.safe_weights, self._checked(weights))
        return self.terms.combine(used)

    def decode(self, states: npt.ArrayLike) -> Report:
        """[reads, num_bits] of 0/1 in the user's variables, judged by dimod on the user's model."""
        return self.decoder(checked_states(states, self.num_bits))

    def raise_weights(self, weights: npt.ArrayLike, report: Report) -> FloatArray:
        """New weights, higher for the hard constraints that the reads break, at most ``safe_weights``.

        The most broken one grows fourfold when no read is feasible, others in proportion. Equal to
        ``weights`` when nothing that can be mended is broken or all that is broken has reached its bound.
        Begin with ``initial_weights``: a weight of 0 stays 0.
        """
        if report.broken.shape[1] != self.num_constraints:
            raise ParameterError(
                f"the report is on {report.broken.shape[1]} constraints and the encoding has "
                f"{self.num_constraints}; give a report that this encoding decoded"
            )
        fixed = self.is_soft | self.is_infeasible
        return raised_weights(self._checked(weights), report.broken, self.safe_weights, fixed)

    def sampleset(
        self,
        report: Report,
        *,
        num_occurrences: npt.ArrayLike | None = None,
        info: Mapping[str, Any] | None = None,
    ) -> dimod.SampleSet:
        """The report as a ``dimod.SampleSet`` in the user's variables; see ``Report.sampleset``."""
        return report.sampleset(num_occurrences=num_occurrences, info=info)

    def info(self) -> dict[str, Any]:
        """What a result says about its encoding: counts, labels of special constraints, safe weights."""
        return {
            "num_bits": self.num_bits,
            "num_variable_bits": self.num_variable_bits,
            "num_product_bits": self.num_product_bits,
            "num_slack_bits": self.num_slack_bits,
            "num_constraints": self.num_constraints,
            "num_soft_constraints": int(self.is_soft.sum()),
            "always_satisfied": list(self.always_satisfied),
            "infeasible": list(self.infeasible),
            "tightened": dict(self.tightened),
            "safe_weights": self.safe_weights.tolist(),
        }

    def summary(self) -> str:
        """The same in a few short lines."""
        lines = [
            f"{self.num_variables} variables in {self.num_variable_bits} bits, {self.num_product_bits} bits "
            f"of products, {self.num_slack_bits} of slack: {self.num_bits} in all",
            f"{self.num_constraints} constraints: {int(self.is_soft.sum())} soft, "
            f"{len(self.always_satisfied)} always satisfied",
        ]
        hard = self.safe_weights[~self.is_soft & self.is_needed]
        if len(hard):
            lines.append(f"safe weights from {hard.min():g} to {hard.max():g}")
        if self.infeasible:
            lines.append(f"no assignment satisfies {', '.join(map(repr, self.infeasible))}")
        if self.tightened:
            worst = max(self.tightened.values())
            lines.append(f"{len(self.tightened)} constraints rounded, by {worst:g} at most")
        return "\n".join(lines)

    def _checked(self, weights: npt.ArrayLike) -> FloatArray:
        try:
            given = np.asarray(weights, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ParameterError(f"weights is not an array of numbers: {error}") from error
        if given.shape != (self.num_constraints,):
            raise ParameterError(
                f"weights has shape {given.shape}; give one for each of {self.num_constraints} constraints"
            )
        if not np.all(np.isfinite(given) & (given >= 0)):
            raise ParameterError(
                f"weights holds {given[~(np.isfinite(given) & (given >= 0))][0]}; weights are finite and >= 0"
            )
        return given


def assemble(
    objective: Expression,
    *,
    objective_range: float,
    penalties: Sequence[Penalty],
    num_variables: int,
    num_variable_bits: int,
    num_product_bits: int,
    decoder: Callable[[npt.NDArray[np.int8]], Report],
) -> Encoding:
    """An encoding from the objective over bits and the penalties, whose slack bits come last."""
    num_plain = num_variable_bits + num_product_bits
    num_slack = sum(penalty.num_slack_bits for penalty in penalties)
    safe = safe_weights(objective, objective_range, penalties, num_plain)
    return Encoding(
        num_variables=num_variables,
        num_variable_bits=num_variable_bits,
        num_product_bits=num_product_bits,
        num_slack_bits=num_slack,
        constraint_labels=tuple(p.label for p in penalties),
        safe_weights=safe,
        start=initial_weights(objective, penalties, safe, num_plain),
        is_soft=np.array([p.soft_weight is not None for p in penalties], dtype=bool),
        is_needed=np.array([p.is_needed for p in penalties], dtype=bool),
        is_infeasible=np.array([p.is_infeasible for p in penalties], dtype=bool),
        tightened={p.label: p.tightening for p in penalties if p.tightening > 0},
        terms=penalty_terms(objective, penalties, num_plain + num_slack),
        decoder=decoder,
    )
