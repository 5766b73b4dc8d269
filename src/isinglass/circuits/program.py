"""What a circuit says, as data: the form between reading a text and running it.

A program is read once for all circuits of the same structure. Numbers that differ from circuit to
circuit (real literals of the text) are slots; angles are expressions over them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from isinglass.circuits.counts import Register
from isinglass.circuits.expressions import Expression, evaluate


class Op(NamedTuple):
    """One gate, ``"measure"`` or ``"reset"``."""

    name: str
    params: tuple[int, ...]
    """Columns of the table of angles (``Program.angles``)."""
    qubits: tuple[int, ...]
    clbit: int = -1
    """Where a measurement goes; -1 for gates."""
    condition: tuple[int, int] | None = None
    """(register, value): done only if the register holds the value."""


@dataclass
class Program:
    """A circuit without the values of its slots."""

    qubits: int
    cregs: tuple[Register, ...]
    ops: list[Op]
    expressions: list[Expression]
    """Column k + 1 of the table of angles; column 0 is 1."""
    slots: int
    spans: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of ``ops`` that one gate of the text's own definition stands for."""
    barriers: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    """(index of the op they stand before, qubits): nothing to run, but transpilers must not merge across."""

    @property
    def clbits(self) -> int:
        return sum(register.size for register in self.cregs)

    def angles(self, slots: np.ndarray) -> np.ndarray:
        """float64[batch, 1 + expressions] of float64[batch, slots]; may hold NaN or infinities."""
        table = np.ones((len(slots), 1 + len(self.expressions)))
        with np.errstate(all="ignore"):
            for column, expression in enumerate(self.expressions, 1):
                table[:, column] = evaluate(expression, slots)
        return table

    def depth(self) -> int:
        """As Qiskit's ``QuantumCircuit.depth``: longest path, measurements counted, barriers not."""
        level = [0] * (self.qubits + self.clbits)
        ends = dict(self.spans)
        at = 0
        while at < len(self.ops):
            end = max(at + 1, ends.get(at, at + 1))
            wires = set(self._wires(self.ops[at:end]))
            reached = 1 + max((level[wire] for wire in wires), default=0)
            for wire in wires:
                level[wire] = reached
            at = end
        return max(level, default=0)

    def _wires(self, ops: Iterable[Op]) -> Iterable[int]:
        for op in ops:
            yield from op.qubits
            if op.clbit >= 0:
                yield self.qubits + op.clbit
            if op.condition is not None:
                register = self.cregs[op.condition[0]]
                first = self.qubits + register.first
                yield from range(first, first + register.size)

    def measures_only_at_the_end(self) -> bool:
        """No op comes after its qubit was measured, none is conditional, none is a reset."""
        measured: set[int] = set()
        for op in self.ops:
            if op.condition is not None or op.name == "reset" or not measured.isdisjoint(op.qubits):
                return False
            if op.name == "measure":
                measured.add(op.qubits[0])
        return True
