"""A problem compiled to the arrays that kernels read.

Whatever was given, kernels minimise one form over spins s = -1/+1,

    E_kernel(s) = sum_i h_i s_i + sum_{i<j} J_ij s_i s_j,      E = offset + scale * E_kernel,

in integers wherever all coefficients are whole multiples of one unit (``scale``). Couplings stand
in one of three storages:

* ``Packed``: dense with two coupling values, one bit each: n^2 / 8 bytes;
* ``Dense``: an [n, n] matrix, int16 or float32;
* ``Sparse``: compressed rows, int8, int16, int32 or float32 by the range of the local fields.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.given import EdgeList, Kind, MatrixProblem, Vartype

Given = EdgeList | MatrixProblem | PackedGraph


class Packed(NamedTuple):
    """``J_ij = low + step * bit j of row i`` for i != j."""

    bits: np.ndarray
    """uint64[n, words], symmetric, zero diagonal, words a multiple of 8."""
    row_count: np.ndarray
    """int32[n], set bits of each row."""
    low: float
    step: float


class Dense(NamedTuple):
    matrix: np.ndarray
    """[n, n], symmetric, zero diagonal."""


class Sparse(NamedTuple):
    indptr: np.ndarray
    """int64[n + 1]"""
    indices: np.ndarray
    """int32[nnz], both directions of every coupling, sorted in each row."""
    weights: np.ndarray
    """[nnz], twice the coupling."""
    base: np.ndarray
    """[n], h minus the row's sum of couplings: the local field with all neighbours down."""


@dataclass(frozen=True, eq=False)
class CompiledProblem:
    """What ``compile`` makes once and every solver run reads; see the module's docstring."""

    couplings: Packed | Dense | Sparse
    h: np.ndarray
    """[n], in the storage's own type (float64 for packed)."""
    scale: float
    offset: float
    field_scale: np.ndarray
    """(smallest, ninth decile, largest) root-mean-square local field of the spins that have one,
    kernel units."""
    integer: bool
    """True where kernel arithmetic is exact."""
    labels: Sequence[Hashable]
    vartype: Vartype
    kind: Kind
    given: Given
    """What the energies of answers are computed from."""
    num_interactions: int

    @property
    def num_variables(self) -> int:
        return int(self.h.shape[0])

    @property
    def storage(self) -> str:
        """ "packed", "dense" or "sparse"."""
        return type(self.couplings).__name__.lower()

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that kernels read."""
        arrays: list[Any] = [a for a in self.couplings if isinstance(a, np.ndarray)]
        return sum(int(a.nbytes) for a in [*arrays, self.h])

    def __repr__(self) -> str:
        return (
            f"CompiledProblem({self.num_variables} variables, {self.num_interactions} interactions, "
            f"kind={self.kind!r}, storage={self.storage!r}, {self.nbytes / 1e6:.3g} MB)"
        )
