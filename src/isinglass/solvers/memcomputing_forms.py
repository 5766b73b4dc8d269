"""A compiled problem in the two forms that memcomputing machines integrate: bonds and clauses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse

from isinglass.kernels.cpu.memory_lanes import LANES
from isinglass.memory import require
from isinglass.problems.compiled import CompiledProblem, Sparse
from isinglass.problems.dense_matrix import dense_matrix

_ENTRY_BYTES = 12
_BOND_BYTES = {"bonds": 4 * LANES, "clauses": 2 * (40 + 12 + 24 + 8 + 24)}
"""A block of replicas: memories of a bond; of the two clauses of a bond, with their literals."""
_POWER_ITERATIONS = 30


class Bonds(NamedTuple):
    """Rows of couplings; a field is a bond to spin n, which stays up."""

    indptr: np.ndarray
    """int64[n + 1]"""
    indices: np.ndarray
    """int32[entries], sorted in each row."""
    couplings: np.ndarray
    """float64[entries], kernel units."""
    upper: np.ndarray
    """int64[n], the first entry of each row above its diagonal."""

    @property
    def number(self) -> int:
        """Bonds, each counted once."""
        return int((self.indptr[1:] - self.upper).sum())

    @property
    def norm(self) -> float:
        """1 / (root-mean-square row norm of the couplings, or of the fields where there are only those)."""
        n = len(self.upper)
        inner = self.couplings[self.indices < n]
        square = float(((inner if len(inner) else self.couplings) ** 2).sum())
        return float(np.sqrt(n / square)) if square else 1.0

    @property
    def stiffness(self) -> float:
        """Spectral radius of the couplings times ``norm``, by power iteration: 2 on a random lattice."""
        n = len(self.upper)
        inner = scipy.sparse.csr_array((self.couplings, self.indices, self.indptr), (n, n + 1))[:, :n]
        vector, radius = np.random.default_rng(0).normal(size=n), 0.0
        for _ in range(_POWER_ITERATIONS):
            length = float(np.linalg.norm(vector))
            if length == 0.0:
                break
            vector = inner @ (vector / length)
            radius = float(np.linalg.norm(vector))
        return radius * self.norm


class Clauses(NamedTuple):
    """Weighted clauses of up to three literals over variables 0 to n - 1, padded with variable n."""

    variables: np.ndarray
    """int32[clauses, 3]"""
    signs: np.ndarray
    """float64[clauses, 3], 1 where the literal wants its variable true (spin up), else -1."""
    costs: np.ndarray
    """float64[clauses], > 0."""
    offset: float
    """Energy with every clause satisfied."""

    def occurrences(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """(int64[n + 1], int64[literals]): where each variable stands, as 3 clause + literal."""
        flat = self.variables.ravel()
        counts = np.bincount(flat, minlength=n + 1)[:n]
        places = np.argsort(flat, kind="stable")[: int(counts.sum())]
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), places.astype(np.int64)


def bonds_of(problem: CompiledProblem, form: str, blocks: int) -> Bonds:
    """The bonds of a problem; OutOfMemoryError where ``blocks`` blocks of replicas cannot fit."""
    n, couplings = problem.num_variables, problem.couplings
    fields = int(np.count_nonzero(problem.h))
    sparse = isinstance(couplings, Sparse)
    entries = len(couplings.indices) if isinstance(couplings, Sparse) else n * (n - 1)
    number = entries // 2 + fields
    require(
        blocks * _BOND_BYTES[form] * number
        + 2 * _ENTRY_BYTES * (entries + fields)
        + (not sparse) * 16 * n * n,
        f"memcomputing keeps memories for each of {number:,} bonds, which",
    )
    if isinstance(couplings, Sparse):
        values = 0.5 * couplings.weights.astype(np.float64)
        rows = scipy.sparse.csr_array((values, couplings.indices, couplings.indptr), (n, n))
    else:
        rows = scipy.sparse.csr_array(dense_matrix(problem))
    field = scipy.sparse.csr_array(problem.h.astype(np.float64)[:, None])
    rows = scipy.sparse.csr_array(scipy.sparse.hstack([rows, field], format="csr"))
    rows.eliminate_zeros()
    rows.sort_indices()
    indptr, indices = rows.indptr.astype(np.int64), rows.indices.astype(np.int32)
    above = np.concatenate([[0], np.cumsum(indices > np.repeat(np.arange(n), np.diff(indptr)))])
    upper = indptr[1:] - (above[indptr[1:]] - above[indptr[:-1]])
    return Bonds(indptr, indices, rows.data, upper)


def clauses_of(bonds: Bonds) -> Clauses:
    """Weighted MAX-2-SAT of the same energy.

    A bond J is two clauses of cost 2 |J|, exactly one of which is unsatisfied where the bond is
    frustrated: (s_i or s_j), (not s_i or not s_j) for J > 0, with one sign turned for J < 0. A field
    h is one clause, (not s_i) for h > 0, of cost 2 |h|. All satisfied is - sum |J| - sum |h|.
    """
    n = len(bonds.upper)
    row = np.repeat(np.arange(n), np.diff(bonds.indptr))
    once = bonds.indices > row
    first, second, J = row[once], bonds.indices[once], bonds.couplings[once]
    sign = np.sign(J)
    field = second == n
    variables = np.full((2, len(J), 3), n, np.int32)
    signs = np.ones((2, len(J), 3))
    variables[:, :, 0], variables[:, :, 1] = first, second
    signs[0, :, 0], signs[0, :, 1] = 1.0, sign
    signs[1, :, 0], signs[1, :, 1] = -1.0, -sign
    # Variable n is false, so a field leaves one literal: not s_i for h > 0.
    signs[1, field, 0], signs[1, field, 1] = -sign[field], 1.0
    kept = np.concatenate([~field, np.ones(len(J), bool)])
    costs = np.tile(2.0 * np.abs(J), 2)[kept]
    both = (np.concatenate(variables)[kept], np.concatenate(signs)[kept])
    return Clauses(*both, costs, -float(np.abs(J).sum()))
