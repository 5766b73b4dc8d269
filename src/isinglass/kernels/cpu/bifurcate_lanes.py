"""Simulated bifurcation of 16 replicas side by side, on each of the three storages.

The step is that of bifurcate_move.py (ballistic, discrete or generalised); here is its costly part,
the product of the couplings with all positions, ``f_i = h_i + sum_j J_ij z_j``, z the positions
(ballistic, generalised) or their signs (discrete):

* sparse: a vector multiply and add a neighbour;
* dense: a fused multiply-add an entry, eight rows sharing each load of positions;
* packed: the sums over all 64 subsets of every six spins are tabulated, and a row adds one entry for
  each six of its bits: n / 6 vector additions a row, a sixth of what the entries would need (the
  method of four Russians: Arlazarov, Dinic, Kronrod, Faradzev 1970).

Heuristic. Energies of the rounded positions sign(x) are taken every ``check_every`` steps and after
the last; the best of each replica is kept. Memory five float32[n, 16] beside the couplings, which
should begin at a cache line: a vector across two lines costs half as much again.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.bifurcate_move import move, move_controlled, pressure
from isinglass.kernels.cpu.bifurcate_vector import (
    GROUP,
    GROUPS,
    LANES,
    TILE,
    add_looked_up,
    add_to_entry,
    row_products,
    weighted_sum,
)
from isinglass.kernels.cpu.progress import BEST, STOP_TARGET, SWEEPS, TARGET
from isinglass.kernels.cpu.vector import stop_requested


@njit(cache=True)
def products_sparse(indptr, indices, weights, h, z, f):
    """``f = h + J z`` for compressed rows whose ``weights`` hold 2 J."""
    half = np.float32(0.5)
    for i in range(h.shape[0]):
        weighted_sum(z, indices, weights, indptr[i], indptr[i + 1], i, f)
        own = np.float32(h[i])
        for r in range(LANES):
            f[i, r] = own + half * f[i, r]


@njit(cache=True)
def products_dense(matrix, h, z, f):
    """``f = h + J z`` for a matrix."""
    for i in range(0, h.shape[0], TILE):
        row_products(z, matrix, i, f)
    for i in range(h.shape[0]):
        own = np.float32(h[i])
        for r in range(LANES):
            f[i, r] += own


@njit(cache=True)
def products_packed(bits, low, step, h, z, f, tables):
    """``f = h + J z`` for ``J_ij = low + step * bit``; ``z`` has zero rows up to whole words."""
    n = h.shape[0]
    total = np.zeros(LANES, np.float32)
    for i in range(n):
        for r in range(LANES):
            total[r] += z[i, r]
            f[i, r] = np.float32(0.0)
    for w in range((n + 63) // 64):
        for k in range(GROUPS):
            _tabulate(z, 64 * w + GROUP * k, min(GROUP, 64 - GROUP * k), tables, k << GROUP)
        for i in range(n):
            add_looked_up(tables, bits[i, w], i, f)
    low_, step_ = np.float32(low), np.float32(step)
    for i in range(n):
        own = np.float32(h[i])
        for r in range(LANES):
            f[i, r] = own + (low_ * (total[r] - z[i, r]) + step_ * f[i, r])


@njit(cache=True)
def _tabulate(z, first, size, tables, at):
    """Entry m < 2^size: the sum of ``z[first + b]`` over the set bits b of m."""
    for r in range(LANES):
        tables[at, r] = np.float32(0.0)
    for b in range(size):
        for m in range(1 << b):
            add_to_entry(tables, at + (1 << b) + m, at + m, z, first + b)


@njit(cache=True)
def _signs(x, z):
    for i in range(x.shape[0]):
        for r in range(LANES):
            z[i, r] = np.float32(1.0) if x[i, r] >= np.float32(0.0) else np.float32(-1.0)


@njit(cache=True)
def _keep_best(z, f, h, size, best, best_energies, flag, progress):
    """Energies of the signs ``z`` from their fields ``f``; keep what is better than before."""
    energies = np.zeros(LANES, np.float64)
    for i in range(h.shape[0]):
        own = np.float64(h[i])
        for r in range(LANES):
            energies[r] += 0.5 * np.float64(z[i, r]) * (np.float64(f[i, r]) + own)
    for r in range(size):
        if energies[r] < best_energies[r]:
            best_energies[r] = energies[r]
            for i in range(h.shape[0]):
                best[r, i] = np.int8(z[i, r])
            if energies[r] < progress[BEST]:
                progress[BEST] = energies[r]
                if energies[r] <= progress[TARGET]:
                    flag[0] = STOP_TARGET


@njit(cache=True)
def _advance(x, y, f, p, t, steps, control, c0, dt):
    if p.shape[0] > 0:
        move_controlled(x, y, f, p, control, np.float32(steps - t), c0, dt)
    else:
        move(x.ravel(), y.ravel(), f.ravel(), pressure(t, steps), c0, dt)


@njit(nogil=True, cache=True, error_model="numpy")
def bifurcate_sparse(
    indptr, indices, weights, h, x, y, p, z, f, size, discrete, control, c0, dt, steps, check_every,
    best, best_energies, flag, progress,
):  # fmt: skip
    """Run ``steps`` steps from ``x``, ``y`` (float32[n, LANES], in place); returns the steps done.

    ``p``: float32[n, LANES], ones, for generalised SB; float32[0, LANES] otherwise. ``z``, ``f``:
    float32[n, LANES], scratch. ``size``: lanes in use. ``discrete``: products with signs. ``control``:
    float32[LANES], A of each replica. ``best``: int8[LANES, n] and ``best_energies``: float64[LANES]
    (inf before the first), the best rounded state of each replica.
    """
    for t in range(steps + 1):
        last = t == steps or stop_requested(flag)
        check = last or t % check_every == check_every - 1
        if check or discrete:
            _signs(x, z)
            products_sparse(indptr, indices, weights, h, z, f)
        if check:
            _keep_best(z, f, h, size, best, best_energies, flag, progress)
        if last:
            return t
        if not discrete:
            products_sparse(indptr, indices, weights, h, x, f)
        _advance(x, y, f, p, t, steps, control, c0, dt)
        progress[SWEEPS] += size
    return steps


@njit(nogil=True, cache=True, error_model="numpy")
def bifurcate_dense(
    matrix, h, x, y, p, z, f, size, discrete, control, c0, dt, steps, check_every,
    best, best_energies, flag, progress,
):  # fmt: skip
    """As ``bifurcate_sparse`` for a matrix, int16 or float32 [n, n]."""
    for t in range(steps + 1):
        last = t == steps or stop_requested(flag)
        check = last or t % check_every == check_every - 1
        if check or discrete:
            _signs(x, z)
            products_dense(matrix, h, z, f)
        if check:
            _keep_best(z, f, h, size, best, best_energies, flag, progress)
        if last:
            return t
        if not discrete:
            products_dense(matrix, h, x, f)
        _advance(x, y, f, p, t, steps, control, c0, dt)
        progress[SWEEPS] += size
    return steps


@njit(nogil=True, cache=True, error_model="numpy")
def bifurcate_packed(
    bits, low, step, h, x, y, p, z, f, tables, size, discrete, control, c0, dt, steps, check_every,
    best, best_energies, flag, progress,
):  # fmt: skip
    """As ``bifurcate_sparse`` for couplings ``low + step * bit``, bits uint64[n, words].

    ``z``: float32[64 words, LANES], zero past n; ``tables``: float32[TABLES, LANES], scratch.
    """
    n = h.shape[0]
    for t in range(steps + 1):
        last = t == steps or stop_requested(flag)
        check = last or t % check_every == check_every - 1
        if check or discrete:
            _signs(x, z)
            products_packed(bits, low, step, h, z, f, tables)
        if check:
            _keep_best(z, f, h, size, best, best_energies, flag, progress)
        if last:
            return t
        if not discrete:
            z[:n] = x
            products_packed(bits, low, step, h, z, f, tables)
        _advance(x, y, f, p, t, steps, control, c0, dt)
        progress[SWEEPS] += size
    return steps
