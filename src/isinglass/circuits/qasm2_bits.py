"""Registers of an OpenQASM 2 text, and the bits that its statements name."""

from __future__ import annotations

import re

from isinglass.circuits.counts import Register
from isinglass.circuits.expressions import Fault
from isinglass.errors import nearest

_OPERAND = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\[\s*(\d{1,18})\s*\])?\s*$")
_MOST_BITS = 1_000_000


class Bits:
    """Registers in order of declaration. ``at`` is where a text stands in the structure, for faults."""

    def __init__(self) -> None:
        self.qregs: dict[str, tuple[int, int]] = {}
        """Name -> (first qubit, size)."""
        self.cregs: dict[str, tuple[int, Register]] = {}
        """Name -> (number of the register, register)."""
        self.qubits = self.clbits = 0
        self.operands: dict[str, tuple[list[int], bool]] = {}

    def declare(self, word: str, text: str, at: int) -> None:
        """``qreg`` or ``creg`` and what follows it."""
        match = re.match(r"\s*([a-z]\w*)\s*\[\s*(\d{1,18})\s*\]\s*$", text)
        if match is None:
            raise Fault(f"{word} is written '{word} name[size];'", at)
        name, size = match.group(1), int(match.group(2))
        place = at + match.start(1)
        if name in self.qregs or name in self.cregs:
            raise Fault(f"register {name!r} is declared twice", place)
        if size == 0:
            raise Fault(f"register {name!r} has size 0", place)
        if self.qubits + self.clbits + size > _MOST_BITS:
            raise Fault(f"register {name!r} overflows: more than {_MOST_BITS} bits in all", place)
        if word == "qreg":
            self.qregs[name] = (self.qubits, size)
            self.qubits += size
        else:
            self.cregs[name] = (len(self.cregs), Register(name, size, self.clbits))
            self.clbits += size
        self.operands.clear()

    def targets(self, text: str, at: int, kind: str, distinct: bool = False) -> list[tuple[int, ...]]:
        """Tuples of bits for ``a[0], b``: whole registers are taken bit by bit."""
        columns: list[tuple[list[int], bool]] = []
        for word in text.split(","):
            known = self.operands.get(kind + word)
            if known is None:
                known = self.operands[kind + word] = self.operand(word, at, kind)
            columns.append(known)
            at += len(word) + 1
        sizes = {len(bits) for bits, whole in columns if whole}
        if len(sizes) > 1:
            raise Fault(f"registers of different sizes: {sorted(sizes)}", at - len(text) - 1)
        rows = [
            tuple(bits[k] if whole else bits[0] for bits, whole in columns)
            for k in range(sizes.pop() if sizes else 1)
        ]
        if distinct and any(len(set(row)) < len(row) for row in rows):
            raise Fault("the same qubit is given twice", at - len(text) - 1)
        return rows

    def operand(self, word: str, at: int, kind: str) -> tuple[list[int], bool]:
        """(bits, is it a whole register) of ``name`` or ``name[index]``."""
        match = _OPERAND.match(word)
        if match is None:
            raise Fault(f"{word.strip()!r} is neither a register nor 'register[index]'", at)
        name, index = match.groups()
        place = at + match.start(1)
        if kind == "q":
            found = self.qregs.get(name)
            other, known = "quantum", list(self.qregs)
        else:
            register = self.cregs.get(name)
            found = None if register is None else (register[1].first, register[1].size)
            other, known = "classical", list(self.cregs)
        if found is None:
            raise Fault(f"there is no {other} register {name!r}{nearest(name, known)}", place)
        first, size = found
        if index is None:
            return list(range(first, first + size)), True
        if int(index) >= size:
            raise Fault(f"{name}[{index}] is out of range: {name} has {counted(size, 'bit')}, from 0", place)
        return [first + int(index)], False


def counted(number: int, what: str) -> str:
    """``3 bits``, ``1 bit``."""
    return f"{number} {what}{'' if number == 1 else 's'}"
