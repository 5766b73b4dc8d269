"""Satisfiability: planted and small random formulas, DIMACS files, rules."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from isinglass.control import Progress
from isinglass.errors import FileFormatError, ParameterError, ProblemError
from isinglass.sat import read_cnf, solve_sat, unsatisfied


def random_clauses(n: int, count: int, seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [
        [
            int(q * (i + 1))
            for i, q in zip(rng.choice(n, 3, replace=False), rng.choice([-1, 1], 3), strict=True)
        ]
        for _ in range(count)
    ]


def planted_clauses(n: int, ratio: float, seed: int, all_true: float = 0.08) -> list[list[int]]:
    """Clause-distribution control: Barthel et al., Phys. Rev. Lett. 88, 188701 (2002).

    With these shares of clauses with three, two and one true literals, each literal is as often true
    as false, so that no majority points to the planted assignment.
    """
    rng = np.random.default_rng(seed)
    planted = rng.choice([-1, 1], n)
    shares = [all_true, (1 - 4 * all_true) / 2, (1 + 2 * all_true) / 2]
    clauses = []
    for false_literals in rng.choice(3, int(ratio * n), p=shares):
        variables = rng.choice(n, 3, replace=False)
        signs = planted[variables]
        signs[rng.permutation(3)[:false_literals]] *= -1
        clauses.append((signs * (variables + 1)).tolist())
    return clauses


@pytest.mark.parametrize(("n", "ratio"), [(1000, 4.0), (200, 4.3)])
def test_planted_formulas_are_satisfied(n: int, ratio: float) -> None:
    clauses = planted_clauses(n, ratio, 0)
    result = solve_sat(clauses, seed=1)
    assert result.unsatisfied == 0 == unsatisfied(clauses, result.assignment)
    assert result.stop_reason.startswith("satisfied") and result.steps < 100_000
    again = solve_sat(clauses, seed=1)
    assert (again.assignment == result.assignment).all() and again.steps == result.steps


@pytest.mark.parametrize("seed", range(4))
def test_fewest_unsatisfied_clauses_of_small_formulas(seed: int) -> None:
    clauses = random_clauses(9, 90, seed)
    fewest = min(unsatisfied(clauses, np.array(a)) for a in itertools.product((False, True), repeat=9))
    result = solve_sat(clauses, seed=seed, steps=3000)
    assert fewest > 0 and result.unsatisfied == fewest
    assert result.stop_reason.startswith("finished") and result.steps == 3000


@pytest.mark.parametrize(
    ("clauses", "left"),
    [([], 0), ([[1]], 0), ([[-1]], 0), ([[1], [-1]], 1), ([[]], 1), ([[1, -1, 2], [2, 2]], 0)],
)
def test_odd_formulas(clauses: list[list[int]], left: int) -> None:
    assert solve_sat(clauses, seed=0, steps=200).unsatisfied == left


def test_limits_and_progress() -> None:
    seen: list[Progress] = []
    result = solve_sat(
        random_clauses(200, 1200, 1), seed=0, time_limit=0.3, steps=10**9, progress=seen.append
    )
    assert "time limit" in result.stop_reason
    assert seen[-1].best_energy == result.unsatisfied > 0 and seen[-1].sweeps >= result.steps > 0


def test_reads_dimacs(tmp_path: Path) -> None:
    path = tmp_path / "small.cnf"
    path.write_text("c by hand\np cnf 5 3\n1 -2 0\n3\n2 0 -1 0\n%\n0\n")
    assert read_cnf(path) == (5, [[1, -2], [3, 2], [-1]])
    result = solve_sat(path, seed=3)
    assert result.unsatisfied == 0 and len(result.assignment) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no line"),
        ("p wcnf 2 1\n1 0\n", "line 1: the first line"),
        ("p cnf 2 1\n1 x 0\n", "line 2: 'x' stands"),
        ("p cnf 2 1\n1 3 0\n", "line 2: literal 3"),
        ("p cnf 2 1\n1 2\n", "not ended by 0"),
        ("p cnf 2 2\n1 2 0\n", "says 2 clauses and 1 follow"),
    ],
)
def test_broken_files_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "broken.cnf"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=message):
        read_cnf(path)


def test_bad_clauses_and_parameters() -> None:
    with pytest.raises(ProblemError, match="clause 1 has 4 literals"):
        solve_sat([[1], [1, 2, 3, 4]])
    for literal in (0, 1.5, True, "1", 2**31):
        with pytest.raises(ProblemError, match="clause 0 has literal"):
            solve_sat([[literal]])
    with pytest.raises(ParameterError, match="steps"):
        solve_sat([[1]], steps=0)
    with pytest.raises(ParameterError, match="time_limit"):
        solve_sat([[1]], time_limit=-1)
