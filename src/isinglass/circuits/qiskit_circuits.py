"""Programs to Qiskit circuits and back; OpenQASM 3 through Qiskit's importer."""

from __future__ import annotations

import importlib
import re
import sys
import threading
from functools import cache
from queue import SimpleQueue
from typing import Any

from isinglass.circuits.counts import Register
from isinglass.circuits.gates import GATES
from isinglass.circuits.program import Op, Program
from isinglass.errors import CircuitError, MissingExtraError, QasmError
from isinglass.workers import Job

_IN_QISKIT = {
    "U": "u", "CX": "cx", "u0": "id", "phase": "p", "cphase": "cp", "c3x": "mcx", "rc3x": "rcccx",
    "c3sqrtx": "c3sx",
}  # fmt: skip
_FROM_QISKIT = {"c3sx": "c3sqrtx", "mcphase": "cp", "delay": "id"}


_loaded = threading.Event()


@cache
def begin_to_load_qiskit() -> None:
    """Have Qiskit loaded by a thread that never ends.

    The allocator in Qiskit 2.6.2 (mimalloc) takes the thread that loads it for the main one; once that
    thread has ended, the next new thread may crash the process.
    """
    Job(_load, SimpleQueue())


def _load() -> None:
    try:
        importlib.import_module("qiskit")
    finally:
        _loaded.set()


def qiskit_module(name: str) -> Any:
    """A module of the extra, or MissingExtraError."""
    if name.startswith("qiskit") and "qiskit" not in sys.modules:
        begin_to_load_qiskit()
        _loaded.wait()
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = (error.name or name).partition(".")[0].replace("_", "-")
        raise MissingExtraError(package, "circuits", "this circuit or runner") from error


def from_qasm3(text: str) -> Any:
    """The Qiskit circuit of an OpenQASM 3 text; QasmError names line and column."""
    importer = qiskit_module("qiskit_qasm3_import")
    parsing = qiskit_module("openqasm3.parser").QASM3ParsingError
    try:
        return importer.parse(text)
    except importer.ConversionError as error:
        raise _placed(str(error), r"(\d+),(\d+): (.*)") from None
    except parsing as error:
        cause = getattr(error.__cause__, "args", None) or (None,)
        token = getattr(cause[0], "offendingToken", None)
        if token is not None:
            raise QasmError(f"unexpected {token.text!r}", token.line, token.column + 1) from None
        raise _placed(str(error), r"L(\d+):C(\d+):? *(.*)") from None


def _placed(message: str, pattern: str) -> QasmError:
    """The error of a message that begins with its line (from 1) and column (from 0)."""
    found = re.match(pattern, message, re.DOTALL)
    if found is None:
        return QasmError(message or "this is not OpenQASM 3")
    return QasmError(found.group(3), int(found.group(1)), int(found.group(2)) + 1)


def to_program(circuit: Any) -> Program | None:
    """The program of a Qiskit circuit; None where it holds what a program cannot say."""
    if circuit.parameters:
        names = ", ".join(parameter.name for parameter in circuit.parameters)
        raise CircuitError(f"the circuit has free parameters ({names}): assign values to them")
    reader = _FromQiskit(circuit)
    return (
        reader.program()
        if reader.add(circuit, range(circuit.num_qubits), range(circuit.num_clbits))
        else None
    )


