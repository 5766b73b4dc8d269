"""Inverses and folded circuits against matrices; extrapolations against curves."""

from __future__ import annotations

import numpy as np
import pytest

from isinglass.circuits.extrapolation import EXTRAPOLATIONS, extrapolate
from isinglass.circuits.folding import FOLDINGS, inverse
from isinglass.circuits.gate_list import BoundGate, GateList
from isinglass.circuits.gates import GATES
from isinglass.errors import ParameterError
from tests.circuit_oracle import MATRICES, apply
from tests.oracle.test_circuit_states import assert_same, our_state, text_of

ANGLES = (0.7, -1.3, 2.1, 0.4)
GATES_OF_ONE = [("h", (), (0,)), ("cx", (), (0, 1)), ("u3", (0.3, 1.0, -0.4), (2,)), ("iswap", (), (1, 2)),
                ("rzz", (0.5,), (0, 2)), ("t", (), (1,)), ("csx", (), (2, 0))]  # fmt: skip


@pytest.mark.parametrize("name", sorted(GATES))
def test_inverses(name: str) -> None:
    kind = GATES[name]
    gate = BoundGate(name, ANGLES[: kind.angles], tuple(range(kind.qubits)))
    state = np.eye(1 << kind.qubits, dtype=complex)
    for one in [gate, *inverse(gate)]:
        state = apply(state, np.asarray(MATRICES[one.name](*one.angles)), one.qubits)
    assert np.abs(state - state[0, 0] * np.eye(len(state))).max() < 1e-12


@pytest.mark.parametrize("folding", sorted(FOLDINGS))
@pytest.mark.parametrize("scale", [1, 1.3, 2, 3, 4.4])
def test_folded_circuits_do_the_same_with_more_gates(folding: str, scale: float) -> None:
    text = text_of(GATES_OF_ONE, 3)
    folded, reached = FOLDINGS[folding](GateList.of(text), scale)
    assert_same(our_state(folded.qasm()), our_state(text))
    # Folds come in steps of 2/7.
    assert abs(reached - scale) <= 1 / 7 + 1e-12
    # Inverses of iswap and csx are three and two gates.
    count = sum(gate.name != "barrier" for gate in folded.gates)
    assert count >= round(7 * reached) and (scale > 1) == (count > 7)


def test_barriers_survive_and_are_not_counted() -> None:
    text = text_of(GATES_OF_ONE[:2], 3).replace("cx", "barrier q; cx")
    gates = GateList.of(text)
    assert [gate.name for gate in gates.gates] == ["h", "barrier", "cx"]
    assert FOLDINGS["local"](gates, 3)[1] == FOLDINGS["global"](gates, 3)[1] == 3
    with pytest.raises(ParameterError, match="at least 1"):
        FOLDINGS["local"](gates, 0.5)


def test_extrapolations_find_their_own_curves() -> None:
    x = [1.0, 2.0, 3.0, 5.0]
    y = np.array(x)
    assert extrapolate(x, 2 - 0.3 * y, "linear")[0] == pytest.approx(2)
    assert extrapolate(x, 2 - 0.3 * y + y**2, "polynomial")[0] == pytest.approx(2)
    assert extrapolate(x, 2 - 0.3 * y + y**3, "richardson")[0] == pytest.approx(2)
    assert extrapolate(x, 1 - 2 * np.exp(-y), "exponential", asymptote=1)[0] == pytest.approx(-1)


@pytest.mark.parametrize("method", EXTRAPOLATIONS)
def test_errors_are_those_of_noisy_values(method: str) -> None:
    """Spread of 2000 noisy extrapolations: relative error 1/sqrt(4000) = 1.6%, 5 sigma = 8%."""
    rng = np.random.default_rng(3)
    x, truth = [1.0, 2.0, 3.0], 0.9 * np.exp([-0.1, -0.2, -0.3])
    sigma = 0.002
    found = [extrapolate(x, truth + sigma * rng.normal(size=3), method)[0] for _ in range(2000)]
    claimed = extrapolate(x, truth, method, std_errors=[sigma] * 3)[1]
    assert np.std(found) == pytest.approx(claimed, rel=0.08)


def test_refusals() -> None:
    for arguments in [([1, 3], [1], "linear"), ([1, 1], [1, 2], "linear"), ([1, 2], [1, 2], "polynomial"),
                      ([1, 2], [1, -2], "exponential"), ([1, 2], [1, 2], "cubic")]:  # fmt: skip
        with pytest.raises(ParameterError):
            extrapolate(*arguments)
