"""A bound on every cut of one graph, from its largest eigenvalue.

With A the adjacency matrix, W its edges, J all ones and C = (J - I) / 2 - A, whose entries off the
diagonal are -1/2 and +1/2, a bipartition s = -1/+1 of magnetization M = sum s cuts

    cut = W / 2 - s'As / 4 = W / 2 + n / 8 - M^2 / 8 + s'Cs / 4  <=  W / 2 + n / 8 + n lambda(C) / 4.

lambda, the largest eigenvalue, is near sqrt(n) for a random graph, so the bound is near n^2 / 8 + n^1.5 / 4:
beta 1.40 where the optimum is 1.07. (Mohar, Poljak, Czechoslovak Math. J. 40, 343 (1990), with the
mean taken out.)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg

from isinglass.control import available_threads
from isinglass.kernels.cpu.packed_product import packed_times_vector
from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.energies import unpack_bits
from isinglass.workers import share_out

_SMALL = 1024
_STEPS = 30
_ROWS_A_TASK = 2048


def spectral_bound(given: PackedGraph, edges: int) -> float:
    """No bipartition of ``given``, a graph of ``edges`` edges, cuts more than this.

    Exact eigenvalues up to 1024 vertices. Above, 30 steps of Lanczos from a fixed random vector: its
    largest Ritz value plus the norm of its residual, within which an eigenvalue lies. That this is the
    largest one fails with the chance that a random vector misses its direction.
    """
    n = given.num_variables
    if n == 0:
        return 0.0
    if n <= _SMALL:
        centred = 0.5 - unpack_bits(given.bits, n).astype(np.float64)
        np.fill_diagonal(centred, 0.0)
        largest = float(np.linalg.eigvalsh(centred)[-1])
    else:
        largest = _lanczos(lambda v: _centred_product(given, v), n)
    return edges / 2.0 + n / 8.0 + n * largest / 4.0


def _centred_product(given: PackedGraph, v: np.ndarray) -> np.ndarray:
    """C v, float64[n]."""
    n = given.num_variables
    values = np.zeros(64 * given.bits.shape[1], np.float32)
    values[:n] = v
    product = np.empty(n)

    def rows(k: int) -> None:
        first = k * _ROWS_A_TASK
        packed_times_vector(given.bits, values, min(first, n - 4), min(first + _ROWS_A_TASK, n), product)

    share_out(rows, -(-n // _ROWS_A_TASK), available_threads())
    centred: np.ndarray = (v.sum() - v) / 2.0 - product
    return centred


def _lanczos(multiply: Callable[[np.ndarray], np.ndarray], n: int) -> float:
    """Largest Ritz value plus its residual (Parlett, The Symmetric Eigenvalue Problem, 13.2)."""
    v = np.random.default_rng(0).standard_normal(n)
    v /= np.linalg.norm(v)
    before = np.zeros(n)
    alpha, beta = np.zeros(_STEPS), np.zeros(_STEPS)
    for k in range(_STEPS):
        w = multiply(v) - (beta[k - 1] * before if k else 0.0)
        alpha[k] = w @ v
        w -= alpha[k] * v
        beta[k] = np.linalg.norm(w)
        before, v = v, w / beta[k]
    values, vectors = scipy.linalg.eigh_tridiagonal(alpha, beta[:-1])
    return float(values[-1] + beta[-1] * abs(vectors[-1, -1]))
