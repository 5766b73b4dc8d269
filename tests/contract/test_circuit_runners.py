"""The circuit runner contract: every runner through one set of tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from isinglass.circuits import CircuitBatch, CircuitRunner, Outcome, ParallelSimulator
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
        return [
            Outcome(error=QasmError("unknown", 1, 1)) if "hh" in text else Outcome({"00": batch.shots})
            for text in batch.circuits
        ]


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
    "smallest": lambda **options: AllZero(
        **{name: value for name, value in options.items() if name in ("shots", "n_processes", "track_depth")}
    ),
}
EXACT = ("own", "state vector, single", "aer", "aer density matrix")


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


def test_cancelled_before_it_begins(make_exact: Any) -> None:
    """At least one task runs, as everywhere; circuits that did not run say so."""
    event = threading.Event()
    event.set()
    try:
        results = make_exact(shots=10).submit_circuits([BELL] * 3, cancellation_event=event)
    except CircuitError as error:
        assert "cancelled" in str(error)
    else:
        assert any("cancelled" in entry.get("error", "") for entry in results)


def test_progress_counts_circuits(make_exact: Any) -> None:
    seen: list[Progress] = []
    make_exact(shots=10).submit_circuits([BELL] * 5, progress=seen.append)
    assert seen[-1].reads_done == 5
