"""The emulated annealer with backend="gpu", on the simulated card: the words for it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import isinglass
from isinglass.cli.main import app
from isinglass.errors import MissingExtraError, ParameterError
from isinglass.kernels.cuda import opening
from isinglass.qpu import QPUSampler, calibrated, sample_embedded
from isinglass.qpu.physics import Physics
from isinglass.qpu.solver import QPUSolver

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
