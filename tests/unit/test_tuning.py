"""The search for parameters: what it draws, what it says, and when it keeps the defaults."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError
from isinglass.solvers.registry import SOLVERS
from isinglass.tuning import Trial, _Bench
from isinglass.tuning_space import TUNABLE, default_space, draw_from


@pytest.fixture(scope="module")
def glass() -> isinglass.CompiledProblem:
    return isinglass.compile(isinglass.generate("lattice_3d", length=8, seed=1))


def test_draws_stay_in_their_ranges() -> None:
    draw = np.random.default_rng(1)
    space = {"a": (10, 1000), "b": (0.5, 2.0), "c": ["x", "y"], "d": ((1.0, 2.0), (3.0, 3.0))}
    found = [draw_from(space, draw) for _ in range(400)]
    assert all(isinstance(f["a"], int) and 10 <= f["a"] <= 1000 and 0.5 <= f["b"] <= 2 for f in found)
    assert {f["c"] for f in found} == {"x", "y"}
    assert all(1 <= f["d"][0] <= 2 and f["d"][1] == pytest.approx(3) for f in found)
    # Log-uniform: half of the draws lie below sqrt(10 * 1000) = 100; 4 sigma of 400 halves is 0.1.
    assert abs(np.mean([f["a"] < 100 for f in found]) - 0.5) < 0.1
    for wrong in ((0, 1), (2, 1), [], "x", (1, 2, 3)):
        with pytest.raises(ParameterError, match=r"space\['a'\]"):
            draw_from({"a": wrong}, draw)


def test_every_default_space_is_one_of_its_solver(glass: isinglass.CompiledProblem) -> None:
    draw = np.random.default_rng(1)
    for name in TUNABLE:
        for _ in range(50):
            SOLVERS[name].resolve(draw_from(default_space(name, [glass]), draw))
    # Inverse temperatures of one problem mean nothing to another.
    assert "beta_range" not in default_space("simulated_annealing", [glass, glass])


@pytest.mark.clock
def test_a_clear_win_is_found_and_confirmed(glass: isinglass.CompiledProblem, tmp_path: Path) -> None:
    # Descent from a random state against hundreds of descents: no noise can hide the difference.
    began = time.perf_counter()
    result = isinglass.tune(
        glass, solver="steepest_descent", space={"num_reads": [200, 400]}, time_limit=3, seed=1, num_threads=1
    )
    assert time.perf_counter() - began < 6
    assert result.recommended and result.best_parameters["num_reads"] in (200, 400)
    assert result.held_out["winner"] < result.held_out["defaults"]
    assert result.held_out["gain"] > 2 * result.held_out["error"] and "use best_parameters" in result.verdict
    assert sum(not trial.parameters for trial in result.trials) == 1
    isinglass.solve(glass, solver="steepest_descent", **result.best_parameters)
    result.write(tmp_path / "tried.csv")
    with (tmp_path / "tried.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(result.trials) and any(json.loads(row["parameters"]) == {} for row in rows)
    result.write(tmp_path / "tried.json")
    assert json.loads((tmp_path / "tried.json").read_text())["recommended"] is True
    with pytest.raises(ParameterError, match=r"\.json or \.csv"):
        result.write(tmp_path / "tried.txt")


def test_no_win_is_no_recommendation() -> None:
    # Two spins: every run finds the ground state, so no candidate can beat the defaults.
    result = isinglass.tune({("a", "b"): 1.0}, time_limit=1.5, seed=1, num_threads=1)
    assert not result.recommended and result.best_parameters == {} and "keep" in result.verdict


def test_losses_compare_problems_of_any_size(glass: isinglass.CompiledProblem) -> None:
    bench = _Bench([glass, glass], [None, None], "simulated_annealing", 1, 0.0, 0)
    one, two = Trial({}), Trial({})
    one.energies, two.energies = [[-100.0, -1.0], [-90.0, -1.0]], [[-50.0, -0.5]]
    losses = bench.losses([one, two])
    assert losses[0].tolist() == pytest.approx([0.0, 0.05]) and losses[1].tolist() == pytest.approx([0.5])
    timed = _Bench([glass], [-5.0], "simulated_annealing", 1, 0.0, 0)
    one.seconds, one.hits, two.seconds, two.hits = [[1.0]], [[True]], [[1.0]], [[False]]
    hit, miss = timed.losses([one, two])
    assert miss[0] - hit[0] == pytest.approx(np.log(2))


def test_what_cannot_be_tuned_is_said(glass: isinglass.CompiledProblem) -> None:
    for options, said in [
        ({"solver": "exact"}, "no default space"),
        ({"space": {"sweeps": [1]}}, "'sweeps' is not a parameter"),
        ({"space": {"annealing_time": [0]}}, "annealing_time=0"),
        ({"time_limit": -1}, "time_limit"),
        ({"run_time": 1.0}, "12 are needed"),
        ({"target_energy": [1.0, 2.0]}, "2 values and there are 1 problems"),
    ]:
        with pytest.raises(ParameterError, match=said):
            isinglass.tune(glass, **{"time_limit": 1.0, "seed": 1, **options})
