"""Bounded integers as weighted bits, with the last weight trimmed.

An integer of ``0..span`` takes ``k = span.bit_length()`` bits of weights
``1, 2, 4, ..., 2^(k-2), span - 2^(k-1) + 1``. The first ``k - 1`` reach ``0..2^(k-1) - 1`` and the
last one is at most ``2^(k-1)``, so the sums are exactly ``0..span``: no bit pattern is out of
range and none needs a penalty. The same code serves the user's integers and the slack of
inequalities (Karimi and Rosenberg, Quantum Inf. Process. 18, 94 (2019), call it bounded-coefficient
encoding).
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

import dimod
import numpy as np
import numpy.typing as npt

from isinglass.errors import ProblemError

IntArray = npt.NDArray[np.int64]

MAX_BITS = 50
"""Most bits of one integer. Beyond it a weight no longer has an exact place in a float64 energy."""


def bit_weights(span: int) -> IntArray:
    """int64[k], k = ``span.bit_length()``: weights whose subset sums are exactly ``0..span``."""
    if span <= 0:
        return np.zeros(0, dtype=np.int64)
    num_bits = span.bit_length()
    weights = np.left_shift(np.int64(1), np.arange(num_bits, dtype=np.int64))
    weights[-1] = span - ((1 << (num_bits - 1)) - 1)
    return weights


@dataclass(frozen=True, eq=False)
class VariableBits:
    """The user's variables: ``x_j = lowest[j] + sum_b weight[b] bit_b``, b from ``first_bit[j]`` on."""

    labels: tuple[Hashable, ...]
    lowest: IntArray
    """int64[n]"""
    highest: IntArray
    """int64[n]"""
    first_bit: IntArray
    """int64[n + 1]"""
    weight: IntArray
    """int64[num_bits], in the order of the variables."""

    @property
    def num_bits(self) -> int:
        """Bits of all variables together."""
        return int(self.first_bit[-1])

    @property
    def bits_of(self) -> IntArray:
        """int64[n]: number of bits of each variable (0 where only one value is allowed)."""
        return np.diff(self.first_bit)

    def values(self, states: npt.NDArray[np.int8]) -> npt.NDArray[np.signedinteger]:
        """[reads, n], of the narrowest signed type, from int8[reads, num_bits or more] of 0/1."""
        out = np.empty((len(states), len(self.labels)), dtype=_narrowest(self.lowest, self.highest))
        out[:] = self.lowest
        single = np.flatnonzero(self.bits_of == 1)
        bit = self.first_bit[single]
        out[:, single] += states[:, bit] * self.weight[bit].astype(out.dtype)
        for j in np.flatnonzero(self.bits_of > 1):
            begin, end = self.first_bit[j], self.first_bit[j + 1]
            out[:, j] += (states[:, begin:end] @ self.weight[begin:end]).astype(out.dtype)
        return out


def _narrowest(lowest: IntArray, highest: IntArray) -> type[np.signedinteger]:
    low, high = (int(lowest.min()), int(highest.max())) if len(lowest) else (0, 0)
    for kind in (np.int8, np.int16, np.int32):
        # Twice the bounds: ``highest - lowest`` is formed on the way.
        if (
            np.iinfo(kind).min <= 2 * low
            and 2 * high <= np.iinfo(kind).max
            and high - low <= np.iinfo(kind).max
        ):
            return kind
    return np.int64


def variable_bits(cqm: dimod.ConstrainedQuadraticModel) -> VariableBits:
    """Bits of every variable of a CQM: 1 for BINARY and SPIN, as many as its span needs for INTEGER.

    Raises ``ProblemError`` for a REAL variable and for an integer of more than ``MAX_BITS`` bits.
    """
    labels = tuple(cqm.variables)
    bounds = [_bounds(cqm, label) for label in labels]
    weights = [
        np.array([2], dtype=np.int64) if cqm.vartype(label) is dimod.SPIN else bit_weights(high - low)
        for label, (low, high) in zip(labels, bounds, strict=True)
    ]
    first_bit = np.concatenate([[0], np.cumsum([len(w) for w in weights])]).astype(np.int64)
    return VariableBits(
        labels=labels,
        lowest=np.array([low for low, _ in bounds], dtype=np.int64),
        highest=np.array([high for _, high in bounds], dtype=np.int64),
        first_bit=first_bit,
        weight=np.concatenate([np.zeros(0, dtype=np.int64), *weights]),
    )


def _bounds(cqm: dimod.ConstrainedQuadraticModel, label: Hashable) -> tuple[int, int]:
    vartype = cqm.vartype(label)
    if vartype is dimod.Vartype.REAL:
        raise ProblemError(
            f"variable {label!r} is REAL, and only BINARY, SPIN and INTEGER variables can be encoded; "
            f"replace it by an INTEGER variable times a step of your choice, for example 0.01 * i"
        )
    low, high = math.ceil(cqm.lower_bound(label)), math.floor(cqm.upper_bound(label))
    if low > high:
        raise ProblemError(
            f"variable {label!r} has no integer between its bounds {cqm.lower_bound(label)} and "
            f"{cqm.upper_bound(label)}; widen the bounds"
        )
    if (high - low).bit_length() > MAX_BITS:
        raise ProblemError(
            f"variable {label!r} has bounds {low} to {high}, which take {(high - low).bit_length()} bits "
            f"where at most {MAX_BITS} are allowed; tighten them with set_lower_bound and set_upper_bound"
        )
    return low, high
