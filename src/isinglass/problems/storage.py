"""From coefficients as given to couplings as stored: which storage, which unit, which type."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from isinglass.errors import ProblemError
from isinglass.kernels.cpu import build
from isinglass.memory import require
from isinglass.problems.compiled import CompiledProblem, Dense, Packed, Sparse
from isinglass.problems.dense_given import PackedGraph, words_per_row
from isinglass.problems.given import EdgeList, MatrixProblem
from isinglass.problems.units import Unit, check_finite, field_type, find_unit

_CHUNK = 1 << 22


def choose_storage(n: int, entries: int, two_valued: bool) -> str:
    """The cheapest storage for ``entries`` stored off-diagonal entries (both directions).

    Measured costs of a visit, in cycles a replica: sparse, many replicas at once, 2 + 0.04 a
    neighbour; packed 15 + n / 256; dense, with a tenth of the visits flipping, 10 + n / 30. See
    bench/README.md. Large two-valued problems go by bytes: a bit a pair against 5 bytes an entry.
    """
    degree = entries / max(1, n)
    if two_valued and (degree > 400 + 0.1 * n or (n >= 16384 and n / 8 < 5 * degree)):
        return "packed"
    if degree > 0.3 * n and degree > 250 and not two_valued:
        return "dense"
    return "sparse"


# --- givens to rows ---------------------------------------------------------------------------


def compile_edges(given: EdgeList, storage: str | None) -> CompiledProblem:
    n = given.num_variables
    edges = given.row.shape[0]
    value = given.value
    require(edges * 2 * (4 + value.itemsize) + 24 * n, f"compiling {n} variables and {edges} edges")
    check_finite(value, "coupling")
    indptr = np.zeros(n + 1, np.int64)
    bad = build.count_degrees(given.row, given.col, n, indptr)
    if bad >= 0:
        i, j = given.row[bad], given.col[bad]
        rule = "joins a variable to itself" if i == j else f"leaves the range 0 to {n - 1}"
        raise ProblemError(f"coupling {bad} is ({i}, {j}), which {rule}")
    indices = np.empty(indptr[-1], np.int32)
    values = np.empty(indptr[-1], value.dtype)
    if not build.fill_rows(given.row, given.col, value, indptr, indices, values):
        if values.dtype.kind in "iu" and values.itemsize < 8:
            values = values.astype(np.int64)
        left = build.sort_and_merge(indptr, indices, values)
        indices, values = indices[:left], values[:left]
    return _compile_rows(given, indptr, indices, values, 1.0, storage)


def compile_matrix(given: MatrixProblem, storage: str | None) -> CompiledProblem:
    if isinstance(given.matrix, np.ndarray):
        from isinglass.problems.dense_matrix import compile_dense_matrix

        return compile_dense_matrix(given, storage)
    multiple = given.pair_factor * (2.0 if given.symmetric else 1.0)
    csr = given.matrix
    if given.symmetric and not csr.diagonal().any():
        indptr = csr.indptr.astype(np.int64, copy=False)
        return _compile_rows(given, indptr, csr.indices, csr.data, multiple, storage)
    triangle = scipy.sparse.triu(csr, 1, format="csr") if given.symmetric else csr
    n = given.num_variables
    require(triangle.nnz * 2 * (4 + csr.data.itemsize), f"compiling {triangle.nnz} entries")
    indptr = np.zeros(n + 1, np.int64)
    build.csr_degrees(triangle.indptr, triangle.indices, indptr)
    indices = np.empty(indptr[-1], np.int32)
    values = np.empty(indptr[-1], csr.data.dtype)
    build.csr_mirror(triangle.indptr, triangle.indices, triangle.data, indptr, indices, values)
    return _compile_rows(given, indptr, indices, values, multiple, storage)


def linear_of(given: EdgeList | MatrixProblem) -> np.ndarray:
    """The given linear coefficients, a QUBO matrix's diagonal included; float64[n]."""
    linear = np.zeros(given.num_variables) if given.linear is None else given.linear.astype(np.float64)
    if isinstance(given, MatrixProblem) and given.vartype == "BINARY":
        linear = linear + given.pair_factor * given.matrix.diagonal()
    return linear


def _compile_rows(
    given: EdgeList | MatrixProblem,
    indptr: np.ndarray,
    indices: np.ndarray,
    values: np.ndarray,
    multiple: float,
    storage: str | None,
) -> CompiledProblem:
    """Symmetric rows to storage; a pair's coefficient is ``multiple`` times its value."""
    n = given.num_variables
    binary = given.vartype == "BINARY"
    linear = linear_of(given)
    # x = (1 + s) / 2 turns c x y into c / 4 (1 + s_x + s_y + s_x s_y) and l x into l / 2 (1 + s).
    linear_factor = (2.0 if binary else 1.0) / multiple
    unit = find_unit(values, linear, linear_factor)
    sums, absolute, squares = build.row_sums(indptr, values)
    h = linear * linear_factor / unit.size + (sums / unit.size if binary else 0.0)
    if unit.whole:
        h = np.rint(h)
    count, first, second = build.two_values(values)
    full = values.shape[0] == n * (n - 1)
    two_valued = count == 1 or (count == 2 and (full or 0.0 in (first, second)))
    chosen = storage or choose_storage(n, values.shape[0], two_valued)
    if chosen == "packed":
        low_high = (first, second) if full and count == 2 else (0.0, first or second)
        couplings: Any = _pack(n, indptr, indices, values, two_valued, low_high, unit)
    elif chosen == "dense":
        couplings, h = _densify(n, indptr, indices, values, absolute, h, unit)
    else:
        couplings, h = _sparsify(indptr, indices, values, sums, absolute, h, unit)
    pair_offset = multiple * sums.sum() / 8.0 if binary else 0.0
    return CompiledProblem(
        couplings=couplings,
        h=h,
        scale=multiple * unit.size * (0.25 if binary else 1.0),
        offset=given.offset + (linear.sum() / 2.0 + pair_offset if binary else 0.0),
        field_scale=field_scale(h, squares / unit.size**2),
        integer=h.dtype != np.float32 and unit.whole,
        labels=given.labels if len(given.labels) else range(n),
        vartype=given.vartype,
        kind=given.kind,
        given=given,
        num_interactions=values.shape[0] // 2,
    )


