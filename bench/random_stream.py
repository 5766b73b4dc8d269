"""The annealer's random numbers as a raw stream, for batteries of tests.

    python bench/random_stream.py SPINS | dieharder -a -g 200

One read's 32-bit draws in the order of its visits: SPINS a sweep, sweep after sweep, without end.
"""

from __future__ import annotations

import sys

import numpy as np
from numba import njit

from isinglass.kernels.cpu.streams import sweep_key, uniform32
from isinglass.rng import read_keys


@njit
def fill(read_key, first_sweep, draws):
    for t in range(draws.shape[0]):
        key = sweep_key(read_key, first_sweep + t)
        low, high = np.uint32(key), np.uint32(key >> np.uint64(32))
        for i in range(draws.shape[1]):
            draws[t, i] = uniform32(np.uint32(i), low, high)


def main() -> None:
    spins = int(sys.argv[1])
    draws = np.empty((max(1, 2**20 // spins), spins), np.uint32)
    key = read_keys(1, 0, 1)[0]
    sweep = 0
    try:
        while True:
            fill(key, sweep, draws)
            sys.stdout.buffer.write(draws.tobytes())
            sweep += len(draws)
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
