"""The emulated annealer with backend="gpu", on the simulated card: the words for it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import isinglass
from isinglass.cli.main import app
from isinglass.errors import DeviceError, MissingExtraError, OutOfMemoryError, ParameterError
from isinglass.executors import annealing
from isinglass.executors.charging import charge
from isinglass.executors.contract import Run
from isinglass.executors.shots import check_problem, check_spec, run_shot
from isinglass.jobs.estimate import Estimate
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.spec import JobSpec
from isinglass.kernels.cuda import opening
from isinglass.kernels.cuda.card import Card
from isinglass.qpu import QPUSampler, calibrated, sample_embedded
from isinglass.qpu.physics import Physics
from isinglass.qpu.solver import QPUSolver
from isinglass.results.sampleset import SampleSet
from isinglass.service.verify import check_result

pytestmark = pytest.mark.usefixtures("simulator", "few_sweeps")
MODEL = "DW_2000Q_6"
SHORT: dict[str, Any] = {"num_reads": 3, "annealing_time": 1, "seed": 1}
J = {("a", "b"): 1.0, ("b", "c"): -1.0}


@pytest.fixture
def few_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotor's visit takes the simulator milliseconds."""
    monkeypatch.setattr(calibrated, "physics_named", lambda name: Physics(name, 15.0, 15.0))


def test_a_sampler_on_a_card_answers_as_on_the_processor() -> None:
    here, there = (
        QPUSampler(MODEL, backend=backend).sample_ising({0: -1}, {(0, 4): 1}, **SHORT)
        for backend in ("cpu", "gpu")
    )
    assert there.info["emulator"]["cards"] == ["CUDA simulator"] and "cards" not in here.info["emulator"]
    assert there.first.energy == here.first.energy == -2.0
    time = "qpu_access_time"
    assert there.info["timing"][time] == here.info["timing"][time]


def test_solve_takes_an_annealer_on_a_card() -> None:
    found = isinglass.solve(({}, J), kind="ising", backend="gpu", qpu_model=MODEL, **SHORT)
    assert found.info["backend"] == "gpu" and found.info["cards"] == ["CUDA simulator"]
    assert found.info["solver"] == f"qpu {MODEL}" and found.first.energy == -2.0
    with pytest.raises(ParameterError, match="backend 'qpu' has no such thing"):
        isinglass.solve(({}, J), kind="ising", backend="gpu", qpu_model=MODEL, target_energy=-1)


@pytest.mark.parametrize("solver", ["auto", "native"])
def test_a_job_runs_there_too(solver: str, machines_of_this_test: None) -> None:
    """As on a worker: checked where it comes in, run, verified, charged."""
    problem = problem_of(problem_content(({0: -1.0}, {(0, 4): 1.0}), "ising").to_bytes())
    parameters = {"num_reads": 3, "annealing_time": 1}
    spec, plain = (
        JobSpec(backend=backend, qpu_model=MODEL, solver=solver, parameters=parameters, seed=1)
        for backend in ("gpu", "qpu")
    )
    check_spec(spec)
    check_problem(problem, spec)
    there, here = (run_shot(problem, job, 0, Run(num_threads=2)) for job in (spec, plain))
    assert isinstance(there, SampleSet) and isinstance(here, SampleSet)
    assert there.info["qpu"]["cards"] == ["CUDA simulator"] and "cards" not in here.info["qpu"]
    assert there.first.energy == here.first.energy == -2.0
    assert check_result(problem, spec, 0, there) == -2.0
    # Quota is the annealer's own time, not that of the card.
    assert charge(spec, 100.0, there) == charge(plain, 100.0, here) < 1.0
    asked, asked_plain = (run_shot(problem, replace(job, type="estimate"), 0) for job in (spec, plain))
    assert isinstance(asked, Estimate) and asked == asked_plain and asked.quota is not None


@pytest.fixture
def machines_of_this_test() -> Iterator[None]:
    """Those kept in the process have the physics that they first ran with."""
    annealing._made.cache_clear()
    yield
    annealing._made.cache_clear()


def test_what_the_card_does_not_do_names_the_backend_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_here() -> None:
        raise DeviceError("no card can be used: see what nvidia-smi says, or use backend 'cpu'")

    spec = JobSpec(backend="gpu", qpu_model=MODEL, solver="native", seed=1)
    qubits = problem_of(problem_content(({0: -1.0}, {(0, 4): 1.0}), "ising").to_bytes())
    annealing._made.cache_clear()
    monkeypatch.setattr(opening, "open_cards", none_here)
    for call in (
        lambda: isinglass.solve(({}, J), kind="ising", backend="gpu", qpu_model=MODEL),
        lambda: run_shot(qubits, spec, 0),
    ):
        with pytest.raises(DeviceError, match=r"or use backend 'qpu'$"):
            call()
    # A sampler of an annealer has backends of its own.
    with pytest.raises(DeviceError, match=r"or use backend 'cpu'$"):
        QPUSampler(MODEL, backend="gpu")
    monkeypatch.undo()
    monkeypatch.setattr(Card, "free_bytes", lambda card: 100.0)
    with pytest.raises(OutOfMemoryError, match=r"or use backend 'qpu'$"):
        isinglass.solve(({}, J), kind="ising", backend="gpu", qpu_model=MODEL, **SHORT)


def test_the_command_line_takes_a_backend_for_it(tmp_path: Path) -> None:
    path = tmp_path / "graph.txt"
    path.write_text("2 1\n1 2 1\n")
    words = [
        "qpu",
        "sample",
        str(path),
        "--model",
        MODEL,
        "--backend",
        "gpu",
        "--json",
        "--quiet",
        "--seed",
        "1",
    ]
    words += ["--num-reads", "2", "--annealing-time", "1"]
    answer = json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)
    assert answer["backend"] == "gpu" and answer["cards"] == ["CUDA simulator"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: QPUSolver(MODEL, backend="tpu"), "backend='tpu' is not one of cpu, gpu"),
        (lambda: QPUSampler(QPUSolver(MODEL), backend="gpu"), "backend belong to a model's name"),
        (lambda: sample_embedded(({}, J), QPUSolver(MODEL), backend="gpu"), "belongs to a model's name"),
        (
            lambda: sample_embedded(({}, J), "apollo_rc1", backend="gpu"),
            "apollo_rc1 has no kernels for cards",
        ),
        (
            lambda: isinglass.solve(({}, J), kind="ising", backend="circuit", qpu_model=MODEL),
            "qpu_model='DW_2000Q_6' is for backends 'qpu' and 'gpu'",
        ),
        (
            lambda: QPUSampler(
                MODEL, backend="gpu", physics=Physics(MODEL, 15.0, 30.0, dynamics="boltzmann")
            ).sample_ising({0: 1}, {}),
            "dynamics 'boltzmann' has no kernel for backend 'gpu', which has svmc and svmc-tf",
        ),
    ],
)
def test_what_cannot_be_is_refused(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        call()


def test_without_a_card_it_is_said_before_anything_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    for call in (
        lambda: QPUSampler(MODEL, backend="gpu"),
        lambda: sample_embedded("no file is read", MODEL, backend="gpu"),
    ):
        with pytest.raises(MissingExtraError, match=r"pip install 'isinglass\[gpu\]'"):
            call()
