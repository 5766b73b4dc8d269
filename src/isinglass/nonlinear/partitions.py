"""Moves of partitions: every item of 0 to n - 1 is in one of several lists, or of several sets."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from isinglass.nonlinear.decision import below, parts_of, permuted
from isinglass.nonlinear.sequences import inserted, reordered


class DisjointLists:
    """Its state is a list of intp arrays, one a list, each in its order."""

    def __init__(self, symbol: Any) -> None:
        self._symbol, self._n = symbol, symbol.primary_set_size()
        self._lists = symbol.num_disjoint_lists()
        self.size = self._n if self._n and (self._lists > 1 or self._n > 1) else 0

    def start(self, index: int) -> list[np.ndarray]:
        return parts_of(self._symbol, index)

    def random(self, rng: Random) -> list[np.ndarray]:
        cuts = sorted(below(rng, self._n + 1) for _ in range(self._lists - 1))
        return np.split(permuted(rng, self._n), cuts)

    def neighbour(self, state: list[np.ndarray], rng: Random) -> list[np.ndarray]:
        a = self._list_of_an_item(state, rng)
        changed = list(state)
        if self._lists == 1 or (len(state[a]) > 1 and rng.random() < 0.4):
            changed[a] = reordered(state[a], rng)
            return changed
        b = (a + 1 + below(rng, self._lists - 1)) % self._lists
        first, second = state[a], state[b]
        i, j = below(rng, len(first)), below(rng, len(second) + 1)
        luck = rng.random()
        if luck < 0.5 or not len(second):
            changed[a], changed[b] = np.delete(first, i), inserted(second, j, int(first[i]))
        elif luck < 0.8:
            j = min(j, len(second) - 1)
            changed[a], changed[b] = first.copy(), second.copy()
            changed[a][i], changed[b][j] = second[j], first[i]
        else:
            changed[a] = np.concatenate([first[:i], second[j:]])
            changed[b] = np.concatenate([second[:j], first[i:]])
        return changed

    def put(self, state: list[np.ndarray], index: int) -> None:
        self._symbol.set_state(index, state)

    def _list_of_an_item(self, state: list[np.ndarray], rng: Random) -> int:
        """Lists are chosen by their length."""
        place = below(rng, self._n)
        for k, one in enumerate(state):
            place -= len(one)
            if place < 0:
                return k
        return 0


class DisjointBitSets:
    """Its state is intp[n]: the set that each item is in."""

    def __init__(self, symbol: Any) -> None:
        self._symbol, self._sets = symbol, symbol.num_disjoint_sets()
        self._n = len(parts_of(symbol, 0)[0]) if self._sets else 0
        self._numbers = np.arange(self._sets)[:, None]
        self.size = self._n if self._sets > 1 else 0

    def start(self, index: int) -> np.ndarray:
        places: np.ndarray = np.argmax(np.array(parts_of(self._symbol, index)), axis=0)
        return places

    def random(self, rng: Random) -> np.ndarray:
        return np.array([below(rng, self._sets) for _ in range(self._n)], dtype=np.intp)

    def neighbour(self, state: np.ndarray, rng: Random) -> np.ndarray:
        changed = state.copy()
        i = below(rng, self._n)
        j = below(rng, self._n)
        if state[i] != state[j] and rng.random() < 0.5:
            changed[i], changed[j] = state[j], state[i]
        else:
            changed[i] = (state[i] + 1 + below(rng, self._sets - 1)) % self._sets
        return changed

    def put(self, state: np.ndarray, index: int) -> None:
        self._symbol.set_state(index, state == self._numbers)
