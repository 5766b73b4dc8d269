"""Moves of arrays of binaries and integers, within their bounds and the sums that they may be held to."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from isinglass.nonlinear.decision import below

_GOLDEN = 0.6180339887498949
_EXCHANGES = 0.25
"""Of all moves: two entries at once, which keeps their sum."""


class Numbers:
    """A ``BinaryVariable`` or ``IntegerVariable``; its state is intp[entries], in the order of its rows."""

    def __init__(self, symbol: Any) -> None:
        self._symbol, self._shape = symbol, symbol.shape()
        bounds = (symbol.lower_bound(), symbol.upper_bound())
        low, high = (np.broadcast_to(bound, self._shape).ravel().astype(np.int64) for bound in bounds)
        self._free: list[int] = np.flatnonzero(low < high).tolist()
        self._lows: list[int] = low.tolist()
        self._highs: list[int] = high.tolist()
        self.size = len(self._free)
        self._slices = self._slices_of(symbol.sum_constraints())
        self._exchanges = 0.8 if self._slices is not None else _EXCHANGES

    def _slices_of(self, sums: list[tuple[Any, ...]]) -> np.ndarray | None:
        """intp[entries]: in which sum each entry counts; None without sums."""
        if not sums:
            return None
        if len(sums[0]) == 2:
            return np.zeros(len(self._lows), np.intp)
        slices: np.ndarray = np.indices(self._shape)[sums[0][0]].ravel()
        return slices

    def start(self, index: int) -> np.ndarray:
        state: np.ndarray = self._symbol.state(index).ravel().astype(np.intp)
        return state

    def random(self, rng: Random) -> np.ndarray:
        state = self.start(0)
        if self._slices is None:
            for i in self._free:
                state[i] = self._lows[i] + below(rng, self._highs[i] - self._lows[i] + 1)
        return state

    def neighbour(self, state: np.ndarray, rng: Random) -> np.ndarray:
        changed = state.copy()
        i = self._free[below(rng, self.size)]
        if self.size > 1 and rng.random() < self._exchanges:
            j = self._partner(i, rng)
            if self._exchange(changed, i, j, rng):
                return changed
        changed[i] = self._moved(int(state[i]), self._lows[i], self._highs[i], rng)
        return changed

    def put(self, state: np.ndarray, index: int) -> None:
        self._symbol.set_state(index, state)

    def _partner(self, i: int, rng: Random) -> int:
        """Another entry, mostly one of the same sum."""
        for _ in range(16):
            j: int = self._free[below(rng, self.size)]
            if j != i and (self._slices is None or self._slices[i] == self._slices[j]):
                return j
        return i

    def _exchange(self, state: np.ndarray, i: int, j: int, rng: Random) -> bool:
        """Carry some of entry i over to entry j; False where their bounds leave nothing to carry."""
        down, up = int(state[i]) - self._lows[i], self._highs[j] - int(state[j])
        most = min(down, up)
        if i == j or most < 1:
            return False
        amount = _step(most, rng)
        state[i] -= amount
        state[j] += amount
        return True

    @staticmethod
    def _moved(value: int, low: int, high: int, rng: Random) -> int:
        """Another value: one beside it, one a golden section away, or any."""
        if high - low == 1:
            return low + high - value
        luck = rng.random()
        if luck < 0.15:
            return low + below(rng, high - low + 1)
        step = 1 if luck < 0.5 else _step(high - low, rng)
        up = rng.random() < 0.5
        moved = value + step if up else value - step
        if low <= moved <= high:
            return moved
        return max(low, value - step) if up else min(high, value + step)


def _step(most: int, rng: Random) -> int:
    """1 to ``most``: ``most`` shortened by the golden section, over and over, until a coin says stop."""
    sections = below(rng, max(1, most.bit_length() * 3 // 2) + 1)
    return max(1, int(most * _GOLDEN**sections))
