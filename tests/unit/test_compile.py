"""The door in: what each form of a problem means, and what is refused."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import dimod
import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp

import isinglass
from isinglass.errors import OutOfMemoryError, ParameterError, ProblemError
from isinglass.problems.energies import energies
from tests.conftest import kernel_form, random_couplings


def all_states(n: int) -> np.ndarray:
    return np.array(list(itertools.product((-1, 1), repeat=n)), np.int8)


def energies_both_ways(problem: isinglass.CompiledProblem) -> np.ndarray:
    """Energies of all states from the given problem, checked against the kernel's arrays."""
    states = all_states(problem.num_variables)
    given = energies(problem.given, states)
    J, h = kernel_form(problem)
    s = states.astype(np.float64)
    kernel = s @ h + 0.5 * np.einsum("ri,ij,rj->r", s, J, s)
    assert np.allclose(problem.offset + problem.scale * kernel, given, rtol=1e-6, atol=1e-6)
    assert (J == J.T).all() and not J.diagonal().any()
    return given


def quadratic_form(matrix: np.ndarray, states: np.ndarray) -> np.ndarray:
    return np.einsum("ri,ij,rj->r", states, matrix, states)


INTEGER = np.random.default_rng(0).integers(-3, 4, (6, 6)).astype(float)
TRIANGLES = {"upper": np.triu(INTEGER), "lower": np.tril(INTEGER), "symmetric": INTEGER + INTEGER.T}


@pytest.mark.parametrize("storage", [None, "dense", "sparse"])
@pytest.mark.parametrize("form", TRIANGLES)
@pytest.mark.parametrize("factor", [1.0, 0.1, np.pi])
@pytest.mark.parametrize("wrap", [np.asarray, sp.csr_array, sp.csc_array, sp.coo_array])
def test_a_matrix_is_a_qubo_in_every_triangle(
    wrap: Any, factor: float, form: str, storage: str | None
) -> None:
    matrix = factor * TRIANGLES[form]
    binary = (all_states(6) + 1) // 2
    problem = isinglass.compile(wrap(matrix), storage=storage)
    assert problem.kind == "qubo" and problem.vartype == "BINARY"
    assert np.allclose(energies_both_ways(problem), quadratic_form(matrix, binary))


