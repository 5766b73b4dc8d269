"""What each qubit feels in each sweep of an anneal, in units of k T: the arrays of the kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isinglass.qpu import schedule
from isinglass.qpu.physics import Physics
from isinglass.qpu.program import Program

MOST_GROUPS = 64
"""Anneal offsets are rounded to so many values, evenly from the smallest to the largest."""
AFM_INDUCTANCE_PH = 1.647
"""M_AFM of Advantage_system4 (D-Wave, solver properties): flux and persistent current of a unit of J."""
_PLANCK, _FLUX_QUANTUM = 6.62607015e-34, 2.067833848e-15


@dataclass(frozen=True, eq=False)
class Moments:
    """``T`` sweeps of ``G`` groups of qubits that share an anneal offset."""

    s: np.ndarray
    """float64[T], of qubits without an offset."""
    group: np.ndarray
    """int32[k]: the group of each qubit."""
    A_kt: np.ndarray
    """float64[T, G]: A / 2kT."""
    B_kt: np.ndarray
    """float64[T, G]: sqrt(B of the group times B without offset) / 2kT, which multiplies fields; couplings
    take it times the neighbour's ``share``."""
    share: np.ndarray
    """float64[T, G]: sqrt(B of the group / B without offset), 1 without offsets."""
    gain: np.ndarray
    """float64[T]: of h."""
    pull: np.ndarray
    """float64[T]: of fields from outside, given as the h that they equal at s = 1. A flux bias is constant
    while the flux of h grows with the persistent current, as sqrt B: early on it counts for more."""

    def only(self, kept: np.ndarray) -> Moments:
        """Those of the sweeps where ``kept`` (bool[T])."""
        rows = (self.A_kt[kept], self.B_kt[kept], self.share[kept], self.gain[kept], self.pull[kept])
        return Moments(self.s[kept], self.group, *rows)


def moments_of(program: Program, physics: Physics) -> Moments:
    """All sweeps of the program's anneal."""
    table = schedule.load(physics.schedule)
    t, s = schedule.moments(program.waveform, physics)
    offsets, group = _groups(program.anneal_offsets)
    per_kt = 0.5 / physics.temperature_ghz
    _, B = table.at(s, program.fast)
    A_kt, B_kt, share = (np.empty((len(s), len(offsets))) for _ in range(3))
    for g, offset in enumerate(offsets):
        A_own, B_own = table.at(table.advanced(s, offset, program.fast), program.fast)
        share[:, g] = np.sqrt(B_own / B)
        A_kt[:, g], B_kt[:, g] = A_own * per_kt, np.sqrt(B_own * B) * per_kt
    gain = np.interp(t, program.h_gain[:, 0], program.h_gain[:, 1])
    pull = np.sqrt(table.B_ghz[-1] / B)
    return Moments(s, group, A_kt, B_kt, share, gain, pull)


def outside_fields(program: Program, physics: Physics) -> np.ndarray:
    """float64[k]: the h at s = 1 that each flux bias equals; a positive bias lowers h."""
    B_hertz = schedule.load(physics.schedule).B_ghz[-1] * 1e9
    flux_of_unit_h = np.sqrt(AFM_INDUCTANCE_PH * 1e-12 * _PLANCK * B_hertz / 2.0) / _FLUX_QUANTUM
    fields: np.ndarray = -program.flux_biases / flux_of_unit_h
    return fields


def _groups(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(the offset of each group, int32[k]: the group of each qubit)."""
    values, group = np.unique(offsets, return_inverse=True)
    if len(values) > MOST_GROUPS:
        values = np.linspace(offsets.min(), offsets.max(), MOST_GROUPS)
        group = np.round((offsets - values[0]) / (values[1] - values[0]))
    return values, group.astype(np.int32)
