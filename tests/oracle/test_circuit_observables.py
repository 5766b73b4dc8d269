"""Exact expectation values against matrices, and grouping against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import Pauli, SparsePauliOp

from isinglass.circuits import ParallelSimulator, expectation
from isinglass.circuits.pauli_sums import basis, group
from tests.circuit_oracle import I2, X, Y, Z, on, state_of
from tests.oracle.test_circuit_states import text_of

LETTERS = {"I": I2, "X": X, "Y": Y, "Z": Z}
STRINGS = st.lists(st.text("IXYZ", min_size=3, max_size=3), min_size=1, max_size=20, unique=True)


def value_of(state: np.ndarray, string: str) -> float:
    matrix = on({q: LETTERS[letter] for q, letter in enumerate(string)}, len(string))
    return float(np.vdot(state, matrix @ state).real)


@settings(max_examples=40, deadline=None)
@given(STRINGS, st.lists(st.floats(-3, 3), min_size=6, max_size=6), st.sampled_from(["swap", "cy", "ecr"]))
def test_values_are_those_of_matrices(strings: list[str], angles: list[float], pair: str) -> None:
    gates = [
        ("u3", tuple(angles[:3]), (0,)), ("u3", tuple(angles[3:]), (1,)), ("h", (), (2,)),
        ("t", (), (2,)), ("cx", (), (2, 1)), (pair, (), (1, 0)), ("rxx", (angles[0],), (0, 2)),
    ]  # fmt: skip
    text = text_of(gates, 3)
    (entry,) = ParallelSimulator().submit_circuits({"a": text}, observables=strings)
    state = state_of(gates, 3)
    for string in strings:
        assert entry["results"][string] == pytest.approx(value_of(state, string), abs=1e-12)


def test_the_transform_of_many_strings_agrees_with_one_at_a_time() -> None:
    strings = [f"{a}{b}{c}{d}" for a in "IZ" for b in "IZ" for c in "XY" for d in "IZ"]
    gates = [("ry", (0.3 + k,), (k,)) for k in range(4)] + [("cp", (0.7,), (0, 2)), ("rzx", (1.1,), (3, 2))]
    state = state_of(gates, 4)
    text = text_of(gates, 4)
    runner = ParallelSimulator()
    together = runner.submit_circuits({"a": text}, observables=strings)[0]["results"]
    for string in strings:
        alone = runner.submit_circuits({"a": text}, observables=[string])[0]["results"]
        assert together[string] == pytest.approx(alone[string], abs=1e-13)
        assert together[string] == pytest.approx(value_of(state, string), abs=1e-12)


@given(STRINGS)
def test_groups_commute_qubit_by_qubit(strings: list[str]) -> None:
    groups = group(dict.fromkeys(strings, 1.0))
    assert sorted(s for members in groups for s in members) == sorted(strings)
    for members in groups:
        letters = basis(members)
        assert all(a in ("I", b) for string in members for a, b in zip(string, letters, strict=True))


def test_qiskits_order_is_turned_round() -> None:
    text = text_of([("x", (), (0,))], 2)
    total = SparsePauliOp.from_list([("IZ", 2.0), ("ZI", 0.5), ("II", 3.0)])
    assert expectation(text, total).value == pytest.approx(-2 + 0.5 + 3)
    assert expectation(text, {"ZI": 2.0, "IZ": 0.5, "II": 3.0}).value == pytest.approx(1.5)
    assert expectation(text, Pauli("-IZ")).value == pytest.approx(1)
