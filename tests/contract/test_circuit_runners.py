"""The circuit runner contract: every runner through one set of tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from isinglass.circuits import (
    CircuitBatch,
    CircuitRunner,
    Outcome,
    ParallelSimulator,
    exact_values,
    expectation_values,
    state_vector,
    submission,
    zero_noise,
)
from isinglass.circuits.cutting import cut_counts, cut_expectation
from isinglass.circuits.runner import one_by_one
from isinglass.client.job_service import JobService
from isinglass.config import Config
from isinglass.control import Progress, RunControl
from isinglass.errors import CircuitError, ParameterError, QasmError

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
BELL = HEAD + "qreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n"
ONE = HEAD + "qreg q[3];\ncreg c[3];\nx q[0];\nmeasure q -> c;\n"
TWO_REGISTERS = (
    HEAD + "qreg q[3];\ncreg a[2];\ncreg b[1];\nx q[0];\nmeasure q[0] -> a[0];\nmeasure q[2] -> b[0];\n"
)
BAD = HEAD + "qreg q[1];\ncreg c[1];\nhh q[0];\nmeasure q -> c;\n"


class AllZero(CircuitRunner):
    """The smallest runner: every circuit of two qubits gives 00."""

    def run(self, batch: CircuitBatch, control: RunControl) -> Sequence[Outcome | None]:
        def zero(label: str, text: str) -> Outcome:
            if "hh" in text:
                raise QasmError("unknown", 1, 1)
            return Outcome({"00": batch.shots})

        return one_by_one(batch, control, zero)


RUNNERS = {
    "own": lambda **options: ParallelSimulator(**options),
    "state vector, single": lambda **options: ParallelSimulator(
        qiskit_backend="statevector_simulator", precision="single", **options
    ),
    "aer": lambda **options: ParallelSimulator(qiskit_backend="aer_simulator", **options),
    "aer density matrix": lambda **options: ParallelSimulator(
        qiskit_backend="aer_simulator_density_matrix", **options
    ),
    "device": lambda **options: ParallelSimulator(qiskit_backend="FakeManilaV2", **options),
    "jobs": lambda **options: JobService(Config(compute_backend="local"), **options),
    "smallest": lambda **options: AllZero(
        **{name: value for name, value in options.items() if name in ("shots", "n_processes", "track_depth")}
    ),
}
EXACT = ("own", "jobs", "state vector, single", "aer", "aer density matrix")


@pytest.fixture(params=sorted(RUNNERS))
def make(request: pytest.FixtureRequest) -> Any:
    return RUNNERS[request.param]


@pytest.fixture(params=EXACT)
def make_exact(request: pytest.FixtureRequest) -> Any:
    return RUNNERS[request.param]


def test_results_come_in_order_and_sum_to_shots(make: Any) -> None:
    runner = make(shots=200, seed=1)
    assert runner.shots == 200
    labels = [f"circuit {k}" for k in (3, 1, 2, 0)]
    results = runner.submit_circuits(dict.fromkeys(labels, BELL))
    assert [entry["label"] for entry in results] == labels
    for entry in results:
        assert sum(entry["results"].values()) == 200
        assert all(len(key) == 2 and type(count) is int for key, count in entry["results"].items())
    json.dumps(results)


def test_bit_order_is_qiskits(make_exact: Any) -> None:
    runner = make_exact(shots=10)
    results = runner.submit_circuits([("one", ONE), ("registers", TWO_REGISTERS)])
    assert results[0]["results"] == {"001": 10}
    assert results[1]["results"] == {"0 01": 10}


def test_seed_means_something(make_exact: Any) -> None:
    circuits = {f"c{k}": BELL for k in range(6)}
    first = make_exact(shots=500, seed=7, n_processes=1).submit_circuits(circuits)
    turned = make_exact(shots=500, seed=7, n_processes=2).submit_circuits(dict(reversed(circuits.items())))
    alone = make_exact(shots=500, seed=7).submit_circuits({"c4": BELL})
    assert first == turned[::-1]
    assert first[4] == alone[0]
    # Six equal circuits with streams of their own: all alike with chance below 1e-6.
    assert len({entry["results"]["00"] for entry in first}) > 1
    other = make_exact(shots=500, seed=8).submit_circuits(circuits)
    assert [entry["results"] for entry in other] != [entry["results"] for entry in first]


def test_one_bad_circuit_keeps_the_others(make: Any) -> None:
    results = make(shots=50).submit_circuits({"good": BELL, "bad": BAD, "last": BELL})
    assert sum(results[0]["results"].values()) == sum(results[2]["results"].values()) == 50
    assert "line" in results[1]["error"] and "results" not in results[1]
    with pytest.raises(QasmError):
        results[1]["results"]
    with pytest.raises(QasmError):
        make(shots=50).submit_circuits({"bad": BAD})


@pytest.mark.parametrize(
    "circuits",
    [{}, [], "text", BELL, [("a", BELL), ("a", BELL)], {"a": 3}, [("a", BELL), BELL], {1: BELL}, None],
)
def test_bad_batches_are_refused(make: Any, circuits: Any) -> None:
    with pytest.raises(ParameterError):
        make().submit_circuits(circuits)


@pytest.mark.parametrize("shots", [0, -1, 2.5, True, "many"])
def test_bad_shots_are_refused(make: Any, shots: Any) -> None:
    with pytest.raises(ParameterError, match="shots"):
        make(shots=shots)


def test_expectation_values_only_where_supported(make: Any) -> None:
    runner = make()
    if runner.supports_expval:
        results = runner.submit_circuits({"a": BELL, "one": BELL}, observables="ZZ;XX;ZI")
        assert [entry["results"] for entry in results] == [
            pytest.approx({"ZZ": 1, "XX": 1, "ZI": 0}, abs=1e-6)
        ] * 2
        # The leftmost letter is qubit 0, which is 1 here.
        (entry,) = runner.submit_circuits({"one": ONE}, observables=["ZII", "IIZ"])
        assert entry["results"] == pytest.approx({"ZII": -1, "IIZ": 1}, abs=1e-6)
    else:
        with pytest.raises(ParameterError, match="expectation"):
            runner.submit_circuits({"a": BELL}, observables="ZZ;XX")


def test_depths(make: Any) -> None:
    runner = make(track_depth=True, shots=1)
    runner.submit_circuits({"bell": BELL, "one": ONE, "bad": BAD})
    runner.submit_circuits({"one": ONE})
    assert runner.depth_history == [[3, 2], [2]]
    assert runner.average_depth() == pytest.approx(7 / 3)
    assert runner.std_depth() == pytest.approx((2 / 9) ** 0.5)
    runner.clear_depth_history()
    assert runner.depth_history == [] and runner.average_depth() == runner.std_depth() == 0


class SetWhenAsked:
    """A cancel that is set once it has been looked at ``calm`` times."""

    def __init__(self, calm: int) -> None:
        self.left = calm

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_cancelled_in_the_middle(make: Any) -> None:
    """Circuits that ran keep their results; those that did not run say so."""

    class SetOnceAnyRan:
        def is_set(self) -> bool:
            return control.reads_done > 0

    runner = make(shots=10, n_processes=1)
    control = runner.control(cancel=SetOnceAnyRan())
    entries = runner.submit([BELL] * 300, control)
    ran = ["results" in entry for entry in entries]
    assert 0 < sum(ran) < 300 and ran == sorted(ran, reverse=True)
    assert entries[-1]["error"] == "not run: cancelled"


@pytest.mark.parametrize("words", ["cancelled", "time limit reached"])
def test_stopped_before_it_begins(make: Any, words: str) -> None:
    """The first circuit may run, the others must not."""
    event = threading.Event()
    event.set()
    stop = {"time_limit": 1e-9} if words.startswith("time") else {"cancellation_event": event}
    try:
        last = make(shots=10, n_processes=1).submit_circuits([BELL] * 300, **stop)[-1]["error"]
    except CircuitError as error:
        last = str(error)
    assert last == f"not run: {words}"
    with pytest.raises(ParameterError, match="time_limit"):
        make().submit_circuits([BELL], time_limit=0)


def test_progress_counts_circuits(make: Any) -> None:
    seen: list[Progress] = []
    make(shots=10).submit_circuits([BELL] * 5, progress=seen.append)
    assert seen[-1].reads_done == 5


def test_several_submissions_under_one_control(make: Any) -> None:
    seen: list[Progress] = []
    runner = make(shots=10)
    control = runner.control(progress=seen.append)
    runner.submit([BELL] * 2, control)
    runner.submit([BELL] * 3, control)
    assert seen[-1].reads_done == 5
    control.cancel()
    with pytest.raises(CircuitError, match="not run: cancelled"):
        runner.submit([BELL], control)


USES = {
    "expectation values": lambda runner, **watch: expectation_values(
        [BELL] * 4, {"ZZ": 1, "XX": 1}, runner, **watch
    ),
    "zero noise": lambda runner, **watch: zero_noise(BELL, "ZZ", runner, **watch),
    "cut": lambda runner, **watch: cut_expectation(BELL, "ZZ", 1, runner, **watch),
    "cut counts": lambda runner, **watch: cut_counts(BELL, 1, runner, **watch),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("backend", ["auto", "aer_simulator"])
def test_what_is_made_of_runners_passes_everything_on(use: str, backend: str) -> None:
    seen: list[Progress] = []
    runner = ParallelSimulator(1, 10, qiskit_backend=backend, seed=1)
    USES[use](runner, progress=seen.append)
    assert seen[-1].reads_done >= 3
    for stop in ({"cancel": SetWhenAsked(0)}, {"time_limit": 1e-9}):
        with pytest.raises(CircuitError, match="not run"):
            USES[use](runner, **stop)
    with pytest.raises(ParameterError, match="time_limit"):
        USES[use](runner, time_limit=-1)


def test_an_executor_is_watched_too() -> None:
    seen: list[Progress] = []
    assert zero_noise(BELL, None, lambda text: 0.5, progress=seen.append).value == pytest.approx(0.5)
    assert seen[-1].reads_done == 3
    with pytest.raises(CircuitError, match="not run"):
        zero_noise(BELL, None, lambda text: 0.5, cancel=SetWhenAsked(0))
    with pytest.raises(ZeroDivisionError):
        zero_noise(BELL, None, lambda text: 1 / 0)


@pytest.mark.parametrize("observables", [None, [f"{word}{'I' * 9}X" for word in ("ZZII", "XXIZ", "IYYI")]])
def test_wide_circuits_do_not_depend_on_threads(
    observables: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All threads on one circuit: the same numbers, counted and stopped like others."""
    monkeypatch.setattr(state_vector, "SPLIT_QUBITS", 14)
    monkeypatch.setattr(submission, "SPLIT_QUBITS", 14)
    monkeypatch.setattr(exact_values, "SPLIT_QUBITS", 14)
    turns = "".join(f"ry(0.{k}) q[{k}]; rx(1.{k}) q[{k}]; cx q[{k}],q[{k + 1}];" for k in range(13))
    text = HEAD + f"qreg q[14]; creg c[14]; {turns} measure q -> c;"
    answers = []
    for threads in (1, 3):
        runner, seen = ParallelSimulator(threads, 100, seed=1), []
        answers.append(runner.submit_circuits([text] * 3, observables=observables, progress=seen.append))
        assert seen[-1].reads_done == 3
    assert answers[0] == answers[1]
    entries = ParallelSimulator(1).submit_circuits([text] * 3, cancellation_event=SetWhenAsked(4))
    assert entries[-1]["error"] == "not run: cancelled"
