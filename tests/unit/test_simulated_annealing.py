"""What the annealer's own parameters do."""

from __future__ import annotations

from functools import partial

import dimod
import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError
from isinglass.solvers.schedule import default_beta_range
from tests.conftest import random_couplings

anneal = partial(isinglass.solve, solver="simulated_annealing")

CHAIN = isinglass.generate("chain_1d", n=200, couplings="pm1", seed=1)


def test_a_read_does_not_depend_on_the_others() -> None:
    problem = isinglass.compile(CHAIN)
    many = anneal(problem, num_reads=150, annealing_time=20, seed=3).record.sample
    for reads in (1, 2, 3, 17, 70):
        for threads in (1, 2):
            some = anneal(
                problem, num_reads=reads, annealing_time=20, seed=3, num_threads=threads
            ).record.sample
            assert (some == many[:reads]).all()


def test_insertion_order_of_variables_and_edges_does_not_matter() -> None:
    bqm = dimod.generators.gnp_random_bqm([f"v{i}" for i in range(40)], 0.4, "SPIN", random_state=1)
    shuffled = dimod.BQM("SPIN")
    for v in reversed(list(bqm.variables)):
        shuffled.add_variable(v, bqm.get_linear(v))
    for u, v in reversed(list(bqm.quadratic)):
        shuffled.add_quadratic(v, u, bqm.get_quadratic(u, v))
    one, two = (anneal(b, num_reads=8, annealing_time=5, seed=2) for b in (bqm, shuffled))
    assert list(one.variables) == list(two.variables)
    assert (one.record.sample == two.record.sample).all()


def test_storage_does_not_matter_for_integers() -> None:
    matrix = random_couplings(90, 1.0, "pm1", 4)
    samples = [
        anneal(matrix, kind="ising", storage=storage, num_reads=9, annealing_time=30, seed=1).record.sample
        for storage in ("sparse", "dense", "packed")
    ]
    assert (samples[0] == samples[1]).all() and (samples[0] == samples[2]).all()


def test_no_reads_and_no_limit_gives_a_bounded_default() -> None:
    assert len(anneal(CHAIN, seed=1).record) == 128


def test_time_limit_alone_fills_the_time_with_longer_anneals() -> None:
    anneal(CHAIN, time_limit=0.2)
    result = anneal(CHAIN, time_limit=1.0, seed=1)
    assert 0.9 < result.timing["total"] < 1.3
    lengths = result.info["annealing_time"]
    assert len(lengths) >= 3 and lengths[1] > lengths[0]
    assert result.info["reads_run"] > 128 >= len(result.record)
    assert result.first.energy == CHAIN.facts["ground_energy"]


def test_target_stops_the_run() -> None:
    ground = CHAIN.facts["ground_energy"]
    result = anneal(CHAIN, target_energy=ground, time_limit=20.0, seed=1)
    assert result.first.energy == ground and result.stop_reason.startswith("target")
    assert result.timing["total"] < 10.0


def test_target_cut_is_for_maxcut() -> None:
    ring = (np.arange(10), (np.arange(10) + 1) % 10, np.ones(10))
    result = anneal(ring, target_cut=10, time_limit=20.0, seed=1)
    assert result.record.cut.max() == 10 and result.stop_reason.startswith("target")


