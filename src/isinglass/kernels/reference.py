"""The slow, obvious version of every kernel: dense float64 arithmetic, one spin at a time.

Tests compare each fast kernel with these; nothing else uses them. They share with the fast kernels
the random streams only, and those have tests of their own.
"""

from __future__ import annotations

import itertools

import numpy as np

from isinglass.kernels.cpu.streams import slack_of, sweep_key, uniform32


def local_fields(J: np.ndarray, h: np.ndarray, spins: np.ndarray) -> np.ndarray:
    """``f_i = h_i + sum_j J_ij s_j``; J symmetric with zero diagonal."""
    fields: np.ndarray = h + J @ spins
    return fields


def energy(J: np.ndarray, h: np.ndarray, spins: np.ndarray) -> float:
    """``sum_i h_i s_i + sum_{i<j} J_ij s_i s_j``."""
    return float(h @ spins + 0.5 * spins @ J @ spins)


def anneal(
    J: np.ndarray,
    h: np.ndarray,
    spins: np.ndarray,
    read_key: np.uint64,
    slack_scale: np.ndarray,
    quantum: np.float32,
) -> np.ndarray:
    """Metropolis sweeps in index order (Metropolis 1953); returns the final spins.

    A flip of spin i costs ``-2 s_i f_i``; with u uniform it is accepted when
    ``exp(-beta cost) >= u``, that is when ``-s_i f_i <= -ln(u) / (2 beta)``. ``quantum``: see slack_of.
    """
    spins = spins.astype(np.float64)
    for t, scale in enumerate(slack_scale):
        key = int(sweep_key(read_key, t))
        low, high = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
        for i in range(len(h)):
            slack = slack_of(uniform32(np.uint32(i), low, high), np.float32(scale), quantum)
            if -spins[i] * (h[i] + J[i] @ spins) <= slack:
                spins[i] = -spins[i]
    return spins.astype(np.int8)


def descend(J: np.ndarray, h: np.ndarray, spins: np.ndarray) -> np.ndarray:
    """Flip the spin with the largest gain, the first of equals, until none gains."""
    spins = spins.astype(np.float64)
    while True:
        gains = spins * local_fields(J, h, spins)
        if len(gains) == 0 or gains.max() <= 0:
            return spins.astype(np.int8)
        spins[int(np.argmax(gains))] *= -1


def ground_states(J: np.ndarray, h: np.ndarray) -> tuple[float, list[tuple[int, ...]]]:
    """(lowest energy, all states at it), by trying every state."""
    states = list(itertools.product((-1, 1), repeat=len(h)))
    energies = [energy(J, h, np.array(state, dtype=np.float64)) for state in states]
    lowest = min(energies)
    return lowest, [s for s, e in zip(states, energies, strict=True) if e <= lowest + 1e-9]


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
