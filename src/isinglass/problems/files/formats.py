"""The formats that are read, and how the content of a file tells which one it is.

The suffix is never asked. ``FORMATS`` is the table of the documentation as much as of the code.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from isinglass.errors import FileFormatError
from isinglass.problems.files import bqm, coo, cqm, dqm, lp_words, matrix_market, npz, qplib, qubo, triangle
from isinglass.problems.files.text import START, Text, shown


class Format(NamedTuple):
    """One row of the table."""

    description: str
    recognised_by: str
    kinds: str
    """Which ``kind`` the file may be read as, the default first."""


FORMATS: dict[str, Format] = {
    "rudy": Format(
        "rudy and G-set: edges 'i j w' of a graph, nodes from 1",
        "a first line of two numbers 'n m'",
        "maxcut, ising, qubo",
    ),
    "qubo": Format(
        "qbsolv .qubo: diagonals and elements 'i j v', variables from 0",
        "a first line 'p qubo ...' behind comments 'c ...'",
        "qubo",
    ),
    "coo": Format(
        "COO text of dimod: 'i j v', variables from 0",
        "a comment '# vartype=SPIN' or '# vartype=BINARY' on top; or three numbers on the first line, "
        "and then kind has to be given",
        "by the header (SPIN: ising, maxcut; BINARY: qubo)",
    ),
    "matrix_market": Format(
        "Matrix Market: real, integer or pattern, general or symmetric, coordinate or array",
        "'%%MatrixMarket' on the first line",
        "maxcut (to be given if both triangles of a general matrix are filled), ising, qubo",
    ),
    "qplib": Format(
        "QPLIB: unconstrained binary problems (classes ending in BN and BB), minimise or maximise",
        "a name, a class such as QBN and a sense on the first three lines",
        "qubo",
    ),
    "triangle": Format(
        "upper triangle of a complete graph, a character a pair: + and -, or 1 and 0",
        "a first line n, a second one of n - 1 signs + and -, or 0 and 1",
        "ising for + and -, maxcut for 0 and 1; either may be read as the other",
    ),
    "lp": Format(
        "LP: a constrained model with linear and quadratic terms",
        "a first word Minimize, Maximize or Subject To",
        "none: a dimod constrained model",
    ),
    "bqm": Format("binary quadratic model of dimod", "the first bytes DIMODBQM", "as its vartype says"),
    "cqm": Format("constrained quadratic model of dimod", "the first bytes DIMODCQM", "none"),
    "dqm": Format("discrete quadratic model of dimod", "the first bytes DIMODDQM", "none"),
    "npz": Format(
        "sparse matrix saved by scipy.sparse.save_npz",
        "the first bytes of a zip archive",
        "none: the matrix itself; with a kind as in Matrix Market",
    ),
}

_MAGICS = ((bqm.MAGIC, "bqm"), (cqm.MAGIC, "cqm"), (dqm.MAGIC, "dqm"), (npz.MAGIC, "npz"))
_QUADRATIC_MODEL = b"DIMODQM"
_COMMENT_SIGNS = coo.COMMENTS + matrix_market.COMMENTS + lp_words.COMMENTS + b"!"
_NUMBER = re.compile(rb"[+-]?[0-9.][0-9.eE+-]*\Z")


def recognise(path: Path, data: bytes) -> str:
    """The name in ``FORMATS`` of the format that the content is written in; FileFormatError for none."""
    if not data or data.isspace():
        raise FileFormatError(path, "the file is empty")
    for magic, name in _MAGICS:
        if data.startswith(magic):
            return name
    if data.startswith(_QUADRATIC_MODEL):
        raise FileFormatError(
            path,
            "is a QuadraticModel of dimod; save it as a CQM: dimod.ConstrainedQuadraticModel.from_qm(model)",
        )
    if data[: len(matrix_market.BANNER)].lower() == matrix_market.BANNER:
        return "matrix_market"
    found = _by_first_lines(Text(path, data))
    if found is None:
        raise FileFormatError(
            path,
            f"starts with {shown(data[:60].strip())}, like none of the formats read: {', '.join(FORMATS)}",
        )
    return found


def _by_first_lines(text: Text) -> str | None:
    if next(text.lines(comments=qubo.COMMENTS), START).content.split()[:2] == [b"p", b"qubo"]:
        return "qubo"
    head = text.head(_COMMENT_SIGNS)
    if coo.VARTYPE_HEADER.search(text.data, 0, head.end):
        return "coo"
    lines = [line.content for line in islice(text.lines(after=head, comments=_COMMENT_SIGNS), 3)]
    if not lines:
        return None
    if qplib.opens(lines):
        return "qplib"
    if triangle.opens(lines):
        return "triangle"
    if lp_words.opens(lines[0]):
        return "lp"
    columns = lines[0].split()
    if len(columns) in (2, 3) and all(_NUMBER.match(column) for column in columns):
        return "rudy" if len(columns) == 2 else "coo"
    return None
