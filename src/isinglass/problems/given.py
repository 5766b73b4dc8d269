"""A problem as its user gave it, before anything is compiled.

Coefficients in the user's own variables and units, none dropped, none rescaled; the energies of
answers are computed from them. ``EdgeList`` is what files, dictionaries and dimod models become on
their way in; ``MatrixProblem`` keeps a NumPy or SciPy matrix as it is, uncopied; a packed graph
(dense_given.py) is a complete graph of two coupling values, one bit each.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Vartype = Literal["SPIN", "BINARY"]
Kind = Literal["ising", "qubo", "maxcut"]


@dataclass(frozen=True, eq=False)
class EdgeList:
    """``E(x) = offset + sum_i linear[i] x_i + sum_k value[k] x_row[k] x_col[k]``, to be minimised.

    ``x`` is -1/+1 for vartype "SPIN" and 0/1 for "BINARY". ``kind`` "maxcut" means that ``value``
    are the edge weights w of a graph: E is ``sum w s s`` and the cut ``(sum w - E) / 2``.
    """

    num_variables: int
    row: np.ndarray
    """int32 or int64 [m], 0-based, ``row[k] != col[k]``. A pair may occur more than once: it adds up."""
    col: np.ndarray
    value: np.ndarray
    """[m], float64 or any integer type."""
    linear: np.ndarray | None = None
    """float64 [n]; None means all zero."""
    offset: float = 0.0
    vartype: Vartype = "SPIN"
    kind: Kind = "ising"
    labels: Sequence[Hashable] = field(default=())
    """Names of the variables; empty means ``range(num_variables)``."""
    maximized: bool = False
    """True where the user's objective is ``-E``: the file said maximise and the signs were turned."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What is known beside the coefficients: name, format, planted ground energy."""


@dataclass(frozen=True, eq=False)
class MatrixProblem:
    """``E(x) = linear . x + pair_factor * x^T matrix x``, to be minimised.

    ``matrix``: float or integer [n, n] array (``np.memmap`` too) or SciPy CSR with sorted rows. A
    QUBO is ``x^T Q x`` as written, diagonal included (x_i^2 = x_i): ``pair_factor`` is 1. For spins
    the diagonal is zero, and a symmetric matrix names each pair twice but means it once:
    ``pair_factor`` is 1/2.
    """

    matrix: Any
    symmetric: bool
    """True where both triangles are filled (equal); False where one of them is empty."""
    pair_factor: float
    linear: np.ndarray | None = None
    vartype: Vartype = "SPIN"
    kind: Kind = "ising"
    labels: Sequence[Hashable] = field(default=())
    offset: float = 0.0
    maximized: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def num_variables(self) -> int:
        return int(self.matrix.shape[0])
