"""Matrix Market and SciPy files: one rule for what a matrix means."""

from __future__ import annotations

import io
import itertools
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from isinglass.errors import FileFormatError, OutOfMemoryError
from isinglass.problems.files import read_file
from isinglass.problems.given import EdgeList

BANNER = "%%MatrixMarket matrix "


def written(folder: Path, content: str) -> Path:
    path = folder / "matrix.mtx"
    path.write_text(content)
    return path


def energy(problem: EdgeList, x: np.ndarray) -> float:
    linear = 0.0 if problem.linear is None else problem.linear @ x
    return float(linear + (problem.value * x[problem.row] * x[problem.col]).sum())


def test_a_symmetric_pattern_is_a_graph(tmp_path: Path) -> None:
    content = BANNER + "coordinate pattern symmetric\n% a path\n%\n3 3 2\n2 1\n3 2\n"
    problem = read_file(written(tmp_path, content))
    assert (problem.kind, problem.num_variables) == ("maxcut", 3)
    assert list(zip(problem.row.tolist(), problem.col.tolist(), strict=True)) == [(1, 0), (2, 1)]
    assert problem.value.tolist() == [1, 1]
    assert problem.facts == {"name": "matrix", "format": "matrix_market"}


def test_a_symmetric_matrix_counts_pairs_twice_as_qubo_and_once_as_ising(tmp_path: Path) -> None:
    path = written(tmp_path, BANNER + "coordinate integer symmetric\n2 2 2\n1 1 5\n2 1 3\n")
    qubo, ising = read_file(path, kind="qubo"), read_file(path, kind="ising")
    assert (qubo.value.tolist(), qubo.linear.tolist(), qubo.value.dtype) == ([6], [5, 0], np.int64)
    assert (ising.value.tolist(), ising.linear.tolist()) == ([3], [5, 0])
    with pytest.raises(FileFormatError, match=r"entry \(1, 1\) is on the diagonal"):
        read_file(path)


@pytest.mark.parametrize("kind", ["qubo", "ising"])
@pytest.mark.parametrize("symmetry", ["general", "symmetric"])
@pytest.mark.parametrize("dense", [False, True])
def test_the_energy_is_that_of_the_matrix_that_scipy_reads(
    tmp_path: Path, kind: str, symmetry: str, dense: bool
) -> None:
    upper = np.triu(np.random.default_rng(5).integers(-4, 5, (4, 4)).astype(float), 1)
    matrix = upper + upper.T + np.diag([1.0, -2.0, 0.0, 3.5])
    path = tmp_path / "m.mtx"
    scipy.io.mmwrite(path, matrix if dense else scipy.sparse.coo_matrix(matrix), symmetry=symmetry)
    again = scipy.io.mmread(path)
    again = np.asarray(again if dense else again.todense())
    problem = read_file(path, kind=kind)
    for values in itertools.product((0, 1) if kind == "qubo" else (-1, 1), repeat=4):
        x = np.array(values, float)
        qubo = x @ again @ x
        ising = x @ np.triu(again, 1) @ x + np.diag(again) @ x
        assert energy(problem, x) == (qubo if kind == "qubo" else ising)


def test_one_triangle_of_a_general_matrix_needs_no_kind(tmp_path: Path) -> None:
    path = written(tmp_path, BANNER + "coordinate real general\n3 3 2\n1 2 1.5\n2 3 -1\n")
    assert (read_file(path).kind, read_file(path).value.tolist()) == ("maxcut", [1.5, -1])
    assert read_file(path, kind="qubo").value.tolist() == [1.5, -1]


def test_both_triangles_need_a_kind_and_have_to_agree(tmp_path: Path) -> None:
    path = written(tmp_path, BANNER + "coordinate real general\n3 3 4\n1 2 1\n2 1 1\n2 3 4\n3 2 4\n")
    with pytest.raises(FileFormatError, match="pass kind='qubo'"):
        read_file(path)
    assert read_file(path, kind="ising").value.tolist() == [1, 4]
    assert sorted(read_file(path, kind="qubo").value.tolist()) == [1, 1, 4, 4]
    wrong = BANNER + "coordinate real general\n3 3 5\n1 2 1\n2 1 1\n2 3 4\n3 2 4.5\n3 1 1\n"
    for kind in ("qubo", "ising", "maxcut"):
        with pytest.raises(FileFormatError, match=r"entry \(1, 3\) is 0 and entry \(3, 1\) is 1"):
            read_file(written(tmp_path, wrong), kind=kind)


