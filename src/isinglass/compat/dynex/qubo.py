"""The QUBO of a job: arrays in a message, or the text "p qubo <variables> <entries> <offset>".

Energy: the sum of value x_row x_col, and the offset, over x of 0 and 1; a term of one variable stands on the
diagonal. Entries of a pair add up, in whichever order it is named.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from isinglass.errors import ProblemError
from isinglass.problems.files.table import read_table
from isinglass.problems.files.text import Text
from isinglass.problems.given import EdgeList

if TYPE_CHECKING:
    from isinglass.compat.dynex.v2.sdk_pb2 import JobData

HEADER = b"p qubo"
_FREE_VARIABLES = 1024
"""Variables that need not occur in any entry. The client names each: more fill memory for nothing."""


def from_message(data: JobData) -> EdgeList:
    """The problem in a message; ProblemError where its arrays do not fit together."""
    row, col = np.array(data.row, np.int32), np.array(data.col, np.int32)
    value = np.array(data.val, np.float64)
    if not len(row) == len(col) == len(value):
        raise ProblemError(
            f"row, col and val have {len(row)}, {len(col)} and {len(value)} entries: they must have as many"
        )
    return _qubo(data.num_vars, row, col, value, data.offset)


def from_text(text: bytes, name: str) -> EdgeList:
    """The problem in a text; FileFormatError with the line where it is malformed."""
    lines = Text(Path(name), text)
    head = next(lines.lines(), None)
    words = [] if head is None else head.content.split()
    if head is None or len(words) != 5 or words[:2] != HEADER.split():
        raise lines.error("the first line is not 'p qubo <variables> <entries> <offset>'", head)
    variables, entries = lines.node(words[2], head), lines.node(words[3], head)
    table = read_table(lines, head)
    if len(table.value) != entries:
        raise lines.error(f"the first line says {entries} entries and {len(table.value)} follow", head)
    row, col = (np.ascontiguousarray(table.nodes[:, side]) for side in (0, 1))
    return _qubo(variables, row, col, table.value.astype(np.float64), float(lines.weight(words[4], head)))


def _qubo(n: int, row: np.ndarray, col: np.ndarray, value: np.ndarray, offset: float) -> EdgeList:
    if not 0 < n <= 2 * len(value) + _FREE_VARIABLES:
        raise ProblemError(
            f"{n:,} variables and {len(value):,} entries: name each variable in an entry, at least one"
        )
    for name, ends in (("row", row), ("col", col)):
        if len(ends) and not 0 <= int(ends.min()) <= int(ends.max()) < n:
            raise ProblemError(f"{name} holds a number outside of 0 to {n - 1}, the {n} variables")
    if not np.isfinite(value).all() or not math.isfinite(offset):
        raise ProblemError("a coefficient or the offset is not a finite number")
    alone = row == col
    linear = np.bincount(row[alone], value[alone], minlength=n)
    pairs = ~alone & (value != 0)
    row, col = row[pairs].astype(np.int32), col[pairs].astype(np.int32)
    return EdgeList(n, row, col, value[pairs], linear, offset, "BINARY", "qubo")
