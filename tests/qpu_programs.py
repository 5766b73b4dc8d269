"""Small programs for the tests of the emulated annealer."""

from __future__ import annotations

from typing import Any

import numpy as np

from isinglass.control import RunControl
from isinglass.qpu import dynamics
from isinglass.qpu.physics import Physics
from isinglass.qpu.program import Program


def program(
    h: Any, row: Any = (), col: Any = (), J: Any = (), *, time: float = 20.0, num_reads: int = 1,
    waveform: Any = None, anneal_offsets: Any = None, **others: Any,
) -> Program:  # fmt: skip
    """A program of qubits 0, 1, ...; ``time``: of a standard anneal, µs."""
    h = np.asarray(h, float)
    points = np.array([[0.0, 0.0], [time, 1.0]] if waveform is None else waveform, float)
    whole = {
        "fast": False, "h_gain": np.array([[0.0, 1.0], [points[-1, 0], 1.0]]),
        "flux_biases": np.zeros(h.size), "initial_state": None, "reinitialize_state": True,
        "read_spacing_us": points[-1, 0] + 140.0,
        "programming_thermalization_us": 1000.0, "flux_drift_compensation": True,
    }  # fmt: skip
    return Program(
        qubits=np.arange(h.size, dtype=np.int32), h=h, row=np.asarray(row, np.int32),
        col=np.asarray(col, np.int32), J=np.asarray(J, float), waveform=points, num_reads=num_reads,
        anneal_offsets=np.zeros(h.size) if anneal_offsets is None else np.asarray(anneal_offsets, float),
        **(whole | others),
    )  # fmt: skip


def spins_of(asked: Program, physics: Physics, seed: int = 1, cycle: int = 0, threads: int = 2) -> np.ndarray:
    """float64[reads, k] of what is read out."""
    return dynamics.run(asked, physics, seed, RunControl(num_threads=threads), cycle).astype(np.float64)
