"""Discrete simulated bifurcation of one replica of a dense problem: only signs that change cost a row.

dSB (Goto et al., Sci. Adv. 7, eabe7953, 2021) multiplies the couplings by the signs of the positions.
``J sign(x)`` is maintained: a sign that changes in a step adds one row to it, n / 32 vector
operations for packed couplings (int16), n / 16 for a matrix. Where more than one sign in a dozen
changes, packed sums are gathered afresh by popcount instead, n / 512 operations a row; the numbers are
the same. The step is that of bifurcate_move.py.

Every step's rounded state has its energy for n operations, ``sum s_i (f_i + h_i) / 2``; the best is
kept. Sums are exact for integers; otherwise they are computed afresh every ``REFRESH`` steps.
Heuristic. Memory: three floats a spin beside the couplings.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.bifurcate_move import move, pressure
from isinglass.kernels.cpu.bifurcate_vector import sign_word
from isinglass.kernels.cpu.packed_vector import add_rows
from isinglass.kernels.cpu.progress import BEST, STOP_TARGET, SWEEPS, TARGET
from isinglass.kernels.cpu.sweep_dense import REFRESH, dense_energy
from isinglass.kernels.cpu.vector import lowest_bit, popcount, stop_requested

MOST_PACKED_SPINS = 32767
"""Sums under a mask of more spins may leave int16."""


@njit(cache=True)
def _changed(x, words, rows, n):
    """Bring ``words`` (uint64) up to date with the signs of ``x``; list what changed, return how many."""
    count = 0
    for w in range((n + 63) // 64):
        now = sign_word(x, 64 * w)
        changed = now ^ words[w]
        words[w] = now
        while changed != np.uint64(0):
            i = 64 * w + lowest_bit(changed)
            changed &= changed - np.uint64(1)
            if i < n:
                rows[count] = i
                count += 1
    return count


@njit(cache=True)
def _gather(bits, row_count, words, sums):
    """``sums[i]`` = sum of the signs under row i: 2 popcount(row & signs) - popcount(row)."""
    for i in range(row_count.shape[0]):
        up = np.int64(0)
        for w in range(bits.shape[1]):
            up += popcount(bits[i, w] & words[w])
        sums[i] = 2 * up - np.int64(row_count[i])


@njit(cache=True)
def _better(energy, best_energy, x, best, flag, progress):
    """Keep the signs of ``x`` if ``energy`` is the lowest so far; returns the lowest."""
    if not energy < best_energy:
        return best_energy
    for i in range(best.shape[0]):
        best[i] = np.int8(1) if x[i] >= np.float32(0.0) else np.int8(-1)
    if energy < progress[BEST]:
        progress[BEST] = energy
        if energy <= progress[TARGET]:
            flag[0] = STOP_TARGET
    return energy


@njit(nogil=True, cache=True, error_model="numpy")
def bifurcate_signs_packed(
    bits, row_count, low, step, h, x, y, c0, dt, steps, gather_above, best, flag, progress
):
    """Run ``steps`` steps of ``x``, ``y`` in place; returns (steps done, best energy).

    ``bits``: uint64[n, words], ``row_count``: int32[n], J = low + step * bit; ``h``: float64[n];
    ``x``, ``y``: float32[64 words], zero past n; ``gather_above``: changed signs a word of 64 above
    which sums are gathered; ``best``: int8[n], filled with the best rounded state.
    """
    n = h.shape[0]
    sums = np.zeros(x.shape[0], np.int16)
    f = np.zeros(x.shape[0], np.float32)
    words = np.zeros(bits.shape[1], np.uint64)
    rows, steps_of = np.zeros(n, np.int64), np.zeros(n, np.int16)
    own = h.astype(np.float32)
    low_, step_ = np.float32(low), np.float32(step)
    _changed(x, words, rows, n)
    _gather(bits, row_count, words, sums)
    best_energy = np.inf
    for t in range(steps + 1):
        magnetization, under_mask, linear = np.int64(0), np.int64(0), 0.0
        for i in range(n):
            s = np.int32(1) if x[i] >= np.float32(0.0) else np.int32(-1)
            magnetization += s
            under_mask += s * np.int32(sums[i])
        for i in range(n):
            linear += h[i] if x[i] >= np.float32(0.0) else -h[i]
        everywhere = np.float64(magnetization) * np.float64(magnetization) - np.float64(n)
        energy = linear + 0.5 * (low * everywhere + step * np.float64(under_mask))
        best_energy = _better(energy, best_energy, x, best, flag, progress)
        if t == steps or stop_requested(flag):
            return t, best_energy
        total = np.float32(magnetization)
        for i in range(n):
            s32 = np.float32(1.0) if x[i] >= np.float32(0.0) else np.float32(-1.0)
            f[i] = own[i] + (low_ * (total - s32) + step_ * np.float32(sums[i]))
        move(x, y, f, pressure(t, steps), c0, dt)
        count = _changed(x, words, rows, n)
        if 64.0 * count > gather_above * n:
            _gather(bits, row_count, words, sums)
        elif count > 0:
            for k in range(count):
                steps_of[k] = 2 if x[rows[k]] >= np.float32(0.0) else -2
            add_rows(sums, bits, rows, steps_of, count)
        progress[SWEEPS] += 1
    return steps, best_energy


@njit(nogil=True, cache=True, error_model="numpy")
def bifurcate_signs_dense(matrix, h, x, y, c0, dt, steps, best, flag, progress):
    """As ``bifurcate_signs_packed`` for a matrix, int16 (with int32 ``h``) or float32 [n, n]."""
    n = h.shape[0]
    fields = np.empty(n, h.dtype)
    f = np.zeros(x.shape[0], np.float32)
    words = np.zeros(x.shape[0] // 64, np.uint64)
    rows = np.zeros(n, np.int64)
    signs = np.empty(n, np.int8)
    _changed(x, words, rows, n)
    best_energy = np.inf
    for t in range(steps + 1):
        for i in range(n):
            signs[i] = np.int8(1) if x[i] >= np.float32(0.0) else np.int8(-1)
        if t % REFRESH == 0:
            fields[:] = h
            for j in range(n):
                _add_row(fields, matrix[j], fields.dtype.type(signs[j]))
        best_energy = _better(dense_energy(h, signs, fields), best_energy, x, best, flag, progress)
        if t == steps or stop_requested(flag):
            return t, best_energy
        for i in range(n):
            f[i] = np.float32(fields[i])
        move(x, y, f, pressure(t, steps), c0, dt)
        for k in range(_changed(x, words, rows, n)):
            j = rows[k]
            _add_row(fields, matrix[j], fields.dtype.type(-2 * signs[j]))
        progress[SWEEPS] += 1
    return steps, best_energy


@njit(cache=True)
def _add_row(fields, row, change):
    for i in range(fields.shape[0]):
        fields[i] += change * row[i]
