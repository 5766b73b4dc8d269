"""The objective of a nonlinear model and how far its constraints are broken, by the library's own hand.

The library evaluates lazily and forgets, at each ``set_state``, all that follows from that decision. So an
evaluation computes every symbol that depends on the decisions that were moved, and no other; there is
nothing incremental below that in its Python interface.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from isinglass.errors import ProblemError
from isinglass.nonlinear.decision import Decision, State
from isinglass.nonlinear.numbers import Numbers
from isinglass.nonlinear.partitions import DisjointBitSets, DisjointLists
from isinglass.nonlinear.sequences import Sequence as Items
from isinglass.problems.files.nl import NonlinearFile, build, load_states

_DECISIONS: dict[str, Callable[[Any], Decision]] = {
    "BinaryVariable": Numbers,
    "IntegerVariable": Numbers,
    "ListVariable": lambda symbol: Items(symbol, ordered=True),
    "SetVariable": lambda symbol: Items(symbol, ordered=False),
    "DisjointLists": DisjointLists,
    "DisjointBitSets": DisjointBitSets,
}

_DEEPEST = 6
"""Conjunctions within conjunctions that are looked into."""


class Evaluation:
    """A locked model with one state, seen as a function of its decisions.

    Args:
        model: a ``dwave.optimization.Model``, locked, with at least one state. ProblemError for one with
            inputs or with decisions of an unknown kind.
    """

    def __init__(self, model: Any) -> None:
        if model.num_inputs():
            raise ProblemError(
                f"the model has {model.num_inputs()} inputs, which nobody decides: "
                "put constants in their place"
            )
        self.decisions = [_decision(symbol) for symbol in model.iter_decisions()]
        self._objective = model.objective
        self.has_objective = model.objective is not None
        self._sizes = [_violation(symbol) for symbol in model.iter_constraints()]
        self.constraints = len(self._sizes)
        self.count = 0
        """Evaluations so far."""

    def start(self) -> list[State]:
        """The states of all decisions as the model has them."""
        return [decision.start(0) for decision in self.decisions]

    def put(self, states: Sequence[State]) -> None:
        """Set all decisions."""
        for decision, state in zip(self.decisions, states, strict=True):
            decision.put(state, 0)

    def look(self) -> tuple[float, list[float]]:
        """(objective, by how much each constraint is broken) of the decisions as they are set.

        An objective that is not finite counts as infinitely high. A model without one has 0.
        """
        self.count += 1
        try:
            value = 0.0 if self._objective is None else self._objective.state(0).item()
            return (value if math.isfinite(value) else math.inf), [size() for size in self._sizes]
        except (ArithmeticError, LookupError, RuntimeError, ValueError) as error:
            raise ProblemError(f"dwave-optimization cannot evaluate the model: {error}") from None


def evaluate(file: NonlinearFile, states: bytes) -> tuple[float, int]:
    """(objective, constraints broken) of the first state in ``states``, as the library writes them.

    FileFormatError where model or states are malformed.
    """
    model = build(file)
    load_states(model, states)
    with model.lock():
        evaluation = Evaluation(model)
        evaluation.put(evaluation.start())
        objective, violations = evaluation.look()
    return objective, sum(size > 0.0 for size in violations)


def _decision(symbol: Any) -> Decision:
    kind = type(symbol).__name__
    if kind not in _DECISIONS:
        raise ProblemError(f"the model decides about a {kind}; known are {', '.join(_DECISIONS)}")
    return _DECISIONS[kind](symbol)


def _violation(symbol: Any, depth: int = 0) -> Callable[[], float]:
    """A function of the model's state: 0 where the symbol is true everywhere, else above 0.

    Comparisons say by how much they fail, conjunctions the sum of their parts; of anything else the entries
    that are false are counted.
    """
    kind = type(symbol).__name__
    state = symbol.state
    if kind in ("LessEqual", "Equal"):
        left, right = (side.state for side in symbol.iter_predecessors())
        equal = kind == "Equal"

        def broken() -> float:
            if state(0).all():
                return 0.0
            gap = left(0) - right(0)
            size = float((abs(gap) if equal else gap.clip(min=0.0)).sum())
            return size if 0.0 < size < math.inf else 1.0

        return broken
    if depth < _DEEPEST and (kind == "And" or (kind == "All" and not symbol.axes())):
        parts = [_violation(part, depth + 1) for part in symbol.iter_predecessors()]
        return lambda: 0.0 if state(0).all() else sum(part() for part in parts) or 1.0
    return lambda: float((state(0) == 0).sum())
