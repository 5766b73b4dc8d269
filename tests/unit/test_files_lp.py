"""LP files: what dimod reads, and what it would read as something else."""

from __future__ import annotations

from pathlib import Path

import dimod
import pytest

from isinglass.errors import FileFormatError, ParameterError
from isinglass.problems.files import read_file

WHOLE = """\\ a knapsack, more or less
Minimize
 obj: 2 x - 3 y + [ 4 x * y + 2 x ^ 2 ] / 2 + 5
Subject To
 first: x + 2y - z <= 1
 2 x - z >= -2
 x - z = 0
Bounds
 -inf <= z <= 7
Binary
 x y
General
 z
End
"""


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "model.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_an_lp_file_is_a_constrained_model(tmp_path: Path) -> None:
    cqm = read_file(written(tmp_path, WHOLE))
    assert isinstance(cqm, dimod.ConstrainedQuadraticModel)
    assert cqm.objective.energy({"x": 1, "y": 1, "z": 0}) == 2 - 3 + 2 + 1 + 5
    assert [cqm.vartype(name).name for name in "xyz"] == ["BINARY", "BINARY", "INTEGER"]
    assert [constraint.sense.value for constraint in cqm.constraints.values()] == ["<=", ">=", "=="]
    assert cqm.constraints["first"].lhs.get_linear("y") == 2
    assert cqm.upper_bound("z") == 7


def test_what_dimod_writes_is_read(tmp_path: Path) -> None:
    x, y = dimod.Binaries(["x", "y"])
    i = dimod.Integer("i", upper_bound=9)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(x * y - 3 * i + 0.5 * x)
    cqm.add_constraint(x + y + i <= 4, label="c0")
    cqm.add_constraint(x * i - y == 0, label="c1")
    again = read_file(written(tmp_path, dimod.lp.dumps(cqm)))
    assert again.is_equal(cqm)


@pytest.mark.parametrize(
    "content",
    [
        "maximize\nx + y\nst\nx + y <= 1\nbin\nx y\nend",
        "MAX\r\n x + y\r\nSubject To\r\n x + y <= 1\r\nBinaries\r\nx y\r\nEND\r\n",
        "\\ c\nmaximum x + y \\ and a comment ; 0x1 nan\nsuch that\n+x\n+y<=+1\nbinary\nx\ny\nend\n",
    ],
)
def test_layouts_that_mean_the_same(tmp_path: Path, content: str) -> None:
    cqm = read_file(written(tmp_path, content))
    # Maximised by turning the signs.
    assert cqm.objective.to_polystring() == "-x - y"
    assert len(cqm.constraints) == 1


def test_a_file_without_an_objective(tmp_path: Path) -> None:
    cqm = read_file(written(tmp_path, "Subject To\n x + y = 1\nBinary\n x y\nEnd\n"))
    assert (len(cqm.constraints), cqm.objective.is_linear()) == (1, True)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("2 x - 3 y", "2 x y", 3, "a sign is missing before 'y'"),
        ("2 x - 3 y", "2 3 y", 3, "a sign is missing before '3'"),
        ("2 x - 3 y", "x 3", 3, "a sign is missing before '3'"),
        ("/ 2 + 5", "/ 2 5", 3, "a sign is missing before '5'"),
        ("x - z = 0", "x z = 0", 7, "a sign is missing before 'z'"),
        ("2 x - 3 y", "2 x - nancy", 3, "'nancy' starts like a number"),
        ("2 x - 3 y", "2 x - Info", 3, "'Info' starts like a number"),
        ("2 x - 3 y", "inf x", 3, "'inf' is not a finite number"),
        ("x - z = 0", "x - z = infinity", 7, "'infinity' is not a finite number"),
        ("2 x - 3 y", "1e999 x", 3, "'1e999' is too large for float64"),
        ("2 x - 3 y", "0x1 - y", 3, "0x starts a hexadecimal number"),
        ("2 x - 3 y", "2 x - st", 3, "'st' is the name of a section"),
        ("2 x - 3 y", "2 x - 3 y ; - z", 3, "starts with a semicolon"),
        ("2 x - 3 y", "2 x /* - 3 y */", 3, "starts a comment as in C"),
        ("x - z = 0", "x = 1 -> z >= 3", 7, "indicator constraint"),
        ("Bounds", "sos\ns1: S1 :: x:1 y:2\nBounds", 8, "special ordered sets"),
        ("Bounds", "Semi-continuous\nz\nBounds", 8, "semi-continuous variables"),
        ("Bounds", "Maximize\n x\nBounds", 8, "a second objective"),
        ("End\n", "", None, "does not finish with End"),
        ("End\n", "En", None, "does not finish with End"),
        ("x - z = 0", "-1 <= x - z <= 1", None, "dimod's parser of LP files does not accept it"),
        ("x - z = 0", "first: x - z = 0", None, "both mapped to 'first'"),
        ("2 x - 3 y", "1e308 x + 1e308 x + 1e308 x", None, "add up to more than float64 holds"),
    ],
)
def test_what_would_be_misread_is_an_error(
    tmp_path: Path, old: str, new: str, line: int | None, words: str
) -> None:
    assert old in WHOLE
    with pytest.raises(FileFormatError) as caught:
        read_file(written(tmp_path, WHOLE.replace(old, new)))
    assert words in str(caught.value)
    assert caught.value.line == line


@pytest.mark.parametrize("byte", [b"\0", b"\xff", b"\x0c", b"\r"])
def test_bytes_that_do_not_belong_there(tmp_path: Path, byte: bytes) -> None:
    content = WHOLE.encode().replace(b"2 x - 3 y", b"2 x " + byte + b"- 3 y")
    with pytest.raises(FileFormatError, match="does not belong in an LP file") as caught:
        read_file(written(tmp_path, content))
    assert caught.value.line == 3


def test_an_lp_file_has_no_kind(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="leave kind out"):
        read_file(written(tmp_path, WHOLE), kind="qubo")