@pytest.mark.parametrize("storage", [None, "dense", "sparse", "packed"])
@pytest.mark.parametrize("kind", ["ising", "maxcut", "qubo"])
@pytest.mark.parametrize("wrap", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("values", [(0, 1), (-1, 1), (0, -2.5), (0.25, 3)])
@pytest.mark.parametrize("form", ["upper", "symmetric"])
def test_two_valued_matrices_in_every_storage(
    form: str, values: tuple[float, float], wrap: Any, kind: str, storage: str | None
) -> None:
    draw = np.random.default_rng(5).integers(0, 2, (7, 7))
    matrix = np.triu(np.where(draw == 1, values[1], values[0]), 1)
    once = matrix
    if form == "symmetric":
        matrix = matrix + matrix.T
    problem = isinglass.compile(wrap(matrix), kind=kind, storage=storage)
    states = all_states(7) if kind != "qubo" else (all_states(7) + 1) // 2
    pairs = quadratic_form(once, states) * (2 if kind == "qubo" and form == "symmetric" else 1)
    assert np.allclose(energies_both_ways(problem), pairs)
    if storage:
        assert problem.storage == storage


def test_memmap_is_read_as_it_stands(tmp_path: Path) -> None:
    matrix = random_couplings(300, 1.0, "gaussian", 1).astype(np.float32)
    np.save(tmp_path / "q.npy", matrix)
    mapped = np.load(tmp_path / "q.npy", mmap_mode="r")
    problem = isinglass.compile(mapped)
    assert isinstance(problem.given.matrix, np.memmap)
    spins = np.random.default_rng(0).choice([-1, 1], (4, 300)).astype(np.int8)
    binary = ((spins + 1) // 2).astype(float)
    assert np.allclose(energies(problem.given, spins), quadratic_form(matrix.astype(float), binary))


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
@pytest.mark.parametrize("labels", ["012345", "zyxwvu"])
def test_bqm(vartype: str, labels: str) -> None:
    names: list[Any] = [int(c) if c.isdigit() else c for c in labels]
    bqm = dimod.generators.gnp_random_bqm(names, 0.8, vartype, random_state=4)
    bqm.offset = 1.5
    problem = isinglass.compile(bqm)
    assert list(problem.labels) == sorted(names)
    states = all_states(6) if vartype == "SPIN" else (all_states(6) + 1) // 2
    assert np.allclose(energies_both_ways(problem), bqm.energies((states, sorted(names))))


def test_qubo_dict_adds_both_directions() -> None:
    problem = isinglass.compile({("a", "b"): 1, ("b", "a"): 2, ("a", "a"): -4})
    assert energies_both_ways(problem).tolist() == [0, 0, -4, -1]


@pytest.mark.parametrize(
    ("h", "J"),
    [
        ({0: 1.0, 2: -1.0}, {(0, 1): 2.0, (1, 2): -0.5}),
        ([1.0, 0.0, -1.0], {(0, 1): 2.0, (1, 2): -0.5}),
        ([1.0, 0.0, -1.0], np.array([[0, 2, 0], [0, 0, -0.5], [0, 0, 0]])),
        ([1.0, 0.0, -1.0], np.array([[0, 2, 0], [2, 0, -0.5], [0, -0.5, 0]])),
        ({0: 1.0, 2: -1.0}, sp.csr_array(np.array([[0, 2, 0], [2, 0, -0.5], [0, -0.5, 0]]))),
    ],
)
def test_h_and_j(h: Any, J: Any) -> None:
    s = all_states(3)
    expected = s[:, 0] - s[:, 2] + 2.0 * s[:, 0] * s[:, 1] - 0.5 * s[:, 1] * s[:, 2]
    assert np.allclose(energies_both_ways(isinglass.compile((h, J))), expected)


def test_graph_and_edges_are_maxcut() -> None:
    graph = nx.Graph()
    graph.add_weighted_edges_from([("a", "b", 2.0), ("b", "c", -1.0)])
    graph.add_edge("a", "c")
    graph.add_node("lonely")
    from_graph = isinglass.compile(graph)
    assert list(from_graph.labels) == ["a", "b", "c", "lonely"] and from_graph.kind == "maxcut"
    edges = isinglass.compile(([0, 1, 0], [1, 2, 2], [2.0, -1.0, 1.0]))
    assert np.allclose(energies_both_ways(from_graph)[::2], energies_both_ways(edges))
    result = isinglass.solve(graph, solver="exact")
    assert result.record.cut[0] == 3.0


def test_scaling_the_problem_scales_everything_and_changes_no_sample() -> None:
    matrix = random_couplings(60, 0.3, "gaussian", 3)
    one = isinglass.solve(
        matrix, kind="ising", solver="simulated_annealing", num_reads=4, annealing_time=50, seed=1
    )
    for factor in (1e-30, 4.0, 1e25):
        other = isinglass.solve(
            factor * matrix,
            kind="ising",
            solver="simulated_annealing",
            num_reads=4,
            annealing_time=50,
            seed=1,
        )
        assert (one.record.sample == other.record.sample).all()
        assert np.allclose(other.record.energy, factor * one.record.energy, rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([1, -1, 3], "int8"),
        ([100, -100, 300], "int8"),  # in units of 100
        ([0.1, -0.1, 0.3], "int8"),  # in units of 0.1
        ([1, 100, -100], "int16"),
        ([1, 20_000, -3], "int32"),
        ([1, 3_000_000_000, 5], "float32"),
        ([1.0, np.pi, 2.0], "float32"),
    ],
)
def test_the_narrowest_exact_type_is_taken(weights: list[float], expected: str) -> None:
    problem = isinglass.compile(([0, 1, 2], [1, 2, 3], weights), kind="ising")
    assert problem.couplings.weights.dtype == expected
    assert problem.integer == (expected != "float32")


@pytest.mark.parametrize("kind", ["float16", "longdouble", ">f8", ">i4", "bool", "uint8"])
def test_every_real_type_is_read(kind: str) -> None:
    coupling = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]]).astype(kind)
    expected = isinglass.solve(coupling.astype(np.float64), kind="ising", seed=1).first.energy
    assert isinglass.solve(coupling, kind="ising", seed=1).first.energy == expected == -2
    edges = ([0, 1], [1, 2], coupling[coupling != 0])
    if kind != "bool":
        assert isinglass.solve(edges, kind="ising", seed=1).first.energy == -2
    if kind not in ("float16", ">f8", ">i4"):  # of which SciPy has no sparse matrices
        assert isinglass.solve(sp.csr_array(coupling), kind="ising", seed=1).first.energy == -2


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (np.array([[0, np.nan], [0, 0]]), r"nan at \(0, 1\)"),
        (sp.csr_array(np.array([[0, np.inf], [0, 0]])), r"inf at \(0, 1\)"),
        (np.zeros((2, 3)), r"shape \(2, 3\); it must be square"),
        (np.zeros(4), "must be square"),
        (np.array([[0, 1], [2, 0]]), r"1 at \(0, 1\) and 2 at \(1, 0\)"),
        (sp.csr_array(np.array([[0, 1], [2, 0]])), r"1 at \(0, 1\) and 2 at \(1, 0\)"),
        (np.array([["a"]]), "real numbers"),
        (np.array([[1j]]), "real numbers"),
        ({("a", "b"): float("nan")}, r"\('a', 'b'\).*finite"),
        ({("a", "b"): "x"}, "not a number"),
        ({"ab": 1}, "not a pair"),
        (({}, {("a", "a"): 1}), "a spin squared is 1"),
        (({}, 5), "pass a dict"),
        (([1.0, 2.0], np.zeros((3, 3))), "h has 2 entries and J has 3 variables"),
        (([0, 1], [1, 2, 3], [1, 1]), "three vectors of one length"),
        (([0.5], [1], [1]), "node numbers must be integers"),
        (([-1], [1], [1]), "numbered from 0"),
        (([1], [1], [1]), "joins a variable to itself"),
        (([0], [1], [float("inf")]), "must be a finite number"),
        (42, "a problem of type int is not known"),
        (nx.DiGraph([(0, 1)]), "undirected"),
        (nx.Graph([(0, 0)]), "self-loop"),
        (dimod.BQM({0: float("nan")}, {}, 0, "SPIN"), "must be a finite number"),
    ],
)
def test_bad_problems_get_one_sentence(problem: Any, said: str) -> None:
    with pytest.raises(ProblemError, match=said):
        isinglass.compile(problem)


