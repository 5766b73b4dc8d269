"""Blobs that arrive in pieces, and results that are not true."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pytest
from dwave.optimization.generators import flow_shop_scheduling

import isinglass
from isinglass.errors import ConflictError, ParameterError, QuotaError, VerificationError
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.results import result_content, result_of
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.wire import PIECE_BYTES
from isinglass.service.blobs import Blobs
from isinglass.service.verify import check_result


def test_an_upload_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    data = os.urandom(2 * PIECE_BYTES + 5)
    name = hashlib.sha256(data).hexdigest()
    assert blobs.arrived("ann", name, len(data)) == 0
    assert blobs.append("ann", name, len(data), 0, data[:PIECE_BYTES]) == PIECE_BYTES
    # A crash in the middle of writing the second piece leaves a part of it.
    part = next((tmp_path / "ann" / "uploads").iterdir())
    with part.open("ab") as file:
        file.write(b"torn")
    blobs = Blobs(tmp_path)
    assert blobs.arrived("ann", name, len(data)) == PIECE_BYTES
    with pytest.raises(ConflictError, match=f"at {PIECE_BYTES}"):
        blobs.append("ann", name, len(data), 0, data[:PIECE_BYTES])
    blobs.append("ann", name, len(data), PIECE_BYTES, data[PIECE_BYTES : 2 * PIECE_BYTES])
    assert blobs.size("ann", name) is None
    blobs.append("ann", name, len(data), 2 * PIECE_BYTES, data[2 * PIECE_BYTES :])
    assert blobs.size("ann", name) == len(data) and blobs.read("ann", name).tobytes() == data
    assert blobs.size("bob", name) is None and blobs.arrived("bob", name, len(data)) == 0
    assert not list((tmp_path / "ann" / "uploads").iterdir())


def test_uploads_that_are_refused(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, largest=100)
    name = hashlib.sha256(b"abc").hexdigest()
    with pytest.raises(ParameterError, match="SHA-256 it was sent under"):
        blobs.append("ann", name, 3, 0, b"abd")
    assert blobs.arrived("ann", name, 3) == 0
    for piece in (b"ab", b"abcd", b""):
        with pytest.raises(ParameterError):
            blobs.append("ann", name, 3, 0, piece)
    for size in (0, -1, 101):
        with pytest.raises(QuotaError):
            blobs.append("ann", name, size, 0, b"abc")
    for bad in ("../../etc/passwd", "", name.upper(), name + "\n", "a" * 63):
        with pytest.raises(ParameterError):
            blobs.path("ann", bad)
    assert blobs.put("ann", b"abc") == name == blobs.put("ann", b"abc")
    assert blobs.append("ann", name, 3, 0, b"abc") == 3


CQM = dimod.ConstrainedQuadraticModel()
CQM.set_objective(-2 * dimod.Integer("i", upper_bound=9))
CQM.add_constraint(dimod.Integer("i", upper_bound=9) <= 4, label="c")
DQM = dimod.DiscreteQuadraticModel()
DQM.add_variable(3, "a")
DQM.set_linear("a", [0.0, -1.0, 2.0])

PROBLEMS: dict[str, Any] = {
    "qubo": {("a", "b"): 1.5, ("a", "a"): -1, ("b", "c"): -1},
    "ising": ({"x": 0.25}, {("x", "y"): 1}),
    "maxcut": (np.array([0, 1, 2]), np.array([1, 2, 0]), np.ones(3)),
    "packed": isinglass.generate("gnp", n=40, p=0.5, seed=1),
    "cqm": CQM,
    "dqm": DQM,
}
MODEL = flow_shop_scheduling([[10, 5, 7], [20, 10, 15]])
SPEC = JobSpec(solver="simulated_annealing", parameters={"num_reads": 3}, seed=9)


def solved(name: str) -> tuple[Any, Any]:
    problem = problem_of(problem_content(PROBLEMS[name]).to_bytes())
    result = isinglass.solve(PROBLEMS[name], solver=SPEC.solver, num_reads=3, seed=9)
    return problem, result_of(result_content(result).to_bytes())


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_true_result_is_believed_and_a_false_one_is_not(name: str) -> None:
    problem, result = solved(name)
    best = check_result(problem, SPEC, 0, result)
    assert best == result.record.energy[result.best_index]

    def lies(change: Any) -> None:
        _, lie = solved(name)
        change(lie)
        with pytest.raises(VerificationError):
            check_result(problem, SPEC, 0, lie)

    lies(lambda r: r.record.energy.__setitem__(1, r.record.energy[1] - 1e-3))
    lies(lambda r: r.record.energy.__setitem__(0, np.nan))
    lies(lambda r: r.record.energy.__setitem__(0, -np.inf))
    lies(lambda r: r.record.sample.__setitem__((0, 0), 77))
    lies(lambda r: r.record.num_occurrences.__setitem__(0, 2))
    lies(lambda r: r.info.update(seed=8))
    lies(lambda r: r.relabel_variables({r.variables[0]: "other"}))
    if "cut" in result.record.dtype.names:
        lies(lambda r: r.record.cut.__setitem__(0, r.record.cut[0] + 1))
    if name == "cqm":
        lies(lambda r: r.record.is_feasible.__setitem__(0, not r.record.is_feasible[0]))
    with pytest.raises(VerificationError):
        check_result(problem, SPEC, 1, result)


def test_states_of_a_nonlinear_model() -> None:
    problem = problem_of(problem_content(MODEL).to_bytes())
    result: Any = isinglass.solve(MODEL, annealing_time=50, seed=9)
    spec = JobSpec(seed=9)
    assert check_result(problem, spec, 0, result_of(result_content(result).to_bytes())) == 50.0

    def lies(words: str, shot: int = 0, **changes: Any) -> None:
        with pytest.raises(VerificationError, match=words):
            check_result(problem, spec, shot, replace(result, **changes))

    lies("claims the objective 49.0 and has 50.0", objective=np.array([49.0]))
    lies("claims to break 1 constraints and breaks 0", violated=np.array([1]))
    lies("cannot be evaluated", files=(result.files[0][:-40],))
    lies("has 2 states", files=result.files * 2)
    lies("the seed is", shot=1)
    with pytest.raises(VerificationError, match="not states of the model"):
        check_result(problem, spec, 0, isinglass.solve({("a", "b"): 1}, seed=9))
