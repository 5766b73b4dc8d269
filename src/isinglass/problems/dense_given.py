"""Complete graphs as given: a matrix instead of a list of edges.

Both stand beside ``EdgeList`` for problems in which (nearly) every pair of variables is coupled:
``PackedGraph`` where the couplings take two values (one bit each), ``DenseIsing`` where they are
real numbers. Variables are spins -1/+1, there are no linear terms and no offset, and
``E(s) = sum_{i<j} J_ij s_i s_j`` is to be minimised.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isinglass.errors import ProblemError
from isinglass.problems.given import Kind


def words_per_row(num_variables: int) -> int:
    """uint64 words in a row of packed couplings: whole lines of 64 bytes, 8 ceil(n / 512)."""
    return 8 * -(-num_variables // 512)


@dataclass(frozen=True, eq=False)
class PackedGraph:
    """Couplings of two values: J_ij is ``high`` where the bit (i, j) is set and ``low`` elsewhere.

    With ``low`` = 0 this is an ordinary graph, and with ``kind`` "maxcut" J are its edge weights:
    E is ``sum w s s`` and the cut ``(sum w - E) / 2``.

    Raises ProblemError where the array has another shape or type. That ``bits`` is symmetric is
    the maker's duty.
    """

    num_variables: int
    bits: np.ndarray
    """uint64[n, 8 ceil(n / 512)], C-ordered; entry (i, j) is bit ``j % 64`` of ``bits[i, j // 64]``.
    Symmetric; the diagonal and the padding past column n are clear and stand for no coupling."""
    low: float
    high: float
    kind: Kind = "ising"
    facts: dict[str, Any] = field(default_factory=dict)
    """What is known beside the couplings: generator, seed, parameters."""

    def __post_init__(self) -> None:
        shape = (self.num_variables, words_per_row(self.num_variables))
        _check_array("bits", self.bits, shape, np.dtype(np.uint64))


@dataclass(frozen=True, eq=False)
class DenseIsing:
    """Real couplings J_ij, one float32 each.

    Raises ProblemError where the array has another shape or type. That ``matrix`` is symmetric
    is the maker's duty.
    """

    num_variables: int
    matrix: np.ndarray
    """float32[n, n], C-ordered, symmetric, zero diagonal: J_ij stands at (i, j) and at (j, i)."""
    kind: Kind = "ising"
    facts: dict[str, Any] = field(default_factory=dict)
    """What is known beside the couplings: generator, seed, parameters."""

    def __post_init__(self) -> None:
        shape = (self.num_variables, self.num_variables)
        _check_array("matrix", self.matrix, shape, np.dtype(np.float32))


def _check_array(name: str, array: np.ndarray, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
    if array.shape != shape or array.dtype != dtype or not array.flags.c_contiguous:
        raise ProblemError(
            f"{name} has shape {array.shape} and type {array.dtype}; "
            f"{shape[0]} variables need a C-ordered {dtype}{list(shape)}"
        )
