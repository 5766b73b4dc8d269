"""Angles: arithmetic of OpenQASM 2 over numbers, pi, formal parameters and slots.

``#`` in a text is a slot: a real literal whose value comes later. An expression is a float, or a
tuple: ``("slot", k)``, ``("formal", k)``, ``(operator, left, right)``, ``(function, argument)``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

Expression = float | tuple[Any, ...]

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|([A-Za-z_]\w*|π)|(\S))")
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "exp": np.exp, "ln": np.log, "sqrt": np.sqrt,
}  # fmt: skip
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": np.divide,
    "^": np.power,
}


class Fault(Exception):
    """A rule broken at ``offset`` of the text being read; becomes a QasmError."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message, self.offset = message, offset


def evaluate(expression: Expression, slots: np.ndarray) -> Any:
    """float or float64[batch], for float64[batch, slots]."""
    if isinstance(expression, float):
        return expression
    name, *parts = expression
    if name == "slot":
        return slots[:, parts[0]]
    values = [evaluate(part, slots) for part in parts]
    return _FUNCTIONS[name](*values) if name in _FUNCTIONS else _OPERATORS[name](*values)


def substitute(expression: Expression, formals: Sequence[Expression]) -> Expression:
    """The expression with ``("formal", k)`` replaced by ``formals[k]``; may raise Fault."""
    if isinstance(expression, float):
        return expression
    name, *parts = expression
    if name == "formal":
        return formals[parts[0]]
    return expression if name == "slot" else _combine(name, [substitute(part, formals) for part in parts], 0)


def shift(expression: Expression, by: int) -> Expression:
    """The expression with slots counted from ``by`` on."""
    if isinstance(expression, float):
        return expression
    name, *parts = expression
    if name == "slot":
        return ("slot", parts[0] + by)
    return expression if name == "formal" else (name, *(shift(part, by) for part in parts))


def _combine(name: str, parts: list[Expression], offset: int) -> Expression:
    if not all(isinstance(part, float) for part in parts):
        return (name, *parts)
    with np.errstate(all="ignore"):
        function: Callable[..., Any] = _FUNCTIONS.get(name) or _OPERATORS[name]
        value = float(function(*(np.float64(cast(float, part)) for part in parts)))
    if not math.isfinite(value):
        raise Fault(f"{name!r} of {', '.join(str(part) for part in parts)} is not a finite number", offset)
    return value


def parse(text: str, offset: int, formals: Sequence[str], first_slot: int) -> tuple[list[Expression], int]:
    """The expressions of a comma-separated list and the number of slots in it.

    ``offset``: where ``text`` begins, for faults. An empty text is an empty list.
    """
    reader = _Reader(text, offset, formals, first_slot)
    expressions = [] if reader.at_end() else reader.list()
    return expressions, reader.slot - first_slot


class _Reader:
    """Recursive descent; ``^`` binds tighter than a sign, to the right."""

    def __init__(self, text: str, offset: int, formals: Sequence[str], first_slot: int) -> None:
        self.tokens = [(m.group(m.lastindex or 0), m.start(m.lastindex or 0)) for m in _TOKEN.finditer(text)]
        self.offset, self.formals, self.slot = offset, formals, first_slot
        self.end = len(text)
        self.at = 0

    def at_end(self) -> bool:
        return self.at == len(self.tokens)

    def peek(self) -> str:
        return "" if self.at_end() else self.tokens[self.at][0]

    def place(self) -> int:
        return self.offset + (self.end if self.at_end() else self.tokens[self.at][1])

    def take(self, wanted: str) -> bool:
        if self.peek() != wanted:
            return False
        self.at += 1
        return True

    def list(self) -> list[Expression]:
        found = [self.sum()]
        while self.take(","):
            found.append(self.sum())
        if not self.at_end():
            raise Fault(f"unexpected {self.peek()!r} in an angle", self.place())
        return found

    def sum(self) -> Expression:
        left = self.product()
        while (name := self.peek()) in ("+", "-"):
            place = self.place()
            self.at += 1
            left = _combine(name, [left, self.product()], place)
        return left

    def product(self) -> Expression:
        left = self.signed()
        while (name := self.peek()) in ("*", "/"):
            place = self.place()
            self.at += 1
            left = _combine(name, [left, self.signed()], place)
        return left

    def signed(self) -> Expression:
        place = self.place()
        if self.take("-"):
            return _combine("*", [-1.0, self.signed()], place)
        if self.take("+"):
            return self.signed()
        base = self.atom()
        return _combine("^", [base, self.signed()], place) if self.take("^") else base

    def atom(self) -> Expression:
        place, token = self.place(), self.peek()
        self.at += 1
        if token == "#":
            self.slot += 1
            return ("slot", self.slot - 1)
        if token == "(":
            inner = self.sum()
            self.close()
            return inner
        if token[:1].isdigit() or (token[:1] == "." and len(token) > 1):
            return float(token)
        if token in ("pi", "π"):
            return math.pi
        if token in self.formals:
            return ("formal", self.formals.index(token))
        if token in _FUNCTIONS:
            if not self.take("("):
                raise Fault(f"{token} must be followed by '('", self.place())
            inner = self.sum()
            self.close()
            return _combine(token, [inner], place)
        self.at -= 1
        raise Fault(f"expected a number or an angle, found {token or 'nothing'!r}", place)

    def close(self) -> None:
        if not self.take(")"):
            raise Fault("missing ')'", self.place())
