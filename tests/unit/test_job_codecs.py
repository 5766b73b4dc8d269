"""Problems and results as bytes: nothing changes on the way, and nothing broken gets through."""

from __future__ import annotations

import hashlib
import json

import dimod
import numpy as np
import pytest
import scipy.sparse
import zstandard

import isinglass
from isinglass.errors import ProblemError
from isinglass.jobs.container import Content, pack, unpack
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.results import merge_shots, result_content, result_of
from isinglass.jobs.wire import fold, unfold
from tests.conftest import random_couplings

RNG = np.random.default_rng(5)
UPPER = random_couplings(12, 0.7, "gaussian", 1)
CQM = dimod.ConstrainedQuadraticModel()
CQM.set_objective(-2 * dimod.Integer("i", upper_bound=9) - 3 * dimod.Integer("j", upper_bound=9))
CQM.add_constraint(dimod.Integer("i", upper_bound=9) + 2 * dimod.Integer("j", upper_bound=9) <= 14, label="b")
DQM = dimod.DiscreteQuadraticModel()
DQM.add_variable(3, "a"), DQM.add_variable(2, "b")
DQM.set_quadratic("a", "b", {(0, 1): -2.0, (2, 0): 1.0})

PROBLEMS = {
    "empty": {},
    "qubo": {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1},
    "ising": ({("x", 1): 0.5, "y": -1}, {(("x", 1), "y"): 1, ("y", 7): -2}),
    "bqm": dimod.BQM.from_ising({"a": 1.5}, {("a", "b"): -1}, 3.25),
    "dense symmetric": (np.zeros(12), UPPER + UPPER.T),
    "dense upper": UPPER + np.diag(RNG.normal(size=12)),
    "dense lower": UPPER.T,
    "dense whole numbers": np.triu(RNG.integers(0, 9, (9, 9)).astype(np.uint8)),
    "sparse": scipy.sparse.csr_array(UPPER),
    "sparse symmetric": scipy.sparse.coo_array(UPPER + UPPER.T),
    "edges": (np.array([0, 1]), np.array([1, 2]), np.array([3, 4])),
    "packed": isinglass.generate("gnp", n=70, p=0.5, seed=1),
    "cqm": CQM,
    "dqm": DQM,
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_arrives_as_it_left(name: str) -> None:
    content = problem_content(PROBLEMS[name])
    data = content.to_bytes()
    assert len(data) == content.size and hashlib.sha256(data).hexdigest() == content.sha256()
    there = problem_of(data)
    assert problem_content(there).to_bytes() == data
    options = {"seed": 3, "num_reads": 4, "solver": "simulated_annealing", "annealing_time": 20}
    one, other = isinglass.solve(PROBLEMS[name], **options), isinglass.solve(there, **options)
    assert list(one.variables) == list(other.variables)
    assert (one.record == other.record).all()


@pytest.mark.parametrize("name", ["qubo", "ising", "packed", "cqm", "dqm"])
def test_a_result_arrives_as_it_left(name: str) -> None:
    result = isinglass.solve(PROBLEMS[name], seed=1)
    there = result_of(result_content(result).to_bytes())
    assert list(there.variables) == list(result.variables) and there.vartype is result.vartype
    assert there.record.dtype == result.record.dtype and (there.record == result.record).all()
    assert there.stop_reason == result.stop_reason and there.seed == result.seed
    assert (there.trace == result.trace).all() and repr(there)
    assert there.violations.keys() == result.violations.keys()


def test_shots_are_merged_best_first() -> None:
    shots = {k: isinglass.solve(PROBLEMS["packed"], seed=k, num_reads=3) for k in (2, 0)}
    merged = merge_shots(shots, {"id": "x", "shots": 3})
    energies = merged.record.energy
    assert len(energies) == sum(len(s.record) for s in shots.values()) and (np.diff(energies) >= 0).all()
    assert set(merged.record.shot.tolist()) == {0, 2} and [s["shot"] for s in merged.info["shots"]] == [0, 2]
    assert merged.info["job"]["id"] == "x"


def test_labels_that_json_has_no_words_for() -> None:
    with pytest.raises(ProblemError, match="frozenset"):
        problem_content({(frozenset("a"), "b"): 1})


def damaged(**changes: object) -> Content:
    fields, arrays = unpack(problem_content(PROBLEMS["edges"]).to_bytes())
    return pack({**fields, **{k: v for k, v in changes.items() if k not in arrays}},
                {**arrays, **{k: np.asarray(v) for k, v in changes.items() if k in arrays}})  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"row": [0, 9]}, {"row": [-1, 1]}, {"row": [0.0, 1.0]}, {"row": [1, 1]}, {"row": [0]},
        {"value": [1.0, np.nan]}, {"value": [[1], [2]]}, {"variables": -1}, {"variables": 1 << 40},
        {"variables": True}, {"labels": ["a", "b"]}, {"labels": ["a", "b", "a"]}, {"labels": [{}, 1, 2]},
        {"offset": float("inf")}, {"offset": "1"}, {"vartype": "X"}, {"kind": "X"}, {"form": "X"},
        {"form": "rows"}, {"form": "packed"}, {"form": "cqm"}, {"labels": 3},
    ],
)  # fmt: skip
def test_a_malformed_problem_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ProblemError):
        problem_of(damaged(**changes).to_bytes())


def test_content_cut_or_changed_anywhere_is_refused_or_sound() -> None:
    for name in ("ising", "sparse", "dense upper", "packed", "cqm", "dqm"):
        data = problem_content(PROBLEMS[name]).to_bytes()
        for length in (0, 3, 7, 30, len(data) // 2, len(data) - 1):
            with pytest.raises(ProblemError):
                problem_of(data[:length])
        with pytest.raises(ProblemError):
            problem_of(data + b"x")
        for place in RNG.integers(0, len(data), 60):
            spoilt = bytearray(data)
            spoilt[place] ^= 1 << int(RNG.integers(8))
            try:
                problem_of(spoilt)
            except ProblemError:
                continue


def test_headers_that_lie_about_their_arrays() -> None:
    for listed in ([["a", "<f8", [1 << 40]]], [["a", "|O", [1]]], [["a", "<f8", [-1]]], [["a", "<f8", "x"]],
                   [3], [["a", "<f8", [1 << 47, 1 << 47, 1 << 47]]], {}, [["a", "<f8", [True]]]):  # fmt: skip
        text = json.dumps({"fields": {}, "arrays": listed}).encode()
        with pytest.raises(ProblemError):
            unpack(b"ISG1" + len(text).to_bytes(4, "little") + text)
    deep = b"[" * 100_000
    with pytest.raises(ProblemError):
        unpack(b"ISG1" + len(deep).to_bytes(4, "little") + deep)


def test_frames_that_unfold_too_far_are_refused() -> None:
    assert unfold(fold(b"abc"), 3) == b"abc" and unfold(fold(b""), 0) == b""
    bomb = fold(bytes(1 << 26))
    assert len(bomb) < 10_000
    silent = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 26))
    liar = bytearray(fold(bytes(1 << 20)))
    liar[6:10] = (64).to_bytes(4, "little")  # the content size, after magic, descriptor and window
    for frame in (bomb, silent, bytes(liar), fold(b"abc")[:-1], fold(b"abc") + b"x", b"", b"nonsense"):
        with pytest.raises(ProblemError):
            unfold(frame, 1 << 20)
