"""One time step of simulated bifurcation, given the product of couplings and positions.

Goto, Endo, Suzuki, Sakai, Kanao, Hamakawa, Hidaka, Yamasaki, Tatsumura, Sci. Adv. 7, eabe7953
(2021): symplectic Euler on H = sum y^2 / 2 + sum p x^2 / 2 + c0 E(x), between inelastic walls,

    y_i <- y_i - (p x_i + c0 f_i) dt,    x_i <- x_i + y_i dt,    |x_i| > 1: x_i <- sign x_i, y_i <- 0,

with ``p = 1 - (t + 1) / steps`` (their a0 - a(t), a0 = 1) and ``f_i = h_i + sum_j J_ij z_j``. Three lines
a number; everything in single precision, without contraction.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.bifurcate_vector import LANES
from isinglass.kernels.cpu.streams import sweep_key, uniform32

_START_WIDTH = np.float32(0.1)


@njit(nogil=True, cache=True)
def start(spins, read_key, x, y):
    """Positions and momenta of one replica: |x| and y uniform in 0.1, x signed as ``spins`` (int8[n])."""
    keys = sweep_key(read_key, 0), sweep_key(read_key, 1)
    for i in range(spins.shape[0]):
        unit = np.float32(2.0**-32)
        a = uniform32(np.uint32(i), np.uint32(keys[0]), np.uint32(keys[0] >> np.uint64(32)))
        b = uniform32(np.uint32(i), np.uint32(keys[1]), np.uint32(keys[1] >> np.uint64(32)))
        x[i] = np.float32(spins[i]) * _START_WIDTH * (np.float32(a) * unit)
        y[i] = _START_WIDTH * (np.float32(2.0) * (np.float32(b) * unit) - np.float32(1.0))


@njit(nogil=True, cache=True, error_model="numpy")
def pressure(t, steps):
    """p of step t: from 1 down to 0 in equal steps."""
    return np.float32(1.0) - np.float32(t + 1) / np.float32(steps)


@njit(nogil=True, cache=True, error_model="numpy")
def move(x, y, f, p, c0, dt):
    """One step of bSB or dSB; ``x``, ``y``, ``f``: float32, all of one length; ``p``: float32."""
    one = np.float32(1.0)
    for i in range(x.shape[0]):
        v = y[i] - (p * x[i] + c0 * f[i]) * dt
        u = x[i] + v * dt
        inside = np.abs(u) <= one
        x[i] = u if inside else np.copysign(one, u)
        y[i] = v if inside else np.float32(0.0)


@njit(nogil=True, cache=True, error_model="numpy")
def move_controlled(x, y, f, p, control, left, c0, dt):
    """One step of generalised SB: as ``move`` with a ``p_i`` of each number's own, arrays [n, LANES].

    Goto, Hidaka, Tatsumura, Phys. Rev. Applied 25, 044011 (2026), arXiv 2508.17655:
    ``p_i <- p_i - (1 - A x_i^2) p_i / (M - m)``, with ``control`` (float32[LANES]) A and ``left`` M - m
    steps to go. Taken from a public implementation's documentation that cites it; the paper itself was
    not read. Two departures: c0 of 2021 (bifurcations.py) instead of 1 / lambda_max, and momenta that
    ``start`` within +-0.1 instead of at 0.
    """
    one = np.float32(1.0)
    rate = one / left
    for i in range(x.shape[0]):
        for r in range(LANES):
            u = x[i, r]
            q = p[i, r] - (one - control[r] * (u * u)) * p[i, r] * rate
            p[i, r] = q
            v = y[i, r] - (q * u + c0 * f[i, r]) * dt
            u += v * dt
            inside = np.abs(u) <= one
            x[i, r] = u if inside else np.copysign(one, u)
            y[i, r] = v if inside else np.float32(0.0)
