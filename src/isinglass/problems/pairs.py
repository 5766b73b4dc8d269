"""The couplings of a problem as given, in the forms they come in, with what compiling asks of them.

Three forms, one set of questions: symmetric rows (edge lists, symmetric SciPy matrices), one
triangle in rows (triangular SciPy matrices, mirrored only while the kernel's arrays are written) and a
dense matrix (NumPy and memory-mapped ones, read a block of rows at a time). "Value" is the number given;
a value of zero is an absent coupling.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import scipy.sparse

from isinglass.kernels.cpu import build
from isinglass.memory import require
from isinglass.problems.units import Unit

_BLOCK_BYTES = 1 << 27

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


class Pairs(Protocol):
    """What compiling asks. Sums are by row of the full symmetric matrix, diagonal left out."""

    num_variables: int
    entries: int
    """Couplings, each counted in both directions."""

    def values(self) -> np.ndarray:
        """Enough of the values to find their unit: all of them, or the distinct ones."""

    def two_values(self) -> tuple[float, float] | None:
        """(low, high) where all pairs, absent ones counted as 0, take at most two values; else None."""

    def sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """float64[n] each: sums of the values, of their sizes and of their squares."""

    def set_bits(self, bits: np.ndarray, high: float) -> None:
        """Set bit j of row i (uint64[n, words], zeroed), both directions, where the value is ``high``."""

    def rows(self, unit: Unit, kind: type[np.generic]) -> Rows:
        """(indptr int64[n + 1], indices int32, weights ``kind``): 2 value / unit, rows sorted."""

    def matrix(self, unit: Unit, kind: type[np.generic]) -> np.ndarray:
        """``kind`` [n, n]: value / unit, symmetric, zero diagonal."""


def low_high(count: int, first: float, second: float, full: bool) -> tuple[float, float] | None:
    """The two values of a complete graph whose ``count`` distinct stored values are given."""
    if count == 2 and full:
        return first, second
    if count == 2 and 0.0 in (first, second):
        return 0.0, first + second
    return (0.0, first) if count == 1 else None


class SymmetricRows:
    """Compressed rows holding both directions of each coupling, sorted, without a diagonal."""

    def __init__(self, indptr: np.ndarray, indices: np.ndarray, values: np.ndarray) -> None:
        self.num_variables = len(indptr) - 1
        self.entries = len(indices)
        self._indptr = indptr.astype(np.int64, copy=False)
        self._indices = indices.astype(np.int32, copy=False)
        self._values = values

    def values(self) -> np.ndarray:
        return self._values

    def two_values(self) -> tuple[float, float] | None:
        full = self.entries == self.num_variables * (self.num_variables - 1)
        count, first, second = build.two_values(self._values)
        return low_high(count, first, second, full)

    def sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        sums: tuple[np.ndarray, np.ndarray, np.ndarray] = build.row_sums(self._indptr, self._values)
        return sums

    def set_bits(self, bits: np.ndarray, high: float) -> None:
        build.pack_rows(self._indptr, self._indices, self._values, high, bits, False)

    def rows(self, unit: Unit, kind: type[np.generic]) -> Rows:
        require(self.entries * np.dtype(kind).itemsize, f"storing {self.entries // 2} couplings")
        weights = np.empty(self.entries, kind)
        build.to_units(self._values, unit.size / 2.0, unit.whole, weights)
        return self._indptr, self._indices, weights

    def matrix(self, unit: Unit, kind: type[np.generic]) -> np.ndarray:
        return _scatter(self.rows(unit, kind), kind)


class TriangleRows:
    """Compressed rows holding each coupling once; a diagonal is passed over."""

    def __init__(self, csr: Any) -> None:
        self.num_variables = int(csr.shape[0])
        self._csr = csr
        self._indptr = np.zeros(self.num_variables + 1, np.int64)
        build.csr_degrees(csr.indptr, csr.indices, self._indptr)
        self.entries = int(self._indptr[-1])

    def values(self) -> np.ndarray:
        values: np.ndarray = self._csr.data
        return values

    def two_values(self) -> tuple[float, float] | None:
        full = self.entries == self.num_variables * (self.num_variables - 1)
        count, first, second = build.two_values(self._csr.data)
        return low_high(count, first, second, full)

    def sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        csr = self._csr
        sums: tuple[np.ndarray, np.ndarray, np.ndarray] = build.triangle_sums(
            csr.indptr, csr.indices, csr.data
        )
        return sums

    def set_bits(self, bits: np.ndarray, high: float) -> None:
        build.pack_rows(self._csr.indptr, self._csr.indices, self._csr.data, high, bits, True)

    def rows(self, unit: Unit, kind: type[np.generic]) -> Rows:
        size = 4 + np.dtype(kind).itemsize
        require(self.entries * size, f"storing {self.entries // 2} couplings in both directions")
        indices, weights = np.empty(self.entries, np.int32), np.empty(self.entries, kind)
        csr = self._csr
        build.csr_mirror(
            csr.indptr, csr.indices, csr.data, unit.size / 2.0, unit.whole, self._indptr, indices, weights
        )
        return self._indptr, indices, weights

    def matrix(self, unit: Unit, kind: type[np.generic]) -> np.ndarray:
        return _scatter(self.rows(unit, kind), kind)


def _scatter(rows: Rows, kind: type[np.generic]) -> np.ndarray:
    indptr, indices, weights = rows
    n = len(indptr) - 1
    require(n * n * np.dtype(kind).itemsize, f"storing {n} variables as a dense matrix")
    matrix = np.zeros((n, n), kind)
    build.scatter_rows(indptr, indices, weights, 0.5, matrix)
    return matrix


class DenseMatrix:
    """A NumPy matrix, symmetric or with one empty triangle; a diagonal is passed over."""

    def __init__(self, matrix: np.ndarray, symmetric: bool) -> None:
        self.num_variables = int(matrix.shape[0])
        self._matrix, self._symmetric = matrix, symmetric
        stored, self._distinct = self._survey()
        self.entries = stored if symmetric else 2 * stored

    def _survey(self) -> tuple[int, np.ndarray | None]:
        """(stored off-diagonal values that are not zero, the distinct ones if there are at most two)."""
        stored, distinct = 0, set[float]()
        for _, block in row_blocks(self._matrix):
            present = block[block != 0]
            stored += len(present)
            if len(distinct) < 3:
                count, first, second = build.two_values(present)
                distinct |= {first, second} if count else set()
                distinct |= {np.inf} if count > 2 else set()
        return stored, np.array(sorted(distinct)) if len(distinct) < 3 else None

    def values(self) -> np.ndarray:
        return self._distinct if self._distinct is not None else self._matrix.reshape(-1)

    def two_values(self) -> tuple[float, float] | None:
        if self._distinct is None or not len(self._distinct):
            return None
        full = self.entries == self.num_variables * (self.num_variables - 1)
        return low_high(len(self._distinct), self._distinct[0], self._distinct[-1], full)

    def sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n = self.num_variables
        plain, absolute, squares = np.zeros(n), np.zeros(n), np.zeros(n)
        for first, block in row_blocks(self._matrix):
            part = slice(first, first + len(block))
            for total, terms in ((plain, block), (absolute, np.abs(block)), (squares, block * block)):
                total[part] += terms.sum(1, dtype=np.float64)
                if not self._symmetric:
                    total += terms.sum(0, dtype=np.float64)
        return plain, absolute, squares

    def set_bits(self, bits: np.ndarray, high: float) -> None:
        for first, block in row_blocks(self._matrix):
            packed = np.packbits(block == high, axis=1, bitorder="little")
            bits[first : first + len(block)].view(np.uint8)[:, : packed.shape[1]] = packed
        if not self._symmetric:
            build.mirror_bits(bits, self.num_variables)

    def rows(self, unit: Unit, kind: type[np.generic]) -> Rows:
        csr = scipy.sparse.csr_array(self._matrix)
        csr.setdiag(0)
        csr.eliminate_zeros()
        if self._symmetric:
            return SymmetricRows(csr.indptr, csr.indices, csr.data).rows(unit, kind)
        return TriangleRows(csr).rows(unit, kind)

    def matrix(self, unit: Unit, kind: type[np.generic]) -> np.ndarray:
        n = self.num_variables
        require(n * n * np.dtype(kind).itemsize, f"storing {n} variables as a dense matrix")
        result = np.empty((n, n), kind)
        for first, block in row_blocks(self._matrix):
            part = block / unit.size
            result[first : first + len(block)] = np.rint(part) if unit.whole else part
        if not self._symmetric:
            result += result.T.copy()
        return result


def row_blocks(matrix: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, copy of a block of rows with the diagonal zeroed), at most about 128 MB each."""
    n = matrix.shape[0]
    rows = max(1, _BLOCK_BYTES // max(1, n * max(8, matrix.itemsize)))
    for first in range(0, n, rows):
        block = np.array(matrix[first : first + rows])
        if block.dtype.kind in "iub":
            block = block.astype(np.int64)  # squares must not overflow
        own = np.arange(len(block))
        block[own, first + own] = 0
        yield first, block
