"""What holds for every instance of a family, whatever its parameters."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isinglass.problems.dense_given import DenseIsing, PackedGraph
from isinglass.problems.generators import generate
from isinglass.problems.given import EdgeList

SEEDS = st.integers(0, 2**63 - 1)
quick = settings(deadline=None, max_examples=40, derandomize=True)


def edges(kind: str, **parameters: object) -> EdgeList:
    instance = generate(kind, **parameters)
    assert isinstance(instance, EdgeList)
    return instance


def energies(instance: EdgeList, spins: np.ndarray) -> np.ndarray:
    """float64[k] for spins int8[k, n]."""
    products = spins[:, instance.row] * spins[:, instance.col]
    return np.asarray(products @ instance.value.astype(np.float64))


def all_states(n: int) -> np.ndarray:
    """int8[2^(n - 1), n]: every state up to the flip of all spins."""
    index = np.arange(1 << (n - 1))
    return (2 * (index[:, None] >> np.arange(n) & 1) - 1).astype(np.int8)


@quick
@given(seed=SEEDS, n=st.integers(1, 1100), p=st.floats(0.1, 1.0))
def test_packed_graphs_are_symmetric_and_padded_with_zeros(seed: int, n: int, p: float) -> None:
    graph = generate("gnp", seed=seed, n=n, p=p, num_threads=1)
    assert isinstance(graph, PackedGraph)
    assert graph.bits.shape == (n, 8 * -(-n // 512))
    each = (graph.bits[:, :, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)).reshape(n, -1)
    assert not each[:, n:].any()
    assert not each.diagonal().any()
    np.testing.assert_array_equal(each[:, :n], each[:, :n].T)


@quick
@given(seed=SEEDS, n=st.integers(1, 300), p=st.floats(0.0, 0.0999))
def test_sparse_graphs_are_simple(seed: int, n: int, p: float) -> None:
    graph = edges("gnp", seed=seed, n=n, p=p)
    pairs = graph.row.astype(np.int64) * n + graph.col
    assert np.all(graph.row < graph.col) and np.all(graph.col < n) and np.all(graph.row >= 0)
    assert np.all(np.diff(pairs) > 0)


@quick
@given(seed=SEEDS, n=st.integers(1, 200))
def test_gaussian_matrices_are_symmetric(seed: int, n: int) -> None:
    glass = generate("sk_gaussian", seed=seed, n=n, num_threads=1)
    assert isinstance(glass, DenseIsing)
    np.testing.assert_array_equal(glass.matrix, glass.matrix.T)
    assert not glass.matrix.diagonal().any()
    assert np.count_nonzero(glass.matrix) == n * (n - 1)


@settings(quick, max_examples=150)
@given(seed=SEEDS, n=st.integers(2, 40), data=st.data())
def test_regular_graphs_are_simple_and_regular(seed: int, n: int, data: st.DataObject) -> None:
    degree = data.draw(st.integers(1, n - 1).filter(lambda d: n * d % 2 == 0))
    graph = edges("random_regular", seed=seed, n=n, degree=degree)
    ends = np.concatenate((graph.row, graph.col))
    np.testing.assert_array_equal(np.bincount(ends, minlength=n), degree)
    assert np.all(graph.row < graph.col)
    assert np.all(np.diff(graph.row.astype(np.int64) * n + graph.col) > 0)


@quick
@given(
    seed=SEEDS,
    lengths=st.lists(st.integers(1, 5), min_size=2, max_size=3).map(tuple),
    periodic=st.booleans(),
)
def test_lattice_bonds_join_neighbours_once(seed: int, lengths: tuple[int, ...], periodic: bool) -> None:
    instance = edges(f"lattice_{len(lengths)}d", seed=seed, lengths=lengths, periodic=periodic)
    expected = set()
    for site in itertools.product(*map(range, lengths)):
        for axis, length in enumerate(lengths):
            step = list(site)
            step[axis] += 1
            if periodic:
                step[axis] %= length
            if step[axis] < length and tuple(step) != site:
                ends = (np.ravel_multi_index(site, lengths), np.ravel_multi_index(step, lengths))
                expected.add((int(min(ends)), int(max(ends))))
    found = list(zip(instance.row.tolist(), instance.col.tolist(), strict=True))
    assert len(found) == len(expected) and set(found) == expected


@quick
@given(
    seed=SEEDS, n=st.integers(1, 11), periodic=st.booleans(), couplings=st.sampled_from(["pm1", "gaussian"])
)
def test_chain_ground_energy_is_the_minimum(seed: int, n: int, periodic: bool, couplings: str) -> None:
    chain = edges("chain_1d", seed=seed, n=n, periodic=periodic, couplings=couplings)
    lowest = energies(chain, all_states(n)).min()
    assert chain.facts["ground_energy"] == pytest.approx(lowest, abs=1e-12)


@settings(quick, max_examples=25)
@given(
    seed=SEEDS,
    graph=st.sampled_from(
        [
            {"n": 16, "graph": "lattice_2d"},
            {"n": 9, "graph": "lattice_2d", "min_length": 3},
            {"n": 14, "min_length": 4},
            {"n": 12, "degree": 5, "min_length": 3},
        ]
    ),
    coverage=st.floats(0.01, 5.0),
)
def test_planted_state_is_a_ground_state(seed: int, graph: dict[str, object], coverage: float) -> None:
    instance = edges("planted", seed=seed, coverage=coverage, **graph)
    planted = instance.facts["ground_state"]
    assert planted.dtype == np.int8 and np.all(np.abs(planted) == 1)
    assert energies(instance, planted[None])[0] == instance.facts["ground_energy"]
    assert energies(instance, all_states(instance.num_variables)).min() == instance.facts["ground_energy"]
    assert np.all(instance.value != 0)


@quick
@given(seed=SEEDS, coverage=st.floats(0.01, 200.0))
def test_planted_energy_at_any_size_of_coupling(seed: int, coverage: float) -> None:
    instance = edges("planted", seed=seed, n=100, coverage=coverage)
    planted = instance.facts["ground_state"]
    assert energies(instance, planted[None])[0] == instance.facts["ground_energy"]
    largest = int(np.abs(instance.value.astype(np.int64)).max())
    assert instance.value.dtype == (np.int8 if largest <= 127 else np.int16)
