"""The end of an anneal of rotors: what they froze into comes to rest as spins, sixteen reads at once.

Heat bath (Glauber 1963): a spin is drawn anew from its distribution in the field of its neighbours,

    P(up) = 1 / (1 + exp(2 f)),     f_i = b_i (field_i + sum over j of share_ij J_ij s_j),

b_i the inverse temperature at which qubit i froze. Exact in the limit of many sweeps; a few do for pairs and
short chains, whose bonds relax in a sweep each.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from isinglass.kernels.cpu.rotor_lanes import LANES
from isinglass.kernels.cpu.streams import exponential, sweep_key, uniform32


@njit(nogil=True, cache=True, error_model="numpy")
def relax_spins(indptr, indices, weights, fields, group, b, share, spins, read_keys, first, sweeps):
    """Relax 16 replicas in place for ``sweeps`` sweeps; their random numbers are those from sweep ``first``.

    ``indptr`` int64[n+1], ``indices`` int32[nnz], ``weights`` float32[nnz]: J in both directions. ``fields``
    float32[n, 16]: of each qubit, as h. ``group`` int32[n] of each qubit; ``b`` float32[groups], 0 where the
    qubits stay as they are; ``share`` float32[groups, groups]: with which share the second group was felt
    when the first froze. ``spins`` float32[n, 16] of -1/+1; ``read_keys`` uint64[16].
    """
    n = indptr.shape[0] - 1
    low = np.empty(LANES, np.uint32)
    high = np.empty(LANES, np.uint32)
    field = np.empty(LANES, np.float32)
    for t in range(first, first + sweeps):
        for r in range(LANES):
            key = sweep_key(read_keys[r], t)
            low[r] = np.uint32(key)
            high[r] = np.uint32(key >> np.uint64(32))
        for i in range(n):
            own = group[i]
            if b[own] == np.float32(0.0):
                continue
            for r in range(LANES):
                field[r] = fields[i, r]
            for k in range(indptr[i], indptr[i + 1]):
                j = indices[k]
                weight = weights[k] * share[own, group[j]]
                for r in range(LANES):
                    field[r] += weight * spins[j, r]
            twice = np.float32(2.0) * b[own]
            for r in range(LANES):
                bits = uniform32(np.uint32(i), low[r], high[r])
                # ln((1 - u) / u) of a uniform u: down if the field is above it.
                threshold = exponential(bits) - exponential(np.uint32(0xFFFFFFFF) - bits)
                spins[i, r] = np.float32(-1.0) if twice * field[r] > threshold else np.float32(1.0)
