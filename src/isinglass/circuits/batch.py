"""Labelled circuits, checked: what a runner gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isinglass.errors import ParameterError

Circuit = Any
"""OpenQASM text, or a Qiskit ``QuantumCircuit``."""


@dataclass(frozen=True)
class CircuitBatch:
    """Circuits in the order they were given."""

    labels: tuple[str, ...]
    circuits: tuple[Circuit, ...]
    observables: tuple[str, ...] | None = None
    """Pauli strings to answer instead of counts, leftmost letter for qubit 0."""
    shots: int = 1000
    """Measurements of each circuit."""

    @classmethod
    def of(
        cls, given: Any, observables: str | Sequence[str] | None = None, shots: int = 1000
    ) -> CircuitBatch:
        """What ``CircuitRunner.submit_circuits`` takes; ParameterError for anything else."""
        if isinstance(given, Mapping):
            pairs = list(given.items())
        elif isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
            paired = [isinstance(item, tuple) and len(item) == 2 for item in given]
            if any(paired) and not all(paired):
                raise ParameterError("circuits are either all (label, circuit) pairs or all without labels")
            pairs = list(given) if any(paired) else [(str(k), item) for k, item in enumerate(given)]
        else:
            raise ParameterError(
                f"circuits must be a dict of label -> OpenQASM text, not {type(given).__name__}: "
                "for one circuit {'name': text}"
            )
        if not pairs:
            raise ParameterError("no circuits were given: submit at least one")
        seen: set[str] = set()
        for label, circuit in pairs:
            if not isinstance(label, str):
                raise ParameterError(f"label {label!r} is not a string")
            if label in seen:
                raise ParameterError(f"label {label!r} is given twice: results could not be told apart")
            seen.add(label)
            if not isinstance(circuit, str) and not hasattr(circuit, "num_qubits"):
                raise ParameterError(
                    f"circuit {label!r} is neither OpenQASM text nor a Qiskit circuit, "
                    f"but {type(circuit).__name__}"
                )
        terms = observables.split(";") if isinstance(observables, str) else observables
        return cls(
            tuple(label for label, _ in pairs),
            tuple(circuit for _, circuit in pairs),
            None if terms is None else tuple(terms),
            shots,
        )
