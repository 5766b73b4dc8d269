"""QPLIB's text format, for the problems in it that are unconstrained and binary.

The second line names the class of a problem by three letters: the objective (L linear, D, C or Q quadratic),
the variables (B binary; C, I, M, G others) and the constraints (N none, B bounds only; L, D, C, Q others).
Read are the classes with B and then N or B, which for binary variables is the same. The objective is
1/2 x^T H x + b^T x + c, where H is given by its lower triangle: an entry off the diagonal counts once, one on
the diagonal half. Where it is to be maximised, all signs are turned and ``maximized`` is set.

A comment runs from ``#``, ``!`` or ``%`` to the end of its line. Lines for one pair add up.

Source: F. Furini et al., QPLIB: a library of quadratic programming instances, Math. Prog. Comp. 11 (2019),
237-265, doi:10.1007/s12532-018-0147-4, with its supplement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from isinglass.problems.files.edges import facts, only_kinds, require_linear
from isinglass.problems.files.text import START, Line, Text, shown
from isinglass.problems.given import EdgeList, Kind

COMMENTS = b"#!%"
CLASS = re.compile(rb"[LDCQ][CBMIG][NBLDCQ]\Z", re.IGNORECASE)
SENSES = (b"minimize", b"maximize")

_TRAILING = re.compile(rb"\s[#!%].*\Z|\A[#!%].*\Z", re.DOTALL)


def opens(lines: list[bytes]) -> bool:
    """Whether a file whose first lines of content are these is a QPLIB file: a name, a class, a sense."""
    words = [line.lower().split()[0] for line in lines[:3]]
    return len(words) == 3 and bool(CLASS.match(words[1])) and words[2] in SENSES


class Sections:
    """The file read from top to bottom, one value or list after the other."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self._lines = text.lines(comments=COMMENTS)
        self.last: Line = START

    def tokens(self, due: str, count: int) -> list[bytes]:
        """The ``count`` columns of the next line; FileFormatError where it is missing or another width."""
        line = next(self._lines, None)
        if line is None:
            raise self.text.error(f"the file ends where {due} is due: it has been cut off", self.last)
        self.last = line
        tokens = _TRAILING.sub(b"", line.content).split()
        if len(tokens) != count:
            raise self.text.error(f"{due} takes {count} columns, not {shown(line.content)}", line)
        return tokens

    def count(self, due: str) -> int:
        number = self.text.node(self.tokens(due, 1)[0], self.last)
        if number < 0:
            raise self.text.error(f"{due} is {number}, below 0", self.last)
        return number

    def number(self, due: str) -> float:
        return float(self.text.weight(self.tokens(due, 1)[0], self.last))

    def index(self, token: bytes, size: int) -> int:
        """A position counted from 1 in the file, from 0 in the answer."""
        position = self.text.node(token, self.last)
        if not 1 <= position <= size:
            raise self.text.error(f"variable {position} is outside 1 to {size}", self.last)
        return position - 1

    def listed(self, due: str, size: int) -> Iterator[tuple[int, bytes]]:
        """A count and as many lines ``i value``."""
        for _ in range(self.count(f"the number of {due}")):
            position, value = self.tokens(f"one of the {due}", 2)
            yield self.index(position, size), value

    def end(self) -> None:
        surplus = next(self._lines, None)
        if surplus is not None:
            raise self.text.error(f"the problem is complete, but {shown(surplus.content)} follows", surplus)


