"""A circuit as gates with numbers, to be changed and written again as OpenQASM 2."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from isinglass.circuits.batch import Circuit
from isinglass.circuits.counts import Register
from isinglass.circuits.reading import Reader
from isinglass.errors import CircuitError

_HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
_TURNS = {"I": "", "Z": "", "X": "h q[{0}];\n", "Y": "sdg q[{0}];\nh q[{0}];\n"}
"""What turns a letter's basis to that of Z."""


class BoundGate(NamedTuple):
    """One gate of ``isinglass.circuits.gates.GATES`` with its angles, or a "barrier"."""

    name: str
    angles: tuple[float, ...]
    qubits: tuple[int, ...]

    def text(self) -> str:
        values = f"({','.join(map(repr, self.angles))})" if self.angles else ""
        return f"{self.name}{values} {','.join(f'q[{q}]' for q in self.qubits)};\n"


@dataclass(frozen=True)
class GateList:
    """Gates, and measurements after all of them."""

    qubits: int
    gates: tuple[BoundGate, ...]
    cregs: tuple[Register, ...] = ()
    measured: tuple[tuple[int, int], ...] = ()
    """(qubit, classical bit)."""

    @classmethod
    def of(cls, circuit: Circuit, reader: Reader | None = None) -> GateList:
        """CircuitError where a measurement, reset or condition comes before a gate."""
        read = (reader or Reader()).read(circuit)
        program = read.program
        if program is None or not program.measures_only_at_the_end():
            raise CircuitError(
                "expectation values and mitigation need a circuit of gates, measured at its end only: this "
                "one measures, resets or decides in between"
            )
        table = program.angles(read.slots[None])[0].tolist()
        barriers: dict[int, list[BoundGate]] = {}
        for place, qubits in program.barriers:
            barriers.setdefault(place, []).append(BoundGate("barrier", (), qubits))
        gates: list[BoundGate] = []
        for place, op in enumerate(program.ops):
            gates += barriers.get(place, [])
            if op.name != "measure":
                gates.append(BoundGate(op.name, tuple(table[column] for column in op.params), op.qubits))
        measured = tuple((op.qubits[0], op.clbit) for op in program.ops if op.name == "measure")
        return cls(program.qubits, tuple(gates), program.cregs, measured)

    def with_gates(self, gates: tuple[BoundGate, ...] | list[BoundGate]) -> GateList:
        """The same circuit with other gates."""
        return replace(self, gates=tuple(gates))

    def qasm(self) -> str:
        """OpenQASM 2 text; lists that differ in angles only have one structure."""
        text = [f"{_HEAD}qreg q[{self.qubits}];\n"]
        text += [f"creg {register.name or 'c'}[{register.size}];\n" for register in self.cregs]
        text += [gate.text() for gate in self.gates]
        places = {r.first + k: f"{r.name or 'c'}[{k}]" for r in self.cregs for k in range(r.size)}
        text += [f"measure q[{qubit}] -> {places[clbit]};\n" for qubit, clbit in self.measured]
        return "".join(text)

    def measuring(self, letters: str) -> str:
        """OpenQASM 2 text that measures qubit k in the basis of ``letters[k]`` into bit k of one register.

        "I" leaves a qubit unmeasured.
        """
        text = [f"{_HEAD}qreg q[{self.qubits}];\ncreg c[{self.qubits}];\n"]
        text += [gate.text() for gate in self.gates]
        text += [_TURNS[letter].format(qubit) for qubit, letter in enumerate(letters)]
        text += [f"measure q[{k}] -> c[{k}];\n" for k, letter in enumerate(letters) if letter != "I"]
        return "".join(text)