def test_repeated_entries_add_up_before_triangles_are_compared(tmp_path: Path) -> None:
    content = BANNER + "coordinate real general\n2 2 3\n1 2 1\n1 2 2\n2 1 3\n"
    assert read_file(written(tmp_path, content), kind="ising").value.sum() == 3


def test_a_general_pattern_of_both_triangles_is_a_graph(tmp_path: Path) -> None:
    content = BANNER + "coordinate pattern general\n2 2 2\n1 2\n2 1\n"
    assert read_file(written(tmp_path, content)).value.tolist() == [1]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("coordinate complex general\n1 1 0\n", 1, "'complex' in the header is not read"),
        ("coordinate real hermitian\n1 1 0\n", 1, "'hermitian' in the header is not read"),
        ("coordinate real\n1 1 0\n", 1, "the header has 5 words"),
        ("array pattern general\n1 1\n", 1, "cannot be a pattern"),
        ("coordinate real general\n% only a comment\n", None, "ends before the line with the size"),
        ("coordinate real general\n2 2\n", 2, "'rows columns entries'"),
        ("array real general\n2 2 4\n", 2, "'rows columns'"),
        ("coordinate real general\n2 3 0\n", 2, "square, not 2 by 3"),
        ("coordinate real general\n-2 -2 0\n", 2, "fewer than 0"),
        ("coordinate real general\n2 2 1\n1 3 1\n", 3, "node 3 is outside 1 to 2"),
        ("coordinate real general\n2 2 2\n1 2 1\n", 3, "only 1 follow"),
        ("coordinate real general\n2 2 1\n1 2\n", 3, "3 columns are due, not 2"),
        ("coordinate pattern general\n2 2 1\n1 2 1\n", 3, "2 columns are due, not 3"),
        ("coordinate integer general\n2 2 1\n1 2 1.5\n", None, "the header says integer"),
        ("coordinate real symmetric\n2 2 1\n1 2 1.5\n", 3, "above the diagonal"),
        ("array real general\n2 2\n0\n1\n1\n", 5, "declares 4 entries, but only 3 follow"),
        ("array real symmetric\n2 2\n0\n1\n1\n0\n", 6, "declares 3 entries"),
        ("coordinate real general\n2 2 1\n1 2 nan\n", 3, "finite number is due"),
    ],
)
def test_matrix_market_errors(tmp_path: Path, content: str, line: int | None, words: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_file(written(tmp_path, BANNER + content))
    assert caught.value.line == line
    assert words in str(caught.value)


def test_twice_an_entry_may_be_too_large(tmp_path: Path) -> None:
    path = written(tmp_path, BANNER + "coordinate real symmetric\n2 2 1\n2 1 1e308\n")
    with pytest.raises(FileFormatError, match="twice an entry"):
        read_file(path, kind="qubo")


@pytest.mark.parametrize("layout", ["csr", "csc", "coo", "bsr", "dia"])
@pytest.mark.parametrize("flavour", ["array", "matrix"])
def test_npz_gives_the_matrix_itself(tmp_path: Path, layout: str, flavour: str) -> None:
    dense = np.triu(np.arange(16.0).reshape(4, 4))
    matrix = getattr(scipy.sparse, f"{layout}_{flavour}")(dense)
    scipy.sparse.save_npz(tmp_path / "m.npz", matrix)
    again = read_file(tmp_path / "m.npz")
    assert type(again) is type(matrix)
    assert (again.toarray() == dense).all()
    problem = read_file(tmp_path / "m.npz", kind="qubo")
    x = np.array([1.0, 0, 1, 1])
    assert (problem.kind, energy(problem, x)) == ("qubo", x @ dense @ x)


def test_npz_of_integers_stays_exact(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    scipy.sparse.save_npz(path, scipy.sparse.coo_array(np.array([[0, 2**53], [0, 0]])))
    assert read_file(path, kind="maxcut").value.tolist() == [2**53]
    scipy.sparse.save_npz(path, scipy.sparse.coo_array(np.array([[0, 2**53 + 1], [0, 0]])))
    with pytest.raises(FileFormatError, match="beyond 2\\^53"):
        read_file(path, kind="maxcut")


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (scipy.sparse.coo_array(np.ones((2, 3))), "square, not 2 by 3"),
        (scipy.sparse.coo_array(np.array([[0, 1j], [0, 0]])), "not real numbers"),
        (scipy.sparse.coo_array(np.array([[0, np.nan], [0, 0]])), "NaN or infinite"),
        (scipy.sparse.coo_array(np.ones(3)), "square, not 3"),
    ],
)
def test_npz_that_are_no_problems(tmp_path: Path, matrix: object, words: str) -> None:
    scipy.sparse.save_npz(tmp_path / "m.npz", matrix)
    with pytest.raises(FileFormatError, match=words):
        read_file(tmp_path / "m.npz")


