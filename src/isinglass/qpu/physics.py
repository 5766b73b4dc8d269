"""The constants of one emulated machine: its schedule, temperature, dynamics and noise."""

from __future__ import annotations

from dataclasses import dataclass, field

from isinglass.errors import ParameterError, nearest
from isinglass.qpu.noise import Noise

DYNAMICS = ("svmc-tf", "svmc", "pimc", "boltzmann")
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
    """Monte Carlo sweeps that stand for a microsecond of annealing; calibrated, see calibrated.py."""
    dynamics: str = "svmc-tf"
    noise: Noise = field(default_factory=Noise)
    freeze_out_ghz: float = 0.0165
    """A(s) below which single qubits no longer move ("pimc", "boltzmann")."""
    slices: int = 64
    """Imaginary-time slices of "pimc": 8, 16, 32 or 64."""

    def __post_init__(self) -> None:
        if self.dynamics not in DYNAMICS:
            raise ParameterError(
                f"dynamics={self.dynamics!r} is not one of {', '.join(DYNAMICS)}"
                f"{nearest(self.dynamics, DYNAMICS)}"
            )
        for name in ("temperature_mk", "sweeps_per_us", "freeze_out_ghz"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise ParameterError(f"{name}={getattr(self, name)!r} is not a finite number above 0")
        if self.slices not in (8, 16, 32, 64):
            raise ParameterError(f"slices={self.slices!r} is not 8, 16, 32 or 64")

    @property
    def temperature_ghz(self) -> float:
        """k T / (Planck's constant), GHz."""
        return self.temperature_mk * GHZ_PER_MK
