"""Simulated annealing of a nonlinear model, with penalties that learn how heavy they must be.

The energy of a state is its objective plus, for each constraint, a weight times how far it is broken. Weights
begin where a constraint weighs as much as the objective does in a typical move; a constraint that stays
broken grows heavier, one that is kept for long grows lighter, so the search stays near the border of the
feasible states, where good ones are. The best is kept apart from all that: feasible first, then the
objective.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Literal

import numpy as np

from isinglass.nonlinear.decision import State
from isinglass.nonlinear.evaluation import Evaluation

_TRIALS = 64
"""Moves that say how much energies differ."""
_HOTTEST, _COLDEST = 0.3, 1e-2
"""The first temperature, as a part of what a typical move changes, and the last as a part of the first."""
_AT_A_TIME = 32
"""Moves between two looks at the time and at the weights."""
_HEAVIER, _LIGHTER = 1.3, 0.95
_PATIENCE = 4
"""Looks at which a constraint is broken, or half of those at which it is kept, before its weight changes."""
_LIGHTEN_UNTIL = 0.7
"""Of a read: after that weights only grow."""
_REHEATED = 0.3
"""Of the first temperature: where a read from the best begins."""
_LIGHTEST, _HEAVIEST = 1e-2, 1e12
"""Weights, as parts of what they began with."""


Begin = Literal["start", "random", "best"]
"""Where a read begins: at the state that the model came with, anywhere, at the best so far."""


@dataclass(slots=True)
class Found:
    """A state and what is said of it."""

    states: list[State]
    objective: float
    violations: list[float]

    @property
    def feasible(self) -> bool:
        """Is no constraint broken?"""
        return not any(self.violations)

    @property
    def rank(self) -> tuple[int, float, float]:
        """Lower is better: constraints that are broken, by how much, and the objective."""
        broken = sum(size > 0.0 for size in self.violations)
        return broken, sum(self.violations), self.objective


class Annealing:
    """Reads of one model, one after the other, which share their weights and the best.

    Args:
        evaluation: of the model, whose states it sets.
        rng: of all reads.
        flag: not 0 at its first place: stop.
    """

    def __init__(self, evaluation: Evaluation, rng: Random, flag: np.ndarray) -> None:
        self._evaluation, self._rng, self._flag = evaluation, rng, flag
        self._decisions = evaluation.decisions
        self._movable = [k for k, decision in enumerate(self._decisions) if decision.size]
        self._lots = list(accumulate(self._decisions[k].size for k in self._movable))
        self._weights = [1.0] * evaluation.constraints
        self._streaks = [0] * evaluation.constraints
        self._stale: set[int] = set()
        self._states = self._start = evaluation.start()
        evaluation.put(self._states)
        self._now = self.best = Found(list(self._states), *evaluation.look())
        self._learn_scale()

    @property
    def size(self) -> int:
        """Entries that may be chosen, over all decisions."""
        return self._lots[-1] if self._lots else 0

    def read(self, fraction: Callable[[], float], begin: Begin, told: Callable[[int], None]) -> None:
        """Cool down once.

        Args:
            fraction: how much of the read is over, 0 to 1; asked after every few moves.
            begin: "start" (the states that the model came with), "random" or "best".
            told: called after every few moves with their number.
        """
        hot = self._hot
        if begin == "best":
            self._go_to(self.best.states)
            hot *= _REHEATED
        else:
            at_random = begin == "random"
            self._go_to([d.random(self._rng) for d in self._decisions] if at_random else self._start)
        while (over := fraction()) < 1.0 and not self._flag[0]:
            temperature = max(hot * _COLDEST**over, sys.float_info.min)
            moves = 0
            while moves < _AT_A_TIME and not self._flag[0]:
                self._move(temperature)
                moves += 1
            self._balance(over < _LIGHTEN_UNTIL)
            told(moves)

    def _go_to(self, states: list[State]) -> None:
        self._states = list(states)
        try:
            self._evaluation.put(self._states)
        except ValueError:
            # Bounds and sums that no state of ours obeys at once: the library's own start does.
            self._states = list(self._start)
            self._evaluation.put(self._states)
        self._stale.clear()
        self._now = Found(list(self._states), *self._evaluation.look())
        self._note(self._now)

    def _propose(self) -> tuple[int, State] | None:
        """Set a neighbour: (its decision, its state); None where the library refuses it."""
        lots = self._lots
        k = self._movable[bisect(lots, self._rng.random() * lots[-1])] if len(lots) > 1 else self._movable[0]
        state = self._decisions[k].neighbour(self._states[k], self._rng)
        for other in self._stale:
            if other != k:
                self._decisions[other].put(self._states[other], 0)
        self._stale = {k}
        try:
            self._decisions[k].put(state, 0)
        except ValueError:
            return None
        return k, state

    def _move(self, temperature: float) -> None:
        proposed = self._propose()
        if proposed is None:
            return
        k, state = proposed
        objective, violations = self._evaluation.look()
        rise = objective - self._now.objective
        for weight, after, before in zip(self._weights, violations, self._now.violations, strict=True):
            rise += weight * (after - before)
        if rise > 0.0 and self._rng.random() >= math.exp(-rise / temperature):
            return
        self._accept(k, state, objective, violations)

    def _accept(self, k: int, state: State, objective: float, violations: list[float]) -> None:
        self._states[k] = state
        self._stale.discard(k)
        self._now = Found(self._states, objective, violations)
        self._note(self._now)

    def _note(self, found: Found) -> None:
        if found.rank < self.best.rank:
            self.best = Found(list(found.states), found.objective, found.violations)

    def _balance(self, lighten: bool) -> None:
        """Constraints that stay broken weigh more, those that are kept for long weigh less."""
        for i, size in enumerate(self._now.violations):
            streak = self._streaks[i]
            self._streaks[i] = streak = max(streak, 0) + 1 if size else min(streak, 0) - 1
            if streak >= _PATIENCE:
                self._weights[i] = min(self._weights[i] * _HEAVIER, self._heaviest[i])
            elif lighten and streak <= -2 * _PATIENCE:
                self._weights[i] = max(self._weights[i] * _LIGHTER, self._lightest[i])

    def _learn_scale(self) -> None:
        """Walk at random: how much do moves change the objective, and each constraint?"""
        rises: list[float] = []
        changes: list[list[float]] = [[] for _ in self._weights]
        for _ in range(_TRIALS if self._movable else 0):
            if self._flag[0]:
                break
            before, proposed = self._now, self._propose()
            if proposed is None:
                continue
            objective, violations = self._evaluation.look()
            self._accept(*proposed, objective, violations)
            rises.append(abs(objective - before.objective))
            for i, (after, was) in enumerate(zip(violations, before.violations, strict=True)):
                changes[i].append(abs(after - was))
        typical = _typical(rises)
        self._hot = _HOTTEST * (typical or 1.0)
        self._weights = [(typical or 1.0) / (_typical(change) or 1.0) for change in changes]
        self._lightest = [_LIGHTEST * weight for weight in self._weights]
        self._heaviest = [_HEAVIEST * weight for weight in self._weights]


def _typical(changes: list[float]) -> float:
    """Mean of those that are finite and not 0; 0 where there is none."""
    some = [change for change in changes if 0.0 < change < math.inf]
    return sum(change / len(some) for change in some)