def field_scale(h: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """(smallest, largest) rms local field of spins that have one; (1, 1) if none has."""
    size = np.sqrt(h.astype(np.float64) ** 2 + squares)
    size = size[size > 0]
    return np.array([size.min(), size.max()]) if size.size else np.ones(2)


# --- rows to storages -------------------------------------------------------------------------


def _pack(
    n: int, indptr: np.ndarray, indices: np.ndarray, values: np.ndarray, two_valued: bool,
    low_high: tuple[float, float], unit: Unit,
) -> Packed:  # fmt: skip
    if not two_valued:
        raise ProblemError(
            "storage='packed' holds couplings of two values (one may be zero), and this problem "
            "has more; use storage='dense' or 'sparse'"
        )
    low, high = low_high
    bits = zero_bits(n)
    build.pack_rows(indptr, indices, values, high, bits)
    return packed_couplings(bits, low / unit.size, high / unit.size)


def zero_bits(n: int) -> np.ndarray:
    words = words_per_row(n)
    require(8 * n * words, f"packing {n} variables, one bit a pair,")
    return np.zeros((n, words), np.uint64)


def packed_couplings(bits: np.ndarray, low: float, high: float) -> Packed:
    counts = np.empty(bits.shape[0], np.int32)
    build.row_popcounts(bits, counts)
    return Packed(bits, counts, low, high - low)


def _densify(
    n: int, indptr: np.ndarray, indices: np.ndarray, values: np.ndarray, absolute: np.ndarray,
    h: np.ndarray, unit: Unit,
) -> tuple[Dense, np.ndarray]:  # fmt: skip
    largest = float(np.abs(values).max(initial=0.0)) / unit.size
    kind, field = dense_types(h, absolute / unit.size, largest, unit.whole)
    require(n * n * np.dtype(kind).itemsize, f"storing {n} variables as a dense matrix")
    matrix = np.zeros((n, n), kind)
    for i in range(n):
        row = slice(indptr[i], indptr[i + 1])
        matrix[i, indices[row]] = in_units(values[row], unit, kind)
    return Dense(matrix), h.astype(field)


def dense_types(
    h: np.ndarray, absolute: np.ndarray, largest: float, whole: bool
) -> tuple[type[np.generic], type[np.generic]]:
    """(matrix type, field type): int16 and int32 where no number can leave them."""
    bound = float((np.abs(h) + absolute).max(initial=0.0))
    fits = whole and largest <= np.iinfo(np.int16).max and bound <= np.iinfo(np.int32).max
    return (np.int16, np.int32) if fits else (np.float32, np.float32)


def _sparsify(
    indptr: np.ndarray, indices: np.ndarray, values: np.ndarray, sums: np.ndarray,
    absolute: np.ndarray, h: np.ndarray, unit: Unit,
) -> tuple[Sparse, np.ndarray]:  # fmt: skip
    bound = float((np.abs(h) + absolute / unit.size).max(initial=0.0))
    largest_weight = 2.0 * float(np.abs(values).max(initial=0)) / unit.size
    kind = field_type(bound, largest_weight, unit.whole)
    weights = in_units(values, Unit(unit.size / 2.0, unit.whole), kind)
    base = (h - sums / unit.size).astype(kind)
    return Sparse(indptr, indices.astype(np.int32, copy=False), weights, base), h.astype(kind)


def in_units(values: np.ndarray, unit: Unit, kind: type[np.generic]) -> np.ndarray:
    """``values / unit.size`` as ``kind``, a chunk at a time so that no float64 copy is made."""
    result = np.empty(values.shape[0], kind)
    for first in range(0, values.shape[0], _CHUNK):
        part = values[first : first + _CHUNK] / unit.size
        result[first : first + _CHUNK] = np.rint(part) if unit.whole else part
    return result


def compile_packed(given: PackedGraph, storage: str | None) -> CompiledProblem:
    if storage not in (None, "packed"):
        raise ProblemError(
            f"storage={storage!r}: a packed graph is compiled as packed; pass its couplings as a "
            "matrix or as edges for another storage"
        )
    n = given.num_variables
    values = np.array([given.low, given.high])
    unit = find_unit(values, np.zeros(1), 1.0)
    couplings = packed_couplings(given.bits, given.low / unit.size, given.high / unit.size)
    above = couplings.row_count.astype(np.float64)
    squares = ((n - 1 - above) * given.low**2 + above * given.high**2) / unit.size**2
    h = np.zeros(n)
    return CompiledProblem(
        couplings=couplings,
        h=h,
        scale=unit.size,
        offset=0.0,
        field_scale=field_scale(h, squares),
        integer=unit.whole,
        labels=range(n),
        vartype="SPIN",
        kind=given.kind,
        given=given,
        num_interactions=n * (n - 1) // 2 if given.low else int(couplings.row_count.sum()) // 2,
    )
