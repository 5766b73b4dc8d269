"""Max-Cut on G(n, 1/2): the Q-score's beta within seconds of the problem being handed over.

    python bench/dense_maxcut.py [n ...]         default 15000 (5 s) and 100000 (60 s)

beta = (cut - n (n - 1) / 8) / (0.178 n^1.5); the optimum is near 1.072 for large n.
"""

from __future__ import annotations

import resource
import sys
import time

import isinglass

SOLVER = "simulated_annealing"
LIMITS = {15_000: 5.0, 100_000: 60.0}


def main() -> None:
    for n in [int(a) for a in sys.argv[1:]] or list(LIMITS):
        # Loads the kernel, so that the clock below measures annealing.
        isinglass.solve(isinglass.generate("gnp", n=600, p=0.5, seed=1), storage="packed", solver=SOLVER)
        began = time.perf_counter()
        graph = isinglass.generate("gnp", n=n, p=0.5, seed=1)
        generated = time.perf_counter() - began
        limit = LIMITS.get(n, 60.0)
        began = time.perf_counter()
        result = isinglass.solve(graph, time_limit=limit, seed=1, solver=SOLVER)
        seconds = time.perf_counter() - began
        cut = float(result.record.cut.max())
        beta = (cut - n * (n - 1) / 8) / (0.178 * n**1.5)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"n {n}: beta {beta:.4f}, cut {cut:.0f}, {seconds:.2f} s of {limit:.0f} s "
              f"(generated in {generated:.2f} s), reads {result.info['reads_run']}, "
              f"sweeps {result.info['annealing_time']}, peak {peak:.2f} GB", flush=True)  # fmt: skip
        weight = 2 * cut + float(result.record.energy.min())
        for at, energy in result.trace[:: max(1, len(result.trace) // 12)]:
            so_far = ((weight - energy) / 2 - n * (n - 1) / 8) / (0.178 * n**1.5)
            print(f"    {at:7.2f} s  beta {so_far:.4f}")


if __name__ == "__main__":
    main()
