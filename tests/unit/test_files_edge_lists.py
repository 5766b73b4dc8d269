"""rudy, qbsolv and COO files: what the lines mean, and which line is wrong."""

from __future__ import annotations

from pathlib import Path

import dimod
import numpy as np
import pytest
from dimod.serialization import coo

from isinglass.errors import FileFormatError, OutOfMemoryError, ParameterError
from isinglass.problems.files import read_file
from isinglass.problems.given import EdgeList


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "problem.data"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def entries(problem: EdgeList) -> list[tuple[int, int, float]]:
    return list(zip(problem.row.tolist(), problem.col.tolist(), problem.value.tolist(), strict=True))


TRIANGLE = "3 3\n1 2 1\n1 3 -1\n2 3 2\n"


def test_rudy_is_a_max_cut_graph_by_default(tmp_path: Path) -> None:
    problem = read_file(written(tmp_path, TRIANGLE))
    assert (problem.kind, problem.vartype, problem.num_variables) == ("maxcut", "SPIN", 3)
    assert entries(problem) == [(0, 1, 1), (0, 2, -1), (1, 2, 2)]
    assert problem.linear is None
    assert (problem.row.dtype, problem.col.dtype, problem.value.dtype) == (np.int32, np.int32, np.int64)
    assert problem.facts == {"name": "problem", "format": "rudy"}


@pytest.mark.parametrize(
    "content",
    [
        "3 3 \n1 2 1 \n 1 3 -1\n2 3 2",
        "3 3\r\n1 2 1\r\n1 3 -1\r\n2 3 2\r\n",
        "\n# made by hand\n3 3\n\n1 2 1\n# and so on\n1 3 -1\n2\t3\t+2\n\n",
        "\ufeff3 3\n1 2\n1 3 -1\n2 3 2\n",
        "3 3\n1 2 01\n1 3 -1\n2 3 0000000000000000000000002\n",
    ],
)
def test_rudy_layouts_that_mean_the_same(tmp_path: Path, content: str) -> None:
    problem = read_file(written(tmp_path, content))
    assert entries(problem) == [(0, 1, 1), (0, 2, -1), (1, 2, 2)]
    assert problem.value.dtype == np.int64


def test_a_weight_left_out_is_1(tmp_path: Path) -> None:
    assert entries(read_file(written(tmp_path, "3 2\n1 2\n2 3\n"))) == [(0, 1, 1), (1, 2, 1)]


def test_one_decimal_weight_makes_all_float(tmp_path: Path) -> None:
    problem = read_file(written(tmp_path, "3 2\n1 2 9007199254740992\n2 3 -2.5e-1\n"))
    assert problem.value.dtype == np.float64
    assert problem.value.tolist() == [9007199254740992.0, -0.25]


def test_lines_for_one_pair_are_kept_and_add_up(tmp_path: Path) -> None:
    problem = read_file(written(tmp_path, "2 3\n1 2 1\n2 1 4\n1 2 1\n"))
    assert entries(problem) == [(0, 1, 1), (1, 0, 4), (0, 1, 1)]


def test_diagonal_lines_are_fields_or_linear_terms(tmp_path: Path) -> None:
    path = written(tmp_path, "3 4\n1 1 2\n1 3 -1\n3 3 5\n3 3 0.5\n")
    ising, qubo = read_file(path, kind="ising"), read_file(path, kind="qubo")
    assert (ising.kind, ising.vartype, qubo.kind, qubo.vartype) == ("ising", "SPIN", "qubo", "BINARY")
    for problem in (ising, qubo):
        assert problem.linear.tolist() == [2, 0, 5.5]
        assert entries(problem) == [(0, 2, -1)]


def test_an_empty_graph(tmp_path: Path) -> None:
    problem = read_file(written(tmp_path, "5 0\n"))
    assert (problem.num_variables, entries(problem)) == (5, [])


