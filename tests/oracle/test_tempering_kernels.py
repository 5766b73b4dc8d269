"""Every tempering kernel against kernels/reference: the same spins, swaps and clusters, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import isinglass
from isinglass.kernels import reference
from isinglass.kernels.cpu.exchange import exchange
from isinglass.problems.compiled import CompiledProblem
from isinglass.problems.energies import unpack_spins
from isinglass.rng import read_keys
from isinglass.solvers.anneals import quantum_of
from isinglass.solvers.ladders import ladder_for
from isinglass.solvers.start import StartStates
from tests.conftest import kernel_form, random_couplings


def given_ladder(problem: CompiledProblem, rungs: int, seed: int) -> Any:
    control = isinglass.control.RunControl(num_threads=1)
    start = StartStates(problem, None, seed)
    ladder = ladder_for(problem, start, seed, 0, (0.2, 3.0), rungs, control)
    return ladder, start, control


def starts(problem: CompiledProblem, start: StartStates, count: int) -> np.ndarray:
    n = problem.num_variables
    return np.stack([unpack_spins(start.words(r), n) for r in range(count)])


@pytest.mark.parametrize("fields", [False, True])
@pytest.mark.parametrize("kind", ["pm1", "small", "gaussian"])
@pytest.mark.parametrize("density", [0.12, 0.5])
def test_lanes(kind: str, density: float, fields: bool) -> None:
    n, seed = 23, 5
    matrix = random_couplings(n, density, kind, 3)
    draw = np.random.default_rng(1)
    h = draw.integers(-2, 3, n) * 1.0 if fields else np.zeros(n)
    problem = isinglass.compile((h, matrix), kind="ising", storage="sparse")
    ladder, start, control = given_ladder(problem, 8, seed)
    replica_at = ladder.replica_at.copy()
    for sweeps in (7, 12):  # two calls: a ladder goes on where it was
        ladder.advance(sweeps, control.flag)
        ladder.cluster_every[:] = 3
    J, kernel_h = kernel_form(problem)
    expected, at, best = reference.temper(
        J,
        kernel_h,
        starts(problem, start, 64),
        replica_at,
        ladder.beta,
        ladder.keys,
        19,
        quantum_of(problem),
        3,
    )
    found = (ladder.spins[None, :] >> np.arange(64, dtype=np.uint64)[:, None]) & np.uint64(1)
    assert (2 * found.astype(np.int8) - 1 == expected).all()
    assert (ladder.replica_at == at).all()
    energies = np.array([reference.energy(J, kernel_h, state) for state in expected])
    tolerance = 0 if problem.integer else 1e-5
    assert np.abs(ladder.energies - energies).max() <= tolerance
    assert ladder.best_energy == pytest.approx(best, abs=tolerance)
    assert reference.energy(J, kernel_h, ladder.best_spins()) == pytest.approx(best, abs=tolerance)


@pytest.mark.parametrize(
    ("storage", "kind", "segments"),
    [
        ("dense", "pm1", 0),
        ("dense", "gaussian", 0),
        ("packed", "pm1", 0),
        ("dense", "small", 6),
        ("dense", "gaussian", 6),
    ],
)
@pytest.mark.parametrize("n", [5, 64, 75])
def test_dense_storages(storage: str, kind: str, n: int, segments: int) -> None:
    seed, rungs = 2, 7
    h = np.random.default_rng(1).integers(-3, 4, n) * 1.0
    problem = isinglass.compile((h, random_couplings(n, 1.0, kind, 4)), kind="ising", storage=storage)
    ladder, start, control = given_ladder(problem, rungs, seed)
    ladder.segments = segments
    for sweeps in (3, 6):
        ladder.advance(sweeps, control.flag)
    J, kernel_h = kernel_form(problem)
    states = starts(problem, start, rungs)
    expected, at, best = reference.temper(
        J, kernel_h, states, np.arange(rungs)[None], ladder.beta, ladder.keys, 9, quantum_of(problem), 0,
        segments,
    )  # fmt: skip
    found = ladder.spins if storage == "dense" else np.stack([unpack_spins(row, n) for row in ladder.spins])
    assert (found == expected).all()
    assert (ladder.replica_at == at[0]).all()
    assert ladder.best_energy == pytest.approx(best, abs=0 if problem.integer else 1e-4)
    assert reference.energy(J, kernel_h, ladder.best_spins()) == pytest.approx(best, abs=1e-4)


def test_segments_need_dense_storage() -> None:
    matrix = random_couplings(9, 1.0, "pm1", 1)
    with pytest.raises(isinglass.errors.ParameterError, match="storage='dense'"):
        isinglass.solve(
            matrix, kind="ising", storage="packed", segments=True, solver="parallel_tempering", seed=1
        )


def test_a_new_ladder_goes_on_with_states_of_the_old() -> None:
    for storage in ("packed", "dense", "sparse"):
        problem = isinglass.compile(random_couplings(40, 1.0, "pm1", 4), kind="ising", storage=storage)
        ladder, _, control = given_ladder(problem, 16, 1)
        ladder.advance(50, control.flag)
        before = ladder.best_energy
        ladder.redraw(np.geomspace(3.0, 0.2, 8))
        assert len(ladder.refused) == 7 and sorted(ladder.replica_at.reshape(-1)) == list(
            range(ladder.replica_at.size)
        )
        assert ladder.advance(50, control.flag) == 50
        assert ladder.best_energy <= before
        n = problem.num_variables
        state = ladder.best_spins()
        assert state.shape == (n,) and set(np.unique(state)) <= {-1, 1}


def test_swaps_keep_the_boltzmann_weights() -> None:
    """Two rungs, two fixed replicas at energies 0 and 1: how often the cold rung holds the 1.

    With one replica at energy 0 and one at 1, the odds of the swapped arrangement are
    exp(-(beta_0 - beta_1)); over N even sweeps the share's standard error is below sqrt(p (1 - p) /
    N_eff) with N_eff > N (1 - p) / 2 of an alternating two-state chain. Bound: four of them.
    """
    beta = np.array([2.0, 1.0])
    energies = np.array([0.0, 1.0])
    at = np.array([0, 1])
    refused = np.zeros(1)
    count, swapped = 20000, 0
    key = read_keys(3, 0, 1)[0]
    for t in range(count):
        exchange(at, beta, energies, key, 2 * t, refused)
        swapped += at[0] == 1
    p = np.exp(-1.0) / (1.0 + np.exp(-1.0))
    assert abs(swapped / count - p) < 4 * np.sqrt(p * (1 - p) / (count * (1 - p) / 2))
    assert refused[0] / count == pytest.approx((1 - p) * (1 - np.exp(-1.0)), rel=0.05)
