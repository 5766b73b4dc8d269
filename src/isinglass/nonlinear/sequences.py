"""Moves of lists and sets: which items of 0 to n - 1, and in which order."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from isinglass.nonlinear.decision import below, permuted, two_below


class Sequence:
    """A ``ListVariable`` (``ordered``) or ``SetVariable``; its state is intp[items chosen]."""

    def __init__(self, symbol: Any, ordered: bool) -> None:
        self._symbol, self._ordered = symbol, ordered
        size = symbol.info().size
        self._least, self._most = (size, size) if isinstance(size, int) else (int(size.min), int(size.max))
        self._n = int(symbol.info().max) + 1 if self._most else 0
        self._whole = self._least == self._n
        """All items are always there, so only their order can change."""
        movable = self._n > 1 and ordered if self._whole else self._most > 0
        self.size = self._n if movable else 0

    def start(self, index: int) -> np.ndarray:
        state: np.ndarray = self._symbol.state(index).astype(np.intp)
        return state

    def random(self, rng: Random) -> np.ndarray:
        count = self._least + below(rng, self._most - self._least + 1)
        return permuted(rng, self._n)[:count]

    def neighbour(self, state: np.ndarray, rng: Random) -> np.ndarray:
        count = len(state)
        if self._ordered and count > 1 and (self._whole or rng.random() < 0.5):
            return reordered(state, rng)
        moves = [self._exchanged] if 0 < count < self._n else []
        if count < self._most:
            moves.append(self._grown)
        if count > self._least:
            moves.append(self._shrunk)
        return moves[below(rng, len(moves))](state, rng)

    def put(self, state: np.ndarray, index: int) -> None:
        self._symbol.set_state(index, state)

    def _outside(self, state: np.ndarray, rng: Random) -> int:
        """An item that is not in it."""
        inside = np.zeros(self._n, bool)
        inside[state] = True
        for _ in range(8):
            item = below(rng, self._n)
            if not inside[item]:
                return item
        free = np.flatnonzero(~inside)
        return int(free[below(rng, len(free))])

    def _exchanged(self, state: np.ndarray, rng: Random) -> np.ndarray:
        changed = state.copy()
        changed[below(rng, len(state))] = self._outside(state, rng)
        return changed

    def _grown(self, state: np.ndarray, rng: Random) -> np.ndarray:
        place = below(rng, len(state) + 1) if self._ordered else len(state)
        return inserted(state, place, self._outside(state, rng))

    @staticmethod
    def _shrunk(state: np.ndarray, rng: Random) -> np.ndarray:
        return np.delete(state, below(rng, len(state)))


def reordered(state: np.ndarray, rng: Random) -> np.ndarray:
    """Two items swapped, a stretch reversed, or a stretch of one to three items put elsewhere."""
    i, j = two_below(rng, len(state))
    changed = state.copy()
    luck = rng.random()
    if luck < 0.3:
        changed[i], changed[j] = state[j], state[i]
    elif luck < 0.65:
        changed[i : j + 1] = state[i : j + 1][::-1]
    else:
        length = min(1 + below(rng, 3), j - i)
        if rng.random() < 0.5:
            changed[i : j + 1 - length] = state[i + length : j + 1]
            changed[j + 1 - length : j + 1] = state[i : i + length]
        else:
            changed[i : i + length] = state[j + 1 - length : j + 1]
            changed[i + length : j + 1] = state[i : j + 1 - length]
    return changed


def inserted(state: np.ndarray, place: int, item: int) -> np.ndarray:
    """``state`` with one more item, at ``place``."""
    longer = np.empty(len(state) + 1, np.intp)
    longer[:place], longer[place], longer[place + 1 :] = state[:place], item, state[place:]
    return longer
