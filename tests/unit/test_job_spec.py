"""What a job may be, and that a shot of one is what ``solve`` gives."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import numpy as np
import pytest

import isinglass
from isinglass.errors import ParameterError
from isinglass.executors.shots import check_spec, run_shot
from isinglass.jobs.spec import JobSpec, spec_of

QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}


def test_a_spec_survives_json() -> None:
    spec = JobSpec(
        solver="simulated_annealing", parameters={"beta_range": np.array([0.1, 3])}, seed=5, shots=2
    )
    again = spec_of(json.loads(spec.as_json()))
    assert again == spec and again.parameters == {"beta_range": [0.1, 3.0]}


@pytest.mark.parametrize(
    "words",
    [
        {"shots": 0}, {"shots": True}, {"shots": 10_001}, {"seed": -1}, {"seed": 1 << 63}, {"priority": 11},
        {"timeout": 0}, {"timeout": float("nan")}, {"timeout": "1"}, {"type": "circuit"}, {"backend": "tpu"},
        {"parameters": []}, {"parameters": {"num_threads": 1}}, {"parameters": {"x": object()}},
        {"parameters": {"time_limit": float("nan")}}, {"parameters": {"x": "y" * (1 << 20)}}, {"solver": 1},
        {"description": "x" * 1001}, {"description": 1}, {"shot": 1},
    ],
)  # fmt: skip
def test_refused(words: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        spec_of(words)


@pytest.mark.parametrize(
    "words", [{"solver": "none"}, {"parameters": {"num_read": 1}}, {"parameters": {"num_reads": -1}}]
)
def test_what_no_worker_could_run(words: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        check_spec(JobSpec(**words))


def test_a_shot_is_what_solve_gives() -> None:
    spec = JobSpec(solver="simulated_annealing", parameters={"num_reads": 3, "beta_range": [0.1, 3]}, seed=7)
    check_spec(spec)
    one = run_shot(QUBO, spec, 0)
    assert (one.record == isinglass.solve(QUBO, solver="simulated_annealing", num_reads=3, seed=7,
                                          beta_range=(0.1, 3)).record).all()  # fmt: skip
    seeds = {spec.shot_seed(k) for k in range(1000)}
    assert len(seeds) == 1000 and all(0 <= seed < 1 << 63 for seed in seeds)


def test_cancel_from_another_thread_gives_the_best_so_far() -> None:
    graph = isinglass.generate("gnp", n=400, p=0.1, seed=1)
    isinglass.solve(graph, time_limit=0.05)
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    began = time.perf_counter()
    result = isinglass.solve(graph, time_limit=30.0, cancel=cancel)
    assert time.perf_counter() - began < 5.0
    assert result.stop_reason.startswith("cancelled") and len(result.record) > 0
