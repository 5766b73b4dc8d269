"""What must not matter does not: gauge, names, order, splitting, storage; energies always agree."""

from __future__ import annotations

import itertools
from functools import partial

import dimod
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import isinglass
from isinglass.problems.energies import energies
from tests.conftest import kernel_form

anneal = partial(isinglass.solve, solver="simulated_annealing")

SIZES = st.integers(1, 12)
SEEDS = st.integers(0, 2**31)
VALUES = st.sampled_from(["pm1", "integers", "halves", "gaussian"])


def couplings(n: int, values: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (n, n)
    matrix = {
        "pm1": lambda: rng.choice([-1.0, 0.0, 1.0], shape),
        "integers": lambda: rng.integers(-50, 51, shape).astype(float),
        "halves": lambda: rng.integers(-9, 10, shape) / 2,
        "gaussian": lambda: rng.normal(size=shape),
    }[values]()
    return rng.permutation(matrix[0]), np.triu(matrix, 1)


@given(SIZES, VALUES, SEEDS)
def test_spin_and_binary_views_of_a_model_agree(n: int, values: str, seed: int) -> None:
    h, J = couplings(n, values, seed)
    bqm = dimod.BQM.from_ising(
        dict(enumerate(h)), {(i, j): J[i, j] for i, j in zip(*np.nonzero(J), strict=True)}
    )
    states = np.array(list(itertools.islice(itertools.product((-1, 1), repeat=n), 256)), np.int8)
    expected = bqm.energies((states, range(n)))
    for view in (bqm, bqm.change_vartype("BINARY", inplace=False)):
        problem = isinglass.compile(view)
        assert np.allclose(energies(problem.given, states), expected)
        kernel_J, kernel_h = kernel_form(problem)
        s = states.astype(float)
        kernel = s @ kernel_h + 0.5 * np.einsum("ri,ij,rj->r", s, kernel_J, s)
        size = 1.0 + np.abs(h).sum() + np.abs(J).sum()
        assert np.abs(problem.offset + problem.scale * kernel - expected).max() < 1e-6 * size


@given(SIZES, st.sampled_from(["pm1", "integers", "halves"]), SEEDS)
def test_gauge_transformed_problems_have_gauge_transformed_samples(n: int, values: str, seed: int) -> None:
    # s_i -> g_i s_i with h_i -> g_i h_i, J_ij -> g_i g_j J_ij leaves every energy as it is. The same
    # random numbers then accept the same flips, from the transformed start.
    h, J = couplings(n, values, seed)
    rng = np.random.default_rng(seed)
    gauge, start = rng.choice([-1, 1], (2, n))
    options = {"num_reads": 3, "annealing_time": 6, "seed": 5}
    plain = anneal((h, J), initial_states=[start], **options)
    turned = anneal((gauge * h, gauge[:, None] * J * gauge), initial_states=[gauge * start], **options)
    assert (turned.record.sample == gauge * plain.record.sample).all()
    assert np.allclose(turned.record.energy, plain.record.energy)


@given(SIZES, VALUES, SEEDS)
def test_names_do_not_matter(n: int, values: str, seed: int) -> None:
    h, J = couplings(n, values, seed)
    numbered = dimod.BQM.from_ising(
        dict(enumerate(h)), {(i, j): J[i, j] for i, j in zip(*np.nonzero(J), strict=True)}
    )
    named = numbered.relabel_variables({i: f"v{i:03d}" for i in range(n)}, inplace=False)
    samples = [anneal(bqm, num_reads=2, annealing_time=5, seed=1).record.sample for bqm in (numbered, named)]
    assert (samples[0] == samples[1]).all()


@given(SIZES, VALUES, SEEDS, st.integers(1, 70), st.integers(1, 3))
def test_reads_split_anywhere_are_the_same_reads(
    n: int, values: str, seed: int, reads: int, threads: int
) -> None:
    h, J = couplings(n, values, seed)
    problem = isinglass.compile((h, J))
    options = {"annealing_time": 3, "seed": seed}
    whole = anneal(problem, num_reads=70, num_threads=1, **options).record.sample
    part = anneal(problem, num_reads=reads, num_threads=threads, **options).record.sample
    assert (part == whole[:reads]).all()


@given(SIZES, VALUES, SEEDS)
def test_no_sample_lies_below_the_exact_minimum_and_descent_ends_in_a_local_one(
    n: int, values: str, seed: int
) -> None:
    problem = isinglass.compile(couplings(n, values, seed))
    lowest = isinglass.solve(problem, solver="exact").first.energy
    slack = 1e-9 * (1 + abs(lowest))
    assert anneal(problem, num_reads=3, annealing_time=5, seed=1).first.energy >= lowest - slack
    local = isinglass.solve(problem, solver="steepest_descent", num_reads=2, seed=1)
    for sample, energy in zip(local.record.sample, local.record.energy, strict=True):
        neighbours = np.where(np.eye(n, dtype=bool), -sample, sample).astype(np.int8)
        assert (energies(problem.given, neighbours) >= energy - 1e-6 * (1 + abs(energy))).all()
