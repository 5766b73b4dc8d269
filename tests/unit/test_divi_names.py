"""``isinglass.compat.divi``: both eras' spellings, and what Divi's programs submit."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

import pytest

from isinglass.circuits.shot_distribution import shots_of_groups
from isinglass.compat.divi import (
    CircuitRunner,
    ExecutionResult,
    JobFailedError,
    JobStatus,
    JobType,
    ParallelSimulator,
    QoroJobError,
)
from isinglass.compat.divi.payloads import observables_of
from isinglass.errors import CircuitError, ParameterError

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
BELL = HEAD + "qreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n"
ONE = HEAD + "qreg q[3];\ncreg c[3];\nx q[0];\nmeasure q -> c;\n"


class Payload(NamedTuple):
    """As Divi's CircuitPayload."""

    circuit: str
    parameter_names: tuple[str, ...]
    parameter_sets: tuple[tuple[str, tuple[float, ...]], ...]


def test_spellings_of_both_eras() -> None:
    assert {"n_processes", "shots", "simulation_seed", "qiskit_backend", "noise_model"} <= set(
        inspect.signature(ParallelSimulator).parameters
    )
    old = ParallelSimulator(2, 100, 7, _deterministic_execution=True)
    new = ParallelSimulator(n_processes=2, shots=100, seed=7, qiskit_backend="auto")
    assert old.submit_circuits({"a": BELL}) == new.submit_circuits({"a": BELL})
    assert isinstance(old, CircuitRunner) and old.shots == 100 and not old.is_async
    old.set_seed(8)
    assert old.simulation_seed == 8
    with pytest.raises(TypeError, match="packing"):
        old.submit_circuits({"a": BELL}, packing=True)
    with pytest.raises(ValueError, match="shots"):
        ParallelSimulator(shots=0)


def test_results_are_a_list_and_a_result() -> None:
    found = ParallelSimulator(shots=10).submit_circuits({"a": BELL, "b": BELL})
    assert isinstance(found, list) and [entry["label"] for entry in found] == ["a", "b"]
    assert found.results == list(found) and not found.is_async() and found.job_id is None
    assert found.run_time > 0 and found.backend_jobs == 1
    waiting = ExecutionResult(job_id="1")
    assert waiting.is_async() and list(waiting) == []
    assert not waiting.with_results([1], 2.5).is_async() and waiting.with_results([1], 2.5).run_time == 2.5


def test_payloads_with_parameters() -> None:
    template = (
        HEAD + "qreg q[1]; creg c[1]; ry(3.141592653589793*β[0]) q[0]; rz(-w_0[1]*2) q[0]; measure q -> c;"
    )
    rows = (("zero", (0.0, 1e-07)), ("one", (1.0, -2.0)))
    payload = Payload(template, ("β[0]", "w_0[1]"), rows)
    bound = Payload(BELL, (), (("bell", ()),))
    unused = Payload(BELL, ("θ",), (("other", (0.5,)),))
    found = ParallelSimulator(shots=50, seed=1).submit_circuits([payload, bound, unused])
    assert [entry["label"] for entry in found] == ["zero", "one", "bell", "other"]
    assert found[0]["results"] == {"0": 50} and found[1]["results"] == {"1": 50}
    with pytest.raises(ParameterError, match="mixed"):
        ParallelSimulator().submit_circuits([bound, BELL])
    with pytest.raises(ParameterError, match="must hold 2 numbers"):
        ParallelSimulator().submit_circuits([Payload(template, ("β[0]", "w_0[1]"), (("a", (1.0,)),))])
    with pytest.raises(ParameterError, match="finite"):
        ParallelSimulator().submit_circuits(
            [Payload(template, ("β[0]", "w_0[1]"), (("a", (1.0, float("nan"))),))]
        )