def with_array(folder: Path, matrix: object, name: str, array: np.ndarray) -> Path:
    """The file of a matrix in which one array is another."""
    scipy.sparse.save_npz(folder / "sound.npz", matrix)
    with np.load(folder / "sound.npz") as found:
        arrays = {key: found[key] for key in found.files} | {name: array}
    np.savez(folder / "broken.npz", **arrays)
    return folder / "broken.npz"


@pytest.mark.parametrize(
    ("layout", "name", "array", "words"),
    [
        # SciPy's own check passes over pointers that end in 0; tocoo() then writes outside of its arrays.
        ("csr", "indptr", np.array([0, 6553613, 2, 0]), "rows of its matrix do not follow"),
        ("csr", "indptr", np.array([0, 1, 2, 2]), "rows of its matrix do not follow"),
        ("csr", "indices", np.array([0, 7, 2]), "do not make a sparse matrix"),
        ("csr", "indices", np.array([0.5, 1, 2]), "'indices' does not hold integers"),
        ("coo", "row", np.array([0, 1, 9]), "do not make a sparse matrix"),
        ("coo", "shape", np.array([-3, 3]), "do not make a sparse matrix"),
        ("dia", "offsets", np.array([2**31 - 1]), "a diagonal of its matrix lies outside"),
        ("csr", "format", np.array(7), "do not make a sparse matrix"),
        ("csr", "format", np.array(b"eye"), "do not make a sparse matrix"),
        ("csr", "data", np.array([None, 1, 2], dtype=object), "not an array of plain numbers"),
    ],
)
def test_npz_whose_arrays_lie(tmp_path: Path, layout: str, name: str, array: np.ndarray, words: str) -> None:
    path = with_array(tmp_path, scipy.sparse.eye_array(3).asformat(layout), name, array)
    with pytest.raises(FileFormatError, match=words):
        read_file(path, kind="ising")


def test_npz_of_more_rows_than_memory(tmp_path: Path) -> None:
    path = with_array(tmp_path, scipy.sparse.eye_array(3).asformat("dia"), "shape", np.array([2**60, 2**60]))
    with pytest.raises(OutOfMemoryError, match="rows"):
        read_file(path, kind="ising")


def test_npz_of_no_entries_and_an_impossible_shape(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 99999999999999999999), }\n"
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("data.npy", b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(FileFormatError, match="has the impossible shape"):
        read_file(tmp_path / "m.npz")


def test_npz_headers_are_measured(tmp_path: Path) -> None:
    scipy.sparse.save_npz(tmp_path / "m.npz", scipy.sparse.eye_array(3).tocsr(), compressed=False)
    with zipfile.ZipFile(tmp_path / "m.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["data.npy"] = members["data.npy"].replace(b"(3,), }" + b" " * 11, b"(999999999999,), }")
    with zipfile.ZipFile(tmp_path / "lie.npz", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(FileFormatError, match="does not hold as many bytes as its header says"):
        read_file(tmp_path / "lie.npz")


def test_zip_archives_that_are_no_matrix(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    with pytest.raises(FileFormatError, match=r"not a matrix written by scipy\.sparse\.save_npz"):
        read_file(tmp_path / "other.npz")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "hello")
    (tmp_path / "text.zip").write_bytes(stream.getvalue())
    with pytest.raises(FileFormatError, match="is not a NumPy array"):
        read_file(tmp_path / "text.zip")
    (tmp_path / "cut.zip").write_bytes(stream.getvalue()[:-30])
    with pytest.raises(FileFormatError, match="damaged or cut off"):
        read_file(tmp_path / "cut.zip")
