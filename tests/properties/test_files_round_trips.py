"""Whatever is written is read again as the same problem; the fast and the exact parser agree."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isinglass.errors import FileFormatError
from isinglass.problems.files import read_file, table, write_file
from isinglass.problems.files.text import START, Text
from isinglass.problems.given import EdgeList, Kind

FEW = settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

EXACT = 2**53
INTEGERS = st.integers(-EXACT, EXACT) | st.integers(-3, 3)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
KINDS: tuple[Kind, ...] = ("maxcut", "ising", "qubo")


@st.composite
def edge_lists(draw: st.DrawFn, kinds: tuple[Kind, ...] = KINDS) -> EdgeList:
    """Problems of a few variables, some of them without an edge, pairs in either order and repeated."""
    n = draw(st.integers(2, 7))
    kind = draw(st.sampled_from(kinds))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda ends: ends[0] != ends[1])
    pairs = draw(st.lists(pair, max_size=12))
    numbers = draw(st.sampled_from([INTEGERS, FLOATS]))
    value = draw(st.lists(numbers, min_size=len(pairs), max_size=len(pairs)))
    linear = draw(st.none() | st.lists(INTEGERS | FLOATS, min_size=n, max_size=n))
    return EdgeList(
        num_variables=n,
        row=np.array([i for i, _ in pairs], np.int32),
        col=np.array([j for _, j in pairs], np.int32),
        value=np.array(value, np.int64 if numbers is INTEGERS else np.float64),
        linear=None if linear is None or kind == "maxcut" else np.array(linear, np.float64),
        vartype="BINARY" if kind == "qubo" else "SPIN",
        kind=kind,
    )


def terms(problem: EdgeList) -> tuple[Any, ...]:
    """Everything that makes the energy, in an order of its own."""
    names = list(problem.labels) or list(range(problem.num_variables))
    linear = {} if problem.linear is None else dict(zip(names, problem.linear.tolist(), strict=True))
    ends = np.sort([[names[i] for i in problem.row], [names[j] for j in problem.col]], axis=0).T.tolist()
    pairs = sorted((*pair, float(v)) for pair, v in zip(ends, problem.value.tolist(), strict=True))
    return sorted(names), {name: h for name, h in linear.items() if h}, pairs, problem.kind, problem.vartype


@FEW
@given(problem=edge_lists(), suffix=st.sampled_from(["", ".gz", ".xz", ".bz2"]))
def test_rudy(tmp_path: Path, problem: EdgeList, suffix: str) -> None:
    path = tmp_path / f"problem{suffix}"
    write_file(problem, path)
    again = read_file(path, kind=problem.kind)
    assert terms(again) == terms(problem)
    whole = problem.linear is None or ((problem.linear % 1 == 0) & (abs(problem.linear) <= EXACT)).all()
    if len(problem.value) and (problem.value.dtype == np.float64 or whole):
        assert again.value.dtype == problem.value.dtype


@FEW
@given(problem=edge_lists(kinds=("qubo",)))
def test_qbsolv(tmp_path: Path, problem: EdgeList) -> None:
    write_file(problem, tmp_path / "problem", format="qubo")
    assert terms(read_file(tmp_path / "problem")) == terms(problem)


@FEW
@given(problem=edge_lists(), names=st.lists(st.integers(0, 2**62), min_size=7, max_size=7, unique=True))
def test_coo(tmp_path: Path, problem: EdgeList, names: list[int]) -> None:
    labelled = EdgeList(**vars(problem) | {"labels": tuple(names[: problem.num_variables])})
    for given_one in (problem, labelled):
        write_file(given_one, tmp_path / "problem", format="coo")
        again = read_file(tmp_path / "problem", kind="maxcut" if problem.kind == "maxcut" else None)
        assert terms(again) == terms(given_one)


@FEW
@given(
    labels=st.lists(
        st.integers(-5, 2**62) | st.text(max_size=3) | st.tuples(st.text(max_size=2), st.integers(0, 3)),
        max_size=5,
        unique=True,
    ),
    vartype=st.sampled_from(["SPIN", "BINARY"]),
    data=st.data(),
)
def test_binary_models_of_dimod(tmp_path: Path, labels: list[Any], vartype: str, data: st.DataObject) -> None:
    bqm = dimod.BinaryQuadraticModel(vartype)
    for name in labels:
        bqm.add_variable(name, data.draw(FLOATS))
    for at, name in enumerate(labels):
        for other in labels[:at]:
            if data.draw(st.booleans()):
                bqm.add_quadratic(name, other, data.draw(FLOATS))
    bqm.offset = data.draw(FLOATS)
    with bqm.to_file() as file:
        (tmp_path / "model").write_bytes(file.read())
    again = read_file(tmp_path / "model")
    assert again.is_equal(bqm)
    assert list(again.variables) == labels


@FEW
@given(
    size=st.integers(1, 5),
    layout=st.sampled_from(["csr", "csc", "coo", "bsr", "dia"]),
    compressed=st.booleans(),
    data=st.data(),
)
def test_sparse_matrices(
    tmp_path: Path, size: int, layout: str, compressed: bool, data: st.DataObject
) -> None:
    cells = data.draw(st.lists(INTEGERS, min_size=size * size, max_size=size * size))
    matrix = scipy.sparse.coo_array(np.array(cells).reshape(size, size)).asformat(layout)
    scipy.sparse.save_npz(tmp_path / "m.npz", matrix, compressed=compressed)
    again = read_file(tmp_path / "m.npz")
    assert (again.format, again.dtype) == (matrix.format, matrix.dtype)
    assert (again.toarray() == matrix.toarray()).all()


WORDS = (
    "0 1 2 -3 +4 007 1.5 -2. .5 1e3 1E-2 1. e5 1e . - + nan inf 1_0 0x1 x # 1-2 1+ 1.0 ١ 1e400 -1e400 "
    "9007199254740992 9007199254740993 9223372036854775808"
)
TOKENS = st.sampled_from(tuple(WORDS.split(" ")))
LINES = st.lists(TOKENS, max_size=4).map(" ".join)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", " \n", "\r", "\t", "\v", "\x1c"])


def outcome(parse: Any) -> Any:
    try:
        nodes, value = parse()
    except FileFormatError as error:
        return str(error)
    return nodes.tolist(), value.tolist(), value.dtype


@settings(deadline=None, max_examples=1500, derandomize=True)
@given(
    lines=st.lists(
        st.tuples(LINES | st.just("1 2 3") | st.just("1 2 0.5") | st.just("1 2"), ENDS), max_size=4
    ),
    integers=st.sampled_from([0, 2]),
    weights=st.sampled_from(["required", "optional", "absent"]),
)
def test_the_fast_parser_never_disagrees_with_the_exact_one(
    lines: list[tuple[str, str]], integers: int, weights: table.Weights
) -> None:
    text = Text(Path("text"), "".join(line + end for line, end in lines).encode())
    allowed = table.allowed_columns(integers, weights)
    fast = table._fast(text, START, integers, allowed)
    if fast is not None:
        exact = outcome(lambda: table._exact(text, START, integers, allowed, b""))
        assert outcome(lambda: fast) == exact


@pytest.mark.parametrize("body", [b"1 2 3\n4 5 6\n", b"1 2 0.5\r\n\r\n4 5 6e0", b"", b"\n1 2 -3"])
def test_the_fast_parser_takes_plain_tables(body: bytes) -> None:
    assert table._fast(Text(Path("text"), body), START, 2, (3,)) is not None


@FEW
@given(
    size=st.integers(1, 4),
    symmetric=st.booleans(),
    dense=st.booleans(),
    kind=st.sampled_from(["qubo", "ising"]),
    data=st.data(),
)
def test_matrix_market_energies(
    tmp_path: Path, size: int, symmetric: bool, dense: bool, kind: Kind, data: st.DataObject
) -> None:
    small = st.integers(-4, 4)
    matrix = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            matrix[i, j] = data.draw(small)
            matrix[j, i] = matrix[i, j] if symmetric else matrix[j, i]
    text = io.StringIO()
    print(f"%%MatrixMarket matrix {'array' if dense else 'coordinate'} real", end=" ", file=text)
    print("symmetric" if symmetric else "general", file=text)
    if dense:
        print(size, size, file=text)
        for j in range(size):
            for i in range(j if symmetric else 0, size):
                print(matrix[i, j], file=text)
    else:
        cells = [(i, j) for i, j in np.argwhere(matrix) if not symmetric or i >= j]
        print(size, size, len(cells), file=text)
        for i, j in cells:
            print(i + 1, j + 1, matrix[i, j], file=text)
    (tmp_path / "m").write_text(text.getvalue())
    problem = read_file(tmp_path / "m", kind=kind)
    x = np.array(data.draw(st.lists(st.sampled_from([0, 1]), min_size=size, max_size=size)), float)
    x = x if kind == "qubo" else 2 * x - 1
    linear = np.zeros(size) if problem.linear is None else problem.linear
    energy = linear @ x + problem.value @ (x[problem.row] * x[problem.col])
    pairs = x @ (matrix - np.diag(np.diag(matrix))) @ x
    once = pairs / 2 if symmetric and kind == "ising" else pairs
    assert energy == once + np.diag(matrix) @ x
