"""Digital memcomputing with a memory a bond, many replicas side by side: the equations of
kernels/cpu/memcompute_bonds.py, forward Euler, every number of a step computed at once.

Arrays are [rows, replicas], a lane a replica. A step is three passes: forces of all spins from their rows,
memories of all bonds, moves; then the rounded states are judged by ``products_sparse`` and ``keep_best`` of
bifurcate.py. Sums run in another order than on the processor, so trajectories agree to single precision.

Two numbers, a step of one replica: 16 instructions a coupling and direction, 8 a bond, 10 a spin; bytes: each
memory read twice and written once and v read from L2, 12 a bond, plus 4 a coupling. At 1e6 bonds and 1024
replicas 12 GB pass a step: 3.7 ms at 3.35 TB/s against 1.4 ms of instructions: bound by memory.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from isinglass.kernels.cuda.warps import kernel


@kernel(256)
def pull(indptr, indices, pulls, bond_of, v, memory, gain, softening, force):
    """``force_i = -sum_j K (1 + g x) v_j - b v_i sum_j K^2 x``; a thread a number of [n, replicas].

    ``pulls`` float32[entries] K; ``bond_of`` int32[entries]: row of ``memory`` float32[bonds, replicas];
    ``v`` float32[n + 1, replicas], the last row 1.
    """
    i, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < v.shape[1]:
        own = v[i, r]
        total = np.float32(0.0)
        for k in range(indptr[i], indptr[i + 1]):
            K = pulls[k]
            x = memory[bond_of[k], r]
            total -= (K + gain * K * x) * v[indices[k], r] + softening * K * K * x * own
        force[i, r] = total


@kernel(256)
def remember(first, second, pulls, v, memory, rate, threshold):
    """Memories of all bonds: ``x += rate (C - threshold)``, within [0, 1]; ``rate`` times the step's length.

    ``first``, ``second`` int32[bonds]: the two ends; ``pulls`` float32[bonds].
    """
    bond, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < v.shape[1]:
        half = np.float32(0.5)
        lean = half if pulls[bond] > np.float32(0.0) else -half
        frustrated = half + lean * v[first[bond], r] * v[second[bond], r]
        x = memory[bond, r] + rate * (frustrated - threshold)
        memory[bond, r] = min(np.float32(1.0), max(np.float32(0.0), x))


@kernel(256)
def move(v, force, time_step, z):
    """``v += force``, within [-1, 1]; ``z`` float32[n + 1, replicas]: its signs, +1 for 0."""
    i, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < v.shape[1]:
        moved = v[i, r] + time_step * force[i, r]
        moved = min(np.float32(1.0), max(np.float32(-1.0), moved))
        v[i, r] = moved
        z[i, r] = np.float32(-1.0) if moved < np.float32(0.0) else np.float32(1.0)
