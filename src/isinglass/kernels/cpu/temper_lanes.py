"""Parallel tempering of the replicas of one word on a sparse problem, with cluster moves.

Hukushima, Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). Bit r of a spin word is replica r, as in
anneal_lanes; here each replica has a temperature of its own, and after each sweep neighbours in
temperature may swap (exchange.py). ``copies`` ladders run side by side; copies at one temperature
trade clusters (clusters.py).
A sweep with its energies costs about what it costs in anneal_lanes; clusters cost their couplings
(bench/tempering.py). Memory one word a spin and 12 bytes a spin for clusters. Energies are tracked flip
by flip: exact for integer types, computed afresh every ``REFRESH`` sweeps for floats.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.anneal_lanes import lane_energies
from isinglass.kernels.cpu.clusters import trade_cluster
from isinglass.kernels.cpu.exchange import exchange
from isinglass.kernels.cpu.lane_vector import lane_fields, lane_moves
from isinglass.kernels.cpu.progress import BEST, STOP_TARGET, SWEEPS, TARGET
from isinglass.kernels.cpu.streams import slack_of, sweep_key, uniform32
from isinglass.kernels.cpu.vector import stop_requested

REFRESH = 256
_BLOCK = 512
"""Spins between two additions of small-integer climbs to the energies."""


@njit(nogil=True, cache=True, error_model="numpy")
def temper_lanes(
    indptr, indices, weights, base, h, spins, best_spins, energies, best_energy, replica_at, beta,
    read_keys, climbed, sweeps, first_sweep, quantum, slack_top, cluster_every, clusters, refused, flag,
    progress,
):  # fmt: skip
    """Temper all replicas of ``spins`` in place; returns (sweeps done, best energy).

    Problem arrays as in ``anneal_lanes``. ``spins``: unsigned[n]; ``best_spins``: int8[n], the
    state of ``best_energy``. ``energies``: float64[lanes]. ``replica_at``: int64[copies, rungs], the
    replica at each rung of each ladder, coldest first; copies times rungs is the number of lanes.
    ``beta``: float64[rungs]. ``climbed``: [lanes], int32 with int8 and int16 fields, else float64.
    ``cluster_every``: int64[rungs], sweeps from one cluster move to the next, 0 for none;
    ``clusters``: float64[rungs, 2] adds up (the cluster's share of all spins, the share it might
    have had at most). ``refused``: float64[rungs - 1].
    """
    n = h.shape[0]
    lanes = read_keys.shape[0]
    copies, rungs = replica_at.shape
    low = np.empty(lanes, np.uint32)
    high = np.empty(lanes, np.uint32)
    scale = np.empty(lanes, np.float32)
    slack = np.zeros(lanes, weights.dtype)
    fields = np.zeros(lanes, weights.dtype)
    climbs = np.zeros(lanes, weights.dtype)
    clustered = copies > 1 and np.any(cluster_every > 0)
    seen = np.zeros(n if clustered else 0, np.int64)
    stack = np.zeros(n if clustered else 0, np.int32)
    stamp = np.int64(0)
    symmetric = not np.any(h != 0)
    lane_energies(indptr, indices, weights, base, h, spins, fields, energies)
    done = 0
    for t in range(sweeps):
        if stop_requested(flag):
            break
        sweep = first_sweep + t
        for c in range(copies):
            for k in range(rungs):
                r = replica_at[c, k]
                key = sweep_key(read_keys[r], sweep)
                low[r] = np.uint32(key)
                high[r] = np.uint32(key >> np.uint64(32))
                scale[r] = np.float32(0.5 / beta[k])
        for block in range(0, n, _BLOCK):
            climbed[:] = 0
            for i in range(block, min(block + _BLOCK, n)):
                index = np.uint32(i)
                for r in range(lanes):
                    slack[r] = min(slack_of(uniform32(index, low[r], high[r]), scale[r], quantum), slack_top)
                lane_fields(spins, indices, weights, indptr[i], indptr[i + 1], base[i], fields)
                word = spins[i]
                spins[i] = word ^ lane_moves(fields, word, slack, climbs)
                for r in range(lanes):
                    climbed[r] += climbs[r]
            for r in range(lanes):
                energies[r] += 2.0 * np.float64(climbed[r])
        if (sweep + 1) % REFRESH == 0:
            lane_energies(indptr, indices, weights, base, h, spins, fields, energies)
        for k in range(rungs if clustered else 0):
            if cluster_every[k] > 0 and sweep % cluster_every[k] == 0:
                for c in range(0, copies - 1, 2):
                    a, b = replica_at[c, k], replica_at[c + 1, k]
                    key = sweep_key(read_keys[a] ^ read_keys[b], sweep)
                    stamp += 1
                    size, change, share = trade_cluster(
                        indptr, indices, weights, h, spins, a, b, symmetric, np.uint32(key),
                        np.uint32(key >> np.uint64(32)), seen, stamp, stack,
                    )  # fmt: skip
                    energies[a] += change
                    energies[b] -= change
                    clusters[k, 0] += size / n
                    clusters[k, 1] += share
        for c in range(copies):
            exchange(replica_at[c], beta, energies, read_keys[c], sweep, refused)
        done += 1
        progress[SWEEPS] += lanes
        winner = np.argmin(energies)
        if energies[winner] < best_energy:
            best_energy = energies[winner]
            for i in range(n):
                up = (np.uint64(spins[i]) >> np.uint64(winner)) & np.uint64(1)
                best_spins[i] = np.int8(2) * np.int8(up) - np.int8(1)
            progress[BEST] = min(progress[BEST], best_energy)
            if progress[BEST] <= progress[TARGET]:
                flag[0] = STOP_TARGET
    return done, best_energy
