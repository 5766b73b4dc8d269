"""Twirled circuits do what the circuit does."""

from __future__ import annotations

import pytest

from isinglass.circuits import pauli_twirls
from isinglass.circuits.twirling import TWIRLED
from isinglass.errors import ParameterError
from tests.oracle.test_circuit_states import assert_same, our_state, text_of


def test_twirls_do_the_same_with_other_gates() -> None:
    gates = [("h", (), (0,)), ("u3", (0.3, 1.0, 0.2), (1,)), ("ry", (0.4,), (2,))]
    for name in TWIRLED:
        gates += [(name, (), (0, 1)), ("rx", (0.7,), (1,)), (name, (), (2, 1)), ("csx", (), (0, 2))]
    text = text_of(gates, 3)
    twirls = pauli_twirls(text, 20, seed=4)
    assert list(twirls) == [f"twirl {k}" for k in range(20)] and len(set(twirls.values())) == 20
    for one in twirls.values():
        assert_same(our_state(one), our_state(text))
    assert pauli_twirls(text, 20, seed=4) == twirls
    with pytest.raises(ParameterError, match="count"):
        pauli_twirls(text, 0)
