"""What the words of a call become before anything is annealed: one programming cycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Program:
    """What is programmed into the chip in one programming cycle, checked and scaled; active qubits only.

    ``k`` active qubits, ``m`` couplers. The classical energy is ``sum h_i s_i + sum J_ij s_i s_j``.
    """

    qubits: np.ndarray
    """int32[k], physical indices of the active qubits, ascending: noise belongs to them."""
    h: np.ndarray
    """float64[k], as programmed (after auto-scale and gauge)."""
    row: np.ndarray
    """int32[m], positions 0..k-1, ``row < col``."""
    col: np.ndarray
    """int32[m]"""
    J: np.ndarray
    """float64[m]"""
    waveform: np.ndarray
    """float64[p, 2] of (t in µs, s), piecewise linear; the standard anneal is [[0, 0], [t_a, 1]]."""
    fast: bool
    """Fast-anneal tables instead of the standard ones."""
    h_gain: np.ndarray
    """float64[q, 2] of (t in µs, g), piecewise linear."""
    anneal_offsets: np.ndarray
    """float64[k], normalised offset units, positive = advanced."""
    flux_biases: np.ndarray
    """float64[k], Phi_0; the sign is opposite to h."""
    initial_state: np.ndarray | None
    """int8[k] of -1/+1 for a reverse anneal."""
    reinitialize_state: bool
    """Each read of a reverse anneal starts from ``initial_state``; otherwise from the read before it."""
    num_reads: int
    read_spacing_us: float
    """From the beginning of one read to the next: drift and spin bath run on it."""
    programming_thermalization_us: float
    """From programming to the first read: the chip cools meanwhile."""
    flux_drift_compensation: bool
