"""From coefficients as given to couplings as stored: which storage, which unit, which type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse

from isinglass.errors import ProblemError
from isinglass.kernels.cpu import build
from isinglass.memory import require
from isinglass.problems.compiled import CompiledProblem, Dense, Packed, Sparse
from isinglass.problems.dense_given import PackedGraph, words_per_row
from isinglass.problems.edges_of import edge_list_of
from isinglass.problems.given import EdgeList, MatrixProblem
from isinglass.problems.pairs import DenseMatrix, Pairs, SymmetricRows, TriangleRows
from isinglass.problems.units import Unit, check_finite, field_type, find_unit


def choose_storage(n: int, entries: int, two_valued: bool) -> str:
    """The cheapest storage for ``entries`` off-diagonal entries (both directions counted).

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


def compile_given(given: EdgeList | MatrixProblem, storage: str | None) -> CompiledProblem:
    """Compile coefficients for the kernels; see compile.py for what is raised."""
    pairs = _pairs_of(given)
    n = given.num_variables
    binary = given.vartype == "BINARY"
    # What a pair contributes is ``multiple`` times its value: x^T Q x names a symmetric pair twice.
    multiple = 1.0
    if isinstance(given, MatrixProblem):
        multiple = given.pair_factor * (2.0 if given.symmetric else 1.0)
    linear = _linear_of(given)
    # x = (1 + s) / 2 turns c x y into c / 4 (1 + s_x + s_y + s_x s_y) and l x into l / 2 (1 + s).
    linear_factor = (2.0 if binary else 1.0) / multiple
    unit = find_unit(pairs.values(), linear, linear_factor)
    sums, absolute, squares = pairs.sums()
    h = linear * linear_factor / unit.size + (sums / unit.size if binary else 0.0)
    if unit.whole:
        h = np.rint(h)
    two_values = pairs.two_values()
    chosen = storage or choose_storage(n, pairs.entries, two_values is not None)
    couplings, h = _store(chosen, pairs, two_values, h, absolute / unit.size, sums / unit.size, unit)
    pair_offset = multiple * sums.sum() / 8.0 if binary else 0.0
    return CompiledProblem(
        couplings=couplings,
        h=h,
        scale=multiple * unit.size * (0.25 if binary else 1.0),
        offset=given.offset + (linear.sum() / 2.0 + pair_offset if binary else 0.0),
        field_scale=_field_scale(h, squares / unit.size**2),
        integer=h.dtype != np.float32 and unit.whole,
        labels=given.labels if len(given.labels) else range(n),
        vartype=given.vartype,
        kind=given.kind,
        given=given,
        num_interactions=pairs.entries // 2,
    )


def compile_packed(given: PackedGraph, storage: str | None) -> CompiledProblem:
    """Compile a graph that is packed already; its bits are used as they are unless told otherwise."""
    if storage not in (None, "packed"):
        return replace(compile_given(edge_list_of(given), storage), given=given)
    n = given.num_variables
    unit = find_unit(np.array([given.low, given.high]), np.zeros(1), 1.0)
    couplings = _packed(given.bits, given.low, given.high, unit)
    above = couplings.row_count.astype(np.float64)
    squares = ((n - 1 - above) * given.low**2 + above * given.high**2) / unit.size**2
    h = np.zeros(n)
    return CompiledProblem(
        couplings=couplings,
        h=h,
        scale=unit.size,
        offset=0.0,
        field_scale=_field_scale(h, squares),
        integer=unit.whole,
        labels=range(n),
        vartype="SPIN",
        kind=given.kind,
        given=given,
        num_interactions=n * (n - 1) // 2 if given.low else int(couplings.row_count.sum()) // 2,
    )


# --- what was given ---------------------------------------------------------------------------


def _pairs_of(given: EdgeList | MatrixProblem) -> Pairs:
    if isinstance(given, EdgeList):
        return _rows_of_edges(given)
    if isinstance(given.matrix, np.ndarray):
        return DenseMatrix(given.matrix, given.symmetric)
    csr = given.matrix
    if not given.symmetric:
        return TriangleRows(csr)
    if csr.diagonal().any():
        return TriangleRows(scipy.sparse.triu(csr, 1, format="csr"))
    return SymmetricRows(csr.indptr, csr.indices, csr.data)


def _rows_of_edges(given: EdgeList) -> SymmetricRows:
    """Both directions of every edge in sorted rows, repeated edges added up."""
    n, edges, value = given.num_variables, len(given.row), given.value
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
    return SymmetricRows(indptr, indices, values)


def _linear_of(given: EdgeList | MatrixProblem) -> np.ndarray:
    """The given linear coefficients, a QUBO matrix's diagonal included; float64[n]."""
    linear = np.zeros(given.num_variables) if given.linear is None else given.linear.astype(np.float64)
    if isinstance(given, MatrixProblem) and given.vartype == "BINARY":
        linear = linear + given.pair_factor * given.matrix.diagonal()
    return linear


def _field_scale(h: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """(smallest, ninth decile, largest) rms local field of spins that have one; ones if none has."""
    size = np.sqrt(h.astype(np.float64) ** 2 + squares)
    size = size[size > 0]
    if not size.size:
        return np.ones(3)
    places = [0, int(0.9 * (size.size - 1)), size.size - 1]
    scale: np.ndarray = np.partition(size, places)[places]
    return scale


# --- how it is stored -------------------------------------------------------------------------


def _store(
    storage: str,
    pairs: Pairs,
    two_values: tuple[float, float] | None,
    h: np.ndarray,
    absolute: np.ndarray,
    sums: np.ndarray,
    unit: Unit,
) -> tuple[Any, np.ndarray]:
    """(couplings, h in the storage's type); ``h``, ``absolute`` and ``sums`` in units."""
    n = pairs.num_variables
    bound = float((np.abs(h) + absolute).max(initial=0.0))
    if storage == "packed":
        if two_values is None:
            raise ProblemError(
                "storage='packed' holds couplings of two values (one may be zero), and this problem "
                "has other couplings; use storage='dense' or 'sparse'"
            )
        require(8 * n * words_per_row(n), f"packing {n} variables, one bit a pair,")
        bits = np.zeros((n, words_per_row(n)), np.uint64)
        pairs.set_bits(bits, two_values[1])
        return _packed(bits, *two_values, unit), h
    largest = float(build.largest_size(pairs.values())) / unit.size
    if storage == "dense":
        fits = unit.whole and 2 * largest <= np.iinfo(np.int16).max and bound <= np.iinfo(np.int32).max
        if fits:
            return Dense(pairs.matrix(unit, np.int16)), h.astype(np.int32)
        return Dense(pairs.matrix(unit, np.float32)), h.astype(np.float32)
    kind = field_type(bound, 2.0 * largest, unit.whole)
    indptr, indices, weights = pairs.rows(unit, kind)
    return Sparse(indptr, indices, weights, (h - sums).astype(kind)), h.astype(kind)


def _packed(bits: np.ndarray, low: float, high: float, unit: Unit) -> Packed:
    counts = np.empty(len(bits), np.int32)
    build.row_popcounts(bits, counts)
    return Packed(bits, counts, low / unit.size, (high - low) / unit.size)
