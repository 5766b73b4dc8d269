"""PennyLane's operations as our circuits, against matrices written out as its documentation defines them.

The first wire is the most significant bit of a matrix there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator

from isinglass.circuits import ParallelSimulator
from isinglass.compat.dynex.circuit_gates import append
from isinglass.compat.dynex.circuit_model import samples_of
from isinglass.compat.dynex.circuit_text import qasm_of
from isinglass.compat.dynex.circuit_upload import Upload
from tests.wire.dynex.circuit_files import op

X = np.array([[0, 1], [1, 0]])
Y = np.array([[0, -1j], [1j, 0]])
Z = np.diag([1, -1])
ONE = np.eye(2)
A, B, C = 0.3, 1.1, -0.7


def turn(axis: np.ndarray, angle: float) -> np.ndarray:
    """exp(-i angle/2 axis), for an axis whose square is one."""
    return np.cos(angle / 2) * np.eye(len(axis)) - 1j * np.sin(angle / 2) * axis


def rot(a: float, b: float, c: float) -> np.ndarray:
    return turn(Z, c) @ turn(Y, b) @ turn(Z, a)


def under(matrix: np.ndarray, state: str = "1") -> np.ndarray:
    """Controlled by wires before it, in that state."""
    size = len(matrix)
    whole = np.eye(size << len(state), dtype=complex)
    first = int(state, 2) * size
    whole[first : first + size, first : first + size] = matrix
    return whole


def fourier(n: int) -> np.ndarray:
    k = np.arange(1 << n)
    return np.exp(2j * np.pi * np.outer(k, k) / (1 << n)) / np.sqrt(1 << n)


def kron(*parts: np.ndarray) -> np.ndarray:
    whole = np.eye(1)
    for part in parts:
        whole = np.kron(whole, part)
    return whole


UNITARY = fourier(1) @ np.diag([1, 1j])
U2 = np.array([[1, -np.exp(1j * B)], [np.exp(1j * A), np.exp(1j * (A + B))]]) / np.sqrt(2)
MEAN = 2 * np.full((4, 4), 0.25) - np.eye(4)
AS_TEXT = [[str(complex(v)) for v in row] for row in UNITARY]
CNOT = under(X)
CASES: dict[str, tuple[dict[str, Any], np.ndarray]] = {
    "Hadamard": (op("Hadamard", [0]), (X + Z) / np.sqrt(2)),
    "RY": (op("RY", [0], A), turn(Y, A)),
    "PhaseShift": (op("PhaseShift", [0], A), np.diag([1, np.exp(1j * A)])),
    "U2": (op("U2", [0], A, B), U2),
    "Rot": (op("Rot", [0], A, B, C), rot(A, B, C)),
    "CNOT": (op("CNOT", [0, 1]), CNOT),
    "CRot": (op("CRot", [0, 1], A, B, C), under(rot(A, B, C))),
    "Toffoli": (op("Toffoli", [0, 1, 2]), under(X, "11")),
    "IsingXX": (op("IsingXX", [0, 1], A), turn(kron(X, X), A)),
    "IsingYY": (op("IsingYY", [0, 1], A), turn(kron(Y, Y), A)),
    "IsingZZ": (op("IsingZZ", [0, 1], A), turn(kron(Z, Z), A)),
    "IsingXY": (op("IsingXY", [0, 1], A), turn(kron(X, X), -A / 2) @ turn(kron(Y, Y), -A / 2)),
    "MultiRZ": (op("MultiRZ", [0, 1, 2], A), turn(kron(Z, Z, Z), A)),
    "PauliRot": (op("PauliRot", [0, 1, 2], A, hyperparams={"pauli_word": "XIY"}), turn(kron(X, ONE, Y), A)),
    "GlobalPhase": (op("GlobalPhase", [0], A), np.exp(-1j * A) * ONE),
    "QFT": (op("QFT", [0, 1, 2]), fourier(3)),
    "Adjoint(QFT)": (op("QFT", [0, 1, 2], adjointD=1), fourier(3).conj().T),
    "C(Adjoint(RZ))": (op("RZ", [0, 1], A, adjointD=1, ctrlD=1, control_wires=[0]), under(turn(Z, -A))),
    "C(Rot), two controls": (
        op("Rot", [0, 1, 2], A, B, C, ctrlD=1, control_wires=[0, 1],
           hyperparams={"control_values": [False, True]}),
        under(rot(A, B, C), "01"),
    ),
    "MultiControlledX": (
        op("MultiControlledX", [0, 1, 2], hyperparams={"control_values": [True, False]}), under(X, "10")
    ),
    "GroverOperator": (op("GroverOperator", [0, 1]), MEAN),
    "C(GroverOperator)": (
        op("GroverOperator", [0, 1, 2], ctrlD=1, control_wires=[0]), under(MEAN)
    ),
    "FlipSign": (op("FlipSign", [0, 1], hyperparams={"arr_bin": [1, 0]}), np.diag([1, 1, -1, 1])),
    "BasisEmbedding": (op("BasisEmbedding", [0, 1], [1, 0]), kron(X, ONE)),
    "QubitUnitary": (op("QubitUnitary", [0], AS_TEXT), UNITARY),
    "QubitUnitary of two": (op("QubitUnitary", [0, 1], CNOT.real.tolist()), CNOT),
    "ControlledQubitUnitary": (
        op("ControlledQubitUnitary", [0, 1], AS_TEXT, control_wires=[0],
           hyperparams={"control_values": [True]}),
        under(UNITARY),
    ),
    "DiagonalQubitUnitary": (op("DiagonalQubitUnitary", [0, 1], [1, "1j", -1, 1]), np.diag([1, 1j, -1, 1])),
    "AngleEmbedding": (op("AngleEmbedding", [0, 1], [A, B]), kron(turn(X, A), turn(X, B))),
    "AngleEmbedding, Z": (
        op("AngleEmbedding", [0], [A], hyperparams={"rotation": "<class 'pennylane.ops.RZ'>"}), turn(Z, A)
    ),
    "StronglyEntanglingLayers": (
        op("StronglyEntanglingLayers", [0, 1], [[[A, B, C], [C, B, A]]], hyperparams={"ranges": [1]}),
        np.eye(4)[[0, 3, 2, 1]] @ CNOT @ kron(rot(A, B, C), rot(C, B, A)),
    ),
    "BasicEntanglerLayers": (
        op("BasicEntanglerLayers", [0, 1], [[A, B]]), CNOT @ kron(turn(X, A), turn(X, B))
    ),
    "ISWAP": (op("ISWAP", [0, 1]), np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]])),
    "ECR": (
        op("ECR", [0, 1]),
        np.array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]) / np.sqrt(2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_matrices(name: str) -> None:
    given, expected = CASES[name]
    circuit = QuantumCircuit(len(given["wires"]))
    append(circuit, given)
    assert np.allclose(Operator(circuit).reverse_qargs().data, expected)


def test_states() -> None:
    amplitudes = np.array([1, 2j, -3, 0.5])
    circuit = QuantumCircuit(2)
    append(circuit, op("StatePrep", [0, 1], [str(v) for v in amplitudes]))
    found = Operator(circuit).reverse_qargs().data[:, 0]
    assert abs(np.vdot(found, amplitudes / np.linalg.norm(amplitudes))) == pytest.approx(1)


def counts(operations: list[dict[str, Any]], wires: int, shots: int = 1000) -> dict[str, int]:
    text = qasm_of(Upload(operations, wires, None))
    results: dict[str, int] = ParallelSimulator(shots=shots, seed=1).submit_circuits({"c": text})[0][
        "results"
    ]
    return results


def test_wires_and_bits() -> None:
    """Wire 0 is bit 0, the rightmost; the client reverses the places of the samples."""
    found = counts([op("PauliX", [0])], 3)
    assert found == {"001": 1000}
    assert samples_of(found, 3, False, 1).tolist() == [[0, 0, 0, 0, 1, 1]]
    assert samples_of(found, 3, True, 1).tolist() == [[0, 0, 1, 1, 1, 0, 1, 1, 0]]


def test_the_first_reads_are_a_sample_of_all() -> None:
    """Clients of text take what has come when they look: it once was the most frequent one over and over."""
    found = counts([op("Hadamard", [0])], 1)
    reads = samples_of(found, 1, False, 2000)[:, 0]
    assert reads[0] == int(found["1"] > found["0"]) and reads.sum() == found["1"]
    for few in (reads[:100], samples_of(found, 1, False, 100)[:, 0]):
        # Of 1000 reads, half of them 1: 100 have 50 and a standard deviation of less than 5.
        assert 25 < few.sum() < 75


def test_a_phase_is_estimated() -> None:
    """T has the phase 1/8: 001 on the three wires that count, most significant first."""
    estimate = op(
        "QuantumPhaseEstimation", [3, 0, 1, 2], estimation_wires=[0, 1, 2],
        unitary={"name": "T", "wires": [3], "params": []},
    )  # fmt: skip
    assert counts([op("PauliX", [3]), estimate], 4) == {"1100": 1000}


def test_measurements_on_the_way() -> None:
    """A measured half of a pair stays as it was measured, and a reset one is 0."""
    pair = [op("Hadamard", [0]), op("CNOT", [0, 1])]
    found = counts([*pair, op("MidMeasureMP", [0])], 2)
    assert {key.split()[0] for key in found} == {"00", "11"}
    found = counts([*pair, op("MidMeasureMP", [0], hyperparams={"reset": True}), op("Snapshot", [0])], 2)
    assert {key.split()[0] for key in found} == {"00", "10"}
    assert samples_of(found, 2, False, 1000)[:, 0].sum() == sum(v for k, v in found.items() if k[0] == "1")
