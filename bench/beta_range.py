"""Which default beta range: mean energies over classes of problems, relative to the best of the grid.

    python bench/beta_range.py

HOT and COLD of solvers/schedule.py were chosen from this table: each entry is how many per cent the mean
energy of that (hot, cold) lies above the best mean of its row.
"""

from __future__ import annotations

import numpy as np

import isinglass

HOTS, COLDS = (0.1, 0.2, 0.4, 0.6, 0.8), (3, 5, 8, 12)


def cases() -> list[tuple[str, isinglass.CompiledProblem]]:
    rng = np.random.default_rng(0)
    qubo = np.triu(rng.integers(-100, 101, (500, 500)) * (rng.random((500, 500)) < 0.1))
    made: list[tuple[str, object, str]] = [
        ("G(800,0.06)", isinglass.generate("gnp", n=800, p=0.06, seed=1), "maxcut"),
        ("G(2000,0.01)", isinglass.generate("gnp", n=2000, p=0.01, seed=1), "maxcut"),
        ("G(5000,0.001)", isinglass.generate("gnp", n=5000, p=0.001, seed=1), "maxcut"),
        ("torus 70x70", isinglass.generate("lattice_2d", length=70, seed=1), "ising"),
        ("cube 10^3", isinglass.generate("lattice_3d", length=10, seed=1), "ising"),
        ("cube 10^3 gaussian",
         isinglass.generate("lattice_3d", length=10, couplings="gaussian", seed=1), "ising"),
        ("3-regular 10^4", isinglass.generate("random_regular", n=10_000, seed=1), "ising"),
        ("SK 1000", isinglass.generate("sk", n=1000, seed=1), "ising"),
        ("SK gaussian 500", isinglass.generate("sk_gaussian", n=500, seed=1), "ising"),
        ("QUBO 500, 10 %", qubo, "qubo"),
        ("planted 1024", isinglass.generate("planted", n=1024, graph="lattice_2d", seed=1), "ising"),
    ]  # fmt: skip
    return [(name, isinglass.compile(problem, kind=kind)) for name, problem, kind in made]


def main() -> None:
    grid = [(hot, cold) for hot in HOTS for cold in COLDS]
    print(f"{'sweeps':>6} {'problem':<20}" + "".join(f"{hot}/{cold}".rjust(8) for hot, cold in grid))
    for sweeps in (100, 1000):
        for name, problem in cases():
            smallest, _, largest = problem.field_scale * problem.scale
            reads = 64 if problem.storage == "sparse" else 16
            means = np.array([
                isinglass.solve(
                    problem, solver="simulated_annealing", seed=1, num_reads=reads, annealing_time=sweeps,
                    beta_range=(hot / largest, cold / smallest),
                ).record.energy.mean()
                for hot, cold in grid
            ])  # fmt: skip
            above = 100 * (means - means.min()) / abs(means.min())
            print(f"{sweeps:>6} {name:<20}" + "".join(f"{a:8.2f}" for a in above), flush=True)


if __name__ == "__main__":
    main()
