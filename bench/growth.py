"""A random 3-regular ±J glass of 8 and of 64 million variables, 20 sweeps each.

    python bench/growth.py [n ...]

Each size runs in a process of its own, so that the peak memory is its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

SWEEPS = 20


def one(n: int) -> None:
    import isinglass

    began = time.perf_counter()
    glass = isinglass.generate("random_regular", n=n, degree=3, seed=1)
    generated = time.perf_counter() - began
    isinglass.solve(
        isinglass.generate("random_regular", n=1000, degree=3, seed=1),
        solver="simulated_annealing", num_reads=1,
    )  # fmt: skip
    result = isinglass.solve(glass, solver="simulated_annealing", num_reads=1, annealing_time=SWEEPS, seed=1)
    timing = result.timing
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"n {n}: {timing['solve'] / SWEEPS:.3f} s a sweep ({1e9 * timing['solve'] / SWEEPS / n:.2f} ns a "
          f"visit), generate {generated:.1f} s, compile {timing['compile']:.1f} s, energies "
          f"{timing['energies']:.1f} s, energy per spin {result.first.energy / n:.4f}, "
          f"peak {peak:.2f} GB", flush=True)  # fmt: skip


def main() -> None:
    sizes = [int(a) for a in sys.argv[1:]]
    if len(sizes) == 1:
        one(sizes[0])
        return
    for n in sizes or [8_000_000, 64_000_000]:
        subprocess.run([sys.executable, __file__, str(n)], check=True)


if __name__ == "__main__":
    main()
