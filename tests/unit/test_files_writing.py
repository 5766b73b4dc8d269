"""Writing: the three text formats, and what they cannot hold."""

from __future__ import annotations

import dataclasses
import gzip
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dimod.serialization import coo

from isinglass.errors import ParameterError, ProblemError
from isinglass.problems.files import read_file, write_file
from isinglass.problems.given import EdgeList, Kind

QUBO = EdgeList(
    4, np.array([2, 0]), np.array([1, 3]), np.array([3, -1]), np.array([0, 2.0, 0, -5]), 0.0, "BINARY", "qubo"
)


def graph(**changes: Any) -> EdgeList:
    plain = EdgeList(3, np.array([0, 2]), np.array([1, 0]), np.array([1, -2]), kind="maxcut")
    return dataclasses.replace(plain, **changes)


def test_rudy_text(tmp_path: Path) -> None:
    write_file(graph(), tmp_path / "g.txt")
    assert (tmp_path / "g.txt").read_text() == "3 2\n1 2 1\n3 1 -2\n"
    write_file(QUBO, tmp_path / "q.txt", format="rudy")
    assert (tmp_path / "q.txt").read_text() == "4 4\n2 2 2\n4 4 -5\n3 2 3\n1 4 -1\n"


def test_qbsolv_text(tmp_path: Path) -> None:
    write_file(QUBO, tmp_path / "q.qubo", format="qubo")
    assert (tmp_path / "q.qubo").read_text() == "p qubo 0 4 2 2\n1 1 2\n3 3 -5\n1 2 3\n0 3 -1\n"


def test_coo_text_is_what_dimod_reads(tmp_path: Path) -> None:
    problem = graph(num_variables=4, labels=(7, 3, 0, 9), value=np.array([1e-7, 1e22]), kind="ising")
    path = tmp_path / "g.coo"
    write_file(problem, path, format="coo")
    assert path.read_text() == "# vartype=SPIN\n9 9 0.0\n7 3 0.0000001\n0 7 10000000000000000000000.0\n"
    bqm = coo.loads(path.read_text())
    assert bqm.quadratic == {(3, 7): 1e-7, (0, 7): 1e22}
    assert set(bqm.variables) == {0, 3, 7, 9}


@pytest.mark.parametrize(("suffix", "opened"), [(".gz", gzip.open), (".xz", lzma.open), (".GZ", gzip.open)])
def test_the_suffix_compresses(tmp_path: Path, suffix: str, opened: Any) -> None:
    path = tmp_path / ("g.txt" + suffix)
    write_file(graph(), path)
    with opened(path) as file:
        assert file.read() == b"3 2\n1 2 1\n3 1 -2\n"
    first = path.read_bytes()
    again = tmp_path / ("other" + suffix)
    write_file(graph(), again)
    assert again.read_bytes() == first
    assert read_file(path).value.tolist() == [1, -2]


def test_more_lines_than_a_block(tmp_path: Path) -> None:
    row = np.arange(70_000)
    problem = graph(num_variables=70_001, row=row, col=row + 1, value=row - 5)
    write_file(problem, tmp_path / "long.xz")
    again = read_file(tmp_path / "long.xz")
    assert (again.value == problem.value).all()
    assert (again.col == problem.col).all()


def test_linear_terms_keep_integers_integers(tmp_path: Path) -> None:
    path = tmp_path / "q"
    write_file(QUBO, path, format="qubo")
    assert read_file(path).value.dtype == np.int64
    write_file(dataclasses.replace(QUBO, linear=np.array([0.5, 0, 0, 0])), path, format="qubo")
    again = read_file(path)
    assert (again.value.tolist(), again.linear.tolist()) == ([3, -1], [0.5, 0, 0, 0])
    write_file(dataclasses.replace(QUBO, value=np.array([3.0, -1.0])), path, format="qubo")
    assert read_file(path).value.dtype == np.float64


@pytest.mark.parametrize(
    ("changes", "file_format", "words"),
    [
        ({"offset": 2.5}, "rudy", "no place for the offset 2.5"),
        ({"offset": float("nan")}, "coo", "no place for the offset nan"),
        ({"labels": ("a", "b", "c")}, "rudy", "no place for labels"),
        ({"labels": ("a", "b", "c")}, "coo", "integers from 0 on"),
        ({"labels": (-1, 0, 1)}, "coo", "integers from 0 on"),
        ({"linear": np.ones(3)}, "rudy", "a max-cut problem has no linear terms"),
        ({"value": np.array([1, np.nan])}, "rudy", "value holds NaN"),
        ({"linear": np.array([0, np.inf, 0]), "kind": "ising"}, "rudy", "linear holds NaN"),
        ({"value": np.array([1, 2**53 + 1])}, "rudy", "beyond 2^53"),
        ({"value": np.array([1, -(2**63)])}, "rudy", "beyond 2^53"),
        ({"kind": "qubo"}, "rudy", "has vartype BINARY, not SPIN"),
        ({}, "qubo", "holds problems of kind 'qubo', not 'maxcut'"),
    ],
)
def test_what_a_format_cannot_hold(
    tmp_path: Path, changes: dict[str, Any], file_format: str, words: str
) -> None:
    with pytest.raises(ProblemError) as caught:
        write_file(graph(**changes), tmp_path / "g", format=file_format)
    assert words in str(caught.value)
    assert not (tmp_path / "g").exists()


def test_unknown_formats_and_paths(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"format='rudi' is not one of rudy, qubo, coo.*'rudy'"):
        write_file(graph(), tmp_path / "g", format="rudi")
    with pytest.raises(ParameterError, match="an EdgeList is written, not a dict"):
        write_file({(0, 1): 1}, tmp_path / "g")
    with pytest.raises(ParameterError, match=r"path=None is not a path"):
        write_file(graph(), None)
    with pytest.raises(ProblemError, match="cannot be written: Is a directory"):
        write_file(graph(), tmp_path)
    with pytest.raises(ProblemError, match="cannot be written: No such file or directory"):
        write_file(graph(), tmp_path / "missing" / "g")


@pytest.mark.parametrize("kind", ["maxcut", "ising"])
def test_labels_that_only_count_are_no_labels(tmp_path: Path, kind: Kind) -> None:
    write_file(graph(labels=range(3), kind=kind), tmp_path / "g")
    assert read_file(tmp_path / "g", kind=kind).labels == ()
