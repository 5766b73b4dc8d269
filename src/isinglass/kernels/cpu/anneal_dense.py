"""Simulated annealing of one replica of a dense problem with arbitrary couplings.

Fields of all spins are maintained; an accepted flip adds one row of the matrix to them.
Metropolis 1953; Kirkpatrick, Gelatt, Vecchi 1983. A sweep costs n tests and n per accepted flip;
memory n^2 couplings (shared by all replicas). Exact for integer couplings; single precision
otherwise, the fields computed afresh every ``REFRESH`` sweeps so that rounding does not pile up.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import end_sweep
from isinglass.kernels.cpu.streams import slack_of, sweep_key, uniform32
from isinglass.kernels.cpu.vector import stop_requested

REFRESH = 64
"""Sweeps between two computations of the fields from nothing."""


@njit(cache=True)
def _fields(matrix, h, spins, fields):
    for i in range(h.shape[0]):
        fields[i] = h[i]
    for j in range(h.shape[0]):
        s = fields.dtype.type(spins[j])
        row = matrix[j]
        for i in range(h.shape[0]):
            fields[i] += s * row[i]


@njit(cache=True)
def dense_energy(h, spins, fields):
    """``sum_i s_i (field_i + h_i) / 2`` in float64."""
    total = 0.0
    for i in range(h.shape[0]):
        total += np.float64(spins[i]) * (np.float64(fields[i]) + np.float64(h[i]))
    return 0.5 * total


@njit(nogil=True, cache=True, error_model="numpy")
def anneal_dense(matrix, h, spins, best_spins, read_key, slack_scale, quantum, first_sweep, flag, progress):
    """Anneal ``spins`` (int8[n], -1 or +1) in place; returns (sweeps done, energy, best energy).

    ``matrix``: [n, n] symmetric, zero diagonal, int16 or float32; ``h``: int32[n] with an integer
    matrix (no field may leave int32), float32[n] otherwise. ``slack_scale``: float32[sweeps],
    1 / (2 beta); ``quantum``: float32, see ``slack_of``. The best state is taken at ends of sweeps.
    """
    n = h.shape[0]
    fields = np.empty(n, h.dtype)
    slack = np.empty(n, np.float32)
    _fields(matrix, h, spins, fields)
    energy = dense_energy(h, spins, fields)
    best_energy = np.inf
    done = 0
    for t in range(slack_scale.shape[0]):
        if stop_requested(flag):
            break
        key = sweep_key(read_key, first_sweep + t)
        low, high = np.uint32(key), np.uint32(key >> np.uint64(32))
        scale = slack_scale[t]
        for i in range(n):
            slack[i] = slack_of(uniform32(np.uint32(i), low, high), scale, quantum)
        for i in range(n):
            s = spins[i]
            barrier = -np.float32(s) * np.float32(fields[i])
            if barrier <= slack[i]:
                spins[i] = -s
                row = matrix[i]
                change = fields.dtype.type(-2 * s)
                for j in range(n):
                    fields[j] += change * row[j]
        done += 1
        if done % REFRESH == 0:
            _fields(matrix, h, spins, fields)
        energy = dense_energy(h, spins, fields)
        best_energy = end_sweep(energy, best_energy, spins, best_spins, flag, progress)
    return done, energy, best_energy
