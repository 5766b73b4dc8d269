"""Local fields, energies, and the ground states by trying every state."""

from __future__ import annotations

import itertools

import numpy as np


def local_fields(J: np.ndarray, h: np.ndarray, spins: np.ndarray) -> np.ndarray:
    """``f_i = h_i + sum_j J_ij s_j``; J symmetric with zero diagonal."""
    fields: np.ndarray = h + J @ spins
    return fields


def energy(J: np.ndarray, h: np.ndarray, spins: np.ndarray) -> float:
    """``sum_i h_i s_i + sum_{i<j} J_ij s_i s_j``."""
    return float(h @ spins + 0.5 * spins @ J @ spins)


def ground_states(J: np.ndarray, h: np.ndarray) -> tuple[float, list[tuple[int, ...]]]:
    """(lowest energy, all states at it), by trying every state."""
    states = list(itertools.product((-1, 1), repeat=len(h)))
    energies = [energy(J, h, np.array(state, dtype=np.float64)) for state in states]
    lowest = min(energies)
    return lowest, [s for s, e in zip(states, energies, strict=True) if e <= lowest + 1e-9]
