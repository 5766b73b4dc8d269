"""``Sampler(config)``: here, as a job, or on a service, by the settings alone."""

from __future__ import annotations

from typing import Any

import dimod
import pytest

import isinglass
from isinglass.client import sampler as module
from isinglass.config import Config
from isinglass.errors import DeviceError, ParameterError, UnreachableError
from isinglass.executors import machine

BQM = dimod.BQM({"a": -1.0, "b": -1.0}, {("a", "b"): 2.0}, 0.0, "BINARY")
NOWHERE = "http://127.0.0.1:1"


def test_local_never_touches_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise AssertionError("a session was opened")

    monkeypatch.setattr(module, "connect", no_network)
    for config in (Config(compute_backend="local", endpoint=NOWHERE), Config(), None):
        here = isinglass.Sampler(config, solver="simulated_annealing").sample(BQM, num_reads=5, seed=1)
        own = isinglass.solve(BQM, solver="simulated_annealing", num_reads=5, seed=1)
        assert (here.record == own.record).all()
    with pytest.raises(UnreachableError):
        monkeypatch.undo()
        isinglass.Sampler(Config(endpoint=NOWHERE, retry_count=0)).sample(BQM)


def test_words_of_jobs_work_here_too() -> None:
    with isinglass.Sampler(Config(compute_backend="local")) as sampler:
        found = sampler.sample(BQM, num_reads=2, seed=1, shots=3, description="three of them")
    assert set(found.record.shot) == {0, 1, 2} and found.info["job"]["spec"]["description"] == "three of them"


def test_annealers_by_the_settings() -> None:
    sampler = isinglass.Sampler(Config(compute_backend="qpu", qpu_model="dw_2000q_6"))
    found = sampler.sample(BQM, num_reads=5, seed=1)
    assert found.info["qpu"]["model"] == "DW_2000Q_6" and found.first.energy == -1
    assert sampler.properties["qpu_model"] == "DW_2000Q_6" and "annealing_time" in sampler.parameters
    native = isinglass.Sampler(Config(compute_backend="qpu", qpu_model="DW_2000Q_6"), solver="native")
    assert native.sample_ising({0: 1.0}, {(0, 4): 1.0}, num_reads=5).first.energy == -2
    apollo = isinglass.Sampler(Config(compute_backend="qpu", qpu_model="apollo_rc1"))
    assert (
        apollo.sample_qubo({("a", "a"): -1.0}).first.energy == -1
        and "shots" in apollo.properties["parameters"]
    )


def test_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_here() -> None:
        raise DeviceError("no card: use backend 'cpu'")

    monkeypatch.setattr(machine, "open_cards", none_here)
    with pytest.raises(ValueError, match="needs a qpu_model"):
        isinglass.Sampler(Config(compute_backend="qpu"))
    with pytest.raises(DeviceError, match="use backend 'cpu'"):
        isinglass.Sampler(Config(compute_backend="gpu"))
    with pytest.raises(ParameterError, match="a solver is named by solver="):
        isinglass.Sampler("tabu_search")
    with pytest.raises(ParameterError, match="solver='tabu'"):
        isinglass.Sampler(solver="tabu")
    with pytest.raises(ParameterError, match="when a Sampler is made"):
        isinglass.Sampler().sample(BQM, solver="exact")
