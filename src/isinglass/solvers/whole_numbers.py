"""A compiled problem in whole numbers only, in the arrays that tabu search walks through.

Integer problems are copied into the narrowest integers that hold their couplings, dense rows padded
to whole blocks. Couplings in single precision are multiplied by a power of two that takes the
largest to 2^30 and rounded: 31 bits of fixed point against the 24 of single precision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from isinglass.kernels.cpu.build import largest_size, row_sums, scatter_rows, to_units
from isinglass.kernels.cpu.tabu_rows import DenseRows, PackedRows, SparseRows
from isinglass.memory import require
from isinglass.problems.compiled import CompiledProblem, Dense, Packed, Sparse

Rows = DenseRows | PackedRows | SparseRows

_LARGEST_COUPLING = 2.0**30
_LARGEST_ENERGY = 2.0**61
_DENSE_SHIFT = 8
_SMALL_DENSE_SHIFT = 6
_SMALL = 512
_LARGEST_DENSIFIED = 8192
_DENSE_STEPS_PER_NEIGHBOUR = 64
"""A neighbour in a sparse row costs as much as this many numbers of a dense one."""
_CHUNK = 1 << 22


@dataclass(frozen=True)
class WholeNumbers:
    """See the module's docstring. Shared by all reads of a run."""

    rows: Rows
    h: np.ndarray
    """int64[n]"""
    unit: float
    """Kernel energy of the problem = ``unit`` times the energy here."""
    bound: int
    """No local field is larger."""
    shift: int
    """log2 of the spins in a block."""

    @property
    def padded(self) -> int:
        """Spins in whole blocks, at least one."""
        blocks: int = max(1, -(-len(self.h) >> self.shift))
        return blocks << self.shift

    @property
    def gain_type(self) -> type[np.signedinteger[Any]]:
        """The narrowest integer that holds gains and those of tabu spins."""
        return next(k for k in (np.int16, np.int32, np.int64) if 3 * self.bound + 1 <= np.iinfo(k).max)

    @property
    def sign_type(self) -> np.dtype[Any]:
        """That of the couplings: a sign times a coupling is one operation."""
        values = self.rows.matrix if isinstance(self.rows, DenseRows) else self.rows.values
        return values.dtype

    def own_rows(self) -> Rows:
        """The rows with scratch arrays of their own, for one thread."""
        if isinstance(self.rows, PackedRows):
            return self.rows._replace(row=np.zeros_like(self.rows.row))
        if isinstance(self.rows, SparseRows):
            return self.rows._replace(touched=np.zeros_like(self.rows.touched))
        return self.rows


def in_whole_numbers(problem: CompiledProblem) -> WholeNumbers:
    """Copy the couplings of ``problem``; OutOfMemoryError if they do not fit twice."""
    if isinstance(problem.couplings, Packed):
        return _packed(problem, problem.couplings)
    if isinstance(problem.couplings, Dense):
        return _dense(problem, problem.couplings)
    n, entries = problem.num_variables, len(problem.couplings.indices)
    numbers = sparse_in_whole_numbers(problem, problem.couplings)
    if n <= _LARGEST_DENSIFIED and entries * _DENSE_STEPS_PER_NEIGHBOUR > n * n:
        return _densified(numbers)
    return numbers


def _dense(problem: CompiledProblem, couplings: Dense) -> WholeNumbers:
    n, sums, largest = problem.num_variables, np.zeros(problem.num_variables), 0.0
    for first, chunk in _chunks(couplings.matrix):
        size = np.abs(chunk, dtype=np.float64)
        largest = max(largest, float(size.max(initial=0.0)))
        sums[first : first + len(chunk)] = size.sum(axis=1)
    scale = _scale(problem, couplings.matrix, largest, sums)
    matrix, shift = _empty_matrix(n, _narrowest(largest * scale))
    for first, chunk in _chunks(couplings.matrix):
        matrix[first : first + len(chunk), :n] = chunk if scale == 1.0 else np.rint(chunk * scale)
    return _numbers(problem, DenseRows(matrix), scale, sums, shift)


