"""dimod's binary files: read as dimod reads them, and measured before."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pytest

from isinglass.errors import FileFormatError, ParameterError
from isinglass.problems.files import read_file


def written(folder: Path, content: bytes) -> Path:
    path = folder / "model"
    path.write_bytes(content)
    return path


def bqm_of(labels: list[Any], vartype: str = "SPIN", dtype: type = np.float64) -> dimod.BinaryQuadraticModel:
    bqm = dimod.BinaryQuadraticModel(vartype, dtype=dtype)
    for i, name in enumerate(labels):
        bqm.add_variable(name, i - 1.5)
    for i, name in enumerate(labels[1:]):
        bqm.add_quadratic(labels[0], name, 0.25 * i - 1)
    bqm.offset = -2.5
    return bqm


def cqm_of() -> dimod.ConstrainedQuadraticModel:
    x, y = dimod.Binaries(["x", "y"])
    i, s, r = dimod.Integer("i", lower_bound=-3, upper_bound=7), dimod.Spin("s"), dimod.Real("r")
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(x * y + 3 * i * i - 2 * s + i * x + 0.5 * r + 1)
    cqm.add_constraint(x + y + i <= 3, label="c/1")
    cqm.add_constraint(x * y - s + 4 == 0, label=5)
    cqm.add_constraint(x + y >= 1, label=("a", 1), weight=2.5, penalty="quadratic")
    cqm.add_discrete(["a", "b", "c"], label="one")
    return cqm


def dqm_of() -> dimod.DiscreteQuadraticModel:
    dqm = dimod.DiscreteQuadraticModel()
    u, v, w = dqm.add_variable(3, "u"), dqm.add_variable(4, 7), dqm.add_variable(2, ("w", 0))
    dqm.set_linear(u, [1, 2, 3])
    dqm.set_quadratic(u, v, {(0, 3): 1.5, (2, 1): -2})
    dqm.set_quadratic(v, w, {(0, 0): 1})
    dqm.offset = 0.75
    return dqm


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("labels", [[0, 1, 2, 3], ["a", ("b", 1), 2.5, -7], [3, 0, 1], []])
def test_binary_models(tmp_path: Path, version: int, dtype: type, labels: list[Any]) -> None:
    bqm = bqm_of(labels, "BINARY", dtype)
    with bqm.to_file(version=version) as file:
        again = read_file(written(tmp_path, file.read()))
    assert again.is_equal(bqm)
    assert list(again.variables) == labels
    assert again.dtype == bqm.dtype


def test_a_binary_model_without_its_labels(tmp_path: Path) -> None:
    with bqm_of(["a", "b"]).to_file(ignore_labels=True) as file:
        assert read_file(written(tmp_path, file.read())).is_equal(bqm_of([0, 1]))


def test_a_kind_may_repeat_the_vartype(tmp_path: Path) -> None:
    with bqm_of([0, 1]).to_file() as file:
        path = written(tmp_path, file.read())
    assert read_file(path, kind="ising").vartype is dimod.SPIN
    with pytest.raises(ParameterError, match="the model says vartype SPIN"):
        read_file(path, kind="qubo")


@pytest.mark.parametrize("compress", [False, True])
def test_constrained_models(tmp_path: Path, compress: bool) -> None:
    cqm = cqm_of()
    with cqm.to_file(compress=compress) as file:
        path = written(tmp_path, file.read())
    again = read_file(path)
    assert again.is_equal(cqm)
    # The order of a file, not that of a hash.
    assert list(again.constraints) == ["c/1", 5, ("a", 1), "one"]
    assert again.constraints["one"].lhs.is_discrete()
    assert again.constraints[("a", 1)].lhs.weight() == 2.5
    with pytest.raises(ParameterError, match="leave kind out"):
        read_file(path, kind="qubo")


def test_narrow_bounds_of_binary_variables_are_kept(tmp_path: Path) -> None:
    fixed = dimod.lp.loads("minimize\n x\nbounds\n x = 1\nbinary\n x\nend\n")
    with fixed.to_file() as file:
        again = read_file(written(tmp_path, file.read()))
    assert (again.lower_bound("x"), again.upper_bound("x")) == (1, 1)


@pytest.mark.parametrize("compress", [False, True])
def test_discrete_models(tmp_path: Path, compress: bool) -> None:
    dqm = dqm_of()
    with dqm.to_file(compress=compress) as file:
        path = written(tmp_path, file.read())
    again = read_file(path)
    assert list(again.variables) == ["u", 7, ("w", 0)]
    assert again.offset == 0.75
    samples = np.array([[0, 3, 1], [2, 1, 0], [1, 0, 0]])
    names = list(dqm.variables)
    assert (again.energies((samples, names)) == dqm.energies((samples, names))).all()
    with pytest.raises(ParameterError, match="leave kind out"):
        read_file(path, kind="qubo")


def test_quadratic_models_are_pointed_to_constrained_ones(tmp_path: Path) -> None:
    with (
        dimod.QuadraticModel.from_bqm(bqm_of([0, 1])).to_file() as file,
        pytest.raises(FileFormatError, match="save it as a CQM"),
    ):
        read_file(written(tmp_path, file.read()))


def models() -> dict[str, bytes]:
    contents = {}
    for name, model in (("bqm", bqm_of(["a", "b", "c"])), ("cqm", cqm_of()), ("dqm", dqm_of())):
        with model.to_file() as file:
            contents[name] = file.read()
    return contents


@pytest.mark.parametrize("name", ["bqm", "cqm", "dqm"])
def test_every_prefix_is_an_error(tmp_path: Path, name: str) -> None:
    content = models()[name].rstrip(b" ")
    for length in range(1, len(content) - 1, 7):
        with pytest.raises(FileFormatError):
            read_file(written(tmp_path, content[:length]))


@pytest.mark.parametrize("name", ["bqm", "cqm", "dqm"])
def test_unknown_versions(tmp_path: Path, name: str) -> None:
    content = bytearray(models()[name])
    content[8] = 9
    with pytest.raises(FileFormatError, match="of format 9"):
        read_file(written(tmp_path, bytes(content)))


def with_header(content: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The file with its header changed, padded to the old length."""
    end = 14 + int.from_bytes(content[10:14], "little")
    fields = json.loads(content[14:end])
    change(fields)
    return content[:14] + json.dumps(fields).encode().ljust(end - 14) + content[end:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.update(shape=[10**15, 0]), "of the"),
        (lambda f: f.update(shape=[-1, 0]), "is not a count"),
        (lambda f: f.update(shape=[True, 0]), "is not a count"),
        (lambda f: f.update(shape=3), "no shape"),
        (lambda f: f.update(vartype="INTEGER"), "vartype='INTEGER'"),
        (lambda f: f.update(vartype=["SPIN"]), "vartype="),
        (lambda f: f.update(dtype="object"), "dtype='object'"),
        (lambda f: f.update(itype=["int32"]), "itype="),
        (lambda f: f.update(variables=False), "bytes follow the end"),
    ],
)
def test_headers_of_binary_models_are_measured(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    with pytest.raises(FileFormatError, match=words):
        read_file(written(tmp_path, with_header(models()["bqm"], change)))


def patched(content: bytes, offset: int, dtype: str, value: float) -> bytes:
    item = np.array(value, dtype).tobytes()
    return content[:offset] + item + content[offset + len(item) :]


def test_bodies_of_binary_models_are_measured(tmp_path: Path) -> None:
    content = models()["bqm"]
    offset = 14 + int.from_bytes(content[10:14], "little")
    linear, pairs = offset + 8, offset + 8 + 3 * 12
    cases = [
        (offset, "<f8", np.nan, "NaN or infinite"),
        (linear + 4, "<f8", np.inf, "NaN or infinite"),
        (linear + 12, "<i4", -1, "do not follow one another"),
        (linear + 24, "<i4", 99, "do not follow one another"),
        (pairs, "<i4", 2**31 - 1, "in increasing order"),
        (pairs, "<i4", -5, "in increasing order"),
        (pairs, "<i4", 0, "not the same from both of their ends"),
        (pairs + 4, "<f8", 7.0, "not the same from both of their ends"),
        (pairs + 4, "<f8", np.nan, "NaN or infinite"),
    ]
    for at, dtype, value, words in cases:
        with pytest.raises(FileFormatError, match=words):
            read_file(written(tmp_path, patched(content, at, dtype, value)))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["a", "b"], "a list of 3 labels"),
        (["a", "a", "b"], "same label"),
        ([1, 1.0, "b"], "same label"),
        ([{"x": 1}, "a", "b"], "cannot be a label"),
        ([None, "a", "b"], "cannot be a label"),
        ([json.loads("[" * 900 + "]" * 900), "a", "b"], "cannot be a label"),
        ([2**64, "a", "b"], "cannot be a label"),
        ([float("nan"), "a", "b"], "cannot be a label"),
        ("abc", "a list of 3 labels"),
    ],
)
def test_labels_are_checked(tmp_path: Path, labels: Any, words: str) -> None:
    with bqm_of(["a", "b", "c"]).to_file(version=1) as file:
        content = file.read()
    end = 14 + int.from_bytes(content[10:14], "little")
    fields = json.loads(content[14:end]) | {"variables": labels}
    header = json.dumps(fields).encode()
    content = content[:10] + len(header).to_bytes(4, "little") + header + content[end:]
    with pytest.raises(FileFormatError, match=words):
        read_file(written(tmp_path, content))


