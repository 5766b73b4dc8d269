"""The few numbers a running kernel shares with the thread that watches it.

A kernel polls ``flag[0]`` (int64) before each sweep and writes its own row ``progress``
(float64[4]) after it. No locks: each number has one writer, and 8-byte loads are not torn.
"""

from __future__ import annotations

from numba import njit

RUNNING = 0
STOP_TARGET = 1
STOP_DEADLINE = 2
STOP_CANCELLED = 3

SWEEPS = 0
"""Sweeps done so far, summed over replicas."""
BEST = 1
"""Lowest energy seen, in the kernel's units."""
TARGET = 2
"""Stop all work once an energy at or below this is seen; -inf for none."""
ROW = 4
"""Numbers in a row."""


@njit(cache=True)
def end_sweep(energy, best_energy, spins, best_spins, flag, progress):
    """Count one replica's sweep, keep its state if it is the best so far; returns the best energy."""
    progress[SWEEPS] += 1
    if energy < best_energy:
        best_energy = energy
        best_spins[:] = spins
        progress[BEST] = min(progress[BEST], best_energy)
        if progress[BEST] <= progress[TARGET]:
            flag[0] = STOP_TARGET
    return best_energy
