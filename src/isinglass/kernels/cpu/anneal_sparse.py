"""Simulated annealing of one replica on a sparse problem, one bit a spin.

For a single read, or a problem too large for many replicas: 64 million spins are 8 MB and stay
in cache while the couplings stream past. The same visits and the same random numbers as one lane
of ``anneal_lanes``, so the same answer.

Metropolis 1953; Kirkpatrick, Gelatt, Vecchi 1983. A sweep costs n + 2 m loads; memory n / 8
bytes of spins (twice, with the best state) beside the couplings.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.progress import end_sweep
from isinglass.kernels.cpu.streams import slack_of, sweep_key, uniform32
from isinglass.kernels.cpu.vector import prefetch, stop_requested

_CHUNK = 512
_AHEAD = np.uint64(64)
"""Couplings between asking for a neighbour's word and reading it: enough to reach beyond the caches."""


@njit(cache=True)
def _up(spins, j):
    # Unsigned indices spare the check for negative ones.
    return (spins[np.uint64(j) >> np.uint64(6)] >> (np.uint64(j) & np.uint64(63))) & np.uint64(1)


@njit(cache=True)
def _field(indptr, indices, weights, base, spins, i):
    # Multiplied by the bit, not chosen by it: at working temperatures it is a coin toss.
    kind = weights.dtype.type
    field = base[i] + kind(0)
    last = np.uint64(indices.shape[0] - 1)
    for k in range(np.uint64(indptr[i]), np.uint64(indptr[i + np.uint64(1)])):
        ahead = np.uint64(indices[min(k + _AHEAD, last)])
        prefetch(spins, ahead >> np.uint64(6))
        field += weights[k] * kind(_up(spins, indices[k]))
    return field


@njit(nogil=True, cache=True)
def sparse_energy(indptr, indices, weights, base, h, spins):
    """``sum_i s_i (field_i + h_i) / 2`` in float64; spins as bits."""
    total = 0.0
    for i in range(np.uint64(h.shape[0])):
        field = np.float64(_field(indptr, indices, weights, base, spins, i)) + np.float64(h[i])
        total += field * (np.float64(_up(spins, i)) * 2.0 - 1.0)
    return 0.5 * total


@njit(nogil=True, cache=True, error_model="numpy")
def anneal_sparse(
    indptr, indices, weights, base, h, spins, best_spins, read_key, slack_scale, quantum, first_sweep,
    flag, progress,
):  # fmt: skip
    """Anneal ``spins`` (uint64 words, bit i of word i // 64) in place.

    Returns (sweeps done, energy of ``spins``, energy of ``best_spins``). The other arrays are as
    in ``anneal_lanes``, for one read. The best state is taken at ends of sweeps, by the energy
    summed up flip by flip: exact for whole numbers, else good to single precision.
    """
    n = h.shape[0]
    slack = np.empty(_CHUNK, np.float32)
    energy = sparse_energy(indptr, indices, weights, base, h, spins)
    best_energy = np.inf
    done = 0
    for t in range(slack_scale.shape[0]):
        if stop_requested(flag):
            break
        key = sweep_key(read_key, first_sweep + t)
        low, high = np.uint32(key), np.uint32(key >> np.uint64(32))
        scale = slack_scale[t]
        for chunk in range(0, n, _CHUNK):
            for c in range(_CHUNK):
                slack[c] = slack_of(uniform32(np.uint32(chunk + c), low, high), scale, quantum)
            for i in range(np.uint64(chunk), np.uint64(min(chunk + _CHUNK, n))):
                field = np.float32(_field(indptr, indices, weights, base, spins, i))
                word, bit = i >> np.uint64(6), i & np.uint64(63)
                up = (spins[word] >> bit) & np.uint64(1)
                barrier = field * (np.float32(1.0) - np.float32(2.0) * np.float32(up))
                flip = np.uint64(barrier <= slack[i - np.uint64(chunk)])
                spins[word] ^= flip << bit
                energy += 2.0 * np.float64(barrier) * np.float64(flip)
        done += 1
        best_energy = end_sweep(energy, best_energy, spins, best_spins, flag, progress)
    return done, energy, best_energy
