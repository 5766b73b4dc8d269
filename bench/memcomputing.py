"""Memcomputing against simulated annealing: equal wall time, one thread each, the same instances.

    python bench/memcomputing.py DATA [--seconds 3] [--seeds 3]

DATA is a folder with the public instances (planted/, threer3x/, gset/, spinglass3d/); each line of
the table is one instance: lowest energy known, lowest energy of each solver over the seeds, in how many
of them it was the known one. The last lines are planted random 3-SAT (clause-distribution control,
ratio 4.3): unsatisfied clauses left by ``isinglass.sat`` and by annealing of the MAX-2-SAT gadget
form of the same clauses, which is no match for a SAT solver. The constants of the bond
form were chosen on G1, L10_0000 and TP2D_L32_1, with a look at 3r3x_n128_s1; those of isinglass.sat
on formulas of the same family. Solvers take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import dimod
import numpy as np

import isinglass
from isinglass.sat import solve_sat, unsatisfied

INSTANCES = {
    "planted/TP2D_L16_2": -478,
    "planted/TP2D_L32_1": -1881,
    "planted/TP3D_L8_1": -768,
    "threer3x/3r3x_n64_s1": -128,
    "threer3x/3r3x_n128_s1": -256,
    "gset/G1": -4072,
    "gset/G2": -4064,
    "spinglass3d/L10_0000": -1731,
    "spinglass3d/L10_0001": -1731,
    "planted/TP2D_L32_2": -1912,
}
FORMULAS = ((200, 0), (500, 0), (1000, 0))


def planted_formula(n: int, seed: int) -> list[list[int]]:
    """Barthel et al., Phys. Rev. Lett. 88, 188701 (2002), with a share of 0.08 of all-true clauses."""
    rng = np.random.default_rng(seed)
    planted = rng.choice([-1, 1], n)
    clauses = []
    for false_literals in rng.choice(3, int(4.3 * n), p=[0.08, 0.34, 0.58]):
        variables = rng.choice(n, 3, replace=False)
        signs = planted[variables]
        signs[rng.permutation(3)[:false_literals]] *= -1
        clauses.append((signs * (variables + 1)).tolist())
    return clauses


def gadget(clauses: list[list[int]]) -> dimod.BQM:
    """Clauses a, b, c as a QUBO: y = not a and not b by Rosenberg (1975), then y and not c costs 1."""
    bqm = dimod.BQM("BINARY")

    def add(first: int, second: int, weight: float) -> None:
        """Weight times the product of two literals."""
        (p, q), (r, s) = ((0, 1) if literal > 0 else (1, -1) for literal in (first, second))
        bqm.offset += weight * p * r
        bqm.add_linear(abs(first), weight * q * r)
        bqm.add_linear(abs(second), weight * p * s)
        bqm.add_quadratic(abs(first), abs(second), weight * q * s)

    n = max(abs(a) for clause in clauses for a in clause)
    for m, (a, b, c) in enumerate(clauses):
        y = n + 1 + m
        add(-a, -b, 1.0)
        add(-a, y, -2.0)
        add(-b, y, -2.0)
        bqm.add_linear(y, 3.0)
        add(y, -c, 1.0)
    return bqm


def formula_line(n: int, seed: int, seconds: float, seeds: int) -> None:
    clauses = planted_formula(n, seed)
    problem = isinglass.compile(gadget(clauses))
    machine, annealed = [], []
    for s in range(seeds):
        machine.append(solve_sat(clauses, seed=s, time_limit=seconds, steps=10**9).unsatisfied)
        result = isinglass.solve(
            problem, solver="simulated_annealing", seed=s, time_limit=seconds, num_threads=1
        )
        places = [list(result.variables).index(i + 1) for i in range(n)]
        annealed.append(unsatisfied(clauses, result.record.sample[result.record.energy.argmin()][places] > 0))
    show(f"3-SAT n={n} ratio 4.3", 0, machine, annealed)


def show(name: str, known: float, machine: list[float], annealed: list[float]) -> None:
    hits = [sum(value <= known for value in values) for values in (machine, annealed)]
    print(
        f"{name:24s}{known:8g}{min(machine):8g}{np.mean(machine):10.1f}{hits[0]:4d}/{len(machine)}"
        f"{min(annealed):8g}{np.mean(annealed):10.1f}{hits[1]:4d}/{len(annealed)}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print(
        f"{'instance':24s}{'known':>8s}{'DMM':>8s}{'mean':>10s}{'hits':>6s}{'SA':>8s}{'mean':>10s}{'hits':>6s}"
    )
    for name, known in INSTANCES.items():
        kind = "maxcut" if name.startswith("gset") else "ising"
        problem = isinglass.compile(isinglass.read_file(options.data / f"{name}.txt.gz", kind=kind))
        found: dict[str, list[float]] = {"memcomputing": [], "simulated_annealing": []}
        for solver in found:
            isinglass.solve(problem, solver=solver, time_limit=0.2, num_threads=1)  # loads the kernels
        for seed in range(options.seeds):
            for solver, energies in found.items():
                result = isinglass.solve(
                    problem, solver=solver, seed=seed, time_limit=options.seconds, num_threads=1
                )
                energies.append(float(result.first.energy))
        show(name, known, *found.values())
    for n, seed in FORMULAS:
        formula_line(n, seed, options.seconds, options.seeds)


if __name__ == "__main__":
    main()
