"""State vectors of fused, blocked plans against one matrix a gate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.circuit.library import get_standard_gate_name_mapping

from isinglass.circuits import plan as planning
from isinglass.circuits.fusing import fuse
from isinglass.circuits.gates import GATES
from isinglass.circuits.qasm2 import read
from isinglass.circuits.qasm2_text import split
from isinglass.circuits.state_vector import primitives, work_array
from isinglass.kernels.cpu.amplitudes import run_pass
from tests.circuit_oracle import MATRICES, state_of

Gates = list[tuple[str, tuple[float, ...], tuple[int, ...]]]


def text_of(gates: Gates, qubits: int) -> str:
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{qubits}];"]
    for name, angles, places in gates:
        values = f"({','.join(repr(float(a)) for a in angles)})" if angles else ""
        lines.append(f"{name}{values} {','.join(f'q[{q}]' for q in places)};")
    return "\n".join(lines)


def our_state(text: str, dtype: type = np.float64, from_zero: bool = True) -> np.ndarray:
    parts = split(text)
    program = read(parts)
    n = program.qubits
    fused = fuse(primitives(program.ops), n, from_zero=from_zero, measured=False)
    plan = planning.Plan(fused, n)
    data = plan.numbers(program.angles(np.array([parts.numbers], np.float64)))[0].astype(dtype)
    re, im = np.zeros(1 << n, dtype), np.zeros(1 << n, dtype)
    re[0] = 1
    for number, one in enumerate(plan.passes):
        buffer = np.empty((2, 1 << len(one.bits)), dtype)
        run_pass(
            re, im, one.steps, one.bits, one.outside, one.offsets, data,
            plan.start if number == 0 and from_zero else -1, n, 0, one.blocks, buffer, work_array(n, dtype),
            np.zeros(8, np.int64),
        )  # fmt: skip
    wired = (re + 1j * im).reshape((2,) * n) if n else re + 1j * im
    # Axis k of the reshaped state is wire n - 1 - k.
    axes = [n - 1 - plan.wires[n - 1 - k] for k in range(n)]
    return np.asarray(wired.transpose(axes).ravel())


def assert_same(ours: np.ndarray, exact: np.ndarray, within: float = 1e-12) -> None:
    """Equal up to a global phase."""
    overlap = np.vdot(exact, ours)
    assert abs(abs(overlap) - 1) < within
    assert np.abs(ours - overlap / abs(overlap) * exact).max() < within


def test_the_oracle_knows_every_gate() -> None:
    assert set(MATRICES) == set(GATES)


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_alone(name: str) -> None:
    random = np.random.default_rng(1)
    gate = GATES[name]
    n = gate.qubits + 1
    for _ in range(3):
        gates: Gates = [("u3", tuple(random.uniform(-3, 3, 3)), (q,)) for q in range(n)]
        gates += [("ryy", (0.3,), (q, q + 1)) for q in range(n - 1)]
        gates.append(
            (
                name,
                tuple(random.uniform(-7, 7, gate.angles)),
                tuple(random.permutation(n)[: gate.qubits].tolist()),
            )
        )
        assert_same(our_state(text_of(gates, n)), state_of(gates, n))


@st.composite
def circuits(draw: st.DrawFn) -> tuple[Gates, int]:
    n = draw(st.integers(1, 8))
    names = sorted(name for name in GATES if GATES[name].qubits <= n)
    # Common gates more often, so that cancelled pairs, layers and products of turns occur.
    names += [name for name in ("cx", "cx", "rz", "rzz", "h", "t", "cp", "rx", "swap") if name in names] * 4
    gates: Gates = []
    for _ in range(draw(st.integers(0, 40))):
        name = draw(st.sampled_from(names))
        angles = tuple(draw(st.floats(-7, 7)) for _ in range(GATES[name].angles))
        places = draw(st.permutations(range(n)))[: GATES[name].qubits]
        gates.append((name, angles, tuple(places)))
        if name == "cx" and draw(st.booleans()):
            gates += [("rz", (draw(st.floats(-7, 7)),), (places[1],)), gates[-1]]
    return gates, n


@given(circuits(), st.booleans())
def test_random_circuits(circuit: tuple[Gates, int], from_zero: bool) -> None:
    gates, n = circuit
    assert_same(our_state(text_of(gates, n), from_zero=from_zero), state_of(gates, n))


@given(circuits())
def test_random_circuits_in_small_blocks(circuit: tuple[Gates, int]) -> None:
    gates, n = circuit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "BLOCK_QUBITS", 4)
        patch.setattr(planning, "_LOWEST", 1)
        assert_same(our_state(text_of(gates, n)), state_of(gates, n))


def test_blocks_of_a_wide_circuit() -> None:
    """16 qubits in blocks of 12, against one block for everything."""
    random = np.random.default_rng(2)
    gates: Gates = []
    for _ in range(150):
        name = str(random.choice(["h", "t", "cx", "rzz", "ry", "ccx", "cp", "swap", "ccz"]))
        places = tuple(random.permutation(16)[: GATES[name].qubits].tolist())
        gates.append((name, tuple(random.uniform(-3, 3, GATES[name].angles)), places))
    whole = our_state(text_of(gates, 16))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "BLOCK_QUBITS", 12)
        blocked = our_state(text_of(gates, 16))
        assert_same(blocked, whole)
    assert_same(our_state(text_of(gates, 16), np.float32), blocked, 1e-5)


def test_matrices_are_those_of_qiskit() -> None:
    """The oracle itself, against the library that wrote qelib1.inc."""
    standard = get_standard_gate_name_mapping()
    compared = 0
    for name, matrix in MATRICES.items():
        if name in standard and name not in ("mcx", "delay"):
            angles = np.arange(1, 1 + GATES[name].angles) / 3
            np.testing.assert_allclose(
                matrix(*angles), np.asarray(type(standard[name])(*angles).to_matrix()), atol=1e-12
            )
            compared += 1
    assert compared > 40
