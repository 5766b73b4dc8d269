"""Compiling a NumPy matrix, memory-mapped ones too, a block of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse

from isinglass.errors import ProblemError
from isinglass.kernels.cpu import build
from isinglass.memory import require
from isinglass.problems.compiled import CompiledProblem, Dense, Packed
from isinglass.problems.given import MatrixProblem
from isinglass.problems.storage import (
    choose_storage,
    compile_matrix,
    dense_types,
    field_scale,
    linear_of,
    packed_couplings,
    zero_bits,
)
from isinglass.problems.units import Unit, find_unit

_BLOCK_BYTES = 1 << 27


def row_blocks(matrix: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, block of rows with its diagonal zeroed); about 128 MB each, copied from a memmap."""
    n = matrix.shape[0]
    rows = max(1, _BLOCK_BYTES // max(1, n * max(8, matrix.itemsize)))
    for first in range(0, n, rows):
        block = np.array(matrix[first : first + rows])
        count = block.shape[0]
        block[np.arange(count), first + np.arange(count)] = 0
        yield first, block


def triangles(matrix: np.ndarray) -> bool:
    """True for a symmetric matrix, False for one with an empty triangle.

    ProblemError where both are filled and differ, naming the first such pair of entries.
    """
    lower = any(np.tril(block, first - 1).any() for first, block in row_blocks(matrix))
    upper = any(np.triu(block, first + 1).any() for first, block in row_blocks(matrix))
    if not (lower and upper):
        return not (lower or upper)
    for first, block in row_blocks(matrix):
        mirrored = np.array(matrix[:, first : first + block.shape[0]].T)
        count = block.shape[0]
        mirrored[np.arange(count), first + np.arange(count)] = 0
        different = np.argwhere(block != mirrored)
        if different.size:
            i, j = int(different[0, 0]) + first, int(different[0, 1])
            raise asymmetric(i, j, matrix[i, j], matrix[j, i])
    return True


def asymmetric(i: int, j: int, one: float, other: float) -> ProblemError:
    return ProblemError(
        f"the matrix has {one} at ({i}, {j}) and {other} at ({j}, {i}); it must be symmetric, upper "
        "or lower triangular. If x^T Q x is meant, pass numpy.triu(Q) + numpy.tril(Q, -1).T"
    )


def compile_dense_matrix(given: MatrixProblem, storage: str | None) -> CompiledProblem:
    matrix = given.matrix
    n = given.num_variables
    multiple = given.pair_factor * (2.0 if given.symmetric else 1.0)
    entries, two_valued, values = _survey(matrix)
    entries *= 1 if given.symmetric else 2
    chosen = storage or choose_storage(n, entries, two_valued)
    if chosen == "sparse":
        csr = scipy.sparse.csr_array(matrix)
        rows = MatrixProblem(csr, given.symmetric, given.pair_factor, given.linear, given.vartype)
        return _with_given(compile_matrix(rows, "sparse"), given)

    binary = given.vartype == "BINARY"
    linear = linear_of(given)
    linear_factor = (2.0 if binary else 1.0) / multiple
    unit = find_unit(values, linear, linear_factor)
    if chosen == "packed" and not two_valued:
        raise ProblemError("storage='packed' holds couplings of two values; this matrix has more")
    # Row sums of the symmetric matrix, in units.
    sums, absolute, squares = np.zeros(n), np.zeros(n), np.zeros(n)
    for first, block in row_blocks(matrix):
        part = slice(first, first + block.shape[0])
        units = block / unit.size
        sums[part] += units.sum(1)
        absolute[part] += np.abs(units).sum(1)
        squares[part] += (units**2).sum(1)
        if not given.symmetric:
            sums += units.sum(0)
            absolute += np.abs(units).sum(0)
            squares += (units**2).sum(0)
    h = linear * linear_factor / unit.size + (sums if binary else 0.0)
    if unit.whole:
        h = np.rint(h)
    couplings: Packed | Dense
    if chosen == "packed":
        low, high = _low_high(values, entries == n * (n - 1))
        couplings = _pack(given, low, high, unit)
        field: type[np.generic] = np.float64
    else:
        largest = float(np.abs(values).max(initial=0.0)) / unit.size
        kind, field = dense_types(h, absolute, largest, unit.whole)
        couplings = Dense(_symmetric(given, unit, kind))
    offset = linear.sum() / 2.0 + multiple * unit.size * sums.sum() / 8.0 if binary else 0.0
    return CompiledProblem(
        couplings=couplings,
        h=h.astype(field),
        scale=multiple * unit.size * (0.25 if binary else 1.0),
        offset=given.offset + offset,
        field_scale=field_scale(h, squares),
        integer=field != np.float32 and unit.whole,
        labels=given.labels if len(given.labels) else range(n),
        vartype=given.vartype,
        kind=given.kind,
        given=given,
        num_interactions=entries // 2,
    )


def _with_given(compiled: CompiledProblem, given: MatrixProblem) -> CompiledProblem:
    from dataclasses import replace

    labels = given.labels if len(given.labels) else range(given.num_variables)
    offset = compiled.offset + given.offset
    return replace(compiled, given=given, labels=labels, kind=given.kind, offset=offset)


def _survey(matrix: np.ndarray) -> tuple[int, bool, np.ndarray]:
    """(non-zero off-diagonal entries, whether they and the absent ones take two values, values).

    ``values`` are the distinct ones while they are few, otherwise all: enough to find the unit.
    """
    n = matrix.shape[0]
    entries = 0
    distinct: set[float] = set()
    for _, block in row_blocks(matrix):
        entries += int(np.count_nonzero(block))
        if len(distinct) < 3:
            count, first, second = build.two_values(block[block != 0])
            distinct |= set([first, second][: min(count, 2)] + ([np.nan] if count > 2 else []))
    if np.nan in distinct or len(distinct) > 2:
        return entries, False, np.asarray(matrix).reshape(-1)
    full = entries in (n * (n - 1), n * (n - 1) // 2)
    two_valued = len(distinct) == 1 or (len(distinct) == 2 and full)
    return entries, two_valued, np.array(sorted(distinct))


def _low_high(values: np.ndarray, full: bool) -> tuple[float, float]:
    if full and values.size == 2:
        return float(values[0]), float(values[1])
    return 0.0, float(values[0])


def _pack(given: MatrixProblem, low: float, high: float, unit: Unit) -> Packed:
    n = given.num_variables
    bits = zero_bits(n)
    for first, block in row_blocks(given.matrix):
        packed = np.packbits(block == high, axis=1, bitorder="little")
        bits[first : first + block.shape[0]].view(np.uint8)[:, : packed.shape[1]] = packed
    if not given.symmetric:
        build.mirror_bits(bits, n)
    return packed_couplings(bits, low / unit.size, high / unit.size)


def _symmetric(given: MatrixProblem, unit: Unit, kind: type[np.generic]) -> np.ndarray:
    n = given.num_variables
    require(n * n * np.dtype(kind).itemsize, f"storing {n} variables as a dense matrix")
    result = np.empty((n, n), kind)
    for first, block in row_blocks(given.matrix):
        part = block / unit.size
        result[first : first + block.shape[0]] = np.rint(part) if unit.whole else part
    if not given.symmetric:
        result += result.T.copy()
    return result
