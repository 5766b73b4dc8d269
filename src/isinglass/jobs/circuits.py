"""Circuits as content: labels, OpenQASM texts and, for expectation values, the observables of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from isinglass.circuits.batch import CircuitBatch
from isinglass.circuits.pauli_sums import PauliSum
from isinglass.errors import ParameterError, ProblemError
from isinglass.jobs.container import Content, pack

Observables = tuple[dict[str, float], ...]


@dataclass(frozen=True)
class Circuits:
    """Labelled OpenQASM texts. Build them with ``of``, which checks everything."""

    labels: tuple[str, ...]
    texts: tuple[str, ...]
    observables: Observables | None = None
    """For each circuit {Pauli string: coefficient}, the leftmost letter for qubit 0; None to count."""

    @classmethod
    def of(cls, circuits: Any, observables: Any = None) -> Circuits:
        """From what a ``CircuitRunner`` takes: {label: OpenQASM or Qiskit circuit}, pairs, or circuits alone.

        ``observables``: "ZZI;XII", Pauli strings, {Pauli string: coefficient} or a ``SparsePauliOp`` for
        every circuit; or {label: one of these}. ParameterError for anything else.
        """
        batch = CircuitBatch.of(circuits)
        texts = tuple(map(_text, batch.circuits))
        return cls(batch.labels, texts, None if observables is None else _each(observables, batch.labels))

    def __len__(self) -> int:
        return len(self.labels)


def circuits_content(circuits: Circuits) -> Content:
    """The form "circuits": texts one after another, and where each of them ends."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in circuits.texts]
    fields = {
        "form": "circuits", "variables": len(circuits), "labels": list(circuits.labels),
        "observables": None if circuits.observables is None else list(circuits.observables),
    }  # fmt: skip
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
    return pack(fields, {"texts": np.frombuffer(b"".join(encoded), np.uint8), "ends": ends})


def circuits_of(n: int, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Circuits:
    """The inverse; ProblemError where it is malformed."""
    labels, ends, data = fields["labels"], arrays["ends"], arrays["texts"]
    if not isinstance(labels, list) or len(labels) != n or ends.shape != (n,) or ends.dtype.kind != "i":
        raise ProblemError(f"the content does not have a label and a text for each of its {n} circuits")
    if data.dtype != np.uint8 or not n or (np.diff(ends, prepend=0) < 0).any() or ends[-1] != data.size:
        raise ProblemError("the texts of the circuits do not end where they should")
    bounds = [0, *ends.tolist()]
    try:
        texts = [data[a:b].tobytes().decode() for a, b in pairwise(bounds)]
        observables = fields["observables"]
        if observables is not None:
            if not isinstance(observables, list) or len(observables) != n:
                raise ProblemError(f"the content does not have observables for each of its {n} circuits")
            # By position, for labels are not known to be different yet.
            observables = tuple(_terms(one) for one in observables)
        found = CircuitBatch.of(list(zip(labels, texts, strict=True)))
    except (UnicodeDecodeError, ParameterError) as error:
        raise ProblemError(f"the content is not a set of circuits: {error}") from None
    return Circuits(found.labels, found.circuits, observables)


def _text(circuit: Any) -> str:
    if isinstance(circuit, str):
        return circuit
    from isinglass.circuits.qiskit_circuits import qiskit_module

    text: str = qiskit_module("qiskit.qasm3").dumps(circuit)
    return text


def _each(given: Any, labels: Sequence[str]) -> Observables:
    by_label = isinstance(given, Mapping) and not all(isinstance(v, int | float) for v in given.values())
    if not by_label:
        return (_terms(given),) * len(labels)
    for label in labels:
        if label not in given:
            raise ParameterError(f"observables has nothing for the circuit {label!r}")
    return tuple(_terms(given[label]) for label in labels)


def _terms(given: Any) -> dict[str, float]:
    """{Pauli string: coefficient}; a string may be named once."""
    if isinstance(given, str):
        given = given.split(";")
    if isinstance(given, Sequence):
        if len(set(map(str, given))) < len(given):
            raise ParameterError(f"a Pauli string is named twice in {list(given)}")
        given = dict.fromkeys(given, 1.0)
    total = PauliSum.of(given)
    terms = dict(total.terms)
    if total.constant:
        terms["I" * total.qubits] = total.constant
    return terms
