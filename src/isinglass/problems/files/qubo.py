"""qbsolv's ``.qubo`` files: ``p qubo topology maxDiagonals nDiagonals nElements`` and two lists.

Lines that start with ``c`` are comments. First come ``nDiagonals`` lines ``i i v``, then ``nElements`` lines
``i j v`` with i < j, variables counted from 0 to maxDiagonals - 1; E = sum v x_i x_j over x in {0, 1}, to be
minimised. ``topology`` (0, or the name of a chip) says nothing about the problem and is passed over. Two
lines for one pair, or for one diagonal, add up.

Source: M. Booth, S. P. Reinhardt, A. Roy, Partitioning Optimization Problems for Hybrid Classical/Quantum
Execution, D-Wave Technical Report 14-1006A-A (2017), the file format QUBO(5).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from isinglass.problems.files.edges import check_count, edge_list, first_true, only_kinds, zero_based
from isinglass.problems.files.numerals import pair_lines
from isinglass.problems.files.table import Table, read_table
from isinglass.problems.files.text import Line, Text, shown
from isinglass.problems.given import EdgeList, Kind

COMMENTS = b"c"


def read(text: Text, kind: Kind | None) -> EdgeList:
    """The problem in the file, vartype "BINARY"; ``kind`` may only be "qubo".

    Raises FileFormatError, naming the line, for whatever breaks the layout above.
    """
    only_kinds(text.path, kind, ("qubo",), "a qbsolv file is a QUBO by its first line")
    header = next(text.lines(comments=COMMENTS))
    num_variables, num_diagonals, num_elements = _counts(text, header)
    table = read_table(text, header, comments=COMMENTS)
    row, col = zero_based(table, 0, num_variables)
    check_count(table, num_diagonals + num_elements, header.content.decode("ascii", "replace"))
    _check_order(table, num_diagonals)
    return edge_list(table, row, col, num_variables, "qubo", file_format="qubo")


def _counts(text: Text, header: Line) -> tuple[int, int, int]:
    tokens = header.content.split()
    if len(tokens) != 6:
        raise text.error(
            f"the header is 'p qubo topology maxDiagonals nDiagonals nElements', not {shown(header.content)}",
            header,
        )
    num_variables, num_diagonals, num_elements = (text.node(token, header) for token in tokens[3:])
    if min(num_variables, num_diagonals, num_elements) < 0:
        raise text.error(f"{shown(header.content)} counts fewer than 0 variables or lines", header)
    return num_variables, num_diagonals, num_elements


def _check_order(table: Table, num_diagonals: int) -> None:
    first, second = table.nodes[:, 0], table.nodes[:, 1]
    wrong = first >= second
    wrong[:num_diagonals] = first[:num_diagonals] != second[:num_diagonals]
    at = first_true(wrong)
    if at is None:
        return
    due = "a diagonal line 'i i v'" if at < num_diagonals else "an element 'i j v' with i < j"
    raise table.text.error(
        f"{due} is due, as the header counts {num_diagonals:,} diagonals before the elements, "
        f"not '{first[at]} {second[at]}'",
        table.line(at),
    )


def chunks(problem: EdgeList) -> Iterator[bytes]:
    """The lines of the file; linear terms that are 0 are left out, ``maxDiagonals`` counts them all."""
    linear = np.zeros(0) if problem.linear is None else problem.linear
    used = np.flatnonzero(linear)
    whole = np.issubdtype(problem.value.dtype, np.integer)
    yield b"p qubo 0 %d %d %d\n" % (problem.num_variables, len(used), len(problem.value))
    yield from pair_lines(used, used, linear[used], whole=whole)
    low, high = np.minimum(problem.row, problem.col), np.maximum(problem.row, problem.col)
    yield from pair_lines(low, high, problem.value, whole=whole)
