"""COO text as ``dimod.serialization.coo`` writes it: lines ``i j v``, variables counted from 0.

A comment ``# vartype=SPIN`` or ``# vartype=BINARY`` says what the variables are; without it ``kind`` has to
be given. ``i i v`` is a linear term, any other line a pair; lines for the same pair add up. There is no count
of variables: those that occur are all there are, and where they are not 0 to n - 1 they are the labels of the
problem, in increasing order. E is to be minimised. Exponents (``1e-5``) are read although dimod does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from isinglass.problems.files.edges import VARTYPE, edge_list, only_kinds
from isinglass.problems.files.numerals import pair_lines
from isinglass.problems.files.table import read_table
from isinglass.problems.files.text import Text, shown
from isinglass.problems.given import EdgeList, Kind

COMMENTS = b"#"
VARTYPE_HEADER = re.compile(rb"^[ \t\f]*#.*?vartype[:=][ \t]*([-_.a-zA-Z0-9]+)", re.MULTILINE)

_KINDS: dict[bytes, tuple[Kind, ...]] = {b"SPIN": ("ising", "maxcut"), b"BINARY": ("qubo",)}


def read(text: Text, kind: Kind | None) -> EdgeList:
    """The problem in the file: kind "ising" or "qubo" by its header, unless ``kind`` is given.

    Raises FileFormatError, naming the line, for whatever breaks the layout above, and ParameterError for a
    ``kind`` that contradicts the header.
    """
    settled = _settle(text, kind)
    table = read_table(text, text.head(COMMENTS), comments=COMMENTS)
    negative = (table.nodes < 0).any(axis=1)
    if negative.any():
        at = int(negative.argmax())
        raise text.error(f"node {table.nodes[at].min()} is below 0, the first variable", table.line(at))
    names, index = np.unique(table.nodes, return_inverse=True)
    index = index.reshape(table.nodes.shape).astype(np.int32 if len(names) < 1 << 31 else np.int64)
    labels = () if not len(names) or names[-1] == len(names) - 1 else tuple(names.tolist())
    row, col = (np.ascontiguousarray(index[:, side]) for side in (0, 1))
    return edge_list(
        table, row, col, len(names), settled, file_format="coo", labels=labels, zero_names_node=True
    )


def _settle(text: Text, kind: Kind | None) -> Kind:
    headers = set(VARTYPE_HEADER.findall(text.data))
    unknown = sorted(headers - set(_KINDS))
    if unknown:
        raise text.error(f"the header says vartype={shown(unknown[0])}; it is SPIN or BINARY")
    if len(headers) > 1:
        raise text.error("one header says vartype=SPIN and another vartype=BINARY; keep one of them")
    if headers:
        named = headers.pop()
        only_kinds(text.path, kind, _KINDS[named], f"its header says vartype={named.decode()}")
        return kind or _KINDS[named][0]
    if kind is None:
        raise text.error(
            "three columns without a header: write '# vartype=SPIN' or '# vartype=BINARY' on the first line "
            "of a COO file (nodes from 0) or pass kind='ising', 'qubo' or 'maxcut'; a rudy file (nodes from "
            "1) has 'n m' there, nodes and edges",
            next(text.lines(comments=COMMENTS)),
        )
    return kind


def chunks(problem: EdgeList) -> Iterator[bytes]:
    """The header, the linear terms, ``i i 0`` for a variable that nothing else names, and the pairs.

    Labels have to be integers from 0 on.
    """
    n = problem.num_variables
    names = np.array(problem.labels, np.int64) if len(problem.labels) else np.arange(n)
    linear = np.zeros(n) if problem.linear is None else problem.linear
    lonely = np.ones(n, bool)
    lonely[problem.row] = lonely[problem.col] = False
    kept = np.flatnonzero(lonely | (linear != 0))
    whole = np.issubdtype(problem.value.dtype, np.integer)
    yield f"# vartype={VARTYPE[problem.kind]}\n".encode()
    yield from pair_lines(names[kept], names[kept], linear[kept], whole=whole, positional=True)
    row, col = names[problem.row], names[problem.col]
    yield from pair_lines(row, col, problem.value, whole=whole, positional=True)
