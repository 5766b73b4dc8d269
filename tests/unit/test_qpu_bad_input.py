"""Hostile calls to the emulated annealer: each is one error that names value and rule, and nothing runs.

What the parameters of a call may be is in test_qpu_parameters.py; here are problems, machines, physics,
embeddings and values of the wrong kind altogether.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pytest

from isinglass.errors import IsinglassError
from isinglass.qpu import ApolloSampler, Noise, Physics, QPUSampler, QPUSolver, dynamics, sample_embedded
from isinglass.qpu.calibrated import physics_named
from isinglass.qpu.embedded import check_parameters

NAN, INF = float("nan"), float("inf")
HUGE = 10**400
K8 = dimod.BQM.from_ising({}, {(i, j): 1.0 for i in range(8) for j in range(i)})
PLAIN = Physics("DW_2000Q_6", 15.0, 1.0)


@cache
def sampler() -> QPUSampler:
    return QPUSampler("DW_2000Q_6")


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, **__: Any) -> np.ndarray:
        raise AssertionError("an anneal ran although the call is wrong")

    monkeypatch.setattr(dynamics, "run", run)


def ising(h: Any, J: Any, **others: Any) -> Callable[[], Any]:
    return lambda: sampler().sample_ising(h, J, **others)


def qubo(Q: Any) -> Callable[[], Any]:
    return lambda: sampler().sample_qubo(Q)


def model(bqm: Any) -> Callable[[], Any]:
    return lambda: sampler().sample(bqm)


def called(**given: Any) -> Callable[[], Any]:
    return ising({0: 0.5}, {(0, 4): -1.0}, **given)


def machine(*given: Any, **named: Any) -> Callable[[], Any]:
    return lambda: QPUSampler(*given, **named)


def embedded(**given: Any) -> Callable[[], Any]:
    return lambda: sample_embedded(K8, given.pop("model", "DW_2000Q_6"), **given)


def estimate(num_qubits: Any) -> Callable[[], Any]:
    return lambda: sampler().estimate_qpu_access_time(num_qubits)


def physics(**changes: Any) -> Callable[[], Any]:
    return lambda: replace(PLAIN, **changes)


def noise(**given: Any) -> Callable[[], Any]:
    return lambda: Noise(**given)


CALLS: dict[str, tuple[Callable[[], Any], str]] = {
    # biases and what they belong to
    "no label": (ising({None: 1.0}, {}), "h and J: .*give h as"),
    "NaN as label": (ising({NAN: 1.0}, {}), "h and J: "),
    "a text as bias": (ising({0: "x"}, {}), "h and J: must be real number, not str"),
    "no bias": (ising({}, {(0, 4): None}), "h and J: must be real number"),
    "a complex bias": (ising({0: 1j}, {}), "h and J: "),
    "a list as bias": (qubo({(0, 4): [1]}), "Q: must be real number, not list"),
    "an integer no float holds": (ising({}, {(0, 4): HUGE}), "h and J: int too large"),
    "three ends": (ising({}, {(0, 4, 8): 1.0}), "h and J: "),
    "J as a list": (ising({}, [1, 2]), "h and J: "),
    "no J": (ising({}, None), "h and J: "),
    "h as a matrix": (ising(np.zeros((3, 3)), {}), "h and J: "),
    "h as a text": (ising("abc", {}), "h and J: "),
    "h with NaN": (ising([NAN] * 2048, {}), "linear bias of 0 is nan"),
    "h of too many": (ising([0.0] * 2048 + [1.0], {}), "qubit 2048 is outside"),
    "no model": (model(None), "a NoneType is no binary quadratic model; pass a dimod BQM"),
    "a dict as model": (model({}), "a dict is no binary quadratic model"),
    "a constrained model": (model(dimod.CQM()), "ConstrainedQuadraticModel is no binary"),
    "an endless offset": (model(dimod.BQM({0: 1.0}, {}, INF, "SPIN")), "the offset is inf"),
    "a large qubit": (ising({1 << 40: 1.0}, {}), "1099511627776 is not a qubit's number"),
    "half a qubit": (ising({1.5: 1.0}, {}), "1.5 is not a qubit's number"),
    "true as qubit": (ising({True: 1.0}, {}), "True is not a qubit's number"),
    # values of another kind
    "texts": (called(answer_mode=np.array(["raw", "x"])), "answer_mode must be"),
    "a list of a text": (called(postprocess=["sampling"]), "postprocess must be"),
    "an array of one": (called(num_reads=np.array([3])), "must be a number"),
    "a scalar array": (called(anneal_offsets=np.array(0.0)), "must be a list of num_qubits"),
    "a column": (called(flux_biases=np.zeros((2048, 1))), "must be a list of num_qubits"),
    "a generator": (called(flux_biases=(0.0 for _ in range(2048))), "must be a list of num_qubits"),
    "a dict of offsets": (called(anneal_offsets={0: 0.1}), "must be a list of num_qubits"),
    "truth among numbers": (called(flux_biases=[True] + [0.0] * 2047), "must be a list of num_qubits"),
    "a text as schedule": (called(anneal_schedule="ab"), "anneal_schedule='ab'"),
    "a dict as schedule": (called(anneal_schedule={0: 0, 20: 1}), "anneal_schedule="),
    "three columns": (called(anneal_schedule=[[0, 0, 0], [20, 1, 1]]), "pairs"),
    "an endless anneal": (called(anneal_schedule=[[0, 0], [INF, 1]]), "must be finite"),
    "a schedule no float holds": (called(h_gain_schedule=[[0, 1], [HUGE, 1]]), "must be finite"),
    "progress that cannot be called": (called(progress=5), "progress=5 cannot be called"),
    "an endless time limit": (called(time_limit=INF), "time_limit=inf"),
    "half a seed": (called(seed=1.5), "seed=1.5"),
    "a text as threads": (called(num_threads="2"), "num_threads='2'"),
    # machines
    "a number as machine": (machine(5), "model=5 is not one of"),
    "no machine": (machine(None), "give either the name of a model"),
    "a list of machines": (machine(["DW_2000Q_6"]), r"model=\['DW_2000Q_6'\] is not one of"),
    "NaN as defects": (machine("DW_2000Q_6", defects_seed=NAN), "defects_seed=nan"),
    "no defects": (machine("DW_2000Q_6", defects_seed=None), "defects_seed=None"),
    "negative defects": (machine("DW_2000Q_6", defects_seed=-1), "defects_seed=-1"),
    "a text as physics": (machine("DW_2000Q_6", physics="svmc"), "physics='svmc' is not a Physics"),
    "physics of an unknown machine": (
        machine("DW_2000Q_6", physics=replace(PLAIN, schedule="DW_2000Q")), "did you mean 'DW_2000Q_6'"
    ),
    "physics twice": (lambda: QPUSampler(sampler().solver, physics=PLAIN), "give them to the QPUSolver"),
    "an unhashable Apollo": (lambda: ApolloSampler(["apollo_rc1"]), "is not one of apollo_rc1"),
    "minus one qubit": (estimate(-1), "num_qubits=-1 is not an integer from 0 to 2048"),
    "NaN qubits": (estimate(NAN), "num_qubits=nan"),
    "more qubits than there are": (estimate(2049), "num_qubits=2049"),
    "a text of qubits": (estimate("x"), "num_qubits='x'"),
    # physics and noise
    "a text as temperature": (physics(temperature_mk="x"), "temperature_mk='x': must be a number"),
    "no noise at all": (physics(noise=None), r"Noise.none\(\) has all parts off"),
    "a number as dynamics": (physics(dynamics=5), "dynamics=5 is not one of"),
    "negative noise": (noise(sigma_h=-0.1), "sigma_h=-0.1: must be 0 or more"),
    "NaN noise": (noise(drift_h=NAN), "drift_h=nan: must be finite"),
    "a text as noise": (noise(bath_h="x"), "bath_h='x': must be a number"),
    "wrong twice in one": (noise(readout_error=2.0), "readout_error=2.0: is a share"),
    "all of the chip and more": (noise(chip_share=1.5), "chip_share=1.5: is a share"),
    "a bath without time": (noise(bath_us=0.0), "bath_us=0.0: is a time"),
    # embeddings
    "a number as embedding": (embedded(embedding=5), "embedding=5 is neither"),
    "no embedding": (embedded(embedding=None), "embedding=None is neither"),
    "letters as qubits": (embedded(embedding=dict.fromkeys(range(8), "a")), r"embedding\[0\]='a' is not"),
    "a qubit as chain": (embedded(embedding={i: i for i in range(8)}), r"embedding\[0\]=0 is not a list"),
    "half qubits": (embedded(embedding={i: [i + 0.5] for i in range(8)}), r"embedding\[0\]=\[0.5\]"),
    "half an embedding seed": (embedded(embedding_seed=0.5), "embedding_seed=0.5"),
    "no timeout": (embedded(embedding_timeout=None), "embedding_timeout=None: it must be a number"),
    "a file as cache": (embedded(embedding_cache=Path(__file__)), "embedding_cache=.* cannot be a folder"),
    "a number as cache": (embedded(embedding_cache=5), "embedding_cache=5 cannot be a folder"),
    "no prefactor": (embedded(chain_strength_prefactor=0.0), "chain_strength_prefactor=0.0 is not"),
    "one weak chain": (embedded(chain_strength=dict.fromkeys(range(8), NAN)), r"chain_strength\[0\]=nan"),
    "a number as model": (embedded(model=5), "model=5 is not one of"),
    "a list as model": (embedded(model=["DW_2000Q_6"]), "model=.* is not one of"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_hostile_calls_are_told_what_is_wrong(name: str) -> None:
    call, match = CALLS[name]
    with pytest.raises(IsinglassError, match=match) as caught:
        call()
    assert isinstance(caught.value, ValueError) and len(str(caught.value)) < 700


def test_words_of_the_embedding_are_no_parameters_of_the_machine() -> None:
    # As a service checks a job: sample_embedded takes it, so its check does.
    check_parameters(sampler().solver, embedding_seed=3, embedding={0: [1]}, chain_strength={0: 1.0})


def test_what_the_presets_have_is_allowed() -> None:
    assert physics_named("Advantage_system4").noise.chi == 0.0
    assert Noise(chi=-0.02).chi == -0.02
    assert QPUSampler(QPUSolver("DW_2000Q_6", physics=PLAIN)).solver.physics is PLAIN
    assert sampler().estimate_qpu_access_time(0) == sampler().estimate_qpu_access_time(1)
