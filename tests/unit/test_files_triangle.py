"""Triangle files: both alphabets, and what breaks them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isinglass.errors import FileFormatError, ParameterError
from isinglass.problems.files import read_file


def written(folder: Path, content: str) -> Path:
    (folder / "tiny.txt").write_text(content)
    return folder / "tiny.txt"


def dense(path: Path, **options: str) -> np.ndarray:
    problem = read_file(path, **options)
    matrix = np.zeros((problem.num_variables, problem.num_variables), int)
    matrix[problem.row, problem.col] = problem.value
    return matrix


def test_signs_are_couplings_and_bits_are_edges(tmp_path: Path) -> None:
    signs = written(tmp_path, "4\n+-+\n--\n+\n")
    assert read_file(signs).kind == "ising" and read_file(signs).facts["format"] == "triangle"
    assert dense(signs).tolist() == [[0, 1, -1, 1], [0, 0, -1, -1], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert read_file(signs, kind="maxcut").kind == "maxcut"
    bits = written(tmp_path, "4\n010\n11\n0\n")
    assert read_file(bits).kind == "maxcut"
    assert dense(bits).tolist() == [[0, 0, 1, 0], [0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("4\n+-+\n--\n", "4 variables need 3 rows, not the 2"),
        ("4\n+-+\n-\n+\n", "line 3: row 2 is '-'; it has 2 characters out of '+-'"),
        ("4\n+-+\n-1\n+\n", "line 3: row 2"),
        ("4\n010\n+1\n0\n", "line 3: row 2 is '+1'; it has 2 characters out of '01'"),
        ("4\n+-\n--\n+\n", "like none of the formats read"),
    ],
)
def test_broken_triangles_name_the_line(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(FileFormatError, match=said.replace("+", r"\+")):
        read_file(written(tmp_path, content))


def test_a_triangle_is_no_qubo(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="couplings of spins"):
        read_file(written(tmp_path, "3\n01\n1\n"), kind="qubo")
