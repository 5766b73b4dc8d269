"""Exact minimum of a small problem: every state visited, split over threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from isinglass.control import RunControl
from isinglass.kernels.cpu.enumerate import enumerate_states
from isinglass.problems.reduce.terms import Terms
from isinglass.solvers.cutting_planes import Bounded
from isinglass.solvers.tree_decomposition import GroundStates

LARGEST = 40
"""Variables: 2^40 states take three quarters of an hour a core."""

_NS_PER_STATE = 2.5
_SPLIT_BITS = 6


def enumeration_seconds(n: int) -> float:
    """Estimated time on one thread."""
    return 1e-9 * _NS_PER_STATE * 2.0**n


def solve_by_enumeration(
    terms: Terms, wanted: int, control: RunControl, new_row: Callable[[], np.ndarray]
) -> GroundStates | Bounded:
    """All ground states counted and up to ``wanted`` of them, or the best state seen if stopped.

    ``new_row`` makes the progress row of one thread's share.
    """
    n = terms.num_variables
    matrix = np.zeros((n, n))
    a, b, value = terms.edges()
    matrix[a, b] = matrix[b, a] = value
    split = min(_SPLIT_BITS, n - 1)
    found: dict[int, tuple[float, int, bool, np.ndarray]] = {}

    def visit(part: int) -> None:
        spins = np.full(n, -1, np.int8)
        spins[n - split :] = 2 * ((part >> np.arange(split)) & 1) - 1
        best = np.empty((min(wanted, 1 << (n - split)), n), np.int8)
        tail = (best, terms.tolerance, control.flag, new_row())
        found[part] = (*enumerate_states(matrix, terms.h, spins, n - split, *tail), best)

    control.run([(1, partial(visit, part)) for part in range(1 << split)])
    lowest = min((energy for energy, *_ in found.values()), default=np.inf)
    winners = [found[p] for p in sorted(found) if found[p][0] <= lowest + terms.tolerance]
    if len(found) == 1 << split and all(done for _, _, done, _ in found.values()):
        states = np.concatenate([best[: min(count, len(best))] for _, count, _, best in winners])
        return GroundStates(lowest, states[:wanted], sum(count for _, count, _, _ in winners))
    state = winners[0][3][0] if winners else np.ones(n, np.int8)
    return Bounded(terms.energy(state), state, -terms.size, 0)
