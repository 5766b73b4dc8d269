"""Circuits as text."""

from __future__ import annotations

from isinglass.circuits.batch import Circuit
from isinglass.circuits.reading import Reader, bound_circuit


def drawing(circuit: Circuit) -> str:
    """Qiskit's picture of a circuit, in characters; gates that the text defines are taken apart."""
    return str(bound_circuit(Reader().read(circuit)).draw("text", fold=-1))
