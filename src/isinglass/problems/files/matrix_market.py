"""Matrix Market files: ``%%MatrixMarket matrix coordinate|array real|integer|pattern general|symmetric``.

Comments start with ``%``; rows and columns count from 1. A "pattern" entry is 1. A "symmetric" file holds the
diagonal and the lower triangle. ``array`` lists every entry, column by column, and its zeros are no pairs.
What the matrix means is said in ``matrix.py``; in short:

* a symmetric or pattern file is a max-cut graph unless ``kind`` is given;
* a general file with both triangles filled needs a ``kind``, with one triangle filled it is a max-cut graph;
* kind "qubo" is x^T Q x, so an entry of a symmetric file counts twice; "ising" and "maxcut" count it once.

Source: R. F. Boisvert, R. Pozo, K. A. Remington, The Matrix Market Exchange Formats, NISTIR 5935 (1996).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from isinglass.problems.files.edges import check_count, first_true, zero_based
from isinglass.problems.files.matrix import SquareMatrix, problem_of
from isinglass.problems.files.table import Table, Weights, read_table
from isinglass.problems.files.text import Line, Text, shown
from isinglass.problems.given import EdgeList, Kind

COMMENTS = b"%"
BANNER = b"%%matrixmarket"

_WORDS = (("matrix",), ("coordinate", "array"), ("real", "integer", "pattern"), ("general", "symmetric"))


class Header(NamedTuple):
    """The words of the first line that matter."""

    dense: bool
    field: str
    symmetric: bool


def read(text: Text, kind: Kind | None) -> EdgeList:
    """The problem in the file, row and col int32 below 2^31 rows, value int64 if all entries are integers.

    Raises FileFormatError, naming the line or the pair, for whatever breaks the rules above.
    """
    header = _header(text)
    shape = next(text.lines(comments=COMMENTS), None)
    if shape is None:
        raise text.error("the file ends before the line with the size of the matrix")
    size, entries = _size(text, shape, header)
    if header.dense:
        row, col, value = _dense(text, shape, size, header)
    else:
        row, col, value = _coordinates(text, shape, size, entries, header)
    matrix = SquareMatrix(text.path, "matrix_market", size, row, col, value, base=1, half=header.symmetric)
    if header.field == "pattern" and not header.symmetric:
        kind = kind or "maxcut"
    return problem_of(matrix, kind)


def _header(text: Text) -> Header:
    first = next(text.lines())
    words = first.content.lower().split()[1:]
    for word, known in zip(words, _WORDS, strict=False):
        if word.decode("ascii", "replace") not in known:
            raise text.error(f"{shown(word)} in the header is not read, only {' or '.join(known)}", first)
    if len(words) != len(_WORDS):
        raise text.error(
            f"the header has 5 words, as in '%%MatrixMarket {' '.join(k[0] for k in _WORDS)}'", first
        )
    _, layout, field, symmetry = words
    if (layout, field) == (b"array", b"pattern"):
        raise text.error("an array has values and cannot be a pattern", first)
    return Header(layout == b"array", field.decode(), symmetry == b"symmetric")


def _size(text: Text, line: Line, header: Header) -> tuple[int, int]:
    tokens = line.content.split()
    wanted = 2 if header.dense else 3
    if len(tokens) != wanted:
        names = "'rows columns'" if header.dense else "'rows columns entries'"
        raise text.error(f"the size line is {names}, not {shown(line.content)}", line)
    numbers = [text.node(token, line) for token in tokens]
    if min(numbers) < 0:
        raise text.error(f"{shown(line.content)} counts fewer than 0 rows or entries", line)
    if numbers[0] != numbers[1]:
        raise text.error(f"the matrix of a problem is square, not {numbers[0]} by {numbers[1]}", line)
    return numbers[0], numbers[-1]


def _coordinates(
    text: Text, after: Line, size: int, entries: int, header: Header
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weights: Weights = "absent" if header.field == "pattern" else "required"
    table = read_table(text, after, weights=weights, comments=COMMENTS)
    row, col = zero_based(table, 1, size)
    check_count(table, entries, f"{size} {size} {entries}")
    _check_field(table, header)
    above = first_true(row < col) if header.symmetric else None
    if above is not None:
        raise text.error(
            f"entry ({row[above] + 1}, {col[above] + 1}) is above the diagonal; a symmetric file holds the "
            "lower triangle only, or says general",
            table.line(above),
        )
    return row, col, table.value


def _dense(text: Text, after: Line, size: int, header: Header) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = read_table(text, after, integers=0, comments=COMMENTS)
    entries = size * (size + 1) // 2 if header.symmetric else size * size
    check_count(table, entries, f"{size} {size}")
    _check_field(table, header)
    at = np.flatnonzero(table.value)
    if not header.symmetric:
        return at % max(size, 1), at // max(size, 1), table.value[at]
    # Row by row, the upper triangle is the lower one column by column.
    col, row = np.triu_indices(size)
    return row[at], col[at], table.value[at]


def _check_field(table: Table, header: Header) -> None:
    if header.field == "integer" and not np.issubdtype(table.value.dtype, np.integer):
        raise table.text.error("the header says integer, but not every entry is written as one; say real")
