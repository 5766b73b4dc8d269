"""Parallel tempering of a dense problem with arbitrary couplings.

Hukushima, Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). One replica a rung; each is swept as in
sweep_dense.py at the temperature of its rung, then neighbours may swap (exchange.py). The replicas
share the couplings; each has n bytes of spins and 4 n bytes of fields of its own.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.exchange import exchange
from isinglass.kernels.cpu.progress import end_sweep
from isinglass.kernels.cpu.segments import flip_segments
from isinglass.kernels.cpu.streams import sweep_key
from isinglass.kernels.cpu.sweep_dense import REFRESH, dense_energy, dense_fields, sweep_dense
from isinglass.kernels.cpu.vector import stop_requested


@njit(nogil=True, cache=True, error_model="numpy")
def temper_dense(
    matrix, h, spins, best_spins, fields, stale, best_energy, replica_at, beta, read_keys, sweeps,
    first_sweep, quantum, segments, refused, flag, progress,
):  # fmt: skip
    """Temper all replicas in place; returns (sweeps done, best energy).

    ``matrix``, ``h`` and ``quantum`` as in ``sweep_dense``. ``spins``: int8[rungs, n]; ``fields``:
    [rungs, n] of ``h``'s type, computed first if ``stale``; ``best_spins``: int8[n], the state of
    ``best_energy``. ``replica_at``: int64[rungs], the replica at each rung, coldest first; ``beta``:
    float64[rungs]; ``read_keys``: uint64[rungs]; ``segments``: segment flips proposed to
    each replica a sweep; ``refused``: float64[rungs - 1], see ``exchange``.
    """
    rungs = replica_at.shape[0]
    energies = np.empty(rungs, np.float64)
    barriers = np.zeros(64, np.float32)
    slack = np.zeros(64, np.float32)
    done = 0
    while done < sweeps and not stop_requested(flag):
        sweep = first_sweep + done
        for k in range(rungs):
            r = replica_at[k]
            if sweep % REFRESH == 0 or (stale and done == 0):
                dense_fields(matrix, h, spins[r], fields[r])
            key = sweep_key(read_keys[r], sweep)
            scale = np.float32(0.5 / beta[k])
            sweep_dense(matrix, h, spins[r], fields[r], key, scale, quantum, barriers, slack)
            if segments > 0:
                flip_segments(matrix, spins[r], fields[r], read_keys[r], sweep, segments, scale)
            energies[r] = dense_energy(h, spins[r], fields[r])
            best_energy = end_sweep(energies[r], best_energy, spins[r], best_spins, flag, progress)
        exchange(replica_at, beta, energies, read_keys[0], sweep, refused)
        done += 1
    return done, best_energy
