"""Sweeps in launches: how many at a time, and what the host looks at between two."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from isinglass.kernels.cpu.progress import BEST, RUNNING, STOP_TARGET, SWEEPS, TARGET

LAUNCH_SECONDS = 0.01
"""What a launch should take: short against a deadline, long against launching."""


def in_launches(
    sweeps: int,
    launch: Callable[[int, int], float],
    replicas: int,
    flag: np.ndarray,
    row: np.ndarray,
) -> int:
    """Run ``launch(first sweep, how many)`` until ``sweeps`` are done or ``flag`` stops; returns those done.

    ``launch`` waits and returns the lowest energy so far. How sweeps are cut into launches depends on the
    clock, what they do does not.
    """
    done, count = 0, 1
    while done < sweeps and flag[0] == RUNNING:
        count = min(count, sweeps - done)
        began = time.perf_counter()
        best = launch(done, count)
        seconds = time.perf_counter() - began
        done += count
        row[SWEEPS] += count * replicas
        note_best(best, flag, row)
        count = max(1, min(2 * count, int(count * LAUNCH_SECONDS / max(seconds, 1e-9))))
    return done


def note_best(best: float, flag: np.ndarray, row: np.ndarray) -> None:
    """``best``: the lowest energy so far, of which ``row`` tells; at the target the run stops."""
    row[BEST] = min(row[BEST], best)
    if row[BEST] <= row[TARGET]:
        flag[0] = STOP_TARGET