def read(text: Text, kind: Kind | None) -> EdgeList:
    """The problem in the file, vartype "BINARY", value float64; ``kind`` may only be "qubo".

    Raises FileFormatError, naming the line, for any other class of problem and whatever breaks the format.
    """
    only_kinds(text.path, kind, ("qubo",), "a QPLIB file of binary variables is a QUBO")
    sections = Sections(text)
    name = sections.tokens("the name of the problem", 1)[0].decode("utf-8", "replace")
    objective = _objective_class(sections)
    maximized = _maximized(sections)
    size = sections.count("the number of variables")
    require_linear(text.path, size)
    pairs = _pairs(sections, size) if objective != "L" else []
    linear = _linear(sections, size, [pair for pair in pairs if pair[0] == pair[1]])
    offset = sections.number("the objective constant")
    labels = _rest(sections, size)
    off = [pair for pair in pairs if pair[0] != pair[1]]
    sign = -1.0 if maximized else 1.0
    # Adding 0.0 keeps a turned zero from becoming -0.0.
    return EdgeList(
        num_variables=size,
        row=np.array([pair[0] for pair in off], np.int32 if size < 1 << 31 else np.int64),
        col=np.array([pair[1] for pair in off], np.int32 if size < 1 << 31 else np.int64),
        value=sign * np.array([pair[2] for pair in off], np.float64) + 0.0,
        linear=sign * linear + 0.0,
        offset=sign * offset + 0.0,
        vartype="BINARY",
        kind="qubo",
        labels=labels,
        maximized=maximized,
        facts=facts(text.path, "qplib") | {"name": name},
    )


def _objective_class(sections: Sections) -> str:
    """The first letter of the class, once the other two have been found to be readable."""
    letters = sections.tokens("the class of the problem", 1)[0].upper()
    if not CLASS.match(letters):
        raise sections.text.error(
            f"{shown(letters)} is not a class of QPLIB problems, as QBN is", sections.last
        )
    if letters[1:] not in (b"BN", b"BB"):
        raise sections.text.error(
            f"the problem is of class {letters.decode()}: only unconstrained binary problems (classes QBN, "
            "QBB and the like) are read; write a constrained one as an LP file",
            sections.last,
        )
    return letters.decode()[0]


def _maximized(sections: Sections) -> bool:
    sense = sections.tokens("the sense of the objective", 1)[0].lower()
    if sense not in SENSES:
        raise sections.text.error(f"the sense is minimize or maximize, not {shown(sense)}", sections.last)
    return sense == SENSES[1]


def _pairs(sections: Sections, size: int) -> list[tuple[int, int, float]]:
    """The lower triangle of H: (i, j, h) with i >= j, counted from 0."""
    pairs = []
    for _ in range(sections.count("the number of quadratic terms")):
        first, second, token = sections.tokens("a quadratic term", 3)
        i, j = sections.index(first, size), sections.index(second, size)
        if i < j:
            message = f"({i + 1}, {j + 1}) is above the diagonal; the lower triangle is given, i >= j"
            raise sections.text.error(message, sections.last)
        pairs.append((i, j, float(sections.text.weight(token, sections.last))))
    return pairs


def _linear(sections: Sections, size: int, diagonal: list[tuple[int, int, float]]) -> np.ndarray:
    """float64 [size]: b and half of the diagonal of H, since x^2 = x."""
    default = sections.number("the default of the linear coefficients")
    linear = np.full(size, default, np.float64)
    given = np.zeros(size, bool)
    for i, token in sections.listed("linear coefficients", size):
        if given[i]:
            raise sections.text.error(f"variable {i + 1} has its linear coefficient twice", sections.last)
        given[i] = True
        linear[i] = sections.text.weight(token, sections.last)
    with np.errstate(over="ignore"):
        for i, _, value in diagonal:
            linear[i] += value / 2
    if not np.isfinite(linear).all():
        raise sections.text.error("the linear terms of one variable add up to more than float64 holds")
    return linear


def _rest(sections: Sections, size: int) -> tuple[str, ...]:
    """The names of the variables, if there are any; read to the end, so that a cut file is noticed."""
    sections.tokens("the value for infinity", 1)
    for what in ("starting values", "starting values of bound duals"):
        sections.tokens(f"the default of the {what}", 1)
        for _ in sections.listed(what, size):
            pass
    names = {i: token.decode("utf-8", "replace") for i, token in sections.listed("variable names", size)}
    for _ in sections.listed("constraint names", 0):
        pass
    sections.end()
    if not names:
        return ()
    labels = tuple(names.get(i, f"x{i + 1}") for i in range(size))
    if len(set(labels)) < size:
        raise sections.text.error("two variables have the same name; names have to differ")
    return labels
