"""Statistics of a QPU job's matrix, which the client prints once: QPU_MATRIX_STATS."""

from __future__ import annotations

import numpy as np

from isinglass.problems.given import EdgeList
from isinglass.qpu.apollo import scale_factor


def matrix_stats(given: EdgeList, most: float) -> dict[str, float]:
    """Fields of ``QpuMatrixStats`` of a QUBO: its couplings W, each pair once, and its diagonal h.

    ``max_k`` is the most couplings of a variable, ``scale_alpha`` what all coefficients are multiplied by so
    that none exceeds ``most``. Without couplings their bounds are 0.
    """
    n = given.num_variables
    low, high = np.minimum(given.row, given.col), np.maximum(given.row, given.col)
    pairs, where = np.unique(low.astype(np.int64) * n + high, return_inverse=True)
    coupling = np.bincount(where, given.value, minlength=len(pairs))
    degree = np.bincount(np.concatenate([pairs // n, pairs % n]), minlength=n)
    linear = np.zeros(n) if given.linear is None else given.linear
    return {
        "num_vars": n, "max_k": int(degree.max()),
        "min_W": float(coupling.min()) if len(pairs) else 0.0,
        "max_W": float(coupling.max()) if len(pairs) else 0.0,
        "min_h": float(linear.min()), "max_h": float(linear.max()),
        "scale_alpha": scale_factor(given, most),
    }  # fmt: skip
