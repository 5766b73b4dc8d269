"""Annealing at a constant beta must sample the Boltzmann distribution: closed forms, k sigma.

Bounds are 4.5 standard errors of the exact distribution (two-sided tail 7e-6 each); seeds are fixed,
so a failure means a changed random stream or a wrong kernel, never bad luck twice.
"""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import pytest

import isinglass

SIGMAS = 4.5

anneal = partial(isinglass.solve, solver="simulated_annealing")


def sample(problem: object, beta: float, reads: int, sweeps: int, **given: object) -> np.ndarray:
    compiled = isinglass.compile(problem, **given)
    result = anneal(
        compiled, num_reads=reads, beta_schedule=np.full(sweeps, beta), seed=20260101, num_threads=2
    )
    return result.record.sample.astype(np.float64)


@pytest.mark.parametrize("reads", [1, 64])
@pytest.mark.parametrize("beta", [0.2, 1.0, 2.5])
def test_independent_spins(beta: float, reads: int) -> None:
    # E = s: P(s = +1) = exp(-beta) / (2 cosh beta). One sweep multiplies the distance from it by
    # -exp(-2 beta), so 40 sweeps leave at most exp(-16) of it.
    n = 64_000 // reads
    h = np.ones(n + 1)
    h[n] = 0.0
    spins = sample((h, {(0, n): 0.0}), beta, reads, 40)[:, :n]
    expected = -np.tanh(beta)
    error = np.sqrt((1 - expected**2) / spins.size)
    assert abs(spins.mean() - expected) < SIGMAS * error


@pytest.mark.parametrize("coupling", [1.0, -1.0])
@pytest.mark.parametrize("beta", [0.3, 0.8])
def test_two_spins(beta: float, coupling: float) -> None:
    # E = J s t: <s t> = -tanh(beta J).
    spins = sample(([0.0, 0.0], {(0, 1): coupling}), beta, 20_000, 60)
    product = spins[:, 0] * spins[:, 1]
    expected = -np.tanh(beta * coupling)
    assert abs(product.mean() - expected) < SIGMAS * np.sqrt((1 - expected**2) / len(product))


@pytest.mark.parametrize("gaussian", [False, True])
@pytest.mark.parametrize("reads", [1, 5, 64])
def test_open_chain(reads: int, gaussian: bool) -> None:
    # On an open chain the bonds t_i = s_i s_{i+1} are independent with <t_i> = -tanh(beta J_i).
    n, beta = 40_000 // reads, 0.7
    J = np.random.default_rng(1).normal(size=n - 1) if gaussian else np.ones(n - 1)
    spins = sample((np.arange(n - 1), np.arange(1, n), J), beta, reads, 150, kind="ising")
    bonds = spins[:, :-1] * spins[:, 1:]
    expected = -np.tanh(beta * J)
    error = np.sqrt((1 - expected**2).sum() * reads) / bonds.size
    assert abs((bonds - expected).mean()) < SIGMAS * error


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_complete_graph_against_enumeration(storage: str) -> None:
    # 7 spins with ±1 couplings and fields, all 128 states: mean energy and magnetization, exactly.
    n, beta, reads = 7, 0.35, 8_000
    rng = np.random.default_rng(3)
    matrix = np.triu(rng.choice([-1.0, 1.0], (n, n)), 1)
    h = rng.choice([-1.0, 0.0, 1.0], n)
    spins = sample((h, matrix), beta, reads, 80, storage=storage)
    states = np.array(list(itertools.product((-1.0, 1.0), repeat=n)))

    def energy(s: np.ndarray) -> np.ndarray:
        return s @ h + np.einsum("ri,ij,rj->r", s, matrix, s)

    weight = np.exp(-beta * energy(states))
    weight /= weight.sum()
    for exact_of, got_of in ((energy(states), energy(spins)), (states.sum(1), spins.sum(1))):
        mean = weight @ exact_of
        error = np.sqrt((weight @ exact_of**2 - mean**2) / reads)
        assert abs(got_of.mean() - mean) < SIGMAS * error


def test_infinite_temperature_forgets_the_start() -> None:
    # At beta 0 every flip is accepted: an even number of sweeps gives the start back, an odd its
    # mirror. That is Metropolis in fixed order, and a reason for beta_range to begin above 0.
    start = np.ones((1, 100), np.int8)
    problem = isinglass.compile((np.zeros(100), {(0, 1): 1.0}))
    odd = anneal(problem, beta_schedule=np.zeros(3), initial_states=start, seed=1)
    assert (odd.record.sample == -1).all()