@pytest.mark.parametrize("form", ["csr_array", "csc_array"])
@pytest.mark.parametrize(
    ("array", "at", "value", "said"),
    [
        ("indices", 0, 77, r"indices\[0\] is 77"),
        ("indices", 1, -5, r"indices\[1\] is -5"),
        ("indptr", -1, 0, "never fall"),
        ("indptr", 0, 1, "begin at 0"),
        ("indptr", 2, 1, "ends at 1"),
    ],
)
def test_broken_compressed_rows_are_refused(form: str, array: str, at: int, value: int, said: str) -> None:
    matrix = getattr(sp, form)(np.array([[0.0, 1.0], [1.0, 0.0]]))
    getattr(matrix, array)[at] = value
    with pytest.raises(ProblemError, match=said):
        isinglass.compile(matrix)


def test_ising_matrix_with_a_diagonal_is_refused() -> None:
    with pytest.raises(ProblemError, match="spin squared"):
        isinglass.compile(np.eye(3), kind="ising")


def test_unknown_kind_and_storage_name_the_nearest() -> None:
    with pytest.raises(ParameterError, match="did you mean 'maxcut'"):
        isinglass.compile(np.zeros((2, 2)), kind="max-cut")
    with pytest.raises(ParameterError, match="did you mean 'packed'"):
        isinglass.compile(np.zeros((2, 2)), storage="pack")


def test_packed_refuses_more_than_two_values() -> None:
    for wrap in (np.asarray, sp.csr_array):
        with pytest.raises(ProblemError, match="two values"):
            isinglass.compile(wrap(random_couplings(9, 1.0, "small", 1)), storage="packed")


def test_a_problem_that_cannot_fit_says_both_numbers() -> None:
    # Ten million variables as a dense matrix: 400 TB.
    with pytest.raises(OutOfMemoryError, match=r"needs .* GB of memory and .* GB are available"):
        isinglass.compile(([0], [10_000_000], [1.0]), storage="dense")


def test_empty_and_single_problems_are_legal() -> None:
    for problem in ({}, np.zeros((0, 0)), ({}, {}), dimod.BQM("BINARY"), nx.Graph()):
        assert isinglass.compile(problem).num_variables == 0
        assert isinglass.solve(problem, num_reads=2).record.energy.tolist() in ([0.0], [0.0, 0.0])
    assert isinglass.solve({("x", "x"): -3}, num_reads=3).first.sample == {"x": 1}


def test_a_packed_graph_goes_into_any_storage() -> None:
    graph = isinglass.generate("sk", n=9, seed=2)
    spins = all_states(9)[::7]
    expected = energies(graph, spins)
    for storage in ("packed", "dense", "sparse"):
        problem = isinglass.compile(graph, storage=storage)
        assert problem.storage == storage and problem.num_interactions == 36
        assert (energies(problem.given, spins) == expected).all()
        J, h = kernel_form(problem)
        assert (np.einsum("ri,ij,rj->r", spins, J, spins) / 2 == expected).all() and not h.any()


def test_storage_follows_the_problem() -> None:
    assert isinglass.compile(isinglass.generate("sk", n=1000, seed=1)).storage == "packed"
    assert isinglass.compile(random_couplings(600, 1.0, "gaussian", 1)).storage == "dense"
    assert (
        isinglass.compile(isinglass.generate("random_regular", n=1000, degree=3, seed=1)).storage == "sparse"
    )


def test_halves_and_quarters_are_whole_multiples_of_their_unit() -> None:
    edges = ([0, 1, 2], [1, 2, 3], [1.5, -1.0, 2.25])
    problem = isinglass.compile(edges, kind="ising")
    assert problem.integer and problem.scale == 0.25
    assert isinglass.solve(edges, kind="ising", solver="exact").first.energy == -4.75
