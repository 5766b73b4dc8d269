"""How the couplings of a problem stand as a matrix on a card, and its products with many replicas.

The data choose, by the two numbers. An H100 does 1979e12 operations a second in int8, 989e12 in bfloat16 and
67e12 in float32 (data sheet, dense); a product for one replica has 2 n^2:

| couplings | times | parts | products | ps n^-2 of a replica | bytes n^-2 |
|---|---|---|---|---|---|
| whole, below 128 | signs | int8 | 1, exact | 1.0e-3 | 1 |
| whole, below 32640 | signs | int8, 2 | 2, exact | 2.0e-3 | 2 |
| whole, below 128 | positions | int8, of 2 | 2 | 2.0e-3 | 1 |
| whole, below 32640 | positions | int8, 2 of 2 | 4 | 4.0e-3 | 2 |
| exact in bfloat16 | positions | bfloat16, of 2 | 2 | 4.0e-3 | 2 |
| others | signs | 2 of bfloat16 | 2 | 4.0e-3 | 4 |
| others | positions | 2 of bfloat16, of 2 | 3 | 6.1e-3 | 4 |
| others, on cards before 8.0 | | float32 | 1 | 30e-3 | 4 |

The errors. Whole numbers are summed exactly, in whatever order; positions are rounded to the nearest of 32639
grains to the unit, which makes a product wrong by half a grain of sum_j |J_ij| at most.

bfloat16 keeps 8 binary digits: a number of [1, 2) leaves a rest of at most 2^-8, and that rest, rounded
itself, at most 2^-17. So two parts are within 2^-17 of a number, relatively, and a product of two such pairs
within 2^-16 + 2^-16 (1 + 2^-8), the first for their own errors, the second for the product of both rests,
which is left out. To these come the sums: T terms in single precision, each rounded or cut, within
T 2^-23. With A_i = sum_j |J_ij v_j| the product i is within ``tolerance`` A_i. Where all terms are whole
numbers and A_i < 2^24, as with signs of whole couplings, nothing is rounded at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.errors import DeviceError
from isinglass.kernels.cuda import bifurcate_matrix
from isinglass.kernels.cuda.card import Card, Work
from isinglass.kernels.cuda.gemm import ALIGNED, HANDLE_BYTES, gemm_arguments
from isinglass.kernels.cuda.grids import WIDE, grid_of
from isinglass.kernels.cuda.warps import LANES, SIMULATED

_ONE_DIGIT = 127
_TOGETHER = 1 if SIMULATED else LANES
"""cuBLAS has int8 kernels for more than 16 columns only."""
_CHECKED_ROWS = 16
_EXACT_BELOW = 2.0**24
_HALF_A_GRAIN = 0.51 / bifurcate_matrix.GRAINS
"""The hundredth: single precision, in which grains are counted."""
_LARGEST_SUM = 2.0**31


@dataclass(frozen=True)
class Form:
    """Parts of the couplings and of what they are multiplied by."""

    kernels: bifurcate_matrix.Kernels
    kind: Any
    """Of the numbers in memory."""
    matrix_parts: int
    operand_parts: int
    whole: bool = False
    """All couplings are whole numbers."""

    @property
    def digits(self) -> bool:
        """Parts are digits, summed apart."""
        return self.kernels is bifurcate_matrix.WHOLE

    @property
    def sums(self) -> tuple[int, Any]:
        """How many tables of sums, and of what."""
        return (self.matrix_parts + self.operand_parts - 1, np.int32) if self.digits else (1, np.float32)

    @property
    def grains(self) -> int:
        """What a position of 1 is among the operand's numbers."""
        return bifurcate_matrix.GRAINS if self.digits else 1

    def pairs(self, signs: bool) -> list[tuple[int, int, int, bool]]:
        """(part of the matrix, part of the operand, table of sums, add to it) of each product."""
        pairs = [(a, b) for a in range(self.matrix_parts) for b in range(self.operand_parts)]
        if self.digits:
            # Of one weight, the first pair begins a table; each table is written, also where a digit is 0.
            return [(a, b, a + b, a > 0 and b < self.operand_parts - 1) for a, b in pairs]
        # Signs are exact in the first part.
        return [(a, b, 0, a + b > 0) for a, b in pairs if a + b < 2 and not (signs and b)]

    def tolerance(self, n: int, signs: bool) -> float:
        """See the module's docstring; not for digits."""
        rounded = (self.matrix_parts > 1) + (self.operand_parts > 1 and not signs)
        left_out = 2.0**-16 * (1 + 2.0**-8) if rounded == 2 else 0.0
        return rounded * 2.0**-17 + left_out + len(self.pairs(signs)) * n * 2.0**-23


def form_of(card: Card, couplings: Any, signs: bool) -> Form:
    """The form for these couplings, packed or a matrix, times signs only or positions too."""
    largest, whole, exact = _values(couplings)
    digits, of = 1 if largest <= _ONE_DIGIT else 2, 1 if signs else 2
    # A digit is 128 at most, and two pairs of digits may have one weight.
    most = min(largest, 128.0) * 128.0 * len(couplings[0]) * min(digits, of)
    if whole and largest <= bifurcate_matrix.GRAINS and most < _LARGEST_SUM:
        return Form(bifurcate_matrix.WHOLE, np.int8, digits, of, whole)
    if not card.has_bfloat16:
        return Form(bifurcate_matrix.SINGLE, np.float32, 1, 1, whole)
    return Form(bifurcate_matrix.HALF, np.uint16, 1 if exact else 2, 1 if signs else 2, whole)


