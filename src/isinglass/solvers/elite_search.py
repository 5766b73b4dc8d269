"""One read of tabu search with path relinking: a small set of elite states and the paths between.

Wang, Lü, Glover, Hao, 'Path relinking for unconstrained binary quadratic programming', EJOR 223,
595 (2012). Elites are local optima of tabu search. Each pair is joined by two greedy paths, the
best state from the middle third of a path is improved by tabu search, and it takes the place of
the worst elite if it is better. When no pair is left the search begins anew with random states:
keeping the best elite, as the paper does, draws the next set into the same valley.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isinglass.control import RunControl
from isinglass.kernels.cpu.progress import RUNNING
from isinglass.kernels.cpu.tabu import relink, tabu_search
from isinglass.kernels.cpu.tabu_rows import start_gains
from isinglass.problems.energies import unpack_spins
from isinglass.rng import start_bits, start_word
from isinglass.solvers.whole_numbers import WholeNumbers

ELITES = 8
_PATIENCE = 20
"""Flips without a better state after which a tabu search ends, for each variable."""
_LEAST_PATIENCE = 1000
_TENURE = 0.01
"""Of the number of variables; plus 0 to the spread less 1 (Glover, Lü, Hao 2010)."""
_LEAST_SPREAD, _SPREADS, _LARGEST_SPREAD = 10, (0.01, 0.05), 100
"""Each search draws one: Palubeckis' problems need the narrow one, +-1 couplings the wide one."""
_MIDDLE = 1 / 3
_SAME = 0.01
"""Elites that differ in fewer of the variables than this are one."""


@dataclass(frozen=True)
class State:
    signs: np.ndarray
    gains: np.ndarray
    energy: int


