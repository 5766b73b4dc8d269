"""Parallel tempering of a dense problem whose couplings take two values.

Hukushima, Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). One replica a rung; each is swept as in
sweep_packed.py at the temperature of its rung, then neighbours may swap (exchange.py). The replicas
share the couplings; each has n / 8 bytes of spins and 2 n bytes of fields of its own.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.exchange import exchange
from isinglass.kernels.cpu.progress import end_sweep
from isinglass.kernels.cpu.streams import sweep_key
from isinglass.kernels.cpu.sweep_packed import ENERGY, GATHER_ABOVE, sweep_packed
from isinglass.kernels.cpu.vector import stop_requested


@njit(nogil=True, cache=True, error_model="numpy")
def temper_packed(
    bits, row_count, low, step, h, spins, best_spins, fields, replicas, best_energy, replica_at, beta,
    read_keys, sweeps, first_sweep, quantum, refused, flag, progress,
):  # fmt: skip
    """Temper all replicas in place; returns (sweeps done, best energy).

    Problem arrays as in ``sweep_packed``. ``spins``: uint64[rungs, words]; ``fields``: int16[rungs,
    64 words]; ``replicas``: float64[rungs, 4], see ``sweep_packed.ENERGY``, filled by
    ``packed_begin``. ``best_spins``: uint64[words], the state of ``best_energy``. ``replica_at``:
    int64[rungs], the replica at each rung, coldest first; ``beta``: float64[rungs]; ``read_keys``:
    uint64[rungs]; ``refused``: float64[rungs - 1], see ``exchange``.
    """
    rungs = replica_at.shape[0]
    energies = np.empty(rungs, np.float64)
    tile = np.zeros(64, np.int32)
    barriers = np.zeros(64, np.float64)
    slack = np.zeros(64, np.float32)
    rows = np.zeros(64, np.int64)
    steps = np.zeros(64, np.int16)
    done = 0
    while done < sweeps and not stop_requested(flag):
        sweep = first_sweep + done
        for k in range(rungs):
            r = replica_at[k]
            key = sweep_key(read_keys[r], sweep)
            sweep_packed(
                bits, row_count, low, step, h, spins[r], fields[r], replicas[r], np.uint32(key),
                np.uint32(key >> np.uint64(32)), np.float32(0.5 / beta[k]), quantum, GATHER_ABOVE, tile,
                barriers, slack, rows, steps, flag,
            )  # fmt: skip
            energies[r] = replicas[r, ENERGY]
            best_energy = end_sweep(energies[r], best_energy, spins[r], best_spins, flag, progress)
        exchange(replica_at, beta, energies, read_keys[0], sweep, refused)
        done += 1
    return done, best_energy
