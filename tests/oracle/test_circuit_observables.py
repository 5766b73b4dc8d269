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


def test_values_over_several_chunks() -> None:
    """Fourteen qubits in pairs (q, q + 7): a value is the product of its pairs'."""
    rng = np.random.default_rng(1)
    gates, pairs = [], []
    for q in range(7):
        own = [("ry", (rng.uniform(0, 3),), (0,)), ("rx", (rng.uniform(0, 3),), (1,)), ("cx", (), (0, 1)),
               ("t", (), (1,)), ("u3", tuple(rng.uniform(0, 3, 3)), (0,))]  # fmt: skip
        pairs.append(state_of(own, 2))
        gates += [(name, angles, tuple(q + 7 * place for place in places)) for name, angles, places in own]
    strings = ["".join(rng.choice(list("IXYZ"), 14)) for _ in range(30)] + ["I" * 13 + "Z", "Z" + "I" * 13]
    (entry,) = ParallelSimulator().submit_circuits({"a": text_of(gates, 14)}, observables=strings)
    for string in strings:
        expected = np.prod([value_of(pairs[q], string[q] + string[q + 7]) for q in range(7)])
        assert entry["results"][string] == pytest.approx(expected, abs=1e-12)


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
