"""The door in: OpenQASM 2, OpenQASM 3 or a Qiskit circuit, as a program and the values of its slots."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from isinglass.circuits.batch import Circuit
from isinglass.circuits.program import Program
from isinglass.circuits.qasm2 import read
from isinglass.circuits.qasm2_text import split, version
from isinglass.errors import QasmError

_KEPT = 64
_KEPT_LENGTH = 1 << 19
_NUMBERS = count()
"""Names for structures of circuits that came without OpenQASM 2 text."""


@dataclass
class Read:
    """A circuit after reading."""

    program: Program | None
    """None where Qiskit alone can say what it does: loops, branches, expressions of bits."""
    structure: str
    """Equal for circuits that differ in ``slots`` only; unique for circuits that were not OpenQASM 2."""
    slots: np.ndarray
    qiskit: Any = None
    """The Qiskit circuit it came from, or None."""


class Reader:
    """Reads circuits and remembers the structures of the latest ones."""

    def __init__(self) -> None:
        self._programs: OrderedDict[str, Program] = OrderedDict()

    def read(self, circuit: Circuit) -> Read:
        """QasmError names line and column."""
        if not isinstance(circuit, str):
            return self._from_qiskit(circuit)
        number = version(circuit)
        if number.startswith("3"):
            from isinglass.circuits.qiskit_circuits import from_qasm3

            return self._from_qiskit(from_qasm3(circuit))
        if number not in ("2.0", "2"):
            raise QasmError(f"OpenQASM {number} is not known: 2.0 and 3 are", 1, 1)
        text = split(circuit)
        program = self._programs.get(text.structure)
        if program is None:
            program = read(text)
            if len(text.structure) <= _KEPT_LENGTH:
                self._programs[text.structure] = program
                if len(self._programs) > _KEPT:
                    self._programs.popitem(last=False)
        return Read(program, text.structure, np.array(text.numbers, np.float64))

    def _from_qiskit(self, circuit: Any) -> Read:
        from isinglass.circuits.qiskit_circuits import to_program

        return Read(to_program(circuit), f"#{next(_NUMBERS)}", np.zeros(0), circuit)


def bound_circuit(read: Read) -> Any:
    """The Qiskit circuit of what was read, with the values of its slots."""
    if read.program is None or read.qiskit is not None:
        return read.qiskit
    from isinglass.circuits.qiskit_circuits import from_program

    circuit, parameters = from_program(read.program)
    angles = read.program.angles(read.slots[None])[0]
    return circuit.assign_parameters({p: angles[k + 1] for k, p in enumerate(parameters) if p is not None})
