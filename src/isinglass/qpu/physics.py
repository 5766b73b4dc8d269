"""The constants of one emulated machine: its schedule, temperature, dynamics and noise."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from isinglass.errors import ParameterError, nearest
from isinglass.qpu.noise import Noise
from isinglass.qpu.parameter_checks import as_number, refuse

REFERENCE_US = 20.0
"""The anneal whose sweeps a microsecond are stated."""
DYNAMICS = ("svmc-tf", "svmc", "pimc", "boltzmann")
_PAUSE = 0.25
GHZ_PER_MK = 0.0208366191
"""Boltzmann's constant over Planck's: a temperature in mK as a frequency in GHz."""


@dataclass(frozen=True)
class Physics:
    """What decides the answer of an anneal, apart from the program.

    ``dynamics``:

    * ``"svmc-tf"`` spin-vector Monte Carlo whose moves shrink with the transverse field (the default:
      it freezes out as a device does);
    * ``"svmc"`` the same with moves anywhere: it relaxes until the end;
    * ``"pimc"`` path-integral Monte Carlo up to the freeze-out point;
    * ``"boltzmann"`` no dynamics: the noisy problem at the inverse temperature of the freeze-out point.
    """

    schedule: str
    """Which table of A(s), B(s): a file of ``qpu/schedules``, e.g. "Advantage_system4"."""
    temperature_mk: float
    sweeps_per_us: float
    """Monte Carlo sweeps that stand for a microsecond of an anneal of 20 µs; see calibrated.py."""
    dynamics: str = "svmc-tf"
    noise: Noise = field(default_factory=Noise)
    sweep_exponent: float = 1.0
    """An anneal of t takes (t / 20 µs)^this as many sweeps as one of 20 µs; 1: time and sweeps are one."""
    move_width: float = 1.0
    """Moves of "svmc-tf" are up to pi min(1, this A / B) wide; 1 in the paper."""
    freeze_out_ghz: float = 0.0165
    """A(s) below which single qubits no longer move ("pimc", "boltzmann")."""
    slices: int = 64
    """Imaginary-time slices of "pimc": 8, 16, 32 or 64."""

    def __post_init__(self) -> None:
        if self.dynamics not in DYNAMICS:
            raise ParameterError(
                f"dynamics={self.dynamics!r} is not one of {', '.join(DYNAMICS)}"
                f"{nearest(str(self.dynamics), DYNAMICS)}"
            )
        for name in ("temperature_mk", "sweeps_per_us", "sweep_exponent", "move_width", "freeze_out_ghz"):
            if as_number(name, getattr(self, name)) <= 0.0:
                raise refuse(name, getattr(self, name), "must be above 0")
        if not isinstance(self.noise, Noise):
            raise refuse("noise", self.noise, "must be a Noise; Noise.none() has all parts off")
        if self.slices not in (8, 16, 32, 64):
            raise ParameterError(f"slices={self.slices!r} is not 8, 16, 32 or 64")

    @property
    def temperature_ghz(self) -> float:
        """k T / (Planck's constant), GHz."""
        return self.temperature_mk * GHZ_PER_MK

    def sweeps(self, duration_us: float, distance: float) -> int:
        """Sweeps, 1 up, of a piece of an anneal: so long, over ``distance`` of s.

        Pieces of one slope add up to the anneal that they make. A pause counts as ``_PAUSE`` of an anneal.
        """
        whole = self.sweeps_per_us * REFERENCE_US * (duration_us / REFERENCE_US) ** self.sweep_exponent
        return max(1, int(np.rint(whole * max(distance, _PAUSE) ** (1.0 - self.sweep_exponent))))
