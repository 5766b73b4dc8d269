"""SciPy's sparse matrices as ``scipy.sparse.save_npz`` writes them.

Without a kind the matrix itself is the answer, as if it had been given in memory. With a kind it is read by
the rule in ``matrix.py``, as a general Matrix Market file is.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from isinglass.errors import FileFormatError
from isinglass.memory import require
from isinglass.problems.files.archive import MAGIC, arrays
from isinglass.problems.files.matrix import SquareMatrix, problem_of
from isinglass.problems.files.text import LARGEST_EXACT
from isinglass.problems.given import EdgeList, Kind

__all__ = ["MAGIC", "read"]

_NO_MATRIX = (
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    OverflowError,
    ZeroDivisionError,
    NotImplementedError,
)
"""What ``scipy.sparse`` raises on arrays that do not fit each other."""


def read(
    path: Path, data: bytes, kind: Kind | None
) -> EdgeList | scipy.sparse.sparray | scipy.sparse.spmatrix:
    """The matrix in the file, or the problem that it is for a given ``kind``.

    Raises FileFormatError where the archive is damaged, is not a matrix of ``save_npz``, points outside of
    its own shape, is not square, or holds NaN, infinities or complex numbers.
    """
    matrix = _matrix(path, data)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        shape = " by ".join(str(size) for size in matrix.shape)
        raise FileFormatError(path, f"the matrix of a problem is square, not {shape}")
    if matrix.dtype.kind not in "biuf" or matrix.dtype.itemsize > 8:
        raise FileFormatError(path, f"its entries are {matrix.dtype}, not real numbers of at most 64 bits")
    if not np.isfinite(matrix.data).all():
        raise FileFormatError(path, "an entry of the matrix is NaN or infinite")
    if kind is None:
        return matrix
    # On its way to coordinates a matrix of diagonals gets a pointer for each of its rows.
    require(8 * (matrix.shape[0] + 1), f"{path}: a matrix of {matrix.shape[0]:,} rows")
    entries = matrix.tocoo()
    value = _plain_numbers(path, entries.data)
    row, col = entries.coords
    return problem_of(SquareMatrix(path, "npz", matrix.shape[0], row, col, value, base=0), kind)


def _matrix(path: Path, data: bytes) -> Any:
    found = arrays(path, data)
    if not {"format", "shape", "data"} <= found.keys():
        raise FileFormatError(path, "this zip archive is not a matrix written by scipy.sparse.save_npz")
    _check_structure(path, found)
    try:
        matrix = scipy.sparse.load_npz(io.BytesIO(data))
        if matrix.format in ("csr", "csc", "bsr"):
            matrix.check_format(full_check=True)
    except _NO_MATRIX as error:
        raise FileFormatError(path, f"its arrays do not make a sparse matrix: {error}") from None
    return matrix


def _check_structure(path: Path, found: dict[str, np.ndarray]) -> None:
    """What SciPy's compiled code takes on trust: the pointers to rows, and the diagonals that are given."""
    for name in {"shape", "indptr", "indices", "offsets", "row", "col", "coords"} & found.keys():
        if found[name].dtype.kind not in "iu" or not found[name].ndim:
            raise FileFormatError(path, f"its array {name!r} does not hold integers")
    if "indptr" in found:
        pointers, last = found["indptr"], found.get("indices", np.zeros(0)).size
        ends = len(pointers) > 0 and pointers[0] == 0 and pointers[-1] == last
        # SciPy does not look at the order of the pointers if the last of them is 0.
        if not ends or pointers.ndim != 1 or (pointers[1:] < pointers[:-1]).any():
            raise FileFormatError(path, "the rows of its matrix do not follow one another")
    if "offsets" in found:
        reach = np.abs(found["offsets"].astype(np.float64)).max(initial=0)
        if reach > 0 and reach >= found["shape"].max(initial=0):
            raise FileFormatError(path, "a diagonal of its matrix lies outside of it")


def _plain_numbers(path: Path, value: np.ndarray) -> np.ndarray:
    if value.dtype.kind == "f":
        return value.astype(np.float64)
    if ((value > LARGEST_EXACT) | (value < -LARGEST_EXACT)).any():
        raise FileFormatError(
            path,
            "an integer entry is beyond 2^53, where float64 cannot hold every integer; save it as float64",
        )
    return value.astype(np.int64)
