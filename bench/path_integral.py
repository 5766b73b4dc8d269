"""Equal sweeps of path-integral Monte Carlo against dwave-samplers' PathIntegralAnnealingSampler, in one run.

    python bench/path_integral.py [--reads 4] [--sweeps 200]

A glass of couplings +-1 on the ideal Pegasus P16 follows Advantage_system4's A(s) and B(s) at 20 mK, up to
the freeze-out point. Both use one thread and are timed in their sampling phase. The peer's paths are
continuous in imaginary time, ours have 32 or 64 slices; a sweep of either visits every spin once. Energies
are of one slice.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from isinglass.control import RunControl
from isinglass.qpu import dynamics, paths
from isinglass.qpu.physics import Physics
from isinglass.qpu.program import Program
from isinglass.qpu.sweeps import moments_of
from peers import call


def glass() -> Program:
    graph = call("pegasus", m=16)
    n, row, col = graph["n"], graph["row"], graph["col"]
    J = np.random.default_rng(1).choice([-1.0, 1.0], len(row))
    row, col = np.minimum(row, col).astype(np.int32), np.maximum(row, col).astype(np.int32)
    zeros, ends = np.zeros(n), np.array([0.0, 20.0])
    return Program(
        np.arange(n, dtype=np.int32), zeros, row, col, J, np.stack([ends, ends / 20.0], 1), False,
        np.stack([ends, np.ones(2)], 1), zeros, zeros, None, True, 1, 160.0, 1000.0, True,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reads", type=int, default=4)
    parser.add_argument("--sweeps", type=int, default=200)
    options = parser.parse_args()
    program = replace(glass(), num_reads=options.reads)
    physics = Physics("Advantage_system4", 20.0, options.sweeps / 20.0, dynamics="pimc")
    moments = moments_of(program, physics)
    sweeps = len(paths.kernel_schedule(moments, physics)[1])
    fields = {"problem_field": moments.B_kt[:sweeps, 0], "driver_field": moments.A_kt[:sweeps, 0]}
    edges = {"row": program.row, "col": program.col, "value": program.J}
    peer = call("path_integral", n=program.h.size, reads=options.reads, seed=1, **edges, **fields)
    unit = 1e3 / (options.reads * sweeps)
    print(f"{sweeps} sweeps, {options.reads} reads; ms a sweep, energies of one slice")
    print(f"peer        {peer['sampling'] * unit:6.2f} ms  {peer['mean']:9.1f} +- {peer['error']:.1f}")
    for slices in (32, 64):
        of_slices = replace(physics, slices=slices)
        dynamics.run(replace(program, num_reads=1), replace(of_slices, sweeps_per_us=1.0), 1, RunControl())
        began = time.perf_counter()
        spins = dynamics.run(program, of_slices, 1, RunControl(num_threads=1)).astype(float)
        seconds = time.perf_counter() - began
        energy = (spins[:, program.row] * spins[:, program.col]) @ program.J
        error = energy.std(ddof=1) / np.sqrt(len(energy))
        print(
            f"{slices:2d} slices   {seconds * unit:6.2f} ms  {energy.mean():9.1f} +- {error:.1f}"
            f"   {peer['sampling'] / seconds:.1f} times the peer's speed"
        )


if __name__ == "__main__":
    main()