def test_many_nodes_need_64_bits(tmp_path: Path) -> None:
    problem = read_file(written(tmp_path, "9223372036854775807 1\n1 9223372036854775807 1\n"))
    assert problem.row.dtype == np.int64
    assert entries(problem) == [(0, 9223372036854775806, 1)]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("3 1\n1 1 2\n", 2, "kind='ising'"),
        ("3 1\n1 4 2\n", 2, "node 4 is outside 1 to 3"),
        ("3 1\n0 1 2\n", 2, "node 0 is outside 1 to 3"),
        ("3 1\n1 -2 2\n", 2, "node -2 is outside"),
        ("3 1\n1 2 2\n1 3 1\n", 3, "declares 1 entries, but this is entry 2 of 2"),
        ("3 3\n1 2 2\n\n1 3 1\n", 4, "declares 3 entries, but only 2 follow"),
        ("3 3\n", 1, "only 0 follow"),
        ("3 2\n1 2 1\n1\n", 3, "2 or 3 columns are due, not 1"),
        ("3 2\n1 2 1\n1 2 3 4\n", 3, "2 or 3 columns are due, not 4"),
        ("3 2\n1 2 1\n1 2.0 3\n", 3, "'2.0' stands where an integer is due"),
        ("3 2\n1 2 0.5\n1.0 2 3\n", 3, "'1.0' stands where an integer is due"),
        ("3 2\n1 2 1\n1 x 3\n", 3, "'x' stands where an integer is due"),
        ("3 2\n1 2 1\n1 3 1_0\n", 3, "'1_0' stands where a finite number is due"),
        ("3 2\n1 2 1\n1 3 nan\n", 3, "'nan' stands where a finite number"),
        ("3 2\n1 2 1\n1 3 -inf\n", 3, "'-inf' stands where a finite number"),
        ("3 2\n1 2 1\n1 3 1e400\n", 3, "'1e400' is too large for float64"),
        ("3 2\n1 2 1\n1 3 9007199254740993\n", 3, "beyond 2^53"),
        ("3 2\n1 2 1.5\n1 3 -9007199254740993\n", 3, "beyond 2^53"),
        ("3 2\n1 2 1\n1 3 9223372036854775808\n", 3, "beyond 2^53"),
        ("3 2\n1 2 1\n1 3 -9223372036854775808\n", 3, "beyond 2^53"),
        ("3 2\n1 2 1\n1 99999999999999999999 3\n", 3, "does not fit a 64-bit integer"),
        ("3 2\n1 2 1\n1 ٣ 3\n", 3, "stands where an integer is due"),
        ("3 2\n1 2 1\r2 3 1\n", 2, "columns are due"),
        ("3 2.0\n1 2 1\n", 1, "'2.0' stands where an integer is due"),
        ("-3 2\n1 2 1\n", 1, "fewer than 0"),
    ],
)
def test_rudy_errors_name_the_line(tmp_path: Path, content: str, line: int, words: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(FileFormatError) as caught:
        read_file(path)
    assert caught.value.line == line
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_fields_that_add_up_to_infinity(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="add up to more than float64 holds"):
        read_file(written(tmp_path, "1 2\n1 1 1e308\n1 1 1e308\n"), kind="ising")


def test_linear_terms_that_no_machine_holds(tmp_path: Path) -> None:
    with pytest.raises(OutOfMemoryError, match="1,000,000,000,000,000 variables"):
        read_file(written(tmp_path, "1000000000000000 1\n1 1 1\n"), kind="ising")


QBSOLV = "c a comment\np qubo 0 4 2 2\n0 0 1\n3 3 -2\nc another\n0 1 3\n2 3 4\n"


def test_qbsolv(tmp_path: Path) -> None:
    problem = read_file(written(tmp_path, QBSOLV))
    assert (problem.kind, problem.vartype, problem.num_variables) == ("qubo", "BINARY", 4)
    assert problem.linear.tolist() == [1, 0, 0, -2]
    assert entries(problem) == [(0, 1, 3), (2, 3, 4)]
    assert problem.value.dtype == np.int64
    assert problem.facts["format"] == "qubo"
    assert entries(read_file(tmp_path / "problem.data", kind="qubo")) == entries(problem)


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("p qubo 0 4 1\n0 0 1\n", 1, "the header is 'p qubo topology"),
        ("p qubo 0 4 -1 1\n0 0 1\n", 1, "fewer than 0"),
        ("p qubo 0 4 1 1\n0 1 1\n0 0 1\n", 2, "a diagonal line 'i i v' is due"),
        ("p qubo 0 4 1 1\n0 0 1\n1 0 1\n", 3, "an element 'i j v' with i < j is due"),
        ("p qubo 0 4 1 1\n0 0 1\n1 1 1\n", 3, "an element 'i j v' with i < j is due"),
        ("p qubo 0 4 1 1\n0 0 1\n1 4 1\n", 3, "node 4 is outside 0 to 3"),
        ("p qubo 0 4 1 1\n0 0 1\n", 2, "declares 2 entries, but only 1 follow"),
        ("p qubo 0 4 0 1\n0 1 1\n0 2 1\n", 3, "declares 1 entries"),
        ("p qubo 0 4 0 1\n0 1\n", 2, "3 columns are due, not 2"),
    ],
)
def test_qbsolv_errors_name_the_line(tmp_path: Path, content: str, line: int, words: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_file(written(tmp_path, content))
    assert caught.value.line == line
    assert words in str(caught.value)


def test_qbsolv_is_of_kind_qubo_only(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="pass kind='qubo' or leave it out"):
        read_file(written(tmp_path, QBSOLV), kind="ising")


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_coo_as_dimod_writes_it(tmp_path: Path, vartype: str) -> None:
    bqm = dimod.BinaryQuadraticModel({0: 1.5, 1: 0, 2: -2}, {(0, 1): 0.25, (1, 2): -3}, 0, vartype)
    text = coo.dumps(bqm, vartype_header=True)
    problem = read_file(written(tmp_path, text))
    assert (problem.kind, problem.vartype) == (("ising" if vartype == "SPIN" else "qubo"), vartype)
    assert problem.linear.tolist() == [1.5, 0, -2]
    assert sorted(entries(problem)) == [(0, 1, 0.25), (1, 2, -3)]
    assert problem.labels == ()


def test_coo_names_its_variables(tmp_path: Path) -> None:
    problem = read_file(written(tmp_path, "# vartype: SPIN\n70 3 1\n3 3 2e0\n12 70 -1\n"))
    assert problem.labels == (3, 12, 70)
    assert problem.linear.tolist() == [2, 0, 0]
    assert entries(problem) == [(2, 0, 1), (1, 2, -1)]


def test_coo_without_a_header_needs_a_kind(tmp_path: Path) -> None:
    path = written(tmp_path, "# exported\n0 1 1\n1 2 -1\n")
    with pytest.raises(FileFormatError, match="# vartype=SPIN") as caught:
        read_file(path)
    assert caught.value.line == 2
    problem = read_file(path, kind="maxcut")
    assert (problem.kind, problem.num_variables, entries(problem)) == ("maxcut", 3, [(0, 1, 1), (1, 2, -1)])


def test_a_coo_header_may_be_a_max_cut_graph_but_no_qubo(tmp_path: Path) -> None:
    path = written(tmp_path, "# vartype=SPIN\n0 1 1\n")
    assert read_file(path, kind="maxcut").kind == "maxcut"
    with pytest.raises(ParameterError, match="its header says vartype=SPIN"):
        read_file(path, kind="qubo")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("# vartype=INTEGER\n0 1 1\n", "it is SPIN or BINARY"),
        ("# vartype=SPIN\n0 1 1\n# vartype=BINARY\n", "keep one of them"),
        ("# vartype=SPIN\n0 -1 1\n", "node -1 is below 0"),
        ("# vartype=SPIN\n0 1\n", "3 columns are due, not 2"),
        ("# vartype=SPIN\n0 1 1 1\n", "3 columns are due, not 4"),
    ],
)
def test_coo_errors(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(FileFormatError, match=words):
        read_file(written(tmp_path, content))


def test_coo_of_no_variables(tmp_path: Path) -> None:
    assert read_file(written(tmp_path, "# vartype=SPIN\n")).num_variables == 0
