"""Values and histograms from pieces agree with those of the whole circuit."""

from __future__ import annotations

import numpy as np
import pytest

from isinglass.circuits import ParallelSimulator, expectation
from isinglass.circuits.cutting import CutCircuit, cut_counts, cut_expectation
from isinglass.errors import CircuitError, ParameterError
from tests.circuit_oracle import state_of
from tests.oracle.test_circuit_states import text_of

# Two halves of a chain, joined by one CX.
GATES = [("ry", (0.4 + 0.3 * q,), (q,)) for q in range(4)]
GATES += [
    ("cx", (), (0, 1)),
    ("cx", (), (2, 3)),
    ("cx", (), (1, 2)),
    ("rx", (0.7,), (1,)),
    ("ry", (0.5,), (3,)),
]
TEXT = text_of(GATES, 4)
OBSERVABLE = {"ZZZZ": 1.0, "XIIX": 0.5, "IZYI": -0.3, "IIIZ": 0.8, "IIII": 2.0}


def test_values_from_one_gate_cut() -> None:
    assert CutCircuit.of(TEXT, 2).overhead == pytest.approx(9)
    exact = expectation(TEXT, OBSERVABLE).value
    found = [cut_expectation(TEXT, OBSERVABLE, 2, ParallelSimulator(seed=k, shots=4000)) for k in range(6)]
    errors = np.array([one.value - exact for one in found])
    claimed = np.array([one.std_error for one in found])
    # 5 sigma each, and their mean square is chi-square(6)/6: outside 0.06..4.5 with chance 4e-4.
    assert (np.abs(errors) < 5 * claimed).all()
    assert 0.06 < np.mean((errors / claimed) ** 2) < 4.5


def test_wire_cuts() -> None:
    """Three qubits in pieces of two, where a wire is cheaper to cut than two gates."""
    gates = [("h", (), (0,)), *[("rzz", (1.2,), (0, 1)), ("rx", (0.4,), (1,))] * 2]
    gates += [
        ("cx", (), (1, 2)),
        ("rx", (0.9,), (2,)),
        ("cx", (), (1, 2)),
        ("ry", (0.3,), (1,)),
        ("cx", (), (1, 2)),
    ]
    text = text_of(gates, 3)
    observable = {"ZZZ": 1.0, "IXX": 0.4, "IIZ": 0.7}
    exact = expectation(text, observable).value
    found = cut_expectation(text, observable, 2, ParallelSimulator(seed=3, shots=20000))
    assert abs(found.value - exact) < 5 * found.std_error < 0.5


def test_histogram_of_a_cut_circuit() -> None:
    measured = TEXT + "\ncreg a[2]; creg b[2];" + "".join(
        f"measure q[{q}] -> {'ab'[q // 2]}[{1 - q % 2}];" for q in range(4)
    )  # fmt: skip
    found = cut_counts(measured, 2, ParallelSimulator(seed=1, shots=40000))
    state = np.abs(state_of(GATES, 4)) ** 2
    for z in range(16):
        q = [z >> k & 1 for k in range(4)]
        # Registers b a, each with its bit 1 leftmost: b[1] b[0] a[1] a[0] = q2 q3 q0 q1.
        key = f"{q[2]}{q[3]} {q[0]}{q[1]}"
        # gamma = 3 and two pieces: 5 sigma below 5 * 3 * sqrt(2 / 40000).
        assert abs(found.get(key, 0.0) - state[z]) < 5 * 3 * np.sqrt(2 / 40000)
    assert sum(found.values()) == pytest.approx(1, abs=0.1)


def test_refusals() -> None:
    with pytest.raises(ParameterError, match="max_qubits"):
        cut_expectation(TEXT, "Z", 0)
    with pytest.raises(CircuitError, match="measures nothing"):
        cut_counts(TEXT, 2)
    assert cut_expectation(TEXT, {"I": 2.0}, 2)[:3] == (2.0, 0.0, 0)
