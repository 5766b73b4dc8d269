"""What a decision of a nonlinear model is to the search: a state, and states beside it.

States are never changed in place: a neighbour is a new one, so whoever keeps the best keeps it by reference.
"""

from __future__ import annotations

from random import Random
from typing import Any, Protocol

import numpy as np

State = Any
"""An intp array, or a list of them; what it means is the affair of the decision."""


class Decision(Protocol):
    """One decision symbol of a model."""

    size: int
    """How many entries may be chosen: the more, the more often it is moved."""

    def start(self, index: int) -> State:
        """The state number ``index`` of the model: as it was set, or else the library's own."""

    def random(self, rng: Random) -> State: ...

    def neighbour(self, state: State, rng: Random) -> State:
        """One small move away from ``state``."""

    def put(self, state: State, index: int) -> None:
        """Make it the state number ``index`` of the model; ValueError where the symbol does not allow it."""


def below(rng: Random, n: int) -> int:
    """0 to n - 1; several times as fast as ``randrange``."""
    return int(rng.random() * n)


def two_below(rng: Random, n: int) -> tuple[int, int]:
    """Two different numbers of 0 to n - 1, the smaller first; every other time near each other."""
    i = below(rng, n)
    if n > 8 and rng.random() < 0.5:
        j = (i + 1 + below(rng, max(2, n // 8))) % n
    else:
        j = (i + 1 + below(rng, n - 1)) % n
    return (i, j) if i < j else (j, i)


def permuted(rng: Random, n: int) -> np.ndarray:
    """intp[n]: 0 to n - 1 in any order."""
    order = list(range(n))
    rng.shuffle(order)
    return np.array(order, dtype=np.intp)


def parts_of(symbol: Any, index: int) -> list[np.ndarray]:
    """The lists (or sets) that a partition falls into, each a symbol of its own."""
    return [part.state(index).astype(np.intp) for part in symbol.iter_successors()]
