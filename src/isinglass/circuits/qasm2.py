"""OpenQASM 2: structures (see qasm2_text.py) to programs. Each distinct statement is read once.

OpenQASM 2: Cross, Bishop, Smolin, Gambetta, arXiv:1707.03429.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from isinglass.circuits.expressions import Expression, Fault, parse, shift, substitute
from isinglass.circuits.gates import GATES
from isinglass.circuits.program import Op, Program
from isinglass.circuits.qasm2_bits import Bits, counted
from isinglass.circuits.qasm2_text import Split, place
from isinglass.errors import QasmError, nearest

_STATEMENT = re.compile(r"\s*gate\b[^{};]*\{[^}]*\}|[^;]*;")
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*([^()]*)$", re.DOTALL)
_IF = re.compile(r"\s*if\s*\(\s*(\w+)\s*==\s*(\d{1,4000})\s*\)", re.DOTALL)
_GATE = re.compile(r"\s*gate\s+([A-Za-z_]\w*)\s*(?:\(([^)]*)\))?\s*([^{(]*)\{(.*)\}", re.DOTALL)
_LIBRARIES = ("qelib1.inc", "stdgates.inc")
_BUILT_IN = ("U", "CX")
_MOST_OPS = 20_000_000
"""Definitions within definitions can stand for more gates than memory holds."""


def read(text: Split) -> Program:
    """The program of a structure. ``text.numbers`` serve to place errors only."""
    reader = _Reader(text.structure)
    try:
        return reader.read()
    except Fault as fault:
        raise QasmError(fault.message, *place(text, fault.offset)) from None
    except RecursionError:
        raise QasmError(
            "expressions or definitions are nested too deeply", *place(text, reader.begin)
        ) from None


@dataclass
class _Defined:
    """A gate that the text defines: calls of its body, with formal angles and formal qubits."""

    angles: int
    qubits: int
    body: list[tuple[str, list[Expression], tuple[int, ...]]]


class _Call(NamedTuple):
    """A statement that applies a gate, with slots counted from 0, once for each tuple of qubits."""

    name: str
    angles: list[Expression]
    slots: int
    targets: list[tuple[int, ...]]


class _Reader:
    def __init__(self, structure: str) -> None:
        self.structure = structure
        self.bits = Bits()
        self.slot = 0
        self.library = False
        self.defined: dict[str, _Defined | None] = {}
        self.ops: list[Op] = []
        self.spans: list[tuple[int, int]] = []
        self.barriers: list[tuple[int, tuple[int, ...]]] = []
        self.columns: dict[Expression, int] = {}
        self.begin = 0
        self.calls: dict[str, _Call] = {}
        """Statements seen before whose ops depend on slots or on definitions of the text."""
        self.plain: dict[str, list[Op]] = {}
        """The ops of all other statements seen before."""

    def read(self) -> Program:
        calls, plain = self.calls, self.plain
        for statement in self.statements():
            if (known := plain.get(statement)) is not None:
                self.ops += known
            elif (call := calls.get(statement)) is not None:
                self.apply(call)
            else:
                first = len(self.ops)
                new = self.statement(statement)
                if new is not None and ("#" in statement or new.name in self.defined):
                    calls[statement] = new
                elif new is not None:
                    plain[statement] = self.ops[first:]
            self.begin += len(statement) + 1
        if self.slot != self.structure.count("#"):
            raise Fault("a real number stands where none belongs", self.structure.index("#"))
        registers = tuple(register for _, register in self.bits.cregs.values())
        return Program(
            self.bits.qubits, registers, self.ops, list(self.columns), self.slot, self.spans, self.barriers
        )

    def statements(self) -> Sequence[str]:
        """Pieces of the structure, without the character that ends them."""
        if re.search(r"\bgate\b", self.structure):
            found = _STATEMENT.findall(self.structure)
            rest = self.structure[sum(map(len, found)) :]
            # A definition keeps its brace; one character less is counted for it in ``define``.
            pieces = [piece if piece.endswith("}") else piece[:-1] for piece in found]
        else:
            *pieces, rest = self.structure.split(";")
        if rest.strip():
            self.begin = len(self.structure.rstrip())
            self.fault("missing ';'" if "{" not in rest else "missing '}'", 0)
        return pieces

    def fault(self, message: str, at: int) -> NoReturn:
        raise Fault(message, self.begin + at)

    def statement(self, statement: str) -> _Call | None:
        """Do what one statement says; returns it if it applied gates."""
        if not statement.strip():
            return None
        at = len(statement) - len(statement.lstrip())
        word = re.match(r"\w*", statement[at:]).group()  # type: ignore[union-attr]  # matches anything
        if word in ("qreg", "creg"):
            self.bits.declare(word, statement[at + 4 :], self.begin + at + 4)
        elif word == "gate":
            self.define(statement, at)
        elif word == "opaque":
            self.opaque(statement, at)
        elif word == "include":
            self.include(statement, at)
        elif word == "barrier":
            calls = self.bits.targets(statement[at + 7 :], self.begin + at + 7, "q", distinct=True)
            self.barriers.append((len(self.ops), tuple(sorted({q for call in calls for q in call}))))
        elif word == "measure":
            self.measure(statement, at)
        elif word == "if":
            self.conditional(statement, at)
        elif word == "reset":
            qubits = self.bits.targets(statement[at + 5 :], self.begin + at + 5, "q")
            self.ops += [Op("reset", (), qubit) for qubit in qubits]
        elif word == "OPENQASM":
            self.fault("OPENQASM must come first, and once", at)
        else:
            call = self.call(statement, at)
            self.apply(call)
            return call
        return None

    def include(self, statement: str, at: int) -> None:
        match = re.match(r'include\s*"([^"]*)"\s*$', statement[at:])
        if match is None or match.group(1) not in _LIBRARIES:
            self.fault('only include "qelib1.inc" is possible: write other definitions into the text', at)
        self.library = True

    def opaque(self, statement: str, at: int) -> None:
        match = re.match(r"opaque\s+(\w+)", statement[at:])
        if match is None:
            self.fault("opaque needs a name", at)
        self.defined[match.group(1)] = None

    def define(self, statement: str, at: int) -> None:
        match = _GATE.match(statement)
        if match is None and "}" not in statement:
            self.fault("missing '}' after the definition of a gate", at)
        if match is None:
            self.fault("a gate is defined as 'gate name(angles) qubits { ... }'", at)
        name = match.group(1)
        if name in self.defined:
            self.fault(f"gate {name!r} is defined twice", match.start(1))
        formals = [word.strip() for word in (match.group(2) or "").split(",") if word.strip()]
        qubits = [word.strip() for word in match.group(3).split(",")]
        if len(set(qubits)) < len(qubits) or not all(re.fullmatch(r"[A-Za-z_]\w*", q) for q in qubits):
            self.fault(f"gate {name!r} needs a list of different names of qubits", match.start(3))
        body: list[tuple[str, list[Expression], tuple[int, ...]]] = []
        place = match.start(4)
        for piece in match.group(4).split(";"):
            word = re.match(r"\s*(\w*)", piece).group(1)  # type: ignore[union-attr]  # matches anything
            if word and word != "barrier":
                body.append(self.body_call(piece, place, formals, qubits))
            elif piece.strip() and not word:
                self.fault(f"unexpected {piece.strip()!r} in gate {name!r}", place)
            place += len(piece) + 1
        self.defined[name] = _Defined(len(formals), len(qubits), body)
        self.calls.clear()
        self.plain.clear()
        self.begin -= 1

    def body_call(
        self, piece: str, place: int, formals: list[str], qubits: list[str]
    ) -> tuple[str, list[Expression], tuple[int, ...]]:
        match = _CALL.match(piece)
        if match is None:
            self.fault(f"cannot read {piece.strip()!r}", place)
        name = match.group(1)
        text = match.group(2) or ""
        angles, slots = parse(text, self.begin + place + max(0, match.start(2)), formals, self.slot)
        self.slot += slots
        wanted = [word.strip() for word in match.group(3).split(",")]
        unknown = [word for word in wanted if word not in qubits]
        if unknown:
            self.fault(f"{unknown[0]!r} is not a qubit of this gate", place + match.start(3))
        self.check(name, len(angles), len(wanted), place + match.start(1))
        if len(set(wanted)) < len(wanted):
            self.fault(f"{name} is given the same qubit twice", place + match.start(3))
        return name, angles, tuple(qubits.index(word) for word in wanted)

    def check(self, name: str, angles: int, qubits: int, at: int) -> None:
        """Is there such a gate, with so many angles and qubits?"""
        if name in self.defined:
            rule = self.defined[name]
            if rule is None:
                self.fault(f"gate {name!r} is opaque: nothing says what it does", at)
            wants = (rule.angles, rule.qubits)
        elif name in GATES and (self.library or name in _BUILT_IN):
            wants = (GATES[name].angles, GATES[name].qubits)
        elif name in GATES:
            self.fault(f'gate {name!r} is not defined: add include "qelib1.inc"; after the first line', at)
        else:
            known = [*self.defined, *(GATES if self.library else _BUILT_IN)]
            self.fault(f"gate {name!r} is not defined{nearest(name, known)}", at)
        if (angles, qubits) != wants:
            self.fault(
                f"{name} takes {counted(wants[0], 'angle')} and {counted(wants[1], 'qubit')}, "
                f"not {angles} and {qubits}", at,
            )  # fmt: skip

    def call(self, statement: str, at: int) -> _Call:
        match = _CALL.match(statement)
        if match is None:
            self.fault(f"cannot read {statement.strip()!r}", at)
        name = match.group(1)
        angles, slots = parse(match.group(2) or "", self.begin + max(0, match.start(2)), (), 0)
        if not match.group(3).strip():
            self.fault(f"{name} needs qubits (is a ';' missing?)", len(statement))
        targets = self.bits.targets(match.group(3), self.begin + match.start(3), "q", distinct=True)
        self.check(name, len(angles), len(targets[0]), match.start(1))
        return _Call(name, angles, slots, targets)

    def measure(self, statement: str, at: int) -> None:
        text = statement[at + 7 :]
        source, arrow, target = text.partition("->")
        if not arrow:
            self.fault("a measurement is written 'measure qubit -> bit;'", at)
        qubits = self.bits.targets(source, self.begin + at + 7, "q")
        clbits = self.bits.targets(target, self.begin + at + 9 + len(source), "c")
        if len(qubits) != len(clbits):
            self.fault(
                f"{counted(len(qubits), 'qubit')} cannot be measured into {counted(len(clbits), 'bit')}", at
            )
        self.ops += [Op("measure", (), q, c[0]) for q, c in zip(qubits, clbits, strict=True)]

    def conditional(self, statement: str, at: int) -> None:
        match = _IF.match(statement)
        if match is None:
            self.fault("a condition is written 'if (register == integer) ...'", at)
        name, value = match.group(1), int(match.group(2))
        if name not in self.bits.cregs:
            place = match.start(1)
            self.fault(f"there is no classical register {name!r}{nearest(name, self.bits.cregs)}", place)
        number = self.bits.cregs[name][0]
        first = len(self.ops)
        rest = " " * match.end() + statement[match.end() :]
        word = re.match(r"\s*(\w*)", rest).group(1)  # type: ignore[union-attr]  # matches anything
        if word in ("", "if", "gate", "qreg", "creg", "include", "opaque", "barrier"):
            self.fault("a condition stands before a gate, a measurement or a reset", match.end())
        self.statement(rest)
        self.ops[first:] = [op._replace(condition=(number, value)) for op in self.ops[first:]]

    def apply(self, call: _Call) -> None:
        angles = [shift(angle, self.slot) for angle in call.angles] if call.slots else call.angles
        self.slot += call.slots
        for qubits in call.targets:
            first = len(self.ops)
            try:
                self.expand(call.name, angles, qubits)
            except Fault as fault:
                # Found in the body of a definition, with these angles: the call is to blame.
                statement = self.structure[self.begin :]
                self.fault(fault.message, len(statement) - len(statement.lstrip()))
            if call.name in self.defined:
                self.spans.append((first, len(self.ops)))

    def expand(self, name: str, angles: list[Expression], qubits: tuple[int, ...]) -> None:
        rule = self.defined.get(name)
        if rule is None:
            self.ops.append(Op(name, tuple(self.column(angle) for angle in angles), qubits))
            if len(self.ops) > _MOST_OPS:
                self.fault(f"more than {_MOST_OPS} gates", 0)
            return
        for inner, expressions, places in rule.body:
            values = [substitute(expression, angles) for expression in expressions]
            self.expand(inner, values, tuple(qubits[place] for place in places))

    def column(self, angle: Expression) -> int:
        return self.columns.setdefault(angle, len(self.columns) + 1)
