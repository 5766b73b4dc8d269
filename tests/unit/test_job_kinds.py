"""Every kind of job: what it refuses before it is sent, its results on the wire, and lies about them."""

from __future__ import annotations

import threading
from typing import Any

import dimod
import numpy as np
import pytest

import isinglass
from isinglass.circuits import ParallelSimulator, expectation
from isinglass.config import QPUModel
from isinglass.errors import CircuitError, ParameterError, ProblemError, QasmError, VerificationError
from isinglass.executors.contract import Run
from isinglass.executors.shots import check_problem, check_spec, run_shot
from isinglass.jobs.circuit_results import CircuitResults
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.container import pack, unpack
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.results import merge_shots, result_content, result_of
from isinglass.jobs.spec import JobSpec
from isinglass.qpu import MODELS, QPUSampler
from isinglass.qpu.apollo import APOLLO_MODELS
from isinglass.qpu.problem import StructureError
from isinglass.service.verify import check_result

BELL = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0],q[1];
measure q -> c;
"""
BAD = BELL.replace("h q", "hh q")
FOUR = BELL.replace("[2]", "[4]").replace("cx q[0],q[1];", "cx q[0],q[1]; cx q[1],q[2]; cx q[2],q[3];")
BIASES: Any = ({0: -1.0}, {(0, 4): 1.0})
NATIVE = {"backend": "qpu", "qpu_model": "DW_2000Q_6", "solver": "native"}

JOBS: dict[str, tuple[Any, JobSpec]] = {
    "circuits": (Circuits.of({"a": BELL, "b": BELL}), JobSpec("circuits", seed=3, parameters={"shots": 50})),
    "some bad": (Circuits.of({"a": BAD, "b": BELL}), JobSpec("circuits", seed=3)),
    "exact": (Circuits.of({"a": BELL}, {"ZZ": 0.5, "XI": 2.0, "II": 1.0}), JobSpec("expectation", seed=3)),
    "by shots": (
        Circuits.of({"a": BELL, "b": FOUR, "c": BAD}, {"a": "ZZ;XX", "b": {"ZZII": 2}, "c": "ZZ"}),
        JobSpec("expectation", seed=3, parameters={"shots": 300, "shot_distribution": "weighted"}),
    ),
    "cut values": (
        Circuits.of({"a": FOUR}, "ZZZZ"),
        JobSpec("cut", seed=3, parameters={"max_qubits": 2, "shots": 400}),
    ),
    "cut counts": (
        Circuits.of({"a": FOUR}), JobSpec("cut", seed=3, parameters={"max_qubits": 2, "shots": 400}),
    ),
    "native": (BIASES, JobSpec(seed=3, parameters={"num_reads": 20}, **NATIVE)),
    "native qubo": (
        dimod.BQM({5: -1.0, 1: 0.5}, {(5, 1): -1.0}, 2.5, "BINARY"),
        JobSpec(seed=3, parameters={"num_reads": 9, "answer_mode": "raw"}, **NATIVE),
    ),
    "embedded": (
        {("x", 1): 1.0, (1, ("t", 2)): 1.0, ("x", ("t", 2)): 1.0, ("x", "x"): -1.0},
        JobSpec(seed=3, backend="qpu", qpu_model="DW_2000Q_6", parameters={"num_reads": 9}),
    ),
    "apollo": ({("a", "b"): 1.0, ("a", "a"): -1}, JobSpec(seed=3, backend="qpu", qpu_model="apollo_10000")),
}  # fmt: skip


def done(name: str) -> tuple[Any, JobSpec, Any]:
    """(problem, spec, result), each through its bytes."""
    given, spec = JOBS[name]
    problem = problem_of(problem_content(given).to_bytes())
    check_spec(spec)
    check_problem(problem, spec)
    return problem, spec, result_of(result_content(run_shot(problem, spec, 0)).to_bytes())


@pytest.mark.parametrize("name", JOBS)
def test_a_result_survives_the_wire_and_is_believed(name: str) -> None:
    problem, spec, result = done(name)
    energy = check_result(problem, spec, 0, result)
    again = run_shot(problem, spec, 0)
    if isinstance(result, CircuitResults):
        assert energy is None and [dict(entry) for entry in result] == [dict(entry) for entry in again]
    else:
        assert energy == result.record.energy.min() and (result.record == again.record).all()
        assert list(result.variables) == list(again.variables)
        assert result.info["qpu"]["timing"] if name == "embedded" else True
    with pytest.raises(VerificationError, match="seed"):
        check_result(problem, spec, 1, result)


def test_circuits_give_what_the_simulator_gives() -> None:
    _, _, result = done("circuits")
    here = ParallelSimulator(shots=50, seed=3).submit_circuits({"a": BELL, "b": BELL})
    assert [entry["results"] for entry in result] == [entry["results"] for entry in here]
    assert result.form == "counts" and result.info["seed"] == 3


def test_a_bad_circuit_does_not_cost_the_others_theirs() -> None:
    _, _, result = done("some bad")
    assert "gate 'hh'" in result[0]["error"] and sum(result[1]["results"].values()) == 1000
    with pytest.raises(CircuitError, match="gate 'hh'"):
        result[0]["results"]
    _, _, values = done("by shots")
    assert "gate 'hh'" in values[2]["error"] and values[1]["metadata"]["value"] == 2.0


def test_expectation_values() -> None:
    entry = done("exact")[2][0]
    assert entry["results"] == pytest.approx({"ZZ": 1.0, "XI": 0.0, "II": 1.0}, abs=1e-12)
    assert entry["metadata"]["value"] == pytest.approx(1.5) and entry["metadata"]["shots"] == 0
    shots = done("by shots")[2][0]
    assert shots["results"] == {"ZZ": 1.0, "XX": 1.0} and shots["metadata"]["value"] == 2.0
    own = expectation(BELL, {"ZZ": 1.0, "ZI": 1.0}, ParallelSimulator(seed=1), shots=100, exact=False)
    assert own.value == pytest.approx(own.terms["ZZ"] + own.terms["ZI"])


def test_native_answers_are_those_of_the_machine() -> None:
    _, _, result = done("native")
    there = QPUSampler("DW_2000Q_6").sample_ising(*BIASES, num_reads=20, seed=3)
    assert list(result.variables) == [0, 4] and result.record.num_occurrences.sum() == 20
    assert (result.record.sample == there.record.sample).all()
    assert result.info["timing"]["qpu_access_time"] == there.info["timing"]["qpu_access_time"]


def test_labels_of_an_embedding_survive() -> None:
    info = done("embedded")[2].info
    assert set(info["embedding"]) == {"x", 1, ("t", 2)} and set(info["chain_breaks"]) == set(
        info["embedding"]
    )


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ({"type": "circuits", "backend": "gpu"}, "runs on backend 'cpu', not on 'gpu'"),
        ({"type": "circuits", "parameters": {"num_reads": 3}}, "not a parameter of a job of type 'circuits'"),
        ({"type": "circuits", "parameters": {"shots": 0}}, "whole number of at least 1"),
        ({"type": "circuits", "parameters": {"precision": "half"}}, "neither 'double' nor 'single'"),
        ({"type": "circuits", "parameters": {"qiskit_backend": 3}}, "is not a name"),
        ({"type": "circuits", "solver": "tabu"}, "circuits have none"),
        ({"type": "circuits", "parameters": {"time_limit": -1}}, "time_limit"),
        ({"type": "expectation", "shots": 2}, "has one shot"),
        ({"type": "expectation", "parameters": {"shot_distribution": "x"}}, "is not one of uniform"),
        ({"type": "cut"}, "max_qubits"),
        ({"backend": "qpu"}, "needs qpu_model"),
        ({"qpu_model": "DW_2000Q_6"}, "is for backends 'qpu' and 'gpu', and backend is 'cpu'"),
        ({"backend": "gpu", "qpu_model": "DW_2000Q_6", "solver": "tabu"}, "is not one of auto, native"),
        ({"backend": "gpu", "qpu_model": "apollo_rc1"}, "no kernels for cards: use backend 'qpu'"),
        ({"type": "circuits", "backend": "gpu", "qpu_model": "DW_2000Q_6"}, "on backend 'cpu', not on 'gpu'"),
        ({"backend": "qpu", "qpu_model": "DW"}, "is not one of DW_2000Q_6"),
        ({**NATIVE, "parameters": {"num_reads": 0}}, "num_reads"),
        ({**NATIVE, "parameters": {"chain_strength": 1}}, "invalid parameter 'chain_strength'"),
        ({**NATIVE, "solver": "tabu"}, "is not one of auto, native"),
        ({**NATIVE, "solver": "auto", "parameters": {"chain_break_method": "x"}}, "chain_break_method"),
        ({**NATIVE, "solver": "auto", "parameters": {"chain_strength": -1}}, "chain_strength"),
        ({**NATIVE, "solver": "auto", "parameters": {"embedding": "x"}}, "embedding='x'"),
        ({**NATIVE, "solver": "auto", "parameters": {"embedding_cache": "/etc"}}, "folder of the worker's"),
        ({"backend": "qpu", "qpu_model": "apollo_rc1", "solver": "native"}, "no published qubits"),
        ({"backend": "qpu", "qpu_model": "apollo_rc1", "parameters": {"shots": 9}}, "shots"),
    ],
)
def test_refused_before_it_is_sent(words: dict[str, Any], match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        check_spec(JobSpec(**words))


CQM = dimod.ConstrainedQuadraticModel()
CQM.add_constraint(dimod.Binary("i") <= 1, label="c")


@pytest.mark.parametrize(
    ("given", "words", "error"),
    [
        (BIASES, {"type": "circuits"}, ProblemError),
        (Circuits.of([BELL]), {}, ProblemError),
        (Circuits.of([BAD, BAD]), {"type": "circuits"}, QasmError),
        (Circuits.of([BELL]), {"type": "expectation"}, ProblemError),
        (Circuits.of([BELL], "ZZ"), {"type": "circuits"}, ProblemError),
        (({0: 1}, {(0, 1): 1}), NATIVE, StructureError),
        (({0: 3}, {}), {**NATIVE, "parameters": {"auto_scale": False}}, ParameterError),
        ({("a", "b"): 1}, NATIVE, StructureError),
        (np.eye(3), NATIVE, ProblemError),
        (CQM, {**NATIVE, "solver": "auto"}, ParameterError),
        (isinglass.generate("chain_1d", n=10_001, seed=1), {"backend": "qpu", "qpu_model": "apollo_10000"},
         ProblemError),
    ],
)  # fmt: skip
def test_problems_refused_before_they_are_queued(
    given: Any, words: dict[str, Any], error: type[Exception]
) -> None:
    spec = JobSpec(seed=0, **words)
    with pytest.raises(error):
        check_problem(problem_of(problem_content(given).to_bytes()), spec)


def lies() -> list[tuple[str, Any]]:
    def counts(change: Any) -> Any:
        return lambda result: change(result[0]["results"])

    return [
        ("circuits", counts(lambda c: c.update({"00": c["00"] + 1}))),
        ("circuits", counts(lambda c: c.update({"0x": c.pop("00")}))),
        ("circuits", counts(lambda c: c.update({"000": c.pop("00")}))),
        ("circuits", counts(lambda c: c.update({"0 0": c.pop("00")}))),
        ("circuits", counts(lambda c: c.update({"00": c["00"] + 2, "01": -2}))),
        ("circuits", counts(dict.clear)),
        ("circuits", lambda r: r[0].update(label="x")),
        ("circuits", lambda r: r.pop()),
        ("circuits", lambda r: setattr(r, "form", "quasi_probabilities")),
        ("exact", counts(lambda c: c.update(ZZ=1.1))),
        ("exact", counts(lambda c: c.update(YY=1.0))),
        ("exact", lambda r: r[0]["metadata"].update(value=3.6)),
        ("exact", lambda r: r[0]["metadata"].update(value=float("nan"))),
        ("exact", lambda r: r[0]["metadata"].update(std_error=None)),
        ("cut counts", counts(lambda c: c.update({"01": 0.5}))),
        ("native", lambda r: r.record.energy.__setitem__(0, -3.0)),
        ("native", lambda r: r.record.num_occurrences.__setitem__(0, 0)),
        ("native", lambda r: r.record.num_occurrences.__setitem__(0, 21)),
        ("native", lambda r: r.relabel_variables({4: 5})),
        ("native qubo", lambda r: r.record.sample.__setitem__((0, 0), 3)),
        ("apollo", lambda r: r.record.num_occurrences.__setitem__(0, 0)),
    ]


@pytest.mark.parametrize("k", range(len(lies())))
def test_lies_are_caught(k: int) -> None:
    name, change = lies()[k]
    problem, spec, result = done(name)
    change(result)
    with pytest.raises(VerificationError):
        check_result(problem, spec, 0, result)


def test_shots_of_circuits_are_added_up() -> None:
    circuits, spec = JOBS["some bad"]
    shots = {k: run_shot(circuits, spec, k) for k in (0, 1)}
    merged = merge_shots(shots, {"id": "x", "shots": 2})
    assert sum(merged[1]["results"].values()) == 2000 and "error" in merged[0]
    assert merged.info["job"]["id"] == "x" and [s["shot"] for s in merged.info["shots"]] == [0, 1]


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": ["a"]}, {"labels": ["a", "a"]}, {"labels": [1, 2]}, {"ends": [5, 3]}, {"ends": [1, 2]},
        {"texts": [255] * 10, "ends": [5, 10]}, {"observables": [{}]}, {"observables": [{"ZQ": 1}] * 2},
        {"observables": [{"Z": "x"}] * 2}, {"observables": {"Z": 1}}, {"variables": 3},
    ],
)  # fmt: skip
def test_malformed_circuits_are_refused(changes: dict[str, Any]) -> None:
    fields, arrays = unpack(problem_content(Circuits.of([BELL, FOUR])).to_bytes())
    arrays |= {"texts": np.array(changes.pop("texts", arrays["texts"]), np.uint8)}
    arrays |= {"ends": np.array(changes.pop("ends", arrays["ends"]), np.int64)}
    with pytest.raises(ProblemError):
        problem_of(pack({**fields, **changes}, arrays).to_bytes())


def test_a_cancelled_run_gives_what_it_has_or_says_so() -> None:
    cancel = threading.Event()
    cancel.set()
    problem, spec = JOBS["circuits"]
    with pytest.raises(CircuitError, match="not run: cancelled"):
        run_shot(problem, spec, 0, Run(cancel=cancel))
    with pytest.raises(ParameterError, match="before its first read"):
        run_shot(problem_of(problem_content(BIASES).to_bytes()), JOBS["native"][1], 0, Run(cancel=cancel))


def test_the_settings_know_every_model() -> None:
    assert {str(model) for model in QPUModel} == {*MODELS, *APOLLO_MODELS}
