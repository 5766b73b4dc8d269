"""QPLIB files: the objective, its sense, and the classes that are not read."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from isinglass.errors import FileFormatError, OutOfMemoryError, ParameterError
from isinglass.problems.files import read_file

HEAD = "! made by hand\nTINY # a name\nQBN\nmaximize # the sense\n3 # variables\n"
QUADRATIC = "3 # quadratic terms\n2 1 4.0\n3 3 -2\n3 1 1e0\n"
LINEAR = "0.5 # default\n2 # others\n1 1.0\n3 -2\n"
TAIL = "0.25 # constant\n1.7E+308 # infinity\n0.0\n1\n2 1.0\n0.0\n0\n"
NAMES = "0 # variable names\n0 # constraint names\n"
WHOLE = HEAD + QUADRATIC + LINEAR + TAIL + NAMES


def written(folder: Path, content: str) -> Path:
    path = folder / "tiny.qplib"
    path.write_text(content)
    return path


@pytest.mark.parametrize("sense", ["maximize", "minimize"])
@pytest.mark.parametrize("letters", ["QBN", "QBB", "CBN", "dbb"])
def test_the_objective_is_half_of_x_h_x(tmp_path: Path, sense: str, letters: str) -> None:
    content = WHOLE.replace("maximize", sense).replace("QBN", letters)
    problem = read_file(written(tmp_path, content))
    assert (problem.kind, problem.vartype, problem.maximized) == ("qubo", "BINARY", sense == "maximize")
    assert problem.facts == {"name": "TINY", "format": "qplib"}
    assert problem.labels == ()
    h = np.array([[0, 4, 1], [4, 0, 0], [1, 0, -2]], float)
    b = np.array([1, 0.5, -2])
    for values in itertools.product((0, 1), repeat=3):
        x = np.array(values, float)
        objective = 0.5 * x @ h @ x + b @ x + 0.25
        energy = problem.linear @ x + problem.value @ (x[problem.row] * x[problem.col]) + problem.offset
        assert energy == (-objective if problem.maximized else objective)


def test_a_linear_objective_has_no_quadratic_section(tmp_path: Path) -> None:
    problem = read_file(written(tmp_path, HEAD.replace("QBN", "LBN") + LINEAR + TAIL + NAMES))
    assert problem.linear.tolist() == [-1, -0.5, 2]
    assert len(problem.value) == 0


def test_names_become_labels(tmp_path: Path) -> None:
    names = "2 # variable names\n3 gamma\n1 a#1 # a comment\n0\n"
    problem = read_file(written(tmp_path, HEAD + QUADRATIC + LINEAR + TAIL + names))
    assert problem.labels == ("a#1", "x2", "gamma")


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (WHOLE.replace("QBN", "QBL"), 3, "class QBL: only unconstrained binary"),
        (WHOLE.replace("QBN", "LIN"), 3, "class LIN: only unconstrained binary"),
        (WHOLE.replace("QBN", "CCB"), 3, "class CCB: only unconstrained binary"),
        (WHOLE.replace("3 1 1e0", "1 3 1"), 9, "(1, 3) is above the diagonal"),
        (WHOLE.replace("3 1 1e0", "4 1 1"), 9, "variable 4 is outside 1 to 3"),
        (WHOLE.replace("3 1 1e0", "3 1"), 9, "a quadratic term takes 3 columns"),
        (WHOLE.replace("3 1 1e0", "3 1 inf"), 9, "finite number is due"),
        (WHOLE.replace("3 # quad", "4 # quad"), 10, "a quadratic term takes 3 columns"),
        (WHOLE.replace("3 # quad", "-1 # quad"), 6, "is -1, below 0"),
        (WHOLE.replace("3 -2\n1.", "1 -2\n1.").replace("\n3 -2\n0.25", "\n1 -2\n0.25"), 13, "twice"),
        (WHOLE.replace("3 # variables", "three # variables"), 5, "integer is due"),
        (WHOLE + "1\n", 23, "the problem is complete"),
        (HEAD + QUADRATIC + LINEAR + TAIL, 20, "ends where the number of variable names is due"),
        (HEAD + QUADRATIC + LINEAR + TAIL + "2\n1 x2\n3 c\n0\n", None, "two variables have the same name"),
        (HEAD + QUADRATIC + LINEAR + TAIL + "0\n1\n1 c\n", 23, "variable 1 is outside"),
    ],
)
def test_qplib_errors_name_the_line(tmp_path: Path, content: str, line: int | None, words: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_file(written(tmp_path, content))
    assert words in str(caught.value)
    assert caught.value.line == line


def test_linear_terms_that_add_up_to_infinity(tmp_path: Path) -> None:
    content = WHOLE.replace("3 3 -2", "3 3 1.7e308").replace("3 -2\n0.25", "3 1.7e308\n0.25")
    with pytest.raises(FileFormatError, match="more than float64 holds"):
        read_file(written(tmp_path, content))


def test_more_variables_than_memory(tmp_path: Path) -> None:
    with pytest.raises(OutOfMemoryError, match="1,000,000,000,000,000 variables"):
        read_file(written(tmp_path, WHOLE.replace("3 # var", "1000000000000000 # var")))


def test_qplib_is_of_kind_qubo_only(tmp_path: Path) -> None:
    assert read_file(written(tmp_path, WHOLE), kind="qubo").kind == "qubo"
    with pytest.raises(ParameterError, match="pass kind='qubo'"):
        read_file(written(tmp_path, WHOLE), kind="ising")
