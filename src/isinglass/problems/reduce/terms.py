"""The terms of a compiled problem in double precision: what exact methods work on.

Kernel units, ``E = sum_i h_i s_i + sum_{i<j} J_ij s_i s_j``. Where the compiled arrays hold whole numbers
these are taken; where they are rounded to single precision the coefficients as given are taken
instead, so that a certificate speaks of the user's problem and not of a rounded one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from isinglass.memory import require
from isinglass.problems.compiled import CompiledProblem, Sparse
from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.dense_matrix import dense_matrix
from isinglass.problems.edges_of import edge_list_of
from isinglass.problems.given import EdgeList, MatrixProblem

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Terms:
    """Fields and a symmetric CSR of couplings without zeros; rows sorted."""

    h: np.ndarray
    """float64[n]"""
    indptr: np.ndarray
    """int64[n + 1]"""
    indices: np.ndarray
    """int32[nnz], both directions"""
    values: np.ndarray
    """float64[nnz], J"""
    whole: bool
    """True where all energies are computed without rounding."""

    @property
    def num_variables(self) -> int:
        return int(self.h.shape[0])

    @property
    def slack(self) -> float:
        """Relative margin for comparisons: 0 where sums are exact."""
        return 0.0 if self.whole else _ROUNDING

    @property
    def tolerance(self) -> float:
        """Energies that differ by no more than this count as equal; 0 where sums are exact."""
        return self.slack * self.size

    @property
    def size(self) -> float:
        """Sum of the sizes of all terms: no energy lies below its negative."""
        return float(np.abs(self.h).sum() + 0.5 * np.abs(self.values).sum())

    def energy(self, spins: np.ndarray) -> float:
        """Energy of one state, int8[n]."""
        s = spins.astype(np.float64)
        csr = scipy.sparse.csr_array((self.values, self.indices, self.indptr), shape=(len(s), len(s)))
        return float(self.h @ s + 0.5 * s @ (csr @ s))

    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(row, col, J) of every pair once, row < col."""
        row = np.repeat(np.arange(self.num_variables, dtype=np.int32), np.diff(self.indptr))
        upper = row < self.indices
        return row[upper], self.indices[upper], self.values[upper]

    def part(self, members: np.ndarray) -> Terms:
        """The terms among ``members`` (sorted); couplings to others are left out."""
        n = self.num_variables
        csr = scipy.sparse.csr_array((self.values, self.indices, self.indptr), shape=(n, n))
        return from_csr(self.h[members], csr[members][:, members], self.whole)


def from_csr(h: np.ndarray, csr: scipy.sparse.csr_array, whole: bool) -> Terms:
    """Terms of fields and a symmetric SciPy matrix of couplings, which is changed in place."""
    csr.sum_duplicates()
    csr.eliminate_zeros()
    return Terms(
        h.astype(np.float64), csr.indptr.astype(np.int64), csr.indices.astype(np.int32),
        csr.data.astype(np.float64), whole,
    )  # fmt: skip


def from_edges(h: np.ndarray, row: np.ndarray, col: np.ndarray, value: np.ndarray, whole: bool) -> Terms:
    """Terms of fields and edges; repeated edges add up."""
    n, value = len(h), np.asarray(value, np.float64)
    both = (np.r_[row, col], np.r_[col, row])
    return from_csr(h, scipy.sparse.csr_array((np.r_[value, value], both), shape=(n, n)), whole)


def terms_of(problem: CompiledProblem) -> Terms:
    """The terms of ``problem`` in its kernel units; see the module's docstring."""
    n, couplings = problem.num_variables, problem.couplings
    if not problem.integer:
        return _terms_as_given(problem)
    h = problem.h.astype(np.float64)
    if isinstance(couplings, Sparse):
        arrays = (0.5 * couplings.weights, couplings.indices, couplings.indptr)
        # Copied: leaving out zeros moves the entries of a SciPy matrix in place.
        return from_csr(h, scipy.sparse.csr_array(arrays, shape=(n, n), copy=True), True)
    require(24 * n * n, f"listing the couplings of {n} variables")
    return from_csr(h, scipy.sparse.csr_array(dense_matrix(problem)), True)


def _terms_as_given(problem: CompiledProblem) -> Terms:
    given, n = problem.given, problem.num_variables
    linear = np.zeros(n)
    if isinstance(given, PackedGraph):
        given = edge_list_of(given)
    if given.linear is not None:
        linear = given.linear.astype(np.float64)
    if isinstance(given, EdgeList):
        row, col, value = given.row, given.col, given.value.astype(np.float64)
    else:
        row, col, value = _matrix_edges(given)
        if given.vartype == "BINARY":
            linear = linear + given.pair_factor * given.matrix.diagonal()
    if given.vartype == "BINARY":
        # x = (1 + s) / 2, as in storage.compile_given.
        value = value / 4.0
        linear = linear / 2.0 + np.bincount(row, value, n) + np.bincount(col, value, n)
    return from_edges(linear / problem.scale, row, col, value / problem.scale, False)


def _matrix_edges(given: MatrixProblem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    coo = scipy.sparse.coo_array(given.matrix)
    off = coo.row != coo.col
    return coo.row[off], coo.col[off], given.pair_factor * coo.data[off].astype(np.float64)
