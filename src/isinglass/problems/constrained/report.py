"""What the reads of a penalised problem mean in the user's variables."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import dimod
import numpy as np
import numpy.typing as npt

from isinglass.errors import ParameterError
from isinglass.problems.constrained.expressions import FloatArray
from isinglass.problems.constrained.integers import IntArray

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Report:
    """Decoded reads, one row each, in the order given."""

    variable_labels: tuple[Hashable, ...]
    samples: npt.NDArray[Any]
    """Signed integers [reads, n], columns in the user's order. For a DQM the index of the case."""
    energies: FloatArray
    """float64[reads]: the objective, plus dimod's penalties of violated soft constraints."""
    objectives: FloatArray
    """float64[reads]: the objective alone (``cqm.objective.energies``); the same where nothing is soft."""
    is_feasible: BoolArray
    """bool[reads]: every hard constraint is satisfied within dimod's tolerance. Always true for a DQM."""
    constraint_labels: tuple[Hashable, ...]
    """In the user's order, hard and soft; empty for a DQM, which has no constraints of its own."""
    is_satisfied: BoolArray
    """bool[reads, constraints], within dimod's tolerance 1e-8 + 1e-6 |rhs|."""
    violations: FloatArray
    """float64[reads, constraints] in the user's units; 0 where satisfied."""
    broken: FloatArray
    """float64[reads, weights]: what drives the weights. ``violations`` for a CQM; for a DQM how far the
    number of set bits of each variable was from 1 before repair."""
    repaired: IntArray
    """int64[reads]: variables of a DQM whose bits named no single case and were given one. 0 for a CQM."""
    vartype: str
    """"INTEGER" (CQM) or "DISCRETE" (DQM), as dimod marks such sample sets."""

    def sampleset(
        self, *, num_occurrences: npt.ArrayLike | None = None, info: Mapping[str, Any] | None = None
    ) -> dimod.SampleSet:
        """The reads as dimod's own CQM sample sets are built, with two vectors more.

        Vectors: energy, num_occurrences (1 each unless given), is_feasible, is_satisfied,
        violations, repaired. ``info`` gains ``constraint_labels``. No read is merged or reordered.
        """
        occurrences = (
            np.ones(len(self.samples), dtype=np.int64) if num_occurrences is None else num_occurrences
        )
        if np.shape(occurrences) != (len(self.samples),):
            raise ParameterError(
                f"num_occurrences has shape {np.shape(occurrences)} for {len(self.samples)} reads; "
                f"give one number for each read"
            )
        dimod_class: Any = dimod.SampleSet
        made: dimod.SampleSet = dimod_class.from_samples(
            (self.samples, list(self.variable_labels)),
            vartype=self.vartype,
            energy=self.energies,
            num_occurrences=occurrences,
            info={**(info or {}), "constraint_labels": list(self.constraint_labels)},
            sort_labels=False,
            is_feasible=self.is_feasible,
            is_satisfied=self.is_satisfied,
            violations=self.violations,
            repaired=self.repaired,
        )
        return made


def checked_states(states: npt.ArrayLike, num_bits: int) -> npt.NDArray[np.int8]:
    """``states`` as int8[reads, num_bits]; ``ParameterError`` for another shape or values but 0 and 1."""
    try:
        given = np.asarray(states)
    except ValueError as error:
        raise ParameterError(f"states is not a rectangular array: {error}") from error
    if given.ndim != 2 or given.shape[1] != num_bits:
        raise ParameterError(f"states has shape {given.shape}; it must be [reads, {num_bits}]")
    if not np.all((given == 0) | (given == 1)):
        raise ParameterError("states holds values other than 0 and 1; this encoding is BINARY")
    return given.astype(np.int8, copy=False)
