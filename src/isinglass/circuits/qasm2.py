"""OpenQASM 2: a reader that is fast by structure.

Circuits of an optimisation differ in their real numbers only. ``split`` cuts those out of a text;
what is left is the structure, and ``read`` turns it into a ``Program`` once for all circuits that
share it. Within a text, too, each distinct statement is read once.

OpenQASM 2: Cross, Bishop, Smolin, Gambetta, arXiv:1707.03429.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from isinglass.circuits.counts import Register
from isinglass.circuits.expressions import Expression, Fault, parse, shift, substitute
from isinglass.circuits.gates import GATES
from isinglass.circuits.program import Op, Program
from isinglass.errors import QasmError, nearest

_HEADER = re.compile(r"(?:\s|//[^\n]*(?:\n|$))*OPENQASM\s+([\d.]+)\s*;")
_COMMENT = re.compile(r"//[^\n]*")
_REAL = r"(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)"
# A sign belongs to the number where nothing else can be meant, so that signs do not multiply structures.
_NUMBER = re.compile(rf"((?:(?<=,)|^)-{_REAL}(?=\s*(?:[,*/]|$))|(?<![\w.]){_REAL})")
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_PLAIN = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?").fullmatch
_STATEMENT = re.compile(r"\s*gate\b[^{};]*\{[^}]*\}|[^;]*;")
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*([^()]*)$", re.DOTALL)
_IF = re.compile(r"\s*if\s*\(\s*(\w+)\s*==\s*(\d+)\s*\)", re.DOTALL)
_OPERAND = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\[\s*(\d+)\s*\])?\s*$")
_GATE = re.compile(r"\s*gate\s+([A-Za-z_]\w*)\s*(?:\(([^)]*)\))?\s*([^{(]*)\{(.*)\}", re.DOTALL)
_LIBRARIES = ("qelib1.inc", "stdgates.inc")
_BUILT_IN = ("U", "CX")
_MOST_BITS = 1_000_000
_MOST_OPS = 20_000_000
"""Definitions within definitions can stand for more gates than memory holds."""


class Split(NamedTuple):
    """A text as structure and numbers."""

    structure: str
    """The text with ``#`` for each number that stands alone in parentheses and each real one among others."""
    numbers: list[str]


def version(text: str) -> str:
    """``"2.0"``, ``"3.0"``, ...; "2.0" where the text does not say."""
    match = _HEADER.match(text)
    return match.group(1) if match else "2.0"


def split(text: str) -> Split:
    """Structure and numbers; the header line and comments become blanks, so places stay the same."""
    match = _HEADER.match(text)
    if match:
        text = re.sub(r"[^\n]", " ", match.group()) + text[match.end() :]
    if "//" in text:
        text = _COMMENT.sub(lambda found: " " * len(found.group()), text)
    if "#" in text:
        raise QasmError("'#' means nothing in OpenQASM 2", *_place(text, text.index("#")))
    pieces = _PARENTHESES.split(text)
    if len(pieces) == 1:
        return Split(text, [])
    numbers: list[str] = []
    for k in range(1, len(pieces), 2):
        inside = pieces[k]
        if _PLAIN(inside):
            numbers.append(inside)
            pieces[k] = "(#)"
        else:
            found = _NUMBER.split(inside)
            numbers += found[1::2]
            pieces[k] = f"({'#'.join(found[::2])})"
    return Split("".join(pieces), numbers)


def read(text: Split) -> Program:
    """The program of a structure. ``text.numbers`` serve to place errors only."""
    reader = _Reader(text.structure)
    try:
        return reader.read()
    except Fault as fault:
        raise QasmError(fault.message, *_place(*_original(text, fault.offset))) from None


def _original(text: Split, offset: int) -> tuple[str, int]:
    """The text with its numbers, and where ``offset`` of the structure lies in it."""
    pieces = text.structure.split("#")
    whole = pieces[0] + "".join(n + p for n, p in zip(text.numbers, pieces[1:], strict=True))
    before = text.structure[:offset].count("#")
    return whole, offset + sum(len(number) - 1 for number in text.numbers[:before])


