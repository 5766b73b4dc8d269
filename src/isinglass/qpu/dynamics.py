"""What happens during a programming cycle: from a program to the bits that are read out."""

from __future__ import annotations

import numpy as np

from isinglass.control import RunControl
from isinglass.qpu import freeze_out, noise, paths, rotors
from isinglass.qpu.physics import Physics
from isinglass.qpu.program import Program
from isinglass.qpu.reads import Reads

_ANNEALS = {
    "svmc-tf": rotors.anneal,
    "svmc": rotors.anneal,
    "pimc": paths.anneal,
    "boltzmann": freeze_out.sample,
}


def run(program: Program, physics: Physics, seed: int, control: RunControl, cycle: int = 0) -> np.ndarray:
    """Anneal and read out ``program.num_reads`` times.

    Args:
        cycle: the number of the programming cycle (of the gauge), 0 first: its errors are its own, those
            of the chip are the same in all cycles of one ``seed``.

    Returns:
        int8[reads done, k] of -1/+1, in time order, readout errors included; fewer reads if cut short.
    """
    if not program.qubits.size:
        return np.zeros((program.num_reads, 0), np.int8)
    problem = noise.programmed(program, physics.noise, seed, cycle)
    reads = Reads(program, physics, seed, cycle, control)
    spins = _ANNEALS[physics.dynamics](program, problem, physics, reads, control)
    return noise.read_out(spins, program.qubits, physics.noise, seed, cycle)