def test_ham_ops_of_circuits_of_two_widths() -> None:
    runner = ParallelSimulator(track_depth=True)
    found = runner.submit_circuits({"a": BELL, "bad": "x", "b": ONE, "c": BELL}, ham_ops="ZZ;XX")
    assert found[0]["results"] == found[3]["results"] == pytest.approx({"ZZ": 1, "XX": 1})
    # Qubits that a string does not reach get I.
    assert found[2]["results"] == pytest.approx({"ZZI": -1, "XXI": 0})
    assert "missing ';'" in found[1]["error"] and runner.depth_history == [[3, 3, 2]]
    mapped = runner.submit_circuits([BELL, ONE, BELL], ham_ops="ZZ|ZII;IIZ", circuit_ham_map=[[0, 1], [1, 2]])
    assert [set(entry["results"]) for entry in mapped[:2]] == [{"ZZ"}, {"ZII", "IIZ"}]
    assert mapped[1]["results"] == pytest.approx({"ZII": -1, "IIZ": 1})
    # The last one is in no range, so every group is for it; one does not fit, which is its error alone.
    assert "3 letters" in mapped[2]["error"] or "ZII" in mapped[2]["error"]
    assert not ParallelSimulator(force_sampling=True).supports_expval
    with pytest.raises(ParameterError, match="counts"):
        ParallelSimulator(force_sampling=True).submit_circuits([BELL], ham_ops="ZZ")


def test_shot_groups() -> None:
    found = ParallelSimulator(seed=1).submit_circuits(
        [BELL] * 4, shot_groups=[[0, 1, 10], [1, 3, 20], [3, 4, 10]]
    )
    assert [sum(entry["results"].values()) for entry in found] == [10, 20, 20, 10]
    with pytest.raises(ParameterError, match="leave shot_groups"):
        ParallelSimulator().submit_circuits([BELL], ham_ops="ZZ", shot_groups=[[0, 1, 10]])


@pytest.mark.parametrize(
    "groups",
    [[], [[0, 1, 10]], [[0, 3, 10]], [[1, 2, 10]], [[0, 2, 0]], [[0, 1, 5], [0, 2, 5]], [[0, 2, 2.5]],
     [[0, 2]], [[0, 2, True]], [[0, 0, 5], [0, 2, 5]]],
)  # fmt: skip
def test_shot_groups_that_do_not_tile(groups: Any) -> None:
    with pytest.raises(ParameterError, match="does not tile 2 circuits"):
        shots_of_groups(groups, 2)


@pytest.mark.parametrize(
    ("ham_ops", "ham_map"),
    [("ZA", None), ("", None), ("ZZ;;XX", None), ("ZZ", [[0, 3]]), ("ZZ", [[-1, 1]]),
     ("ZZ", [[0, 1], [1, 2]]), ("ZZ|XX", [[0, 1]]), ("ZZ", [[0, 1, 2]]), ("ZZ", [[1, 0]])],
)  # fmt: skip
def test_ham_ops_that_are_none(ham_ops: str, ham_map: Any) -> None:
    with pytest.raises(ParameterError):
        observables_of(ham_ops, ham_map, 2)


def test_everything_bad_raises() -> None:
    with pytest.raises(CircuitError):
        ParallelSimulator().submit_circuits({"a": "x", "b": "y"}, ham_ops="ZZ")
    with pytest.raises(ValueError):
        ParallelSimulator().submit_circuits({})


def test_words_and_errors() -> None:
    assert JobType.SIMULATE == "SIMULATE" and JobStatus("COMPLETED") is JobStatus.COMPLETED
    error = JobFailedError("1-2", "no measurement")
    assert isinstance(error, QoroJobError) and error.job_id == "1-2" and error.reason == "no measurement"
    assert error.status == "FAILED" and "no measurement" in str(error)


def test_a_runner_of_ones_own() -> None:
    class Mine(CircuitRunner):
        def submit_circuits(self, circuits: Any, **kwargs: Any) -> Any:
            return [{"label": label, "results": {"0": self.shots}} for label in circuits]

    assert Mine(shots=5).submit_circuits({"a": BELL})[0]["results"] == {"0": 5}
    with pytest.raises(ValueError):
        Mine(shots=0)
