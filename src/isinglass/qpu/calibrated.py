"""The physics of each preset machine, as calibrated against what is published of it."""

from __future__ import annotations

from isinglass.errors import ParameterError, nearest
from isinglass.qpu.noise import Noise
from isinglass.qpu.physics import Physics

_ADVANTAGE = Noise(
    sigma_h=0.015, sigma_j=0.01, step_h=0.008, step_j=0.0045, drift_h=0.01, bath_h=0.005,
    readout_error=1e-5,
)  # fmt: skip


def _machine(schedule: str, temperature_mk: float, noise: Noise) -> Physics:
    return Physics(
        schedule, temperature_mk, sweeps_per_us=300.0, sweep_exponent=0.45, move_width=1.5e5, noise=noise
    )


PHYSICS = {
    "Advantage_system4": _machine("Advantage_system4", 20.0, _ADVANTAGE),
}


def physics_named(name: str) -> Physics:
    """The calibrated physics of a model; ParameterError for an unknown name."""
    if name not in PHYSICS:
        raise ParameterError(
            f"no physics is calibrated for {name!r}; known: {', '.join(PHYSICS)}{nearest(name, PHYSICS)}"
        )
    return PHYSICS[name]
