"""dimod discrete quadratic models: one bit for each case, exactly one set for each variable.

A read whose bits name no case or several for a variable is repaired, and counted as repaired: all
its doubtful variables are cleared, then each in turn, in the order of the model, takes the case of
the lowest energy given the cases already settled (the first of equals). A decoded answer is
therefore always a valid assignment.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import dimod
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array  # type: ignore[import-untyped,unused-ignore]  # no stubs

from isinglass.errors import ProblemError
from isinglass.problems.constrained.encoding import Encoding, assemble
from isinglass.problems.constrained.expressions import Expression, FloatArray
from isinglass.problems.constrained.integers import IntArray
from isinglass.problems.constrained.penalties import one_hot
from isinglass.problems.constrained.report import Report


def encode_dqm(dqm: dimod.DiscreteQuadraticModel) -> Encoding:
    """Encode a DQM: bits in the order of its variables and their cases, one constraint for each variable.

    Raises ``ProblemError`` for biases that are not finite.
    """
    vectors = dqm.to_numpy_vectors(return_offset=True)
    num_bits = len(vectors.linear_biases)
    first_case = np.append(vectors.case_starts, num_bits).astype(np.int64)
    objective = Expression(
        offset=float(vectors.offset),
        index=np.arange(num_bits, dtype=np.int64),
        linear=np.asarray(vectors.linear_biases, dtype=np.float64),
        row=np.asarray(vectors.quadratic.row_indices, dtype=np.int64),
        col=np.asarray(vectors.quadratic.col_indices, dtype=np.int64),
        quadratic=np.asarray(vectors.quadratic.biases, dtype=np.float64),
    )
    for biases in (np.array([objective.offset]), objective.linear, objective.quadratic):
        if not np.isfinite(biases).all():
            raise ProblemError(
                f"the DQM has the bias {biases[~np.isfinite(biases)][0]}; biases must be finite numbers"
            )
    low, high = objective.bounds(np.zeros(num_bits), np.ones(num_bits))
    decoder = DQMDecoder.of(dqm, objective, first_case)
    return assemble(
        objective,
        objective_range=high - low,
        penalties=[
            one_hot(label, np.arange(begin, end))
            for label, begin, end in zip(decoder.labels, first_case, first_case[1:], strict=False)
        ],
        num_variables=len(decoder.labels),
        num_variable_bits=num_bits,
        num_product_bits=0,
        decoder=decoder,
    )


@dataclass(frozen=True, eq=False)
class DQMDecoder:
    """Reads of the unconstrained problem as cases of the DQM, repaired where need be."""

    dqm: Any
    """``dimod.DiscreteQuadraticModel``, whose methods carry no types."""
    labels: tuple[Hashable, ...]
    first_case: IntArray
    """int64[n + 1]"""
    linear: FloatArray
    quadratic: csr_array
    """[bits, bits], symmetric."""

    @classmethod
    def of(cls, dqm: dimod.DiscreteQuadraticModel, objective: Expression, first_case: IntArray) -> DQMDecoder:
        """A decoder for ``dqm``, whose biases over bits are ``objective``."""
        ends = np.concatenate([objective.row, objective.col]), np.concatenate([objective.col, objective.row])
        values = np.concatenate([objective.quadratic, objective.quadratic])
        size = len(objective.linear)
        labels = tuple(cast("Iterable[Hashable]", dqm.variables))
        quadratic = csr_array((values, ends), shape=(size, size))
        return cls(dqm, labels, first_case, objective.linear, quadratic)

    def __call__(self, states: npt.NDArray[np.int8]) -> Report:
        """The report on int8[reads, num_bits] of 0/1."""
        num_reads = len(states)
        num_set = np.zeros((num_reads, len(self.labels)), dtype=np.int64)
        energies = np.full(num_reads, float(self.dqm.offset))
        if self.labels:
            num_set = np.add.reduceat(states, self.first_case[:-1], axis=1, dtype=np.int64)
        is_doubtful = num_set != 1
        cases = self._repair(states, is_doubtful)
        if self.labels:
            energies = np.asarray(self.dqm.energies((cases, list(self.labels))), dtype=np.float64)
        return Report(
            variable_labels=self.labels,
            samples=cases,
            energies=energies,
            objectives=energies,
            is_feasible=np.ones(num_reads, dtype=bool),
            constraint_labels=(),
            is_satisfied=np.ones((num_reads, 0), dtype=bool),
            violations=np.zeros((num_reads, 0)),
            broken=np.abs(num_set - 1).astype(np.float64),
            repaired=is_doubtful.sum(axis=1),
            vartype="DISCRETE",
        )

    def _repair(
        self, states: npt.NDArray[np.int8], is_doubtful: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.int32]:
        """int32[reads, n]: the case of every variable."""
        settled = states * np.repeat(~is_doubtful, np.diff(self.first_case), axis=1)
        cases = np.empty(is_doubtful.shape, dtype=np.int32)
        for v, (begin, end) in enumerate(zip(self.first_case, self.first_case[1:], strict=False)):
            reads = np.flatnonzero(is_doubtful[:, v])
            if len(reads):
                field = self.linear[begin:end, None] + self.quadratic[begin:end] @ settled[reads].T
                settled[reads, begin + np.argmin(field, axis=0)] = 1
            cases[:, v] = np.argmax(settled[:, begin:end], axis=1)
        return cases
