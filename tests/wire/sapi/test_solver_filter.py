"""``filter=`` of solvers."""

from __future__ import annotations

from typing import Any

import pytest

from isinglass.compat.sapi.solver_filter import filtered
from isinglass.errors import ParameterError

SOLVER: dict[str, Any] = {
    "identity": {"name": "x", "version": {"graph_id": "0123456789"}},
    "status": "ONLINE",
    "properties": {"num_qubits": 4, "problem_timing_data": {"version": "1.0.0", "other": 1}},
}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("all", SOLVER),
        ("none", {}),
        ("all,-properties", {"identity": SOLVER["identity"], "status": "ONLINE"}),
        ("none,+status,+identity", {"identity": SOLVER["identity"], "status": "ONLINE"}),
        ("none, status", {"status": "ONLINE"}),
        ("none,+properties.num_qubits", {"properties": {"num_qubits": 4}}),
        (
            "none,+properties.problem_timing_data.version",
            {"properties": {"problem_timing_data": {"version": "1.0.0"}}},
        ),
        ("none,+nothing,+properties.nothing,+status.deeper", {}),
        ("all,-nothing,-status.deeper,-properties.nothing", SOLVER),
        ("all,-properties.problem_timing_data,-identity,-status", {"properties": {"num_qubits": 4}}),
        ("all,-properties,+properties.num_qubits,-identity,-status", {"properties": {"num_qubits": 4}}),
    ],
)
def test_fields_come_and_go_from_left_to_right(words: str, found: dict[str, Any]) -> None:
    before = repr(SOLVER)
    assert filtered(SOLVER, words) == found
    assert repr(SOLVER) == before


@pytest.mark.parametrize("words", ["", "some", "all,status", "all,+", "none,+a..b", "all,*x", "all," * 3000])
def test_other_words_are_refused(words: str) -> None:
    with pytest.raises(ParameterError, match="filter"):
        filtered(SOLVER, words)
