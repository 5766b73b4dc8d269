"""rudy and G-set files: ``n m`` and then ``m`` lines ``i j w``, nodes counted from 1.

The weight may be left out and is 1 then. Two lines for one pair add up, also where one says ``i j`` and the
other ``j i``. Empty lines and lines that start with ``#`` are passed over. What the numbers mean is not in
the file:

* kind "maxcut", the default: weights of a graph whose cut is to be largest.
* kind "ising": E = sum J s s + sum h s, to be minimised, where a line ``i i h`` is a field.
* kind "qubo": E = sum q_ij x_i x_j over the lines as they stand, to be minimised; ``i i q`` is linear.

The Biq Mac ``be`` and ``gka`` files and Beasley's ``bqp`` files of the OR-Library have this layout too, but
mean ``sum q_ii x_i + 2 sum q_ij x_i x_j`` by it (Beasley's to be maximised): half of a symmetric matrix.
The same lines under the header of a symmetric Matrix Market file, read with kind "qubo", are that problem.

Source: G. Rinaldi, rudy, a graph generator (1998); the G-set of C. Helmberg and F. Rendl (2000).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from isinglass.problems.files.edges import check_count, edge_list, zero_based
from isinglass.problems.files.numerals import pair_lines
from isinglass.problems.files.table import read_table
from isinglass.problems.files.text import Text, shown
from isinglass.problems.given import EdgeList, Kind

COMMENTS = b"#"


def read(text: Text, kind: Kind | None) -> EdgeList:
    """The problem in the file: row, col int32 below 2^31 nodes, value int64 if every weight is an integer.

    Raises FileFormatError, naming the line, for whatever breaks the layout above.
    """
    header = next(text.lines(comments=COMMENTS))
    tokens = header.content.split()
    if len(tokens) != 2:
        raise text.error(f"the first line is 'n m', nodes and edges, not {shown(header.content)}", header)
    num_nodes, num_entries = (text.node(token, header) for token in tokens)
    if num_nodes < 0 or num_entries < 0:
        raise text.error(f"{shown(header.content)} counts fewer than 0 nodes or edges", header)
    table = read_table(text, header, weights="optional", comments=COMMENTS)
    row, col = zero_based(table, 1, num_nodes)
    check_count(table, num_entries, f"{num_nodes} {num_entries}")
    return edge_list(table, row, col, num_nodes, kind or "maxcut", file_format="rudy")


def chunks(problem: EdgeList) -> Iterator[bytes]:
    """The lines of the file: ``n m``, the linear terms ``i i h`` that are not 0, the pairs."""
    linear = np.zeros(0) if problem.linear is None else problem.linear
    used = np.flatnonzero(linear)
    whole = np.issubdtype(problem.value.dtype, np.integer)
    yield b"%d %d\n" % (problem.num_variables, len(used) + len(problem.value))
    yield from pair_lines(used + 1, used + 1, linear[used], whole=whole)
    row, col = (nodes.astype(np.int64) + 1 for nodes in (problem.row, problem.col))
    yield from pair_lines(row, col, problem.value, whole=whole)