def _place(text: str, offset: int) -> tuple[int, int]:
    """1-based line and column."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


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
        self.qregs: dict[str, tuple[int, int]] = {}
        self.cregs: dict[str, tuple[int, Register]] = {}
        self.qubits = self.clbits = self.slot = 0
        self.library = False
        self.defined: dict[str, _Defined | None] = {}
        self.ops: list[Op] = []
        self.spans: list[tuple[int, int]] = []
        self.columns: dict[Expression, int] = {}
        self.operands: dict[str, tuple[list[int], bool]] = {}
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
        registers = tuple(register for _, register in self.cregs.values())
        return Program(self.qubits, registers, self.ops, list(self.columns), self.slot, self.spans)

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
            self.register(word, statement, at)
        elif word == "gate":
            self.define(statement, at)
        elif word == "opaque":
            self.opaque(statement, at)
        elif word == "include":
            self.include(statement, at)
        elif word == "barrier":
            self.targets(statement[at + 7 :], at + 7, "q", distinct=True)
        elif word == "measure":
            self.measure(statement, at)
        elif word == "if":
            self.conditional(statement, at)
        elif word == "reset":
            self.ops += [Op("reset", (), q) for q in self.targets(statement[at + 5 :], at + 5, "q")]
        elif word == "OPENQASM":
            self.fault("OPENQASM must come first, and once", at)
        else:
            call = self.call(statement, at)
            self.apply(call)
            return call
        return None

    def register(self, word: str, statement: str, at: int) -> None:
        match = re.match(r"\s*([a-z]\w*)\s*\[\s*(\d+)\s*\]\s*$", statement[at + 4 :])
        if match is None:
            self.fault(f"{word} is written '{word} name[size];'", at)
        name, size = match.group(1), int(match.group(2))
        place = at + 4 + match.start(1)
        if name in self.qregs or name in self.cregs:
            self.fault(f"register {name!r} is declared twice", place)
        if size == 0:
            self.fault(f"register {name!r} has size 0", place)
        if self.qubits + self.clbits + size > _MOST_BITS:
            self.fault(f"register {name!r} overflows: more than {_MOST_BITS} bits in all", place)
        if word == "qreg":
            self.qregs[name] = (self.qubits, size)
            self.qubits += size
        else:
            self.cregs[name] = (len(self.cregs), Register(name, size, self.clbits))
            self.clbits += size
        self.operands.clear()

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
                f"{name} takes {_count(wants[0], 'angle')} and {_count(wants[1], 'qubit')}, "
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
        targets = self.targets(match.group(3), match.start(3), "q", distinct=True)
        self.check(name, len(angles), len(targets[0]), match.start(1))
        return _Call(name, angles, slots, targets)

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
            self.fault(f"registers of different sizes: {sorted(sizes)}", at - len(text) - 1)
        rows = [
            tuple(bits[k] if whole else bits[0] for bits, whole in columns)
            for k in range(sizes.pop() if sizes else 1)
        ]
        if distinct and any(len(set(row)) < len(row) for row in rows):
            self.fault("the same qubit is given twice", at - len(text) - 1)
        return rows

    def operand(self, word: str, at: int, kind: str) -> tuple[list[int], bool]:
        """(bits, is it a whole register) of ``name`` or ``name[index]``."""
        match = _OPERAND.match(word)
        if match is None:
            self.fault(f"{word.strip()!r} is neither a register nor 'register[index]'", at)
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
            self.fault(f"there is no {other} register {name!r}{nearest(name, known)}", place)
        first, size = found
        if index is None:
            return list(range(first, first + size)), True
        if int(index) >= size:
            self.fault(f"{name}[{index}] is out of range: {name} has {_count(size, 'bit')}, from 0", place)
        return [first + int(index)], False

    def measure(self, statement: str, at: int) -> None:
        text = statement[at + 7 :]
        source, arrow, target = text.partition("->")
        if not arrow:
            self.fault("a measurement is written 'measure qubit -> bit;'", at)
        qubits = self.targets(source, at + 7, "q")
        clbits = self.targets(target, at + 9 + len(source), "c")
        if len(qubits) != len(clbits):
            self.fault(
                f"{_count(len(qubits), 'qubit')} cannot be measured into {_count(len(clbits), 'bit')}", at
            )
        self.ops += [Op("measure", (), q, c[0]) for q, c in zip(qubits, clbits, strict=True)]

    def conditional(self, statement: str, at: int) -> None:
        match = _IF.match(statement)
        if match is None:
            self.fault("a condition is written 'if (register == integer) ...'", at)
        name, value = match.group(1), int(match.group(2))
        if name not in self.cregs:
            place = match.start(1)
            self.fault(f"there is no classical register {name!r}{nearest(name, self.cregs)}", place)
        number = self.cregs[name][0]
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
            self.expand(call.name, angles, qubits)
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


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
