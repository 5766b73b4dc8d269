"""An uploaded circuit as OpenQASM that measures wire ``i`` into bit ``i``."""

from __future__ import annotations

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm2, transpile

from isinglass.compat.dynex.circuit_gates import append
from isinglass.compat.dynex.circuit_upload import Upload

_BASIS = [
    "h", "x", "y", "z", "s", "sdg", "t", "tdg", "sx", "id", "rx", "ry", "rz", "p", "u2", "u3", "cx", "cy",
    "cz", "ch", "swap", "crx", "cry", "crz", "cp", "ccx", "cswap", "rxx", "rzz", "measure", "reset",
]  # fmt: skip
"""Gates that our engines know by name; others are taken apart."""


def qasm_of(upload: Upload) -> str:
    """CircuitError for an operation that is unknown or malformed."""
    on_the_way = sum(op["base_name"] == "MidMeasureMP" for op in upload.operations)
    final = ClassicalRegister(upload.wires, "c")
    registers = [QuantumRegister(upload.wires, "q")]
    circuit = QuantumCircuit(
        *registers, *([ClassicalRegister(on_the_way, "mid")] if on_the_way else []), final
    )
    for op in upload.operations:
        append(circuit, op)
    circuit.measure(range(upload.wires), final)
    return str(qasm2.dumps(transpile(circuit, basis_gates=_BASIS, optimization_level=0)))
