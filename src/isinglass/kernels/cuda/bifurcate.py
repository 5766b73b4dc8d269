"""Simulated bifurcation of many replicas on compressed rows: a step in one pass, and the best states.

Arrays are [n, replicas], a lane a replica, so that every access is coalesced. The step is that of
kernels/cpu/bifurcate_move.py, rounded as there, so discrete bifurcation of whole numbers gives the
processor's samples (products of less than 2^24 are exact in single precision). bifurcate_matrix.py is for
matrices.

Goto et al., Sci. Adv. 7, eabe7953 (2021).

Two numbers, a step of one replica: 30 n + 4 nnz instructions; bytes 17 n with signs and 20 n with positions
(8 n more when generalised), and from L2 nnz of signs or 4 nnz of positions, with 8 nnz / 32 of couplings.
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


@cuda.jit(device=True)
def _row_product(indptr, indices, weights, z, i, r):
    total = np.float32(0.0)
    for k in range(indptr[i], indptr[i + 1]):
        total += product(weights[k], np.float32(z[indices[k], r]))
    return np.float32(0.5) * total


@kernel(256)
def operand(x, signs, z):
    """``z`` [n, replicas]: positions ``x``, or their signs; a thread a number."""
    i, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < x.shape[1]:
        z[i, r] = sign_of(x[i, r]) if signs else x[i, r]


@kernel(256)
def products_sparse(indptr, indices, weights, z, f):
    """``f = J z`` for compressed rows whose ``weights`` (float32) hold 2 J; a thread a number."""
    i, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < f.shape[1]:
        f[i, r] = _row_product(indptr, indices, weights, z, i, r)


@kernel(256)
def step(
    indptr, indices, weights, h, z, after, x, y, p, control, pressure, left, c0, dt, signs
):  # fmt: skip
    """One step of ``x``, ``y`` in place, from the products of ``z`` to the next operand, ``after``.

    ``z``, ``after``: as ``operand`` writes them, int8 where ``signs``; ``h`` float32[n]. ``p`` float32[n,
    replicas] for generalised bifurcation, with ``control`` (float32[replicas]) and ``left`` steps to go;
    float32[0, replicas] otherwise, where ``pressure`` is that of all.
    """
    i, r = cuda.blockIdx.x, cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if r < x.shape[1]:
        q = pressure
        if p.shape[0] > 0:
            q = controlled(p[i, r], x[i, r], control[r], left)
            p[i, r] = q
        field = h[i] + _row_product(indptr, indices, weights, z, i, r)
        u, v = moved(x[i, r], y[i, r], q, field, c0, dt)
        x[i, r], y[i, r] = u, v
        after[i, r] = sign_of(u) if signs else u


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
