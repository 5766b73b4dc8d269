"""What happens during a programming cycle: from a program to the bits that are read out."""

from __future__ import annotations

from dataclasses import replace

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
    done: list[np.ndarray] = []
    for first, count, warmth in _stretches(program, physics.noise):
        part = replace(program, num_reads=count)
        if done and not program.reinitialize_state and program.initial_state is not None:
            part = replace(part, initial_state=done[-1][-1])
        now = replace(physics, temperature_mk=warmth * physics.temperature_mk)
        done.append(_ANNEALS[physics.dynamics](part, problem, now, reads.part(first, part), control))
        if len(done[-1]) < count:
            break
    return noise.read_out(np.concatenate(done), program.qubits, physics.noise, seed, cycle)


def _stretches(program: Program, strength: noise.Noise) -> list[tuple[int, int, float]]:
    """(first read, reads, temperature over the cold chip's): a warm read is one by itself."""
    warm = noise.warmth(program, strength).tolist()
    stretches = [(read, 1, factor) for read, factor in enumerate(warm)]
    if program.num_reads > len(warm):
        stretches.append((len(warm), program.num_reads - len(warm), 1.0))
    return stretches