class _FromQiskit:
    def __init__(self, circuit: Any) -> None:
        self.circuit = circuit
        self.ops: list[Op] = []
        self.columns: dict[Any, int] = {}
        self.spans: list[tuple[int, int]] = []
        self.barriers: list[tuple[int, tuple[int, ...]]] = []

    def add(self, circuit: Any, qubits: Any, clbits: Any) -> bool:
        """Append the circuit's gates on these bits; False for what a program cannot say."""
        place_q = {bit: qubits[k] for k, bit in enumerate(circuit.qubits)}
        place_c = {bit: clbits[k] for k, bit in enumerate(circuit.clbits)}
        for instruction in circuit.data:
            first = len(self.ops)
            targets = tuple(place_q[bit] for bit in instruction.qubits)
            operation = instruction.operation
            if operation.name == "measure":
                self.ops.append(Op("measure", (), targets, place_c[instruction.clbits[0]]))
            elif operation.name == "reset":
                self.ops.append(Op("reset", (), targets))
            elif operation.name == "barrier":
                self.barriers.append((first, targets))
            elif not self.gate(operation, targets, [place_c[bit] for bit in instruction.clbits]):
                return False
            if circuit is self.circuit and len(self.ops) > first + 1:
                self.spans.append((first, len(self.ops)))
        return True

    def gate(self, operation: Any, targets: tuple[int, ...], clbits: list[int]) -> bool:
        name = _FROM_QISKIT.get(operation.name, operation.name)
        known = GATES.get(name)
        closed = getattr(operation, "ctrl_state", None) in (
            None,
            2 ** getattr(operation, "num_ctrl_qubits", 0) - 1,
        )
        if known and closed and (known.angles, known.qubits) == (len(operation.params), len(targets)):
            angles = [float(value) for value in operation.params]
            columns = tuple(self.columns.setdefault(a, len(self.columns) + 1) for a in angles)
            self.ops.append(Op(name, columns, targets))
            return True
        if name == "delay":
            return True
        definition = getattr(operation, "definition", None)
        return definition is not None and self.add(definition, targets, clbits)

    def program(self) -> Program:
        circuit = self.circuit
        registers = tuple(
            Register(r.name, len(r), circuit.clbits.index(r[0])) for r in circuit.cregs if len(r)
        )
        plain = [circuit.clbits[r.first : r.first + r.size] for r in registers]
        if [bit for bits in plain for bit in bits] != list(circuit.clbits):
            # Bits outside of registers, or shared ones: one word of all bits.
            registers = (Register("", circuit.num_clbits, 0),) if circuit.num_clbits else ()
        return Program(
            circuit.num_qubits, registers, self.ops, list(self.columns), 0, self.spans, self.barriers
        )


def from_program(program: Program) -> tuple[Any, list[Any]]:
    """(Qiskit circuit, its parameters): parameter ``k`` is column ``k + 1`` of the table of angles."""
    qiskit = qiskit_module("qiskit")
    library = qiskit_module("qiskit.circuit.library")
    standard = library.get_standard_gate_name_mapping()
    make: dict[str, Any] = {
        "mcx": library.C3XGate, "c4x": library.C4XGate, "rcccx": library.RC3XGate, "c3sx": library.C3SXGate,
        "r": library.RGate, "u0": library.IGate,
    }  # fmt: skip
    parameters = [qiskit.circuit.Parameter(f"a{k}") for k in range(len(program.expressions))]
    registers = [qiskit.ClassicalRegister(register.size, register.name or "c") for register in program.cregs]
    circuit = qiskit.QuantumCircuit(qiskit.QuantumRegister(program.qubits, "q"), *registers)
    values = [
        expression if isinstance(expression, float) else parameter
        for expression, parameter in zip(program.expressions, parameters, strict=True)
    ]
    used: set[int] = set()
    barriers: dict[int, list[tuple[int, ...]]] = {}
    for place, targets in program.barriers:
        barriers.setdefault(place, []).append(targets)
    for place, op in enumerate(program.ops):
        for targets in barriers.get(place, ()):
            circuit.barrier(targets)
        if op.name == "measure":
            instruction = library.Measure()
        elif op.name == "reset":
            instruction = library.Reset() if hasattr(library, "Reset") else qiskit.circuit.Reset()
        else:
            name = _IN_QISKIT.get(op.name, op.name)
            kind = make.get(name) or type(standard[name])
            arguments = [] if op.name == "u0" else [values[column - 1] for column in op.params]
            used.update(column - 1 for column in op.params)
            instruction = kind(*arguments)
        clbits = [circuit.clbits[op.clbit]] if op.clbit >= 0 else []
        qubits = [circuit.qubits[qubit] for qubit in op.qubits]
        if op.condition is None:
            circuit.append(instruction, qubits, clbits)
        else:
            with circuit.if_test((registers[op.condition[0]], op.condition[1])):
                circuit.append(instruction, qubits, clbits)
    free = [parameters[k] if k in used and isinstance(values[k], type(parameters[k])) else None
            for k in range(len(parameters))]  # fmt: skip
    return circuit, free