def test_a_header_nested_too_deeply(tmp_path: Path) -> None:
    header = b"[" * 200_000
    content = b"DIMODBQM\x02\x00" + len(header).to_bytes(4, "little") + header
    with pytest.raises(FileFormatError, match="not the JSON that dimod writes"):
        read_file(written(tmp_path, content))


def repacked(content: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """A constrained model whose archive is another."""
    end = 14 + int.from_bytes(content[10:14], "little")
    with zipfile.ZipFile(io.BytesIO(content[end:])) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content[:end] + stream.getvalue()


PARTS = ("lhs", "rhs", "sense")
LHS = 'constraints/"c/1"/lhs'


def lhs_patched(magic: bytes, skip: int, dtype: str, value: float) -> Callable[[dict[str, bytes]], object]:
    def change(members: dict[str, bytes]) -> None:
        at = members[LHS].index(magic) + skip
        members[LHS] = patched(members[LHS], at, dtype, value)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.pop("varinfo"), "lacks varinfo"),
        (lambda m: m.pop('constraints/"c/1"/rhs'), "lacks one of lhs, rhs"),
        (lambda m: m.pop(LHS), "lacks one of lhs, rhs"),
        (lambda m: m.update({"surprise": b""}), "unknown member 'surprise'"),
        (lambda m: m.update({'constraints/"c/1"/sense': b"<"}), "unknown sense"),
        (lambda m: m.update({'constraints/"c/1"/rhs': bytes(4)}), "take 4 bytes instead of 8"),
        (lambda m: m.update({'constraints/"c/1"/rhs': np.array(np.nan).tobytes()}), "NaN or infinite"),
        (lambda m: m.update({'constraints/"c/1"/weight': bytes(8)}), "lacks one of lhs, rhs"),
        (lambda m: m.update(varinfo=patched(m["varinfo"], 8, "i1", 9)), "variable 0 has an unknown type"),
        (lambda m: m.update(varinfo=patched(m["varinfo"], 9, "<f8", 2)), "impossible bounds"),
        (lambda m: m.update(varinfo=m["varinfo"][:40]), "cut off"),
        (lambda m: m.update(objective=m["objective"][:90]), "cut off"),
        (lambda m: m.update({"variable_labels.json": b'["x"]'}), "a list of 8 labels"),
        (lambda m: m.update({"variable_labels.json": b"[1"}), "not the JSON"),
        (lambda m: [m.pop(name) for name in list(m) if name.startswith("constraints/5/")], "does not count"),
        (
            lambda m: m.update({'constraints/["a", 1]/weight': np.array(-1.0).tobytes()}),
            "is not a constrained model that dimod takes",
        ),
        (
            lambda m: (
                [m.update({f"constraints/5.0/{part}": m[f"constraints/5/{part}"]}) for part in PARTS]
                + [m.pop(name) for name in list(m) if name.startswith('constraints/"one"/')]
            ),
            "a constraint with that label already exists",
        ),
        (lhs_patched(b"INDX", 8, "<i4", 2**31 - 1), "one that the model does not have"),
        (lhs_patched(b"INDX", 8, "<i4", -1), "one that the model does not have"),
        (lhs_patched(b"INDX", 12, "<i4", 0), "names a variable twice"),
        (lhs_patched(b"LINB", 8, "<f8", np.nan), "NaN or infinite"),
        (lhs_patched(b"OFFS", 8, "<f8", np.inf), "NaN or infinite"),
    ],
)
def test_constrained_models_are_measured(
    tmp_path: Path, change: Callable[[dict[str, bytes]], object], words: str
) -> None:
    with pytest.raises(FileFormatError, match=words):
        read_file(written(tmp_path, repacked(models()["cqm"], change)))


