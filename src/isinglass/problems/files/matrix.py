"""What a square matrix means as a problem, in one rule for Matrix Market and SciPy files.

One triangle of the matrix is filled, or both are and agree. Repeated entries add up, zeros are no entries.

* kind "qubo": E = x^T Q x over x in {0, 1}. A pair counts as often as it stands in the matrix: twice where
  both triangles are filled.
* kind "ising": E = sum J s s + sum h s. Each pair counts once, the diagonal is the field h.
* kind "maxcut": weights of a graph. Each pair counts once, the diagonal is zero.

Without a kind, a matrix with one triangle filled is a max-cut graph, and one with both filled an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isinglass.errors import FileFormatError
from isinglass.problems.files.edges import VARTYPE, facts, first_true, linear_terms
from isinglass.problems.given import EdgeList, Kind


@dataclass(frozen=True, eq=False)
class SquareMatrix:
    """The entries of a matrix in a file."""

    path: Path
    file_format: str
    size: int
    row: np.ndarray
    """int32 or int64 [entries], counted from 0."""
    col: np.ndarray
    value: np.ndarray
    """int64 (within 2^53) or float64 [entries], finite."""
    base: int
    """The number that the file gives to the first row: for messages."""
    half: bool = False
    """True where an entry off the diagonal stands for itself and its mirror image."""

    def place(self, row: int, col: int) -> str:
        """A row and a column as the file counts them."""
        return f"({row + self.base}, {col + self.base})"


def problem_of(matrix: SquareMatrix, kind: Kind | None) -> EdgeList:
    """The matrix as a problem of the kind given, by the rule at the top of this file.

    Raises FileFormatError, naming the first pair or node, where the rule is broken.
    """
    settled = kind or "maxcut"
    linear = _diagonal(matrix, settled)
    off = (matrix.row != matrix.col) & (matrix.value != 0)
    row, col, value = matrix.row[off], matrix.col[off], matrix.value[off]
    if (row < col).any() and (row > col).any():
        if kind is None:
            raise FileFormatError(
                matrix.path,
                "both triangles of the matrix are filled and nothing says what it means: pass kind='qubo' "
                "(x^T Q x), 'ising' or 'maxcut' (each pair once), on the command line --kind",
            )
        _check_symmetry(matrix, row, col, value)
        if kind != "qubo":
            upper = row < col
            row, col, value = row[upper], col[upper], value[upper]
    elif matrix.half and kind == "qubo":
        value = _doubled(matrix, value)
    return EdgeList(
        num_variables=matrix.size,
        row=row,
        col=col,
        value=value,
        linear=linear,
        vartype=VARTYPE[settled],
        kind=settled,
        facts=facts(matrix.path, matrix.file_format),
    )


def _diagonal(matrix: SquareMatrix, kind: Kind) -> np.ndarray | None:
    on = matrix.row == matrix.col
    if kind != "maxcut":
        return linear_terms(matrix.path, matrix.size, matrix.row[on], matrix.value[on])
    first = first_true(on & (matrix.value != 0))
    if first is not None:
        node = int(matrix.row[first])
        raise FileFormatError(
            matrix.path,
            f"entry {matrix.place(node, node)} is on the diagonal, which a max-cut graph does not have; "
            "pass kind='ising' (a field h) or kind='qubo' (a linear term), on the command line --kind",
        )
    return None


def _doubled(matrix: SquareMatrix, value: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        twice = 2 * value
    if not np.isfinite(twice).all():
        raise FileFormatError(
            matrix.path, "twice an entry of the symmetric matrix is more than float64 holds"
        )
    return twice


def _check_symmetry(matrix: SquareMatrix, row: np.ndarray, col: np.ndarray, value: np.ndarray) -> None:
    """FileFormatError where the entries above and below the diagonal do not add up to the same."""
    low, high = np.minimum(row, col), np.maximum(row, col)
    order = np.lexsort((high, low))
    low, high, upper = low[order], high[order], (row < col)[order]
    starts = np.flatnonzero(np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])])
    exact = value[order].astype(np.float64)
    with np.errstate(over="ignore"):
        above = np.add.reduceat(np.where(upper, exact, 0.0), starts)
        below = np.add.reduceat(np.where(upper, 0.0, exact), starts)
    first = first_true(above != below)
    if first is None:
        return
    i, j = int(low[starts[first]]), int(high[starts[first]])
    raise FileFormatError(
        matrix.path,
        f"entry {matrix.place(i, j)} is {above[first]:g} and entry {matrix.place(j, i)} is {below[first]:g}: "
        "the two triangles differ; fill one of them, or both alike: (Q + Q^T) / 2 has the same x^T Q x",
    )
