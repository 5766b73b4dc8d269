"""Two threads against one: the same samples, and how much sooner.

python bench/threads.py
"""

from __future__ import annotations

import time

import numpy as np

import isinglass

ROUNDS = 5


def cases() -> list[tuple[str, isinglass.CompiledProblem, dict[str, int]]]:
    draw = np.random.default_rng(1).normal(size=(1000, 1000))
    made: list[tuple[str, object, str, dict[str, int]]] = [
        ("sparse G(2000,0.01)", isinglass.generate("gnp", n=2000, p=0.01, seed=1), "maxcut",
         {"num_reads": 128, "annealing_time": 4000}),
        ("sparse 3-regular 10^5", isinglass.generate("random_regular", n=100_000, seed=1), "ising",
         {"num_reads": 128, "annealing_time": 100}),
        ("packed G(2000,1/2)", isinglass.generate("gnp", n=2000, p=0.5, seed=1), "maxcut",
         {"num_reads": 32, "annealing_time": 2000}),
        ("packed G(15000,1/2)", isinglass.generate("gnp", n=15_000, p=0.5, seed=1), "maxcut",
         {"num_reads": 4, "annealing_time": 400}),
        ("dense Gaussian 1000", np.triu(draw, 1), "ising", {"num_reads": 32, "annealing_time": 1000}),
    ]  # fmt: skip
    return [(name, isinglass.compile(p, kind=kind), parameters) for name, p, kind, parameters in made]


def main() -> None:
    for name, problem, parameters in cases():
        seconds: dict[int, list[float]] = {1: [], 2: []}
        samples = {}
        for _ in range(ROUNDS):
            for threads in (1, 2):
                began = time.perf_counter()
                result = isinglass.solve(
                    problem, solver="simulated_annealing", seed=1, num_threads=threads, **parameters
                )
                seconds[threads].append(time.perf_counter() - began)
                samples[threads] = result.record.sample
        same = bool((samples[1] == samples[2]).all())
        one, two = (min(seconds[t]) for t in (1, 2))
        print(f"{name:<24} {one:7.3f} s on one, {two:7.3f} s on two: {one / two:.2f}x, "
              f"samples {'the same' if same else 'DIFFER'}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