class EliteSearch:
    """A search that goes on until ``iterations`` flips, ``seconds`` or a stop, whichever is first.

    Args:
        numbers: the problem.
        key: of the read; everything random comes from it.
        iterations: None for no limit.
        seconds: None for no limit.
    """

    def __init__(
        self,
        numbers: WholeNumbers,
        key: np.uint64,
        control: RunControl,
        iterations: int | None,
        seconds: float | None,
    ) -> None:
        self.numbers, self.control = numbers, control
        self.flips = 0
        self._rows, self._row = numbers.own_rows(), control.row()
        self._key, self._draws = int(key), 0
        self._iterations = np.iinfo(np.int64).max if iterations is None else iterations
        self._ends = np.inf if seconds is None else control.clock() + seconds
        self._elites: list[State] = []
        self._pairs: list[tuple[State, State]] = []
        # Without fields a state and its mirror image are one.
        self._mirrored = not numbers.h.any()

    def run(self, words: np.ndarray) -> tuple[np.ndarray, float]:
        """Search from the packed state ``words`` and random ones; (int8[n] spins, kernel energy)."""
        n = self.numbers.h.shape[0]
        first = self._begin(words)
        if first is None:
            return unpack_spins(words, n), np.inf
        # A walk that is stopped before its first step: compiled now, it delays no deadline later.
        self._walk(first, first.signs, 1, 1, np.ones_like(self.control.flag))
        self._admit(self._improve(first))
        best = self._best()
        while not self._over:
            self._fill()
            while self._pairs and not self._over:
                pick = self._random_key() % np.uint64(len(self._pairs))
                one, two = self._pairs.pop(int(pick))
                self._join(one, two)
                self._join(two, one)
            if self._elites:
                best = min(best, self._best(), key=lambda state: state.energy)
            self._elites, self._pairs = [], []
        return best.signs[:n].astype(np.int8), best.energy * self.numbers.unit

    @property
    def _over(self) -> bool:
        if self.control.flag[0] != RUNNING or self.flips >= self._iterations:
            return True
        return self.control.clock() >= self._ends

    def _best(self) -> State:
        return min(self._elites, key=lambda state: state.energy)

    def _random_key(self) -> np.uint64:
        self._draws += 1
        return start_word(self._key + self._draws)

    def _fill(self) -> None:
        """Random local optima until the set is full."""
        attempts = 0
        while len(self._elites) < ELITES and attempts < 2 * ELITES and not self._over:
            attempts += 1
            state = self._begin(start_bits(self._random_key(), -(-self.numbers.h.shape[0] // 64)))
            if state is not None:
                self._admit(self._improve(state))

    def _begin(self, words: np.ndarray) -> State | None:
        """The state with its gains; None if stopped before they were there."""
        numbers = self.numbers
        signs = np.zeros(numbers.padded, numbers.sign_type)
        signs[: len(numbers.h)] = unpack_spins(words, len(numbers.h))
        gains = np.empty(numbers.padded, numbers.gain_type)
        peaks = np.empty(numbers.padded >> numbers.shift, gains.dtype)
        done, energy = start_gains(
            self._rows, numbers.h, signs, gains, peaks, numbers.shift, self.control.flag
        )
        return State(signs, gains, int(energy)) if done else None

    def _improve(self, state: State) -> State:
        """Tabu search from ``state``, whose arrays are used up."""
        n, numbers = self.numbers.h.shape[0], self.numbers
        signs, gains = np.empty_like(state.signs), np.empty_like(state.gains)
        tenure = int(_TENURE * n)
        key = self._random_key()
        spread = int(_SPREADS[int(key) % len(_SPREADS)] * n)
        spread = min(max(_LEAST_SPREAD, spread), _LARGEST_SPREAD)
        # Three spins in four stay free, also in the smallest problems.
        spread = max(1, min(spread, n // 4 - tenure + 1))
        patience = max(_LEAST_PATIENCE, _PATIENCE * n)
        energy, flips = tabu_search(
            self._rows, state.signs, state.gains, state.energy, signs, gains, numbers.bound, numbers.shift,
            tenure, spread, patience, self._iterations - self.flips, key, numbers.unit,
            self.control.flag, self._row,
        )  # fmt: skip
        self.flips += int(flips)
        return State(signs, gains, int(energy))

    def _join(self, origin: State, goal: State) -> None:
        """Walk from one elite towards another and improve the best state of the path's middle."""
        if self._over or not any(e is origin for e in self._elites) or not any(
            e is goal for e in self._elites
        ):  # fmt: skip
            return
        target = goal.signs
        distance = self._distance(origin, goal)
        if self._mirrored and np.count_nonzero(origin.signs != target) != distance:
            target = -target
        first = max(1, int(_MIDDLE * distance))
        last = max(first, int((1 - _MIDDLE) * distance))
        self._admit(self._improve(self._walk(origin, target, first, last, self.control.flag)))

    def _walk(self, origin: State, target: np.ndarray, first: int, last: int, flag: np.ndarray) -> State:
        signs, gains = np.empty_like(origin.signs), np.empty_like(origin.gains)
        energy, flips = relink(
            self._rows, origin.signs.copy(), origin.gains.copy(), origin.energy, target, signs, gains,
            self.numbers.bound, self.numbers.shift, first, last, self._random_key(), flag,
        )  # fmt: skip
        self.flips += int(flips)
        return State(signs, gains, int(energy))

    def _distance(self, one: State, two: State) -> int:
        differing = int(np.count_nonzero(one.signs != two.signs))
        return min(differing, len(self.numbers.h) - differing) if self._mirrored else differing

    def _admit(self, state: State) -> None:
        """Take ``state`` into the set if it is new, and better than the worst where the set is full."""
        apart = [self._distance(state, elite) for elite in self._elites]
        near = [e for e, d in zip(self._elites, apart, strict=True) if d <= _SAME * len(self.numbers.h)]
        if near:
            loser = max(near, key=lambda elite: elite.energy)
        elif len(self._elites) == ELITES:
            loser = max(self._elites, key=lambda elite: elite.energy)
        else:
            loser = None
        if loser is not None:
            if state.energy >= min(e.energy for e in [loser, *near]):
                return
            gone = [loser, *near]
            self._elites = [e for e in self._elites if not any(e is g for g in gone)]
            self._pairs = [p for p in self._pairs if not any(e is g for e in p for g in gone)]
        self._pairs += [(state, elite) for elite in self._elites]
        self._elites.append(state)
