"""Simulated bifurcation of many replicas: the step, signs, sparse products and the best states.

Arrays are [n, replicas], a lane a replica, so that every access is coalesced. The products of a matrix with
all positions are cuBLAS' (kernels/cuda/bifurcations.py); here is the rest of a step, fused into one pass.
The step is that of kernels/cpu/bifurcate_move.py, rounded as there, so discrete bifurcation of whole
numbers gives the processor's samples (products of less than 2^24 are exact in single precision).

Goto et al., Sci. Adv. 7, eabe7953 (2021).

Two numbers, a step of one replica: ``move`` 30 n instructions and 24 n bytes (32 n when generalised); the
product 2 n^2 operations, or ``products_sparse`` 3 nnz instructions and 8 nnz / 32 + 4 nnz bytes of L2. At
n = 2000 with 1024 replicas the product is 8.2e9 operations: 0.12 ms at 67 TFLOP/s of float32, against
0.015 ms of moving 49 MB at 3.35 TB/s. The tensor cores are not used yet.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from isinglass.kernels.cuda.streams import product
from isinglass.kernels.cuda.warps import LANES, kernel

WARPS = 8


@kernel(256)
def signs(x, z):
    """``z`` = sign of ``x``, +1 for 0; float32[n, replicas]; a thread a number."""
    i, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < x.shape[1]:
        z[i, r] = np.float32(1.0) if x[i, r] >= np.float32(0.0) else np.float32(-1.0)


@kernel(256)
def products_sparse(indptr, indices, weights, z, f):
    """``f = J z`` for compressed rows whose ``weights`` (float32) hold 2 J; a thread a number."""
    i, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < z.shape[1]:
        total = np.float32(0.0)
        for k in range(indptr[i], indptr[i + 1]):
            total += product(weights[k], z[indices[k], r])
        f[i, r] = np.float32(0.5) * total


@kernel(256)
def unpack_matrix(bits, low, step, matrix):
    """``matrix`` float32[n, n]: ``low + step * bit`` off the diagonal; ``bits`` uint32[n, words]."""
    i, j = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if j < matrix.shape[0]:
        bit = (bits[i, j >> 5] >> np.uint32(j & 31)) & np.uint32(1)
        value = low + step if bit else low
        matrix[i, j] = np.float32(0.0 if i == j else value)


@kernel(256)
def move(x, y, f, h, p, control, pressure, left, c0, dt):
    """One step in place; ``f = J z`` without ``h`` (float32[n]).

    ``p`` float32[n, replicas] for generalised bifurcation, with ``control`` (float32[replicas]) and ``left``
    steps to go; float32[0, replicas] otherwise, where ``pressure`` is that of all.
    """
    i, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < x.shape[1]:
        one = np.float32(1.0)
        u = x[i, r]
        q = pressure
        if p.shape[0] > 0:
            q = p[i, r]
            grown = product(product(one - product(control[r], product(u, u)), q), one / left)
            q = q - grown
            p[i, r] = q
        pull = product(q, u) + product(c0, h[i] + f[i, r])
        v = y[i, r] - product(pull, dt)
        u = u + product(v, dt)
        if u > one or u < -one:
            u = one if u > np.float32(0.0) else -one
            v = np.float32(0.0)
        x[i, r] = u
        y[i, r] = v


@kernel(256)
def keep_best(z, f, h, best, best_energies):
    """Energies of the signs ``z`` from ``f = J z``; ``best`` int8[n, replicas] keeps what is better.

    A block has 32 replicas, (32, warps) threads; sums in a fixed order, in float64.
    """
    lane, warp = cuda.threadIdx.x, cuda.threadIdx.y
    r = LANES * cuda.blockIdx.x + lane
    inside = r < z.shape[1]
    parts = cuda.shared.array((WARPS, LANES), np.float64)
    total = 0.0
    if inside:
        for i in range(warp, best.shape[0], cuda.blockDim.y):
            total += np.float64(z[i, r]) * (0.5 * np.float64(f[i, r]) + np.float64(h[i]))
    parts[warp, lane] = total
    cuda.syncthreads()
    energy = 0.0
    for w in range(cuda.blockDim.y):
        energy += parts[w, lane]
    better = inside and energy < best_energies[r]
    cuda.syncthreads()
    if better:
        for i in range(warp, best.shape[0], cuda.blockDim.y):
            best[i, r] = np.int8(z[i, r])
        if warp == 0:
            best_energies[r] = energy
