"""No dynamics ("boltzmann"): the noisy problem at the temperature of the freeze-out point.

A native problem without barriers follows the anneal in equilibrium until its transverse field is too weak
to turn qubits, and stays as it is then: its answer is a Boltzmann sample of the programmed energies at the
inverse temperature B(s*) / 2kT, s* the freeze-out point (Amin, Phys. Rev. A 92, 052323 (2015)). Sampled by
simulated annealing that ends with sweeps at that temperature: exact for small and easy problems, a glass
stays above it as it does on the device. Offsets and the path of the anneal do not matter; the bath has
no effect, and drift is held for ``REBIAS`` reads at a time.
"""

from __future__ import annotations

import numpy as np

from isinglass.control import RunControl
from isinglass.problems.compile import compile
from isinglass.problems.given import EdgeList
from isinglass.qpu import schedule
from isinglass.qpu.noise import NoisyProblem
from isinglass.qpu.physics import Physics
from isinglass.qpu.program import Program
from isinglass.qpu.reads import Reads
from isinglass.qpu.sweeps import moments_of
from isinglass.solvers.registry import solver_named

REBIAS = 64
_RISING, _RESTING = 400, 100
_HOTTEST = 0.1


def effective_beta(program: Program, physics: Physics) -> float:
    """The inverse temperature, per unit of h and J, of what a program's answer is a Boltzmann sample of."""
    table = schedule.load(physics.schedule)
    _, B = table.at(np.array([_freeze_out_s(program, physics)]), program.fast)
    return float(B[0]) / (2.0 * physics.temperature_ghz)


def sample(
    program: Program, problem: NoisyProblem, physics: Physics, reads: Reads, control: RunControl
) -> np.ndarray:
    """int8[reads done, k], -1/+1 in time order, before readout."""
    moments = moments_of(program, physics)
    last = int(np.argmin(np.abs(moments.s - _freeze_out_s(program, physics))))
    beta = effective_beta(program, physics)
    betas = np.concatenate([np.geomspace(_HOTTEST * beta, beta, _RISING), np.full(_RESTING, beta)])
    solver = solver_named("simulated_annealing")
    states = [np.zeros((0, program.qubits.size), np.int8)]
    for first in range(0, program.num_reads, REBIAS):
        count = min(REBIAS, program.num_reads - first)
        h = moments.gain[last] * problem.h
        h = h + moments.pull[last] * reads.flux(np.array([first]), None)[:, 0]
        compiled = compile(EdgeList(h.size, problem.row, problem.col, problem.J, h))
        control.measure_in(compiled.scale, compiled.offset)
        given = {"num_reads": count, "seed": int(reads.keys[first] >> np.uint64(1)), "beta_schedule": betas}
        states.append(solver.run(compiled, solver.resolve(given), control).states)
        if control.stopped:
            break
    return np.concatenate(states)


def _freeze_out_s(program: Program, physics: Physics) -> float:
    """The freeze-out point, or the end of a waveform that does not get there."""
    point = schedule.load(physics.schedule).where_A_is(physics.freeze_out_ghz, program.fast)
    return min(point, float(program.waveform[-1, 1]))
