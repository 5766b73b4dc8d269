"""Simulated annealing of one replica of a dense problem whose couplings take two values.

Sweeps as in sweep_packed.py at rising beta; Kirkpatrick, Gelatt, Vecchi, Science 220, 671 (1983).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import end_sweep
from isinglass.kernels.cpu.streams import sweep_key
from isinglass.kernels.cpu.sweep_packed import ENERGY, packed_begin, sweep_packed
from isinglass.kernels.cpu.vector import stop_requested


@njit(nogil=True, cache=True, error_model="numpy")
def anneal_packed(
    bits, row_count, low, step, h, spins, best_spins, read_key, slack_scale, quantum, first_sweep,
    gather_above, flag, progress,
):  # fmt: skip
    """Anneal ``spins`` (uint64[words]) in place; returns (sweeps done, energy, best energy).

    Problem arrays, ``quantum`` and ``gather_above`` as in ``sweep_packed``; ``slack_scale``:
    float32[sweeps], 1 / (2 beta). The best state is taken at ends of sweeps.
    """
    fields = np.zeros(64 * bits.shape[1], np.int16)
    tile = np.zeros(64, np.int32)
    barriers = np.zeros(64, np.float64)
    slack = np.zeros(64, np.float32)
    rows = np.zeros(64, np.int64)
    steps = np.zeros(64, np.int16)
    replica = np.zeros(4, np.float64)
    packed_begin(bits, row_count, low, step, h, spins, replica)
    best_energy = np.inf
    done = 0
    for t in range(slack_scale.shape[0]):
        if stop_requested(flag):
            break
        key = sweep_key(read_key, first_sweep + t)
        sweep_packed(
            bits, row_count, low, step, h, spins, fields, replica, np.uint32(key),
            np.uint32(key >> np.uint64(32)), slack_scale[t], quantum, gather_above, tile, barriers, slack,
            rows, steps, flag,
        )  # fmt: skip
        done += 1
        best_energy = end_sweep(replica[ENERGY], best_energy, spins, best_spins, flag, progress)
    return done, replica[ENERGY], best_energy
