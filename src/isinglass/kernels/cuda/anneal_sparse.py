"""Simulated annealing and its energies on a sparse problem: 32 replicas a warp.

A lane is a replica, a warp visits one spin of its 32 replicas: their spins are one word, which the warp
loads once for all, as it does a coupling; the local field is an add a neighbour, the new word one vote.
Spins of a class (kernels/cpu/visit_order.py) have no couplings among them and are visited side by side;
a barrier parts the classes. One block sweeps 32 replicas (``sweep_blocks``), or the whole grid shares
all of them where the problem is large and replicas are few (``sweep_grid``).
Metropolis, Rosenbluth, Rosenbluth, Teller, Teller, J. Chem. Phys. 21, 1087 (1953).

Two numbers, a visit of one replica: about 45 + 3 degree instructions (25 of them for the random number and
its logarithm); bytes 4 + 12 degree / 32 (couplings 8, a neighbour's word 4 a warp), from L2 where
they fit its 50 MB. An H100 issues 132 x 4 x 32 instructions a clock, 2.9e13 a second: the floor at
degree 6 is 2.2 ps a visit of arithmetic, against 1.9 ps of bytes at 3.35 TB/s if nothing stays cached.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from isinglass.kernels.cpu.streams import sweep_key, uniform32
from isinglass.kernels.cuda.streams import high_half, low_half, slack_of
from isinglass.kernels.cuda.warps import LANES, ballot, kernel

WARPS = 8
"""Of a block."""


@cuda.jit(device=True)
def _field(indptr, indices, weights, base, spins, group, i, lane):
    field = base[i]
    for k in range(indptr[i], indptr[i + 1]):
        if (spins[group, indices[k]] >> lane) & 1:
            field += weights[k]
    return field


@cuda.jit(device=True)
def _visit(indptr, indices, weights, base, spins, group, i, lane, key, scale, quantum):
    """One Metropolis step of spin ``i`` in the 32 replicas of ``group``."""
    field = _field(indptr, indices, weights, base, spins, group, i, lane)
    bits = uniform32(np.uint32(i), low_half(key), high_half(key))
    word = spins[group, i]
    barrier = -field if (word >> lane) & 1 else field
    flips = ballot(barrier <= slack_of(bits, scale, quantum))
    if lane == 0:
        spins[group, i] = word ^ flips


@cuda.jit(device=True)
def sweep_group(order, starts, indptr, indices, weights, base, spins, group, lane, warp, key, scale, quantum):
    """One sweep of 32 replicas by one block."""
    for c in range(starts.shape[0] - 1):
        for place in range(starts[c] + warp, starts[c + 1], cuda.blockDim.y):
            _visit(indptr, indices, weights, base, spins, group, order[place], lane, key, scale, quantum)
        cuda.syncthreads()


@kernel(256)
def sweep_blocks(
    order, starts, indptr, indices, weights, base, spins, keys, slack_scale, quantum, first_sweep
):  # fmt: skip
    """Sweep ``slack_scale.shape[0]`` times; block g has the replicas 32 g to 32 g + 31.

    ``order`` int32[n]: spins class by class; ``starts`` int32[classes + 1]. ``indptr`` [n+1], ``indices``
    int32[nnz], ``weights`` 2 J [nnz], ``base`` h - sum J [n], both float32 or float64. ``spins``
    uint32[groups, n]. ``keys`` uint64[32 groups]. ``slack_scale`` float32[sweeps]: 1 / (2 beta). ``quantum``:
    float32, see streams.slack_of. Blocks of (32, warps) threads.
    """
    group, lane, warp = cuda.blockIdx.x, cuda.threadIdx.x, cuda.threadIdx.y
    read_key = keys[LANES * group + lane]
    for t in range(slack_scale.shape[0]):
        key = sweep_key(read_key, first_sweep + t)
        sweep_group(
            order, starts, indptr, indices, weights, base, spins, group, lane, warp, key, slack_scale[t],
            quantum,
        )  # fmt: skip


@kernel(256, 4)
def sweep_grid(
    order, starts, indptr, indices, weights, base, spins, keys, slack_scale, quantum, first_sweep
):  # fmt: skip
    """As ``sweep_blocks``, all blocks sharing all replicas; a cooperative launch."""
    lane, warp = cuda.threadIdx.x, cuda.threadIdx.y
    groups = spins.shape[0]
    grid = cuda.cg.this_grid()
    first, step = cuda.blockIdx.x * cuda.blockDim.y + warp, cuda.gridDim.x * cuda.blockDim.y
    for t in range(slack_scale.shape[0]):
        for c in range(starts.shape[0] - 1):
            for item in range(first, (starts[c + 1] - starts[c]) * groups, step):
                group = item % groups
                key = sweep_key(keys[LANES * group + lane], first_sweep + t)
                i = order[starts[c] + item // groups]
                _visit(
                    indptr, indices, weights, base, spins, group, i, lane, key, slack_scale[t], quantum
                )  # fmt: skip
            grid.sync()


@cuda.jit(device=True)
def group_energy(indptr, indices, weights, base, h, spins, group, lane, warp, parts):
    """``sum_i s_i (field_i + h_i) / 2`` of the lane's replica, in float64; summed in a fixed order.

    ``parts``: shared float64[warps, 32].
    """
    total = 0.0
    for i in range(warp, h.shape[0], cuda.blockDim.y):
        field = np.float64(_field(indptr, indices, weights, base, spins, group, i, lane)) + np.float64(h[i])
        total += field if (spins[group, i] >> lane) & 1 else -field
    parts[warp, lane] = total
    cuda.syncthreads()
    total = 0.0
    for w in range(cuda.blockDim.y):
        total += parts[w, lane]
    cuda.syncthreads()
    return 0.5 * total


@cuda.jit(device=True)
def keep_best(spins, best, group, lane, warp, better):
    """Copy the states of the replicas in which ``better`` is true."""
    mask = ballot(better)
    if mask:
        for i in range(LANES * warp + lane, spins.shape[1], LANES * cuda.blockDim.y):
            best[group, i] ^= (best[group, i] ^ spins[group, i]) & mask


@kernel(256)
def sparse_energies(indptr, indices, weights, base, h, spins, best, energies, best_energies):
    """Energies of all replicas (float64[32 groups]); those at their best are kept in ``best``."""
    group, lane, warp = cuda.blockIdx.x, cuda.threadIdx.x, cuda.threadIdx.y
    parts = cuda.shared.array((WARPS, LANES), np.float64)
    energy = group_energy(indptr, indices, weights, base, h, spins, group, lane, warp, parts)
    replica = LANES * group + lane
    better = energy < best_energies[replica]
    cuda.syncthreads()
    if warp == 0:
        energies[replica] = energy
        if better:
            best_energies[replica] = energy
    keep_best(spins, best, group, lane, warp, better)
