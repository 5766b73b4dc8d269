"""Simulated annealing of packed problems beyond shared memory: only the fields of one tile are ever there.

The chain of anneal_packed.py, a launch a tile: ``gather_tile`` computes the tile's fields from all couplings,
``sweep_tile`` visits its spins. The couplings stream past once a sweep.

Two numbers: n^2 / 8 bytes from memory a sweep, 18 ms at n = 700,000 and 3.35 TB/s of an H100, against
n^2 / 32 population counts, 4.3 ms at 16 a clock and multiprocessor.
"""

from __future__ import annotations

import numpy as np
from numba import cuda, types

from isinglass.kernels.cpu.streams import sweep_key, uniform32
from isinglass.kernels.cuda.packed_tile import (
    COUNT,
    MAGNETIZATION,
    MOST_THREADS,
    NONE,
    WINNER,
    block_sum,
    load_square,
    masked_sum,
    visit_tile,
)
from isinglass.kernels.cuda.streams import high_half, low_half, slack_of
from isinglass.kernels.cuda.warps import kernel


@kernel(1024)
def gather_tile(bits, row_count, spins, sums, tile):
    """``sums`` int32[replicas, T]: fields of a tile's spins from all couplings; a block a (row, replica)."""
    i, replica, thread = tile + cuda.blockIdx.x, cuda.blockIdx.y, cuda.threadIdx.x
    total = cuda.shared.array(1, np.int32)
    g = masked_sum(bits, row_count, spins, replica, i, total, thread)
    if thread == 0:
        sums[replica, cuda.blockIdx.x] = g


@kernel(1024)
def add_tile_energy(low, step, h, spins, sums, magnetizations, energies, tile):
    """Add the share of a tile, ``sum_i s_i (h_i + pairs_i / 2)``, to ``energies``; a block a replica."""
    replica, thread = cuda.blockIdx.x, cuda.threadIdx.x
    parts = cuda.shared.array(MOST_THREADS, np.float64)
    i = tile + thread
    share = 0.0
    if i < h.shape[0]:
        s = 1.0 if (spins[replica, i >> 5] >> (i & 31)) & 1 else -1.0
        field = low * (np.float64(magnetizations[replica]) - s) + step * np.float64(sums[replica, thread])
        share = s * (h[i] + 0.5 * field)
    share = block_sum(parts, share, thread)
    if thread == 0:
        energies[replica] += share


@kernel(1024)
def sweep_tile(
    bits, low, step, h, spins, sums, magnetizations, energies, keys, scale, quantum, sweep, tile
):  # fmt: skip
    """Visit one tile of each replica; block r has replica r and ``sums`` of its tile.

    ``magnetizations`` int32[replicas] and ``energies`` float64[replicas] in place. Dynamic shared memory:
    uint32[T T / 32 + T].
    """
    replica, thread = cuda.blockIdx.x, cuda.threadIdx.x
    lane, warp, threads = thread & 31, thread >> 5, cuda.blockDim.x
    n = h.shape[0]
    room = cuda.shared.array(0, types.uint32)
    at_flipped = threads * (threads >> 5)
    square, flipped = room[:at_flipped], room[at_flipped : at_flipped + threads].view(np.int32)
    state = cuda.shared.array(4, np.int32)
    parts = cuda.shared.array(MOST_THREADS, np.float64)
    if thread == 0:
        state[MAGNETIZATION], state[COUNT], state[WINNER] = magnetizations[replica], 0, NONE
    load_square(bits, square, tile, n, thread)
    cuda.syncthreads()
    i = tile + thread
    inside = i < n
    own_h, g = 0.0, 0
    slack = np.float32(0.0)
    if inside:
        key = sweep_key(keys[replica], sweep)
        own_h, g = h[i], sums[replica, thread]
        slack = slack_of(uniform32(np.uint32(i), low_half(key), high_half(key)), scale, quantum)
    own_spins = spins[replica]
    climbed = visit_tile(
        square, own_spins, flipped, state, own_h, low, step, g, inside, tile, slack, thread, lane, warp
    )  # fmt: skip
    climbed = 2.0 * block_sum(parts, climbed, thread)
    if thread == 0:
        magnetizations[replica] = state[MAGNETIZATION]
        energies[replica] += climbed


@kernel(1024)
def keep_better(spins, best, energies, best_energies):
    """Keep the states of the replicas that are at their best; a block a replica."""
    replica, thread = cuda.blockIdx.x, cuda.threadIdx.x
    better = energies[replica] < best_energies[replica]
    cuda.syncthreads()
    if better:
        for w in range(thread, spins.shape[1], cuda.blockDim.x):
            best[replica, w] = spins[replica, w]
        if thread == 0:
            best_energies[replica] = energies[replica]