def test_initial_states_in_every_form() -> None:
    bqm = dimod.BQM({"a": 0.0, "b": 0.0}, {("a", "b"): -1.0}, 0.0, "BINARY")
    frozen = {"annealing_time": 1, "beta_range": (1e6, 1e6), "seed": 1}
    for given in ({"a": 1, "b": 1}, [{"b": 1, "a": 1}], [1, 1], np.array([[1, 1]]),
                  dimod.SampleSet.from_samples({"b": 1, "a": 1}, "BINARY", 0)):  # fmt: skip
        assert anneal(bqm, initial_states=given, **frozen).first.sample == {"a": 1, "b": 1}
    two = anneal(bqm, initial_states=[[1, 1], [1, 1]], **frozen)
    assert len(two.record) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([[1, 0, 1]], r"shape \(1, 3\)"),
        ([[2, 0]], "'a'; BINARY variables are 0 or 1"),
        ({"a": 1}, "no value for variable 'b'"),
        ([[1], [1, 2]], "not a table"),
    ],
)
def test_bad_initial_states(given: object, said: str) -> None:
    bqm = dimod.BQM({"a": 0.0, "b": 0.0}, {("a", "b"): -1.0}, 0.0, "BINARY")
    with pytest.raises(ParameterError, match=said):
        anneal(bqm, initial_states=given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"beta_range": 3}, "pair"),
        ({"beta_range": (2, 1)}, "hot <= cold"),
        ({"beta_range": (0, float("inf"))}, "finite"),
        ({"beta_range": (0, 1)}, "geometric schedule cannot leave"),
        ({"beta_schedule": "sine"}, "geometric, linear"),
        ({"beta_schedule": [[1.0]]}, "vector"),
        ({"beta_schedule": [-1.0]}, ">= 0"),
        ({"beta_schedule": ["a"]}, "not an array of numbers"),
        ({"beta_schedule": [1.0, 2.0], "annealing_time": 3}, "give one of them"),
        ({"annealing_time": 0}, "integer from 1"),
        ({"solver": "annealing"}, "did you mean 'simulated_annealing'"),
    ],
)
def test_bad_parameters(given: dict[str, object], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        anneal(CHAIN, **given)


def test_default_beta_range_scales_with_the_problem() -> None:
    matrix = random_couplings(30, 1.0, "gaussian", 1)
    one = default_beta_range(isinglass.compile(matrix))
    for factor in (1e-9, 8.0, 1e9):
        other = default_beta_range(isinglass.compile(factor * matrix))
        assert np.allclose(np.array(one) / factor, other, rtol=1e-12)


@pytest.mark.clock
def test_default_schedule_is_quick_to_make() -> None:
    # 6 million couplings: the schedule is two numbers of the compiled problem, no loop over them.
    problem = isinglass.compile(isinglass.generate("sk", n=3500, seed=1))
    import time

    began = time.perf_counter()
    default_beta_range(problem)
    assert time.perf_counter() - began < 0.01


def test_a_state_stopped_before_its_first_sweep_is_still_a_sample() -> None:
    result = anneal(CHAIN, time_limit=1e-9, num_reads=5, seed=1)
    assert len(result.record) >= 1
    assert np.isfinite(result.record.energy).all()


def test_a_deadline_between_the_trial_and_the_first_round_still_gives_samples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from isinglass.control import RunControl
    from isinglass.solvers import rounds

    def expire(control: RunControl, seconds: float, most: int) -> int:
        control.expire()
        return 1

    monkeypatch.setattr(rounds, "_length_that_fits", expire)
    result = anneal(CHAIN, time_limit=60.0, seed=1)
    assert len(result.record) >= 1 and "time limit" in result.stop_reason


def test_many_short_rounds_keep_the_best_reads_and_no_more() -> None:
    from isinglass.control import RunControl
    from isinglass.solvers.anneals import Anneals
    from isinglass.solvers.schedule import slack_scale
    from isinglass.solvers.start import StartStates

    problem = isinglass.compile(CHAIN)
    control = RunControl()
    anneals = Anneals(problem, StartStates(problem, None, 1), 1, control)
    lowest = np.inf
    for _ in range(6):
        anneals.round(20, slack_scale(np.array([0.3, 3.0]), problem.scale))
        lowest = min(lowest, *(read.energy for read in anneals.kept))
        anneals.keep_best(30)
    assert anneals.count == 120 and len(anneals.kept) == 30
    assert min(read.energy for read in anneals.kept) == lowest
    # What kernels reported is folded into one row, or watching would slow down round by round.
    assert len(control._rows) == 1 and control._rows[0][0] == 240
