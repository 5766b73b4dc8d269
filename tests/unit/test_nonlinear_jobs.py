"""Nonlinear models as jobs: content there and back, shots as one result, what is shown and refused."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dwave.optimization.generators import flow_shop_scheduling

import isinglass
from isinglass.cli.jobs import _print
from isinglass.errors import ParameterError, ProblemError
from isinglass.executors.shots import check_problem, check_spec, run_shot
from isinglass.jobs.container import pack, unpack
from isinglass.jobs.problems import problem_content, problem_of, variables_of
from isinglass.jobs.results import best_energy, merge_shots, result_content, result_of
from isinglass.jobs.spec import JobSpec
from isinglass.problems.files.nl import NonlinearFile
from isinglass.results.nonlinear import NonlinearResult
from isinglass.service.core import JobService
from isinglass.service.keys import create_key
from isinglass.service.pages.outcome import Outcome

MODEL = flow_shop_scheduling([[10, 5, 7], [20, 10, 15]])
RESULT: Any = isinglass.solve(MODEL, annealing_time=20, seed=3)


def test_a_model_arrives_as_it_left() -> None:
    content = problem_content(MODEL)
    there = problem_of(content.to_bytes())
    assert isinstance(there, NonlinearFile) and variables_of(there) == MODEL.num_symbols()
    assert problem_content(there).to_bytes() == content.to_bytes()


def test_a_result_arrives_as_it_left() -> None:
    there = result_of(result_content(RESULT).to_bytes())
    assert isinstance(there, NonlinearResult) and there.files == RESULT.files
    assert there.objective == RESULT.objective and there.violated == RESULT.violated
    assert there.info["seed"] == 3 and best_energy(there) == 50.0


def test_shots_become_one_result_the_best_first() -> None:
    info = {"seed": 5, "stop_reason": "finished"}
    worse = replace(RESULT, objective=np.array([70.0]), files=(b"worse",), info=info)
    broken = replace(RESULT, objective=np.array([1.0]), violated=np.array([2]), files=(b"broken",), info=info)
    whole = merge_shots({0: broken, 1: worse, 2: RESULT}, {"shots": 3})
    assert isinstance(whole, NonlinearResult)
    assert whole.files == (RESULT.files[0], b"worse", b"broken")
    assert whole.objective.tolist() == [50.0, 70.0, 1.0] and whole.is_feasible.tolist() == [True, True, False]
    assert whole.info["seed"] == 3 and [one["shot"] for one in whole.info["shots"]] == [0, 1, 2]
    assert "shots" not in merge_shots({0: RESULT}, {"shots": 1}).info


@pytest.mark.parametrize("change", ["objective", "violated", "file 0", "dtype", "extra", "info"])
def test_malformed_results_are_refused(change: str) -> None:
    fields, arrays = unpack(result_content(RESULT).to_bytes())
    arrays = dict(arrays)
    if change == "dtype":
        arrays["violated"] = arrays["violated"].astype(np.float64)
    elif change == "extra":
        arrays["file 7"] = arrays["file 0"]
    elif change == "info":
        fields = {"form": fields["form"]}
    else:
        del arrays[change]
    with pytest.raises(ProblemError):
        result_of(pack(fields, arrays).to_bytes())


def test_what_the_command_and_the_dashboard_show(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _print(RESULT, tmp_path / "states.nl", as_json=True)
    assert json.loads(capsys.readouterr().out)["objective"] == [50.0]
    assert (tmp_path / "states.nl").read_bytes() == RESULT.files[0]
    outcome = Outcome()
    outcome.add(np.frombuffer(result_content(RESULT).to_bytes(), np.uint8))
    assert outcome.best == 50.0 and outcome.timing


@pytest.mark.parametrize(
    "words",
    [
        {"solver": "exact"}, {"backend": "gpu"}, {"backend": "qpu", "qpu_model": "Advantage_system4"},
        {"parameters": {"storage": "dense"}}, {"parameters": {"time_limit": "3"}},
        {"parameters": {"target_energy": [1]}},
    ],
)  # fmt: skip
def test_what_such_jobs_are_refused_for(words: dict[str, Any]) -> None:
    problem = problem_of(problem_content(MODEL).to_bytes())
    with pytest.raises((ParameterError, ProblemError)):
        check_problem(problem, JobSpec(**words))


def test_an_estimate() -> None:
    problem, spec = problem_of(problem_content(MODEL).to_bytes()), JobSpec(type="estimate", seed=1)  # type: ignore[arg-type]  # a text
    limited = replace(spec, parameters={"time_limit": 7.0}, shots=2)
    check_spec(limited)
    check_problem(problem, limited)
    estimate: Any = run_shot(problem, limited, 0)
    assert estimate.seconds == estimate.quota == 14.0 and estimate.bytes > 0
    unlimited: Any = run_shot(problem, spec, 0)
    assert unlimited.seconds is None and "give a time_limit" in unlimited.why


def test_nobody_waits_for_the_check_of_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a process of its own: the store's one thread has no time for that."""
    checking, go_on = threading.Event(), threading.Event()

    def slowly(file: NonlinearFile, states: bytes) -> tuple[float, int]:
        checking.set()
        assert go_on.wait(20)
        return 50.0, 0

    monkeypatch.setattr("isinglass.service.verify_nonlinear.evaluate_apart", slowly)

    async def main() -> None:
        service = JobService(tmp_path)
        with service.store.transaction() as connection:
            create_key(connection, "ann", ["submit", "read"], service.store.clock())
        await service.start()
        spec = JobSpec(seed=3, parameters={"time_limit": 1.0})
        status, _ = await service.submit("ann", spec, problem_content(MODEL).to_bytes(), None, None)
        (lease,) = await service.work.lease("w", ["cpu"], 5.0)
        result = result_content(RESULT).to_bytes()
        delivered = asyncio.create_task(service.work.deliver("w", lease.job, 0, lease.token, 0.1, result))
        try:
            assert await asyncio.to_thread(checking.wait, 10)
            meanwhile = await asyncio.wait_for(service.status("ann", status["id"]), 5.0)
        finally:
            go_on.set()
        assert meanwhile["state"] == "running" and await delivered
        assert (await service.status("ann", status["id"]))["state"] == "finished"
        await service.stop()

    asyncio.run(main())