def sparse_in_whole_numbers(problem: CompiledProblem, couplings: Sparse) -> WholeNumbers:
    """As ``in_whole_numbers``, the rows left sparse whatever their length."""
    n, weights = problem.num_variables, couplings.weights
    # Weights are twice the couplings.
    sums, largest = 0.5 * row_sums(couplings.indptr, weights)[1], 0.5 * largest_size(weights)
    scale = _scale(problem, weights, 2.0 * largest, 2.0 * sums)
    require(len(weights) * 4, f"tabu search of {len(weights)} couplings")
    values = np.empty(len(weights), _narrowest(2.0 * largest * scale))
    to_units(weights, 1.0 / scale, True, values)
    # A changed neighbour costs a scan of its block, a flip one of all the blocks' peaks.
    neighbours = len(weights) / max(1, n) + 1
    shift = int(np.clip(np.ceil(0.5 * np.log2(8 * max(1, n) / neighbours)), 6, 10))
    touched = np.zeros(max(1, -(-n >> shift)), np.bool_)
    rows = SparseRows(couplings.indptr, couplings.indices, values, touched)
    return _numbers(problem, rows, 2.0 * scale, sums, shift)


def _densified(numbers: WholeNumbers) -> WholeNumbers:
    sparse = cast(SparseRows, numbers.rows)
    matrix, shift = _empty_matrix(len(numbers.h), sparse.values.dtype.type)
    scatter_rows(sparse.indptr, sparse.indices, sparse.values, 1.0, matrix)
    return replace(numbers, rows=DenseRows(matrix), shift=shift)


def _packed(problem: CompiledProblem, couplings: Packed) -> WholeNumbers:
    n = problem.num_variables
    both = np.array([couplings.low, couplings.low + couplings.step])
    above = couplings.row_count.astype(np.float64)
    sums = above * abs(both[1]) + (n - 1 - above) * abs(both[0])
    largest = float(np.abs(both).max())
    scale = 1.0 if problem.integer else _rounding_scale(problem, largest, float(sums.sum()))
    values = np.rint(both * scale).astype(_narrowest(largest * scale))
    row = np.zeros(64 * couplings.bits.shape[1], values.dtype)
    return _numbers(problem, PackedRows(couplings.bits, values, row), scale, sums, _dense_shift(n))


def _numbers(
    problem: CompiledProblem, rows: Rows, scale: float, sums: np.ndarray, shift: int
) -> WholeNumbers:
    """``sums``: of the couplings' sizes in each row, in the problem's own units."""
    h = np.rint(problem.h.astype(np.float64) * scale).astype(np.int64)
    # A rounded coupling is half a unit off at most.
    slack = 0 if problem.integer else problem.num_variables
    bound = int((np.abs(h) + np.ceil(sums * scale)).max(initial=0.0)) + slack
    return WholeNumbers(rows, h, 1.0 / scale, bound, shift)


def _empty_matrix(n: int, kind: type[np.signedinteger[Any]]) -> tuple[np.ndarray, int]:
    """(a zero matrix with rows of whole blocks, the blocks' shift)"""
    shift = _dense_shift(n)
    padded = max(1, -(-n >> shift)) << shift
    require(n * padded * np.dtype(kind).itemsize, f"tabu search of {n} densely coupled variables")
    return np.zeros((n, padded), kind), shift


def _dense_shift(n: int) -> int:
    return _SMALL_DENSE_SHIFT if n <= _SMALL else _DENSE_SHIFT


def _scale(problem: CompiledProblem, values: np.ndarray, largest: float, sums: np.ndarray) -> float:
    """By which power of two ``values`` and the fields are multiplied.

    In integer problems 1 over the one that divides them all: QUBOs often have one, and then fit bytes.
    """
    if not problem.integer:
        return _rounding_scale(problem, largest, float(sums.sum()))
    bits = int(np.bitwise_or.reduce(problem.h, initial=0))
    if isinstance(problem.couplings, Sparse):
        # Values are doubled there.
        bits *= 2
    for _, chunk in _chunks(values):
        bits |= int(np.bitwise_or.reduce(chunk, axis=None, initial=0))
    return 1.0 / (bits & -bits) if bits else 1.0


def _rounding_scale(problem: CompiledProblem, largest: float, total: float) -> float:
    """The power of two by which coefficients are multiplied before they are rounded."""
    fields = np.abs(problem.h).astype(np.float64)
    total += float(fields.sum())
    largest = largest or float(fields.max(initial=0.0)) or 1.0
    return float(2.0 ** np.floor(np.log2(min(_LARGEST_COUPLING / largest, _LARGEST_ENERGY / (total or 1.0)))))


def _narrowest(largest: float) -> type[np.signedinteger[Any]]:
    return next(k for k in (np.int8, np.int16, np.int32, np.int64) if largest <= np.iinfo(k).max)


def _chunks(values: np.ndarray) -> Any:
    """(first, part) of a matrix by rows or of a vector, a few million numbers at a time."""
    step = max(1, _CHUNK // max(1, values[:1].size))
    return ((first, values[first : first + step]) for first in range(0, len(values), step))