@pytest.mark.parametrize(
    ("skip", "value", "words"),
    [
        (12, 10**6, "an interaction names a variable"),
        (12, -1, "an interaction names a variable"),
        (28, 0, "not in the order that dimod writes"),
        (16, 1, "not in the order that dimod writes"),
    ],
)
def test_interactions_of_constrained_models_are_measured(
    tmp_path: Path, skip: int, value: int, words: str
) -> None:
    x, y, z = dimod.Binaries(["x", "y", "z"])
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(x * y + x * z + y * z)
    with cqm.to_file() as file:
        content = file.read()

    def change(members: dict[str, bytes]) -> None:
        at = members["objective"].index(b"QUAD") + skip
        members["objective"] = patched(members["objective"], at, "<i4", value)

    with pytest.raises(FileFormatError, match=words):
        read_file(written(tmp_path, repacked(content, change)))


def discrete_with(name: str, array: Any) -> bytes:
    """The discrete model with one of its arrays replaced."""
    content = models()["dqm"]
    start = 14 + int.from_bytes(content[10:14], "little")
    length = int.from_bytes(content[start + 4 : start + 8], "little")
    with np.load(io.BytesIO(content[start + 8 : start + 8 + length])) as found:
        arrays = {key: found[key] for key in found.files} | {name: np.asarray(array)}
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    archive = stream.getvalue()
    section = b"BIAS" + len(archive).to_bytes(4, "little") + archive
    return content[:start] + section + content[start + 8 + length :]


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("case_starts", [0, 3, 99], "do not follow one another"),
        ("case_starts", [0, 3, 3], "do not follow one another"),
        ("case_starts", [1, 3, 7], "do not follow one another"),
        ("linear_biases", [1.0] * 10, "its header counts"),
        ("case_starts", [[0, 3, 7]], "2 dimensions"),
        ("case_starts", [0.0, 3.0, 7.0], "of type float64"),
        ("linear_biases", [np.nan] * 9, "NaN or infinite"),
        ("quadratic_biases", [1.0], "not of one length"),
        ("quadratic_row_indices", [0, 2, 9], "a case that the model does not have"),
        ("quadratic_row_indices", [0, 2, -1], "a case that the model does not have"),
        ("quadratic_col_indices", [1, 1, 8], "joins two cases of one variable"),
        ("offset", [0.0, 1.0], "1 dimensions"),
    ],
)
def test_discrete_models_are_measured(tmp_path: Path, name: str, array: Any, words: str) -> None:
    with pytest.raises(FileFormatError, match=words):
        read_file(written(tmp_path, discrete_with(name, array)))


def test_arrays_that_are_missing_or_pickled(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="not an array of plain numbers"):
        read_file(written(tmp_path, discrete_with("linear_biases", np.array([None] * 9))))
    content = models()["dqm"].replace(b"linear_biases.npy", b"linear_biasez.npy")
    with pytest.raises(FileFormatError, match="lacks linear_biases"):
        read_file(written(tmp_path, content))
