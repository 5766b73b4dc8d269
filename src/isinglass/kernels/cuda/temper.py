"""Parallel tempering on both storages: sweeps, exchanges and best states of one ladder in one launch.

The sweeps are those of anneal_packed.py (a block a replica) and anneal_sparse.py (a block 32 replicas), each
replica at the temperature of its rung; then the whole grid meets, one thread exchanges neighbours by
kernels/cpu/exchange.py, and the grid meets again: a cooperative launch. Blocks may be fewer than replicas.
Hukushima, Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). No cluster moves here.

Two numbers: those of the sweeps. Packed ladders also move the fields of a replica, 2 n bytes, in and out of
shared memory each sweep; sparse ones take the energies afresh, 3 degree instructions a spin and replica. A
meeting of the grid takes some 2 us, so small problems are bound by it: 4 us a sweep.
"""

from __future__ import annotations

import numpy as np
from numba import cuda, types

from isinglass.kernels.cpu.exchange import exchange as exchange_here
from isinglass.kernels.cpu.streams import sweep_key
from isinglass.kernels.cuda.anneal_packed import (
    MOST_THREADS,
    load_replica,
    note_best,
    shared_room,
    store_replica,
    sweep_replica,
)
from isinglass.kernels.cuda.anneal_sparse import WARPS, group_energy, keep_best, sweep_group
from isinglass.kernels.cuda.warps import LANES, SIMULATED, kernel

exchange = exchange_here.py_func if SIMULATED else exchange_here


@cuda.jit(device=True)
def _exchange_rungs(replica_at, beta, energies, keys, sweep, refused, scale):
    """Exchange in ladder c = this thread, and give each replica the 1 / (2 beta) of its rung."""
    c = cuda.threadIdx.x
    if cuda.blockIdx.x == 0 and cuda.threadIdx.y == 0 and c < replica_at.shape[0]:
        exchange(replica_at[c], beta, energies, keys[c], sweep, refused[c])
        for k in range(beta.shape[0]):
            scale[replica_at[c, k]] = np.float32(0.5 / beta[k])


@kernel(512)
def temper_packed(
    bits, low, step, h, spins, best, fields, energies, best_energies, keys, replica_at, beta, refused, scale,
    quantum, first_sweep, sweeps, target, stop, sweeps_done,
):  # fmt: skip
    """``sweeps`` sweeps and exchanges, or until ``stop``.

    Arrays as in ``anneal_packed.sweep_shared``; ``replica_at`` int64[1, rungs], coldest first; ``beta``
    float64[rungs]; ``refused`` float64[1, rungs - 1], added to; ``scale`` float32[replicas]: 1 / (2 beta);
    ``sweeps_done`` int32[1].
    """
    thread = cuda.threadIdx.x
    words = bits.shape[1]
    grid = cuda.cg.this_grid()
    room = cuda.shared.array(0, types.uint32)
    at_square, at_spins, at_flipped, end = shared_room(words, cuda.blockDim.x)
    own_fields, square = room[:at_square], room[at_square:at_spins]
    spin_words, flipped = room[at_spins:at_flipped], room[at_flipped:end].view(np.int32)
    state = cuda.shared.array(4, np.int32)
    parts = cuda.shared.array(MOST_THREADS, np.float64)
    for t in range(sweeps):
        sweep = first_sweep + t
        for replica in range(cuda.blockIdx.x, spins.shape[0], cuda.gridDim.x):
            load_replica(spins, fields, replica, spin_words, own_fields, state, h.shape[0], thread)
            key = sweep_key(keys[replica], sweep)
            energy = energies[replica] + sweep_replica(
                bits, low, step, h, spin_words, own_fields, square, flipped, state, parts, key,
                scale[replica], quantum, thread,
            )  # fmt: skip
            note_best(replica, energy, energies, best_energies, spin_words, best, target, stop, thread)
            store_replica(spins, fields, replica, spin_words, own_fields, thread)
        grid.sync()
        halt = cuda.atomic.max(stop, 0, 0)
        _exchange_rungs(replica_at, beta, energies, keys, sweep, refused, scale)
        if cuda.blockIdx.x == 0 and thread == 0:
            sweeps_done[0] += 1
        grid.sync()
        if halt != 0:
            break


@kernel(256)
def temper_sparse(
    order, starts, indptr, indices, weights, base, h, spins, best, energies, best_energies, keys, replica_at,
    beta, refused, scale, quantum, first_sweep, sweeps, target, stop, sweeps_done,
):  # fmt: skip
    """As ``temper_packed``; arrays as in ``anneal_sparse.sweep_blocks``.

    ``replica_at`` int64[copies, rungs] and ``refused`` float64[copies, rungs - 1]: ladders side by side,
    copies at most 32; blocks of (32, warps) threads.
    """
    lane, warp = cuda.threadIdx.x, cuda.threadIdx.y
    grid = cuda.cg.this_grid()
    parts = cuda.shared.array((WARPS, LANES), np.float64)
    for t in range(sweeps):
        sweep = first_sweep + t
        for group in range(cuda.blockIdx.x, spins.shape[0], cuda.gridDim.x):
            replica = LANES * group + lane
            key = sweep_key(keys[replica], sweep)
            sweep_group(
                order, starts, indptr, indices, weights, base, spins, group, lane, warp, key, scale[replica],
                quantum,
            )  # fmt: skip
            energy = group_energy(indptr, indices, weights, base, h, spins, group, lane, warp, parts)
            better = energy < best_energies[replica]
            cuda.syncthreads()
            if warp == 0:
                energies[replica] = energy
                if better:
                    best_energies[replica] = energy
                    if energy <= target:
                        cuda.atomic.max(stop, 0, 1)
            keep_best(spins, best, group, lane, warp, better)
        grid.sync()
        halt = cuda.atomic.max(stop, 0, 0)
        _exchange_rungs(replica_at, beta, energies, keys, sweep, refused, scale)
        if cuda.blockIdx.x == 0 and lane == 0 and warp == 0:
            sweeps_done[0] += 1
        grid.sync()
        if halt != 0:
            break
