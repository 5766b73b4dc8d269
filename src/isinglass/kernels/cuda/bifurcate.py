"""Simulated bifurcation of many replicas on compressed rows: signs, products, the step and the best states.

Arrays are [n, replicas], a lane a replica, so that every access is coalesced. The step is that of
kernels/cpu/bifurcate_move.py, rounded as there, so discrete bifurcation of whole numbers gives the
processor's samples (products of less than 2^24 are exact in single precision). bifurcate_matrix.py is for
matrices.

Goto et al., Sci. Adv. 7, eabe7953 (2021).

Two numbers, a step of one replica: ``move`` 30 n instructions and 24 n bytes (32 n when generalised);
``products_sparse`` 3 nnz instructions and 8 nnz / 32 + 4 nnz bytes of L2.
"""

from __future__ import annotations

import numpy as np
from numba import cuda

from isinglass.kernels.cuda.streams import product
from isinglass.kernels.cuda.warps import LANES, kernel

WARPS = 8


@cuda.jit(device=True)
def sign_of(u):
    """float32: +1 for 0."""
    return np.float32(1.0) if u >= np.float32(0.0) else np.float32(-1.0)


@cuda.jit(device=True)
def controlled(q, u, control, left):
    """The next p of a generalised particle; ``left`` steps to go."""
    one = np.float32(1.0)
    return q - product(product(one - product(control, product(u, u)), q), one / left)


@cuda.jit(device=True)
def moved(u, v, q, field, c0, dt):
    """(position, momentum) after a step from ``u``, ``v`` under the pressure ``q``."""
    one = np.float32(1.0)
    v = v - product(product(q, u) + product(c0, field), dt)
    u = u + product(v, dt)
    if u > one or u < -one:
        u = one if u > np.float32(0.0) else -one
        v = np.float32(0.0)
    return u, v


@kernel(256)
def signs(x, z):
    """``z`` = sign of ``x``, +1 for 0; float32[n, replicas]; a thread a number."""
    i, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < x.shape[1]:
        z[i, r] = sign_of(x[i, r])


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
def move(x, y, f, h, p, control, pressure, left, c0, dt):
    """One step in place; ``f = J z`` without ``h`` (float32[n]).

    ``p`` float32[n, replicas] for generalised bifurcation, with ``control`` (float32[replicas]) and ``left``
    steps to go; float32[0, replicas] otherwise, where ``pressure`` is that of all.
    """
    i, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < x.shape[1]:
        q = pressure
        if p.shape[0] > 0:
            q = controlled(p[i, r], x[i, r], control[r], left)
            p[i, r] = q
        x[i, r], y[i, r] = moved(x[i, r], y[i, r], q, h[i] + f[i, r], c0, dt)


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
