"""What the machine returns: states of all qubits, energies as submitted, occurrences, timing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isinglass.problems.energies import energies, in_alphabet
from isinglass.qpu.parameter_checks import UNUSED
from isinglass.qpu.problem import QubitProblem


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer in the machine's own form; rows in its order."""

    problem: QubitProblem
    states: np.ndarray
    """int8[rows, k] of the active qubits: -1/+1 for ising, 0/1 for qubo."""
    energies: np.ndarray
    """float64[rows], without the problem's offset."""
    num_occurrences: np.ndarray
    """int64[rows]; ones in raw mode."""
    timing: dict[str, float]
    num_qubits: int
    info: dict[str, Any] = field(default_factory=dict)
    """seed, stop_reason, scale_factor, charge_seconds, ... of the emulation."""

    @property
    def active_variables(self) -> np.ndarray:
        """int32[k], ascending."""
        return self.problem.qubits

    @property
    def solutions(self) -> np.ndarray:
        """int8[rows, num_qubits]: the states with 3 for every qubit that is not part of the problem."""
        full = np.full((len(self.states), self.num_qubits), UNUSED, np.int8)
        full[:, self.problem.qubits] = self.states
        return full


def rows_of(
    problem: QubitProblem, spins: np.ndarray, answer_mode: str, max_answers: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(states, energies, num_occurrences) of int8[reads, k] spins, merged and cut as asked for."""
    energy = energies(problem.given, spins)
    if answer_mode == "histogram":
        spins, energy, occurrences = _histogram(spins, energy)
    else:
        occurrences = np.ones(len(spins), np.int64)
    states = in_alphabet(spins, problem.vartype)
    return states[:max_answers], energy[:max_answers], occurrences[:max_answers]


def _histogram(spins: np.ndarray, energy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct states by increasing energy; states of equal energy as they first came."""
    if not len(spins):
        return spins, energy, np.zeros(0, np.int64)
    packed = np.packbits(spins > 0, axis=1) if spins.shape[1] else np.zeros((len(spins), 1), np.uint8)
    _, first, counts = np.unique(packed, axis=0, return_index=True, return_counts=True)
    order = np.lexsort((first, energy[first]))
    first, counts = first[order], counts[order]
    return spins[first], energy[first], counts.astype(np.int64)
