"""Damaged files of every format are read or refused with a FileFormatError, and with nothing else."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import dimod
import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isinglass.errors import FileFormatError, OutOfMemoryError, ParameterError
from isinglass.problems.files import read_file
from isinglass.problems.given import EdgeList, Kind

MANY = settings(
    deadline=None,
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TEXTS: dict[str, bytes] = {
    "rudy": b"4 4\n1 2 1\n1 3 -1\r\n# c\n2 3 2.5e0\n4 4 7\n",
    "rudy_plain": b"4 3\n1 2 1\n1 3 -1\n2 3 2\n",
    "qubo": b"c hi\np qubo 0 4 2 2\n0 0 1\n3 3 -2.5\n0 1 1\nc x\n2 3 4\n",
    "coo": b"# vartype=SPIN\n0 0 1.000000\n0 1 -1.5\n7 2 3\n",
    "coordinate": b"%%MatrixMarket matrix coordinate real symmetric\n% c\n3 3 2\n2 1 1.5\n3 3 2\n",
    "array": b"%%MatrixMarket matrix array integer symmetric\n2 2\n0\n1\n0\n",
    "qplib": (
        b"TINY # name\nQBN\nmaximize\n3\n3\n2 1 4.0\n3 3 -2\n3 1 1e0\n0.5\n2\n1 1.0\n3 -2\n0.25\n"
        b"1.7E+308\n0.0\n1\n2 1.0\n0.0\n0\n1\n2 foo\n0\n"
    ),
    "triangle_signs": b"4\n+-+\n--\n+\n",
    "triangle_bits": b"4\n010\n11\n0\n",
    "lp": (
        b"\\ c\nMinimize\n obj: 2 x - 3 y + [ 4 x * y + 2 x ^ 2 ] / 2 + 5\nSubject To\n c1: x + y - z <= 1\n"
        b" c2: [ x * y ] + z >= -2\nBounds\n -inf <= z <= 7\n w free\nBinary\n x y\nGeneral\n z\nEnd\n"
    ),
}


def dimod_files() -> dict[str, bytes]:
    bqm = dimod.BinaryQuadraticModel({"a": 1, ("b", 1): -0.5, 3: 2}, {("a", 3): 1.5}, 0.5, "SPIN")
    x, y = dimod.Binaries(["x", "y"])
    i, s = dimod.Integer("i", upper_bound=7), dimod.Spin("s")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(x * y + 3 * i * i - 2 * s + i * x + 1)
    cqm.add_constraint(x + y + i <= 3, label="c/1")
    cqm.add_constraint(x * y - s == 0, label=("a", 1), weight=2, penalty="linear")
    dqm = dimod.DiscreteQuadraticModel()
    dqm.set_quadratic(dqm.add_variable(3, "u"), dqm.add_variable(4, "v"), {(0, 3): 1.5, (2, 1): -2})
    contents = {}
    for name, model in (("bqm", bqm), ("cqm", cqm), ("dqm", dqm)):
        with model.to_file() as file:
            contents[name] = file.read()
    return contents


def npz_files() -> dict[str, bytes]:
    contents = {}
    for layout in ("csr", "coo", "dia", "bsr"):
        stream = io.BytesIO()
        matrix = scipy.sparse.coo_array(np.triu(np.arange(16.0).reshape(4, 4))).asformat(layout)
        scipy.sparse.save_npz(stream, matrix, compressed=False)
        contents["npz_" + layout] = stream.getvalue()
    return contents


SAMPLES = TEXTS | dimod_files() | npz_files()
OPEN_KIND = ("rudy", "coo", "coordinate", "array", "npz_csr", "npz_coo", "npz_dia", "npz_bsr")
"""The samples that may be read as any kind."""

PUNCTUATION = "[ ] * / ^ : <= ; + - # % c ' { } ,"
NUMBERS = "1e999 nan inf -1 0 1 2 99999999999999999999 9007199254740993 9223372036854775807 1.0 1_0 0x10"
WORDS = (
    *f"{PUNCTUATION} {NUMBERS} x end binary bounds free maximize".encode().split(),
    *(number.to_bytes(4, "little", signed=True) for number in (0, 1, -1, 2**31 - 1, -(2**31), 100)),
    *(number.to_bytes(8, "little", signed=True) for number in (0, -1, 2**62, 2**63 - 1, -(2**63))),
    np.array(np.nan).tobytes(),
    *(b"\n", b"\r", b"\0", b"\xff", b"\\", b" ", b"\n1 1 1\n"),
)


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with a few stretches of it overwritten, cut out, doubled or put in."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 1, 1, 2, 4, 8, 30])))
        word = draw(st.sampled_from(WORDS) | st.binary(max_size=2))
        over = content[:start] + word + content[start + len(word) :]
        content = draw(
            st.sampled_from(
                [
                    over,
                    over,
                    content[:start] + word + content[end:],
                    content[:end] + content[start:],
                    content[:start],
                ]
            )
        )
    return content


def outcome(path: Path, content: bytes, kind: Kind | None) -> object:
    """The problem, or None for a refusal of the right kind; anything else fails the test."""
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            problem = read_file(path, kind=kind)
        except (FileFormatError, OutOfMemoryError) as error:
            assert str(error).startswith(str(path)), error
            return None
        except ParameterError:
            assert kind is not None
            return None
    if isinstance(problem, EdgeList):
        check_edge_list(problem)
    return problem


def check_edge_list(problem: EdgeList) -> None:
    ends = np.concatenate([problem.row, problem.col])
    assert ((ends >= 0) & (ends < problem.num_variables)).all()
    assert len(problem.row) == len(problem.col) == len(problem.value)
    assert (problem.row != problem.col).all()
    assert np.isfinite(problem.value).all()
    if problem.linear is not None:
        assert problem.linear.shape == (problem.num_variables,)
        assert np.isfinite(problem.linear).all()
    assert len(problem.labels) in (0, problem.num_variables)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_sound(tmp_path: Path, name: str) -> None:
    assert outcome(tmp_path / "file", SAMPLES[name], "ising" if name in OPEN_KIND else None) is not None


@pytest.mark.parametrize("name", ["rudy", "qubo", "coordinate", "array", "qplib", "lp"])
def test_files_that_count_their_lines_may_not_lose_the_last(tmp_path: Path, name: str) -> None:
    lines = TEXTS[name].splitlines(keepends=True)
    for kept in range(len(lines)):
        assert outcome(tmp_path / "file", b"".join(lines[:kept]), "ising" if name == "rudy" else None) is None


@pytest.mark.parametrize("name", SAMPLES)
@MANY
@given(data=st.data())
def test_damaged_files(tmp_path: Path, name: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([None, "ising", "qubo", "maxcut"])) if name in OPEN_KIND else None
    outcome(tmp_path / "file", data.draw(damaged(SAMPLES[name])), kind)


def taken_apart(name: str) -> tuple[bytes, dict[str, bytes], bytes]:
    """What stands before the archive in a sample, the members of the archive, and what stands behind it."""
    content = SAMPLES[name]
    start, end = 0, len(content)
    if name in ("cqm", "dqm"):
        start = 14 + int.from_bytes(content[10:14], "little")
    if name == "dqm":
        start, end = start + 8, start + 8 + int.from_bytes(content[start + 4 : start + 8], "little")
    with zipfile.ZipFile(io.BytesIO(content[start:end])) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    return content[:start], members, content[end:]


@pytest.mark.parametrize("name", ["cqm", "dqm", "npz_csr", "npz_coo", "npz_dia", "npz_bsr"])
@MANY
@given(data=st.data())
def test_archives_of_damaged_members(tmp_path: Path, name: str, data: st.DataObject) -> None:
    """With sound checksums and lengths, so that the damage reaches whoever reads the members."""
    front, members, back = taken_apart(name)
    victim = data.draw(st.sampled_from(sorted(members)))
    members[victim] = data.draw(damaged(members[victim]))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    if name == "dqm":
        front = front[:-4] + len(stream.getvalue()).to_bytes(4, "little")
    matrix = outcome(tmp_path / "file", front + stream.getvalue() + back, None)
    if scipy.sparse.issparse(matrix) and max(matrix.shape) < 100:
        assert np.isfinite(matrix.toarray()).all()


MAGICS = (
    b"DIMODBQM\x02\0",
    b"DIMODCQM\x02\0",
    b"DIMODDQM\x01\0",
    b"PK\x03\x04",
    b"%%MatrixMarket ",
    b"p qubo ",
)
COMPRESSED = (b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"BZh9")


@MANY
@given(front=st.sampled_from((b"", *MAGICS, *COMPRESSED)), content=st.binary(max_size=60))
def test_random_bytes(tmp_path: Path, front: bytes, content: bytes) -> None:
    problem = outcome(tmp_path / "file", front + content, None)
    assert problem is None or isinstance(problem, EdgeList)
