"""What expectation values refuse, and sharing of shots."""

from __future__ import annotations

from typing import Any

import pytest

from isinglass.circuits import ParallelSimulator, expectation, expectation_values
from isinglass.circuits.shot_distribution import share
from isinglass.errors import CircuitError, ParameterError

TEXT = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;'


def test_measurements_at_the_end_are_left_out_and_constants_kept() -> None:
    assert expectation(TEXT, {"XX": 2.0, "ZZ": 1.0, "II": 0.5}).value == pytest.approx(3.5)
    assert expectation(TEXT, {"II": 0.5})[:3] == (0.5, 0.0, 0)
    assert expectation(TEXT, "Z").value == pytest.approx(0)


@pytest.mark.parametrize(
    "observable",
    [{}, {"AB": 1.0}, {"Z": 1j}, {"Z": float("nan")}, {"Z": 1, "ZZ": 1}, {"ZZZ": 1.0}, 3, {"": 1.0}],
)
def test_bad_observables(observable: Any) -> None:
    with pytest.raises(ParameterError):
        expectation(TEXT, observable)


def test_bad_arguments() -> None:
    with pytest.raises(ParameterError, match="shot_distribution"):
        expectation(TEXT, "ZZ", shot_distribution="even")
    with pytest.raises(ParameterError, match="too few"):
        expectation(TEXT, {"ZZ": 1, "XX": 1, "YY": 1}, shots=2)
    with pytest.raises(ParameterError, match="counts only"):
        expectation(TEXT, "ZZ", ParallelSimulator(qiskit_backend="aer_simulator"), exact=True)
    with pytest.raises(CircuitError, match="end only"):
        expectation(TEXT + "reset q[0];", "ZZ")
    with pytest.raises(ParameterError, match="letters"):
        ParallelSimulator().submit_circuits([TEXT], observables="ZZZ")


def test_circuits_of_several_widths_keep_their_order() -> None:
    one = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; x q[0];'
    found = expectation_values({"a": TEXT, "b": one, "c": TEXT}, "Z")
    assert list(found) == ["a", "b", "c"] and found["b"].value == pytest.approx(-1)


def test_shares() -> None:
    assert share(10, [1, 1, 1]) == [4, 3, 3]
    assert share(103, [3, 1, 0]) == [76, 26, 1]
    assert share(5, [0, 0]) == [3, 2]
    assert share(2, [7, 1]) == [1, 1]


def test_shots_of_one_submission() -> None:
    runner = ParallelSimulator(shots=7)
    assert sum(runner.submit_circuits([TEXT], shots=30)[0]["results"].values()) == 30
    with pytest.raises(ParameterError, match="shots"):
        runner.submit_circuits([TEXT], shots=0)
