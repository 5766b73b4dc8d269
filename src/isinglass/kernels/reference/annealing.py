"""Metropolis sweeps."""

from __future__ import annotations

import numpy as np

from isinglass.kernels.cpu.streams import slack_of, sweep_key, uniform32


def anneal(
    J: np.ndarray,
    h: np.ndarray,
    spins: np.ndarray,
    read_key: np.uint64,
    slack_scale: np.ndarray,
    quantum: np.float32,
    first_sweep: int = 0,
    order: np.ndarray | None = None,
) -> np.ndarray:
    """Metropolis sweeps in ``order`` (None: of index; Metropolis 1953); returns the final spins.

    A flip of spin i costs ``-2 s_i f_i``; with u uniform it is accepted when
    ``exp(-beta cost) >= u``, that is when ``-s_i f_i <= -ln(u) / (2 beta)``. ``quantum``: see slack_of.
    """
    spins = spins.astype(np.float64)
    for t, scale in enumerate(slack_scale):
        low, high = halves(sweep_key(read_key, first_sweep + t))
        for i in range(len(h)) if order is None else order:
            slack = slack_of(uniform32(np.uint32(i), low, high), np.float32(scale), quantum)
            if -spins[i] * (h[i] + J[i] @ spins) <= slack:
                spins[i] = -spins[i]
    return spins.astype(np.int8)


def halves(key: np.uint64) -> tuple[np.uint32, np.uint32]:
    """(low, high) of a key, as the random streams take it."""
    return np.uint32(int(key) & 0xFFFFFFFF), np.uint32(int(key) >> 32)
