"""Every annealing kernel against the plain Metropolis loop: the same decisions, spin by spin."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import isinglass
from isinglass.kernels import reference
from isinglass.problems.energies import energies, unpack_spins
from isinglass.rng import read_keys
from isinglass.solvers.schedule import betas, slack_scale
from isinglass.solvers.start import StartStates
from tests.conftest import kernel_form, random_couplings

anneal = partial(isinglass.solve, solver="simulated_annealing")

SWEEPS = 12


def reference_samples(
    problem: isinglass.CompiledProblem, reads: int, seed: int, scale: np.ndarray
) -> np.ndarray:
    J, h = kernel_form(problem)
    start = StartStates(problem, None, seed)
    n = problem.num_variables
    quantum = np.float32(1.0 if problem.integer else 0.0)
    return np.stack(
        [
            reference.anneal(J, h, unpack_spins(start.words(r), n), read_keys(seed, r, 1)[0], scale, quantum)
            for r in range(reads)
        ]
    )


@pytest.mark.parametrize("storage", ["sparse", "dense"])
@pytest.mark.parametrize("reads", [1, 6, 20, 40])
def test_sparse_and_dense_follow_the_reference(storage: str, reads: int, coupling_values: str) -> None:
    # reads 1 take the one-replica kernel, the others words of 8, 32 and 64 replicas.
    matrix = random_couplings(37, 0.4, coupling_values, seed=reads)
    h = np.random.default_rng(3).integers(-2, 3, 37).astype(float)
    problem = isinglass.compile((h, matrix), storage=storage)
    smallest, _, largest = problem.field_scale
    beta_range = (0.5 / (largest * problem.scale), 3.0 / (smallest * problem.scale))
    result = anneal(
        problem, num_reads=reads, annealing_time=SWEEPS, beta_range=beta_range, seed=11, num_threads=1
    )
    scale = slack_scale(betas("geometric", beta_range, SWEEPS), problem.scale)
    assert (result.record.sample == reference_samples(problem, reads, 11, scale)).all()


@pytest.mark.parametrize("low_high", [(0.0, 1.0), (-1.0, 1.0), (0.3, -1.7)])
@pytest.mark.parametrize("n", [5, 64, 130])
def test_packed_follows_the_reference(n: int, low_high: tuple[float, float]) -> None:
    draw = np.random.default_rng(n).integers(0, 2, (n, n))
    matrix = np.triu(np.where(draw == 1, low_high[1], low_high[0]), 1)
    matrix += matrix.T
    problem = isinglass.compile(matrix, kind="ising", storage="packed")
    beta_range = (0.1 / np.sqrt(n), 5.0 / np.sqrt(n))
    result = anneal(problem, num_reads=3, annealing_time=SWEEPS, beta_range=beta_range, seed=2)
    scale = slack_scale(betas("geometric", beta_range, SWEEPS), problem.scale)
    assert (result.record.sample == reference_samples(problem, 3, 2, scale)).all()


@pytest.mark.parametrize("gather_above", [0.0, 5.0, 65.0])
def test_packed_gathering_and_maintaining_fields_agree(gather_above: float) -> None:
    # 0 gathers in every sweep in which a spin flips, 65 maintains int16 fields throughout.
    from isinglass.kernels.cpu.anneal_packed import anneal_packed
    from isinglass.kernels.cpu.sweep_packed import packed_energy

    problem = isinglass.generate("gnp", n=700, p=0.5, seed=3)
    compiled = isinglass.compile(problem)
    couplings = compiled.couplings
    scale = slack_scale(betas("geometric", (0.01, 0.4), 20), 1.0)

    def run(above: float) -> np.ndarray:
        spins = np.zeros(couplings.bits.shape[1], np.uint64)
        words = StartStates(compiled, None, 4).words(0)
        spins[: len(words)] = words
        best = spins.copy()
        flag, row = np.zeros(8, np.int64), np.array([0.0, np.inf, -np.inf, 0.0])
        done, energy, best_energy = anneal_packed(
            *couplings, compiled.h, spins, best, np.uint64(9), scale, np.float32(1.0), 0, above, flag, row
        )
        assert done == 20
        assert energy == packed_energy(*couplings, compiled.h, spins)
        assert best_energy == packed_energy(*couplings, compiled.h, best) <= energy
        assert row[0] == 20 and row[1] == best_energy
        return spins

    assert (run(gather_above) == run(5.0)).all()


def test_packed_fields_beyond_int16_are_gathered() -> None:
    # A ferromagnet of 66,000 spins: all-up fields are 65,999, which int16 cannot hold.
    n = 66_000
    words = 8 * -(-n // 512)
    bits = np.zeros((2, words), np.uint64)
    from isinglass.kernels.cpu.sweep_packed import _fields_of_all

    up = np.full(words, ~np.uint64(0))
    fields = np.zeros(64 * words, np.int16)
    go_on, stop = np.zeros(8, np.int64), np.ones(8, np.int64)
    assert _fields_of_all(bits, np.zeros(2, np.int32), up, fields, go_on) == 32767 // 2
    assert _fields_of_all(bits, np.zeros(2, np.int32), up, fields, stop) == -1
    bits[1] = up
    assert _fields_of_all(bits, np.array([0, 64 * words], np.int32), up, fields, go_on) == -1


@pytest.mark.parametrize("storage", ["sparse", "dense", "packed"])
def test_tracked_energy_is_the_energy(storage: str) -> None:
    matrix = random_couplings(50, 1.0, "pm1", seed=8)
    problem = isinglass.compile(matrix, kind="ising", storage=storage)
    result = anneal(problem, num_reads=5, annealing_time=30, seed=1)
    assert (energies(problem.given, result.record.sample) == result.record.energy).all()


KERNELS_PLAINLY = """
import numpy as np, isinglass
draw = np.random.default_rng(0)
matrix = np.triu(draw.choice([-1.0, 1.0], (9, 9)), 1)
print([
    isinglass.solve(isinglass.compile(matrix, kind="ising", storage=storage), solver=solver, seed=3,
                    **parameters).record.sample.tolist()
    for storage in ("sparse", "dense", "packed")
    for solver, parameters in (
        ("simulated_annealing", {"num_reads": 1, "annealing_time": 4}),
        ("simulated_annealing", {"num_reads": 5, "annealing_time": 4}),
        ("steepest_descent", {"num_reads": 2}),
        ("exact", {"num_reads": 2}),
        ("parallel_tempering", {"num_reads": 1, "sweeps": 3}),
        ("tabu_search", {"iterations": 40}),
        ("simulated_bifurcation", {"num_reads": 1, "steps": 6, "variant": "discrete"}),
        ("simulated_bifurcation", {"num_reads": 1, "steps": 6, "variant": "ballistic"}),
        ("simulated_bifurcation", {"num_reads": 1, "steps": 6, "variant": "generalized"}),
        ("memcomputing", {"num_reads": 1, "steps": 6}),
    )
])
weights = np.triu(draw.normal(size=(9, 9)), 1)
for storage, solver, parameters in (
    ("sparse", "simulated_annealing", {"num_reads": 5, "annealing_time": 4}),
    ("dense", "parallel_tempering", {"num_reads": 1, "sweeps": 3, "segments": True}),
):
    print(isinglass.solve(weights, kind="ising", storage=storage, solver=solver, seed=3,
                          **parameters).record.sample.tolist())
"""


def run_kernels(**environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KERNELS_PLAINLY],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_kernels_without_jit_and_with_bounds_checks_give_the_same(tmp_path: Path) -> None:
    compiled = run_kernels()
    assert run_kernels(NUMBA_DISABLE_JIT="1") == compiled
    # Other code, so another cache folder: a kernel compiled with checks must not be kept for users.
    assert run_kernels(NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path)) == compiled
