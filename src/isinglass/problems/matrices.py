"""NumPy and SciPy matrices on their way in: checked, told symmetric from triangular, not copied."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from isinglass.errors import ParameterError, ProblemError
from isinglass.kernels.cpu import build
from isinglass.problems.given import Kind, MatrixProblem
from isinglass.problems.pairs import row_blocks


def from_matrix(matrix: Any, kind: Kind) -> MatrixProblem:
    """A square NumPy or SciPy matrix; symmetric, upper or lower triangular."""
    if kind not in ("qubo", "ising", "maxcut"):
        raise ParameterError(f"kind={kind!r} is not one of qubo, ising, maxcut")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ProblemError(f"the matrix has shape {matrix.shape}; it must be square")
    if matrix.dtype.kind not in "iufb":
        raise ProblemError(f"the matrix has type {matrix.dtype}; it must hold real numbers")
    matrix = matrix.astype(kernel_type(matrix.dtype), copy=False)
    if scipy.sparse.issparse(matrix):
        matrix, symmetric = _sorted_rows(matrix)
    else:
        matrix = np.asanyarray(matrix)
        _check_finite_matrix(matrix)
        symmetric = _is_symmetric(matrix)
    if kind == "qubo":
        return MatrixProblem(matrix, symmetric, 1.0, vartype="BINARY", kind=kind)
    diagonal = matrix.diagonal()
    if diagonal.any():
        i = int(np.flatnonzero(diagonal)[0])
        raise ProblemError(
            f"the {kind} matrix has {diagonal[i]} at ({i}, {i}); a spin squared is 1, so the diagonal "
            "must be zero (fields go into h of (h, J))"
        )
    return MatrixProblem(matrix, symmetric, 0.5 if symmetric else 1.0, kind=kind)


def kernel_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type in which compiled code reads real numbers of ``dtype``: itself, mostly.

    Half precision is widened, extended precision rounded to float64, other byte orders turned.
    """
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    return dtype.newbyteorder("=")


def _check_finite_matrix(matrix: np.ndarray) -> None:
    if matrix.dtype.kind != "f":
        return
    for i in range(0, matrix.shape[0], 1024):
        block = np.asarray(matrix[i : i + 1024])
        if not np.isfinite(block).all():
            r, c = np.argwhere(~np.isfinite(block))[0]
            raise ProblemError(
                f"the matrix has {block[r, c]} at ({i + r}, {c}); every entry must be a finite number"
            )


def _sorted_rows(matrix: Any) -> tuple[scipy.sparse.csr_array, bool]:
    """The matrix as CSR with sorted, simple rows (uncopied where it is so), and its symmetry."""
    if matrix.format in ("csr", "csc"):
        _check_rows(matrix)
    csr = scipy.sparse.csr_array(matrix.T if matrix.format == "csc" else matrix)
    if not csr.has_canonical_format:
        csr = csr.copy()
        csr.sum_duplicates()
    if csr.dtype.kind == "f" and not np.isfinite(csr.data).all():
        k = int(np.flatnonzero(~np.isfinite(csr.data))[0])
        i = int(np.searchsorted(csr.indptr, k, side="right")) - 1
        raise ProblemError(
            f"the matrix has {csr.data[k]} at ({i}, {csr.indices[k]}); every entry must be a finite number"
        )
    i, j, form = build.first_asymmetry(csr.indptr, csr.indices, csr.data)
    if form == 3:
        raise _asymmetric(int(i), int(j), csr[i, j], csr[j, i])
    return csr, form == 0


def _check_rows(matrix: Any) -> None:
    """Refuse broken CSR or CSC arrays before compiled code follows their indices anywhere.

    scipy's own check lets a row pointer that ends early pass.
    """
    n, starts, indices = matrix.shape[0], matrix.indptr, matrix.indices
    rows = f"the {matrix.format} matrix's indptr"
    if len(starts) != n + 1 or starts[0] != 0 or (np.diff(starts) < 0).any():
        raise ProblemError(f"{rows} must hold {n + 1} numbers that begin at 0 and never fall")
    if not starts[-1] == len(indices) == len(matrix.data):
        raise ProblemError(
            f"{rows} ends at {starts[-1]}, its indices have {len(indices)} entries and its data "
            f"{len(matrix.data)}; the three must agree (matrix.prune() mends a longer array)"
        )
    if len(indices) and not 0 <= indices.min() <= indices.max() < n:
        k = int(np.flatnonzero((indices < 0) | (indices >= n))[0])
        raise ProblemError(
            f"the {matrix.format} matrix's indices[{k}] is {indices[k]}; it must be in 0 to {n - 1}"
        )


def _is_symmetric(matrix: np.ndarray) -> bool:
    """True for a symmetric matrix, False for one with an empty triangle.

    ProblemError where both are filled and differ, naming the first such pair of entries.
    """
    lower = any(np.tril(block, first - 1).any() for first, block in row_blocks(matrix))
    upper = any(np.triu(block, first + 1).any() for first, block in row_blocks(matrix))
    if not (lower and upper):
        return not (lower or upper)
    for first, block in row_blocks(matrix):
        mirrored = np.array(matrix[:, first : first + len(block)].T)
        own = np.arange(len(block))
        mirrored[own, first + own] = 0
        different = np.argwhere(block != mirrored)
        if different.size:
            i, j = int(different[0, 0]) + first, int(different[0, 1])
            raise _asymmetric(i, j, matrix[i, j], matrix[j, i])
    return True


def _asymmetric(i: int, j: int, one: float, other: float) -> ProblemError:
    return ProblemError(
        f"the matrix has {one} at ({i}, {j}) and {other} at ({j}, {i}); it must be symmetric, upper "
        "or lower triangular. If x^T Q x is meant, pass numpy.triu(Q) + numpy.tril(Q, -1).T"
    )
