"""How many of a number of shots each group of an observable gets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isinglass.errors import ParameterError

SHOT_DISTRIBUTIONS = ("uniform", "weighted", "variance")
PILOT_SHARE = 0.1
"""Part of the shots that "variance" spends on learning the variances."""


def share(shots: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers that sum to ``shots``, each at least 1, in proportion to ``weights`` (>= 0).

    Largest remainders, after one shot for everyone. ParameterError for fewer shots than weights.
    """
    count = len(weights)
    if shots < count:
        raise ParameterError(
            f"shots={shots} are too few for {count} groups of the observable: give at least {count}"
        )
    parts = np.asarray(weights, float)
    if parts.sum() == 0:
        parts = np.ones(count)
    wanted = (shots - count) * parts / parts.sum()
    whole = np.floor(wanted).astype(int)
    left = shots - count - int(whole.sum())
    # A stable order, so that equal remainders always go to the first.
    whole[np.argsort(whole - wanted, kind="stable")[:left]] += 1
    return [int(n) + 1 for n in whole]


def shots_of_groups(groups: Sequence[Sequence[int]], circuits: int) -> list[int]:
    """Shots of each circuit, of [start, end, shots] that tile all circuits; ParameterError where not."""
    found: list[int] = []
    for group in groups:
        whole = len(group) == 3 and all(type(number) is int for number in group)
        if not whole or group[0] != len(found) or not group[0] < group[1] <= circuits or group[2] < 1:
            break
        found += [group[2]] * (group[1] - group[0])
    if len(found) != circuits:
        raise ParameterError(
            f"shot_groups={[list(group) for group in groups]} does not tile {circuits} circuits with "
            "[start, end, shots]: begin at 0, leave no gap, and give whole numbers of shots above 0"
        )
    return found
