"""Simulated annealing of one replica of a dense problem with arbitrary couplings.

Sweeps as in sweep_dense.py at rising beta; Kirkpatrick, Gelatt, Vecchi, Science 220, 671 (1983).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import end_sweep
from isinglass.kernels.cpu.streams import sweep_key
from isinglass.kernels.cpu.sweep_dense import REFRESH, dense_energy, dense_fields, sweep_dense
from isinglass.kernels.cpu.vector import stop_requested


@njit(nogil=True, cache=True, error_model="numpy")
def anneal_dense(matrix, h, spins, best_spins, read_key, slack_scale, quantum, first_sweep, flag, progress):
    """Anneal ``spins`` (int8[n], -1 or +1) in place; returns (sweeps done, energy, best energy).

    ``matrix``, ``h`` and ``quantum`` as in ``sweep_dense``; ``slack_scale``: float32[sweeps],
    1 / (2 beta). The best state is taken at ends of sweeps.
    """
    fields = np.empty(h.shape[0], h.dtype)
    barriers = np.zeros(64, np.float32)
    slack = np.zeros(64, np.float32)
    dense_fields(matrix, h, spins, fields)
    energy = dense_energy(h, spins, fields)
    best_energy = np.inf
    done = 0
    for t in range(slack_scale.shape[0]):
        if stop_requested(flag):
            break
        key = sweep_key(read_key, first_sweep + t)
        sweep_dense(matrix, h, spins, fields, key, slack_scale[t], quantum, barriers, slack)
        done += 1
        if done % REFRESH == 0:
            dense_fields(matrix, h, spins, fields)
        energy = dense_energy(h, spins, fields)
        best_energy = end_sweep(energy, best_energy, spins, best_spins, flag, progress)
    return done, energy, best_energy
