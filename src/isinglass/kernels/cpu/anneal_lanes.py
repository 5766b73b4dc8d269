"""Simulated annealing of many replicas at once on a sparse problem.

One word of bits holds one spin of 8, 16, 32 or 64 replicas, so each instruction works on the
same spin of all of them: the local field is a masked vector add a neighbour, the acceptance one
vector compare. Replicas share the order of visits and nothing else; each has its own stream.

Metropolis, Rosenbluth, Rosenbluth, Teller, Teller, J. Chem. Phys. 21, 1087 (1953); Kirkpatrick,
Gelatt, Vecchi, Science 220, 671 (1983). Spins are visited in index order.
A sweep costs (vector operations) n (degree + ~25) a word of int8 fields; memory one word a spin
(two, with the best states). Decisions are exact for integer types, single precision otherwise.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.lane_vector import lane_fields, lane_flips
from isinglass.kernels.cpu.progress import BEST, STOP_TARGET, SWEEPS, TARGET
from isinglass.kernels.cpu.streams import slack_of, sweep_key, uniform32
from isinglass.kernels.cpu.vector import stop_requested


@njit(cache=True)
def lane_energies(indptr, indices, weights, base, h, spins, fields, energies):
    """``energies[r] = sum_i s_i (field_i + h_i) / 2`` of every replica, in float64."""
    lanes = energies.shape[0]
    energies[:] = 0.0
    totals = np.zeros(lanes, np.float64)
    for i in range(h.shape[0]):
        lane_fields(spins, indices, weights, indptr[i], indptr[i + 1], base[i], fields)
        word = np.uint64(spins[i])
        for r in range(lanes):
            sign = np.float64(((word >> np.uint64(r)) & np.uint64(1)) << np.uint64(1)) - 1.0
            totals[r] += sign * (np.float64(fields[r]) + np.float64(h[i]))
    for r in range(lanes):
        energies[r] = 0.5 * totals[r]


@njit(nogil=True, cache=True, error_model="numpy")
def anneal_lanes(
    indptr, indices, weights, base, h, spins, best_spins, energies, best_energies,
    read_keys, num_reads, slack_scale, quantum, slack_top, first_sweep, check_every, flag, progress,
):  # fmt: skip
    """Anneal all replicas of ``spins`` in place; returns the number of sweeps done.

    ``indptr`` int64[n+1], ``indices`` int32[nnz], ``weights`` 2 J [nnz], ``base`` h - sum J [n],
    ``h`` [n]: one of int8, int16, int32, float32. ``spins``, ``best_spins``: unsigned[n].
    ``energies``, ``best_energies``: float64[lanes], of the state at the end and of the best state
    seen at a check (every ``check_every`` sweeps and at the end). ``read_keys``: uint64[lanes].
    ``num_reads``: lanes that count. ``slack_scale``: float32[sweeps], 1 / (2 beta).
    ``quantum``: float32, see ``slack_of``. ``slack_top``: float32, the largest value of the field type.
    """
    n = h.shape[0]
    lanes = read_keys.shape[0]
    low = np.empty(lanes, np.uint32)
    high = np.empty(lanes, np.uint32)
    slack = np.zeros(lanes, weights.dtype)
    fields = np.zeros(lanes, weights.dtype)
    one = np.uint64(1)
    sweeps = slack_scale.shape[0]
    done = 0
    for t in range(sweeps):
        if stop_requested(flag):
            break
        for r in range(lanes):
            key = sweep_key(read_keys[r], first_sweep + t)
            low[r] = np.uint32(key)
            high[r] = np.uint32(key >> np.uint64(32))
        scale = slack_scale[t]
        for i in range(n):
            index = np.uint32(i)
            for r in range(lanes):
                slack[r] = min(slack_of(uniform32(index, low[r], high[r]), scale, quantum), slack_top)
            lane_fields(spins, indices, weights, indptr[i], indptr[i + 1], base[i], fields)
            word = spins[i]
            spins[i] = word ^ lane_flips(fields, word, slack)
        done += 1
        progress[SWEEPS] += num_reads
        if done % check_every == 0 or t == sweeps - 1 or stop_requested(flag):
            lane_energies(indptr, indices, weights, base, h, spins, fields, energies)
            improved = np.uint64(0)
            for r in range(num_reads):
                if energies[r] < best_energies[r]:
                    best_energies[r] = energies[r]
                    improved |= one << np.uint64(r)
                    progress[BEST] = min(progress[BEST], energies[r])
            if improved:
                mask = spins.dtype.type(improved)
                for i in range(n):
                    best_spins[i] ^= (best_spins[i] ^ spins[i]) & mask
            if progress[BEST] <= progress[TARGET]:
                flag[0] = STOP_TARGET
    return done