def _values(couplings: Any) -> tuple[float, bool, bool]:
    """(largest size, all whole, all exact in bfloat16)"""
    if len(couplings) > 1:
        _, _, low, step = couplings
        blocks = iter([np.array([low, low + step])])
    else:
        blocks = (couplings[0][i : i + 256] for i in range(0, len(couplings[0]), 256))
    largest, whole, exact = 0.0, True, True
    for block in blocks:
        single = block.astype(np.float32)
        largest = max(largest, float(np.abs(single).max(initial=0)))
        whole = whole and bool((block == np.rint(block)).all())
        exact = exact and bool((single == block).all() and not (single.view(np.uint32) & 0xFFFF).any())
    return largest, whole, exact


@dataclass(frozen=True)
class MatrixOnCard:
    """A problem on a card, in parts."""

    form: Form
    parts: Any
    """[parts, width, width], zero past n."""
    h: Any
    """float64[n]"""
    variables: int

    @property
    def width(self) -> int:
        """n, filled up to whole rows of ``ALIGNED``."""
        return int(self.parts.shape[2])

    @staticmethod
    def put(work: Work, couplings: Any, h: np.ndarray, form: Form) -> MatrixOnCard:
        """A matrix (one array), or packed bits."""
        n = len(h)
        width = _filled(n, ALIGNED)
        parts = work.room((form.matrix_parts, width, width), form.kind)
        grid = grid_of((width, width))
        if len(couplings) == 1:
            work.launch(form.kernels.fill, grid, WIDE, work.put(couplings[0]), n, parts)
        else:
            bits, _, low, step = couplings
            there = work.put(bits.view(np.uint32))
            work.launch(form.kernels.unpack, grid, WIDE, there, float(low), float(step), n, parts)
        return MatrixOnCard(form, parts, work.put(h.astype(np.float64)), n)

    def operand_for(self, work: Work, reads: int) -> tuple[Any, Any]:
        """(operand, sums) for so many replicas."""
        rows = _filled(reads, _TOGETHER)
        tables, kind = self.form.sums
        operand = work.room((self.form.operand_parts, rows, self.width), self.form.kind)
        return operand, work.room((tables, rows, self.width), kind)

    def products(self, operand: Any, sums: Any, signs: bool) -> list[tuple[int, ...]]:
        """What a ``Gemm`` is called with, in turn, for all couplings times ``operand``.

        Slices of arrays on a card are slow to make, so this is done once.
        """
        return [
            gemm_arguments(self.parts[a], operand[b], sums[table], add)
            for a, b, table, add in self.form.pairs(signs)
            if self.variables
        ]

    def check(self, couplings: Any, v: np.ndarray, sums: np.ndarray, signs: bool, card: Card) -> None:
        """DeviceError unless ``sums`` [tables, width] are the products of ``v`` [n], on some rows."""
        n, form = self.variables, self.form
        rows = np.unique(np.linspace(0, n - 1, _CHECKED_ROWS).astype(int))
        J, v = _rows_of(couplings, rows, n), v.astype(np.float64)
        found = sum(256.0**p * table[rows].astype(np.float64) for p, table in enumerate(sums))
        size = np.abs(J) @ np.abs(v)
        if form.digits:
            found = found / (1 if signs else form.grains)
            allowed = np.abs(J).sum(axis=1) * (0.0 if signs else _HALF_A_GRAIN)
        else:
            exact = size < (_EXACT_BELOW if signs and form.whole else 0.0)
            allowed = np.where(exact, 0.0, form.tolerance(n, signs) * size)
        error = np.abs(found - J @ v)
        if (error > allowed).any():
            worst = int(np.argmax(error - allowed))
            raise DeviceError(
                f"a product of matrices on {card.name} is off by {error[worst]:.3g} and at most "
                f"{allowed[worst]:.3g} is allowed: run 'isinglass doctor', or use backend 'cpu'"
            )


def matrix_bytes(form: Form, given: int, n: int, reads: int) -> float:
    """Memory of a card for a matrix made from ``given`` bytes and, if any, ``reads`` replicas."""
    width, item = _filled(n, ALIGNED), np.dtype(form.kind).itemsize
    matrix = float(given + item * form.matrix_parts * width**2 + 8 * n)
    if not reads:
        return matrix
    operand = (item * form.operand_parts + 4 * form.sums[0]) * _filled(reads, _TOGETHER) * width
    return matrix + float(operand) + 13.0 * n * reads + HANDLE_BYTES


def _filled(count: int, whole: int) -> int:
    return whole * -(-count // whole)


def _rows_of(couplings: Any, rows: np.ndarray, n: int) -> np.ndarray:
    """float64[rows, n]"""
    if len(couplings) == 1:
        return np.asarray(couplings[0][rows], np.float64)
    bits, _, low, step = couplings
    ones = np.unpackbits(bits[rows].view(np.uint8), axis=1, count=n, bitorder="little")
    J = low + step * ones
    J[np.arange(len(rows)), rows] = 0.0
    return np.asarray(J)
