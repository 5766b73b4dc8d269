"""The ``qp`` format against the vendor's published vectors and the real client's own encoder and decoders."""

from __future__ import annotations

import base64
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import dimod
import numpy as np
import pytest
from dwave.cloud.coders import decode_qp, decode_qp_numpy, encode_problem_as_qp
from hypothesis import given
from hypothesis import strategies as st

from isinglass.compat.sapi.qp import decode_problem, encode_answer, encode_problem
from isinglass.errors import ProblemError
from isinglass.qpu.working_graph import WorkingGraph, whole_graph

FOUR = WorkingGraph(
    "chimera", (1, 1, 4), 8, np.array([0, 1, 4, 5], np.int32),
    np.array([[0, 4], [1, 4], [0, 5], [1, 5]], np.int32),
)  # fmt: skip
CELLS = whole_graph("chimera", (2, 2, 2))


def as_client_sees(graph: WorkingGraph) -> Any:
    """What the client's encoder needs of a solver."""
    return SimpleNamespace(
        _encoding_qubits=graph.qubits.tolist(), _encoding_couplers=list(map(tuple, graph.couplers.tolist()))
    )


def test_the_published_problem() -> None:
    data = {"lin": "AAAAAAAA8L8AAAAAAAD4fwAAAAAAAAAAAAAAAAAA+H8=", "quad": "AAAAAAAA0D8=", "offset": 2.5}
    problem, offset = decode_problem(data, "ising", FOUR)
    assert problem.qubits.tolist() == [0, 4] and problem.linear.tolist() == [-1.0, 0.0]
    assert (problem.row.tolist(), problem.col.tolist(), problem.quadratic.tolist()) == ([0], [1], [0.25])
    assert problem.vartype == "SPIN" and offset == 2.5
    assert encode_problem(labelled(problem), offset, FOUR) == {"format": "qp", **data}


def labelled(problem: Any) -> Any:
    return replace(problem.given, labels=problem.qubits.tolist())


def test_the_published_answer() -> None:
    active = [0, 1, 4, 5, 8, 9, 12, 13, 16]
    rows = np.array([[1, 0, 1, 1, 0, 0, 1, 0, 1], [0, 0, 0, 0, 0, 0, 0, 1, 0]], np.int8)
    samples = dimod.SampleSet.from_samples(
        (2 * rows - 1, active), energy=[-3.5, -1.0], num_occurrences=[7, 3], vartype="SPIN"
    )
    answer = encode_answer(samples, 17, 0.0, {"qpu_access_time": 1.0})
    assert answer["solutions"] == "soABAA==" and answer["energies"] == "AAAAAAAADMAAAAAAAADwvw=="
    assert answer["num_occurrences"] == "BwAAAAMAAAA="
    assert answer["active_variables"] == "AAAAAAEAAAAEAAAABQAAAAgAAAAJAAAADAAAAA0AAAAQAAAA"
    assert answer["num_variables"] == 17 and answer["timing"] == {"qpu_access_time": 1.0}


biases = st.floats(-10, 10, allow_nan=False)
edges = st.sampled_from([tuple(pair) for pair in CELLS.couplers.tolist()])


@given(
    linear=st.dictionaries(st.sampled_from(CELLS.qubits.tolist()), biases),
    quadratic=st.dictionaries(edges, biases),
    kind=st.sampled_from(["ising", "qubo"]),
    offset=biases,
)
def test_what_the_client_encodes_is_read_and_written_alike(
    linear: dict[int, float], quadratic: dict[tuple[int, int], float], kind: str, offset: float
) -> None:
    data = encode_problem_as_qp(as_client_sees(CELLS), linear, quadratic, offset)
    problem, found = decode_problem(data, kind, CELLS)
    active = sorted(set(linear) | {q for pair in quadratic for q in pair})
    assert problem.qubits.tolist() == active and found == offset
    assert problem.linear.tolist() == [linear.get(q, 0.0) for q in active]
    pairs = problem.qubits[np.stack([problem.row, problem.col], axis=1)].tolist()
    assert dict(zip(map(tuple, pairs), problem.quadratic.tolist(), strict=True)) == {
        pair: bias for pair, bias in quadratic.items() if bias
    }
    # -0.0 of a coupler becomes 0.0; everything else comes back bit by bit.
    plus = np.frombuffer(base64.b64decode(data["quad"])) + 0.0
    as_sent = {**data, "quad": base64.b64encode(plus.tobytes()).decode()}
    assert encode_problem(labelled(problem), found, CELLS) == as_sent


@given(
    active=st.lists(st.integers(0, 99), unique=True, max_size=20),
    rows=st.integers(1, 5),
    kind=st.sampled_from(["ising", "qubo"]),
    seed=st.integers(0, 99),
)
def test_the_client_reads_our_answers(active: list[int], rows: int, kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, (rows, len(active)), np.int8)
    states = 2 * bits - 1 if kind == "ising" else bits
    energy, counts = rng.normal(size=rows), rng.integers(1, 1000, rows)
    samples = dimod.SampleSet.from_samples(
        (states, active), energy=energy, num_occurrences=counts,
        vartype="SPIN" if kind == "ising" else "BINARY", sort_labels=False,
    )  # fmt: skip
    for decoder in (decode_qp, decode_qp_numpy):
        answer = encode_answer(samples, 100, 1.5, {})
        read = decoder({"type": kind, "answer": answer})
        assert list(read["active_variables"]) == sorted(active)
        assert (
            np.allclose(read["energies"], energy + 1.5) and list(read["num_occurrences"]) == counts.tolist()
        )
        found = np.array(read["solutions"], dtype=int).reshape(rows, 100)
        assert (found[:, active] == states).all()
        if decoder is decode_qp_numpy:  # the other one has -1 for unused spins
            assert (np.delete(found, active, axis=1) == (0 if kind == "ising" else 3)).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lin": "AAAA"}, "which are no doubles"),
        ({"lin": "!"}, "lin is not base64"),
        ({"lin": None}, "lin is not base64"),
        ({"lin": "AAAAAAAA8D8="}, "lin has 1 numbers; the solver has 4 working qubits"),
        ({"lin": "AAAAAAAA8H8AAAAAAAD4fwAAAAAAAAAAAAAAAAAA+H8="}, "lin holds a number that is not finite"),
        ({"quad": ""}, "quad has 0 numbers; 1 couplers"),
        ({"quad": "AAAAAAAA+H8="}, "quad holds a number that is not finite"),
        ({"offset": "1"}, "offset is not a finite number"),
        ({"offset": True}, "offset is not a finite number"),
        ({"offset": 1e999}, "offset is not a finite number"),
    ],
)
def test_what_cannot_be_read_says_why(changes: dict[str, Any], words: str) -> None:
    data = {"lin": "AAAAAAAA8L8AAAAAAAD4fwAAAAAAAAAAAAAAAAAA+H8=", "quad": "AAAAAAAA0D8=", "offset": 2.5}
    with pytest.raises(ProblemError, match=r"^unable to parse problem data: ") as caught:
        decode_problem(data | changes, "ising", FOUR)
    assert words in str(caught.value)
