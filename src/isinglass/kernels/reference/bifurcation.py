"""Simulated bifurcation."""

from __future__ import annotations

import numpy as np

from isinglass.kernels.reference.energies import energy, local_fields


def bifurcate(
    J: np.ndarray,
    h: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    variant: str,
    control: float,
    c0: float,
    dt: float,
    steps: int,
) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Simulated bifurcation of one replica, step by step; final x and y and the energy of every sign(x).

    ``variant``: "ballistic", "discrete" or "generalized" (Goto et al. 2021 and 2026, see
    kernels/cpu/bifurcate_move.py). Single precision but for the products, which are exact in double.
    """
    one, c0_, dt_ = np.float32(1), np.float32(c0), np.float32(dt)
    p = np.ones_like(x)
    energies = [energy(J, h, np.where(x >= 0, 1.0, -1.0))]
    for t in range(steps):
        signs = np.where(x >= 0, 1.0, -1.0)
        f = local_fields(J, h, signs if variant == "discrete" else x.astype(np.float64)).astype(np.float32)
        if variant == "generalized":
            rate = one / np.float32(steps - t)
            p = p - (one - np.float32(control) * (x * x)) * p * rate
        else:
            p = np.full_like(x, one - np.float32(t + 1) / np.float32(steps))
        y = y - (p * x + c0_ * f) * dt_
        x = x + y * dt_
        outside = np.abs(x) > 1
        x, y = np.where(outside, np.sign(x), x), np.where(outside, np.float32(0), y)
        energies.append(energy(J, h, np.where(x >= 0, 1.0, -1.0)))
    return x, y, energies
