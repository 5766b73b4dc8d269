"""The door of the generators: parameters, facts, shapes, refusals."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isinglass import memory
from isinglass.errors import OutOfMemoryError, ParameterError, ProblemError
from isinglass.problems.dense_given import DenseIsing, PackedGraph
from isinglass.problems.generators import GENERATORS, generate
from isinglass.problems.generators.generator import Instance, Parameter
from isinglass.problems.given import EdgeList

SMALL: dict[str, dict[str, Any]] = {
    "gnp": {"n": 70, "p": 0.3},
    "sk": {"n": 70},
    "sk_gaussian": {"n": 9},
    "lattice_2d": {"length": 4},
    "lattice_3d": {"lengths": (2, 3, 4), "couplings": "gaussian"},
    "random_regular": {"n": 12},
    "chain_1d": {"n": 9},
    "planted": {"n": 40},
}


def arrays(instance: Instance) -> list[np.ndarray]:
    if isinstance(instance, PackedGraph):
        return [instance.bits]
    if isinstance(instance, DenseIsing):
        return [instance.matrix]
    return [instance.row, instance.col, instance.value]


def digest(instance: Instance) -> str:
    text = hashlib.sha256()
    for array in arrays(instance):
        text.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return text.hexdigest()[:16]


def test_every_family_has_a_small_instance_here() -> None:
    assert set(SMALL) == set(GENERATORS)


# A change here changes what published seeds mean.
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("gnp", "09a67a4648637bd3"),
        ("sk", "9de419b7ef36da07"),
        ("sk_gaussian", "24982e50f9bb1104"),
        ("lattice_2d", "d3abf5da057af282"),
        ("lattice_3d", "32835dafea51fd5c"),
        ("random_regular", "10ccdd0b1ac5fdff"),
        ("chain_1d", "8150f58d82fd0c94"),
        ("planted", "f8e4ff054e33b9d1"),
    ],
)
def test_a_seed_means_the_same_instance_for_ever(kind: str, expected: str) -> None:
    assert digest(generate(kind, seed=2026, **SMALL[kind])) == expected


def test_sparse_gnp_of_a_seed_is_the_same_for_ever() -> None:
    assert digest(generate("gnp", seed=2026, n=200, p=0.02)) == "ddb976e3dcc9e4cd"


@pytest.mark.parametrize("kind", GENERATORS)
def test_facts_are_enough_to_generate_again(kind: str) -> None:
    first = generate(kind, **SMALL[kind])
    facts = first.facts
    again = generate(facts["generator"], seed=facts["seed"], **facts["parameters"])
    assert digest(again) == digest(first)
    assert again.facts["parameters"] == facts["parameters"]


@pytest.mark.parametrize("kind", GENERATORS)
def test_seeds_differ(kind: str) -> None:
    assert digest(generate(kind, seed=1, **SMALL[kind])) != digest(generate(kind, seed=2, **SMALL[kind]))


@pytest.mark.parametrize("kind", ["gnp", "sk", "sk_gaussian"])
def test_threads_do_not_change_an_instance(kind: str) -> None:
    one = generate(kind, seed=5, n=1100, num_threads=1)
    three = generate(kind, seed=5, n=1100, num_threads=3)
    assert digest(one) == digest(three)
    assert "num_threads" not in one.facts["parameters"]


@pytest.mark.parametrize("kind", GENERATORS)
def test_edge_lists_are_small_and_simple(kind: str) -> None:
    instance = generate(kind, seed=3, **SMALL[kind])
    if not isinstance(instance, EdgeList):
        return
    assert instance.row.dtype == instance.col.dtype == np.int32
    assert np.all(instance.row < instance.col)
    assert len(np.unique(instance.row.astype(np.int64) << 32 | instance.col)) == instance.row.size
    gaussian = instance.facts["parameters"].get("couplings") == "gaussian"
    assert instance.value.dtype == (np.float64 if gaussian else np.int8)


def test_kinds_and_values() -> None:
    graph = generate("gnp", n=30, seed=1)
    assert isinstance(graph, PackedGraph)
    assert (graph.low, graph.high, graph.kind) == (0.0, 1.0, "maxcut")
    sparse = generate("gnp", n=300, p=0.05, seed=1)
    assert isinstance(sparse, EdgeList)
    assert sparse.kind == "maxcut" and np.all(sparse.value == 1) and sparse.row.size > 0
    glass = generate("sk", n=30, seed=1)
    assert isinstance(glass, PackedGraph)
    assert (glass.low, glass.high, glass.kind) == (-1.0, 1.0, "ising")
    cut = generate("random_regular", n=10, couplings="one", seed=1)
    assert isinstance(cut, EdgeList)
    assert cut.kind == "maxcut" and np.all(cut.value == 1)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_gnp_without_chance(p: float) -> None:
    graph = generate("gnp", n=100, p=p, seed=1)
    if isinstance(graph, EdgeList):
        assert p == 0.0 and graph.row.size == 0
    else:
        assert isinstance(graph, PackedGraph)
        assert np.bitwise_count(graph.bits).sum() == 100 * 99


@pytest.mark.parametrize("kind", ["gnp", "sk", "sk_gaussian", "chain_1d"])
def test_a_single_variable_has_no_couplings(kind: str) -> None:
    assert not any(array.any() for array in arrays(generate(kind, n=1, seed=1)))


def test_periodic_lattice_counts_each_pair_once() -> None:
    for lengths, bonds in [((5, 4), 40), ((2, 5), 15), ((2, 2), 4), ((1, 4), 4), ((1, 1), 0)]:
        assert arrays(generate("lattice_2d", lengths=lengths, seed=1))[0].size == bonds, lengths
    assert arrays(generate("lattice_3d", length=2, seed=1))[0].size == 12
    assert arrays(generate("lattice_3d", length=4, seed=1))[0].size == 3 * 64


def test_open_lattice_is_row_major() -> None:
    instance = generate("lattice_2d", lengths=(2, 3), periodic=False, seed=1)
    row, col, _ = arrays(instance)
    assert set(zip(row.tolist(), col.tolist(), strict=True)) == {
        (0, 3), (1, 4), (2, 5), (0, 1), (1, 2), (3, 4), (4, 5),
    }  # fmt: skip


def test_ring_of_two_has_one_bond() -> None:
    ring = generate("chain_1d", n=2, periodic=True, seed=1)
    assert arrays(ring)[0].size == 1
    assert ring.facts["ground_energy"] == -abs(float(arrays(ring)[2][0]))


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("gmp", {"n": 5}, r"'gmp' \(did you mean 'gnp'\?\)"),
        ("gnp", {"n": 5, "q": 0.5}, r"no parameter 'q'.*it has n, p"),
        ("random_regular", {"n": 5, "degre": 2}, r"did you mean 'degree'\?"),
        (["gnp"], {"n": 5}, r"no generator \['gnp'\]"),
        ("gnp", {}, r"gnp needs the parameter n, an integer from 1"),
        ("gnp", {"n": 0}, r"n=0 is not allowed: give an integer from 1 to 2147483647"),
        ("gnp", {"n": 2**31}, r"n=2147483648"),
        ("gnp", {"n": 5.0}, r"n=5.0"),
        ("gnp", {"n": True}, r"n=True"),
        ("gnp", {"n": None}, r"n=None"),
        ("gnp", {"n": 5, "p": 1.5}, r"p=1.5 is not allowed: give a number from 0 to 1"),
        ("gnp", {"n": 5, "p": float("nan")}, r"p=nan"),
        ("gnp", {"n": 5, "p": None}, r"p=None"),
        ("gnp", {"n": 5, "num_threads": 0}, r"num_threads=0 .* an integer from 1 up"),
        ("chain_1d", {"n": 5, "periodic": 1}, r"periodic=1 .* true or false"),
        ("chain_1d", {"n": 5, "couplings": "pm2"}, r"couplings='pm2' .* 'gaussian', 'pm1'"),
        ("lattice_2d", {}, r"give one of them"),
        ("lattice_2d", {"length": 3, "lengths": (3, 3)}, r"give one of them"),
        ("lattice_2d", {"lengths": (3, 3, 3)}, r"has 3 numbers: give 2"),
        ("lattice_2d", {"lengths": (3, 0)}, r"lengths=\(3, 0\)"),
        ("lattice_2d", {"lengths": 3}, r"lengths=3 .* a list of integers"),
        ("lattice_3d", {"length": 2000}, r"8000000000 sites: at most 2147483647"),
        ("random_regular", {"n": 5, "degree": 3}, r"n=5 times degree=3 is odd"),
        ("random_regular", {"n": 4, "degree": 4}, r"degree=4 .* n=4 allows at most 3"),
        ("planted", {"n": 9, "degree": 4, "graph": "lattice_2d"}, r"degree=4 goes with"),
        ("planted", {"n": 10, "graph": "lattice_2d"}, r"n=10 is not a square.*such as 9"),
        ("planted", {"n": 4}, r"min_length=6 is too long"),
    ],
)
def test_bad_input_is_named(kind: str, parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        generate(kind, seed=1, **parameters)


def test_bad_seed_is_named() -> None:
    with pytest.raises(ParameterError, match="seed=-1"):
        generate("gnp", n=5, seed=-1)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("gnp", {"n": 2_000_000_000}),
        ("gnp", {"n": 2_000_000_000, "p": 0.05}),
        ("sk", {"n": 2_000_000_000}),
        ("sk_gaussian", {"n": 2_000_000_000}),
        ("random_regular", {"n": 2_000_000_000, "degree": 1000}),
        ("random_regular", {"n": 2_000_000_000, "degree": 1_500_000_000}),
    ],
)
def test_what_cannot_fit_is_refused(kind: str, parameters: dict[str, object]) -> None:
    with pytest.raises(OutOfMemoryError, match=r"needs .* GB of memory and .* GB are available"):
        generate(kind, seed=1, **parameters)


def test_memory_is_read_and_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:    2000 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", meminfo)
    assert memory.available_bytes() == 2_048_000
    memory.require(2_048_000, "This")
    with pytest.raises(OutOfMemoryError, match=r"This needs 0\.00205 GB"):
        memory.require(2_048_001, "This")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "absent")
    elsewhere = memory.available_bytes()
    assert elsewhere is None or elsewhere > 1 << 20


def test_dense_records_refuse_other_shapes() -> None:
    with pytest.raises(ProblemError, match=r"bits has shape \(3, 1\).*uint64\[3, 8\]"):
        PackedGraph(3, np.zeros((3, 1), np.uint64), 0.0, 1.0)
    with pytest.raises(ProblemError, match="matrix has shape"):
        DenseIsing(3, np.zeros((3, 3)))


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (Parameter("n", int, "", low=1, high=9), "7", 7),
        (Parameter("p", float, "", low=0, high=1), "0.25", 0.25),
        (Parameter("periodic", bool, ""), "True", True),
        (Parameter("periodic", bool, ""), "false", False),
        (Parameter("lengths", tuple, "", low=1, high=99), "10x20", (10, 20)),
        (Parameter("lengths", tuple, "", low=1, high=99), "10,20,3", (10, 20, 3)),
        (Parameter("law", str, "", choices=("one", "two")), "two", "two"),
    ],
)
def test_parameters_are_parsed(parameter: Parameter, text: str, value: object) -> None:
    assert parameter.parse(text) == value
    with pytest.raises(ParameterError, match=f"{parameter.name}='1o' is not allowed: give "):
        parameter.parse("1o")


@pytest.mark.parametrize("kind", GENERATORS)
def test_parameter_tables_are_complete(kind: str) -> None:
    generator = GENERATORS[kind]
    assert generator.name == kind and generator.description
    for parameter in generator.parameters:
        assert parameter.meaning and parameter.rule
        if not parameter.required:
            assert parameter.check(parameter.default) == parameter.default
