"""Replica exchange: which neighbours on the ladder of temperatures swap.

Deterministic even-odd order (Okabe, Kawata, Okamoto, Mikami, Chem. Phys. Lett. 335, 435 (2001)):
even pairs after even sweeps, odd pairs after odd ones. A replica then travels the ladder in one
direction until a swap is refused, and crosses it in a time that grows with the length of the
ladder and not with its square (Syed, Bouchard-Cote, Deligiannidis, Doucet, J. R. Stat. Soc. B 84,
321 (2022)).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from isinglass.kernels.cpu.streams import exponential, sweep_key, uniform32


@njit(cache=True)
def exchange(replica_at, beta, energies, key, sweep, refused):
    """Swap replicas of neighbouring temperatures in place.

    ``replica_at``: int64[temperatures], the replica at each rung, coldest first; ``beta``:
    float64[temperatures], falling; ``energies``: float64[replicas]. A swap of rungs k and k + 1 is
    accepted with probability ``min(1, exp((beta_k - beta_k+1) (E_k - E_k+1)))``. ``refused``:
    float64[temperatures - 1], to which the probability of a refusal is added.
    """
    bits = sweep_key(key, sweep)
    low, high = np.uint32(bits & np.uint64(0xFFFFFFFF)), np.uint32(bits >> np.uint64(32))
    for k in range(sweep % 2, replica_at.shape[0] - 1, 2):
        a, b = replica_at[k], replica_at[k + 1]
        gain = (beta[k] - beta[k + 1]) * (energies[a] - energies[b])
        if gain < 0.0:
            refused[k] += 1.0 - math.exp(gain)
        if gain >= -np.float64(exponential(uniform32(np.uint32(k), low, high))):
            replica_at[k], replica_at[k + 1] = b, a
