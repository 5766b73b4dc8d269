"""The solver contract: every registered solver, on every storage, through one set of tests."""

from __future__ import annotations

import threading
import time
import unittest
from typing import Any

import dimod
import dimod.testing
import numpy as np
import pytest

import isinglass
from isinglass.control import Progress
from isinglass.errors import ParameterError
from isinglass.solvers.registry import SOLVERS
from tests.conftest import random_couplings


@pytest.fixture(params=sorted(SOLVERS))
def solver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["sparse", "dense", "packed"])
def problem(request: pytest.FixtureRequest) -> isinglass.CompiledProblem:
    return isinglass.compile(random_couplings(14, 1.0, "pm1", 2), kind="ising", storage=request.param)


def test_energies_are_those_of_the_problem(solver: str, problem: isinglass.CompiledProblem) -> None:
    result = isinglass.solve(problem, solver=solver, seed=1)
    bqm = dimod.BQM.from_ising({}, {(i, j): v for (i, j), v in np.ndenumerate(problem.given.matrix) if v})
    for sample, energy in zip(result.record.sample, result.record.energy, strict=True):
        assert energy == bqm.energy(dict(zip(result.variables, sample, strict=True)))


def test_seed_means_something(solver: str, problem: isinglass.CompiledProblem) -> None:
    one = isinglass.solve(problem, solver=solver, seed=4, num_threads=1)
    two = isinglass.solve(problem, solver=solver, seed=4, num_threads=2)
    assert (one.record.sample == two.record.sample).all()
    assert one.seed == 4


def test_result_says_how_it_was_made(solver: str, problem: isinglass.CompiledProblem) -> None:
    result = isinglass.solve(problem, solver=solver)
    assert result.stop_reason.startswith("finished")
    again = isinglass.solve(problem, solver=solver, seed=result.seed)
    assert (again.record.sample == result.record.sample).all()
    assert set(result.timing) == {"compile", "solve", "energies", "total"}
    assert {"isinglass", "numpy", "numba", "dimod"} <= set(result.info["versions"])
    assert result.trace[-1, 1] <= result.record.energy.min()
    assert (np.diff(result.trace[:, 1]) < 0).all()
    assert len(repr(result).splitlines()) <= 10


def test_progress_is_data(solver: str, problem: isinglass.CompiledProblem) -> None:
    seen: list[Progress] = []
    result = isinglass.solve(problem, solver=solver, progress=seen.append)
    assert seen[-1].best_energy <= result.record.energy.min()
    assert seen[-1].elapsed > 0 and seen[-1].reads_done == seen[-1].reads_started > 0


def test_unknown_keyword_names_the_nearest(solver: str, problem: isinglass.CompiledProblem) -> None:
    with pytest.raises(ParameterError, match="did you mean 'num_reads'"):
        isinglass.solve(problem, solver=solver, num_read=3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_reads", 0),
        ("num_reads", 1.5),
        ("num_reads", True),
        ("seed", -1),
        ("seed", "x"),
        ("time_limit", 0),
        ("time_limit", float("nan")),
        ("num_threads", 0),
        ("target_energy", float("nan")),
        ("target_cut", 3.0),
    ],
)
def test_bad_values_name_the_value_and_the_rule(
    solver: str, problem: isinglass.CompiledProblem, name: str, value: Any
) -> None:
    with pytest.raises(ParameterError, match=name):
        isinglass.solve(problem, solver=solver, **{name: value})


def test_sampler_conforms_to_dimod(solver: str) -> None:
    sampler = isinglass.Sampler(solver=solver)
    dimod.testing.assert_sampler_api(sampler)
    for bqm in (
        dimod.BQM("SPIN"),
        dimod.BQM({"a": 1}, {}, 0, "BINARY"),
        dimod.BQM({}, {"ab": -1}, 1.5, "SPIN"),
    ):
        result = sampler.sample(bqm, seed=1)
        dimod.testing.assert_response_energies(result, bqm)
        assert result.vartype is bqm.vartype
    assert sampler.sample_qubo({(0, 0): -1, (0, 1): 2}, num_reads=20).first.energy == -1
    assert sampler.sample_ising({"a": 1}, {}).first.sample == {"a": -1}


@dimod.testing.load_sampler_bqm_tests(isinglass.Sampler)
class TestDimodSamplerSuite(unittest.TestCase):
    """dimod's own conformance kit fills this class with its tests."""


LONG: dict[str, dict[str, Any]] = {
    "auto": {},
    "simulated_annealing": {"annealing_time": 10**6, "num_reads": 3},
    "simulated_bifurcation": {"steps": 10**7, "num_reads": 3},
    "tabu_search": {"iterations": 10**10, "num_reads": 3},
    "parallel_tempering": {"sweeps": 10**7, "num_reads": 3},
    "exact": {"method": "enumeration"},
}


def long_problem(solver: str) -> Any:
    n = 40 if solver == "exact" else 400
    return isinglass.compile(random_couplings(n, 1.0, "gaussian", 1), kind="ising")


@pytest.mark.clock
@pytest.mark.parametrize("solver", sorted(LONG))
def test_time_limit_holds(solver: str) -> None:
    problem = long_problem(solver)
    isinglass.solve(problem, solver=solver, time_limit=0.5, **LONG[solver])  # loads the kernels of all stages
    began = time.perf_counter()
    result = isinglass.solve(problem, solver=solver, time_limit=0.4, **LONG[solver])
    assert 0.4 <= time.perf_counter() - began < 0.8
    assert "time limit" in result.stop_reason
    assert len(result.record) >= 1 and result.info.get("certified", False) is False


@pytest.mark.clock
@pytest.mark.parametrize("solver", sorted(LONG))
def test_interrupt_returns_the_best_so_far(solver: str) -> None:
    problem = long_problem(solver)
    isinglass.solve(problem, solver=solver, time_limit=0.5, **LONG[solver])
    import _thread

    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.perf_counter())
        _thread.interrupt_main()

    timer = threading.Timer(0.2, press)

    def progress(report: Progress) -> None:
        # Counted from the first report: what comes before has nothing to lose yet.
        if not timer.is_alive() and not pressed:
            timer.start()

    result = isinglass.solve(problem, solver=solver, progress=progress, **LONG[solver])
    assert time.perf_counter() - pressed[0] < 1.0
    assert result.stop_reason.startswith("interrupted") and result.info["interrupted"]
    assert result.record.energy.min() == pytest.approx(result.trace[-1, 1], rel=1e-4)
