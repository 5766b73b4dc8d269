"""Counts and moments against closed forms, within five standard deviations (seeds are fixed)."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from isinglass.problems.dense_given import DenseIsing, PackedGraph
from isinglass.problems.generators import generate
from isinglass.problems.generators.draws import (
    Purpose,
    gaussians,
    integer_below,
    natural_log,
    normal_quantile,
    signs,
    stream_key,
)
from isinglass.problems.given import EdgeList

SIGMAS = 5.0
KEY = stream_key(11, Purpose.GRAPH)


def packed(n: int, p: float, seed: int) -> np.ndarray:
    graph = generate("gnp", n=n, p=p, seed=seed, num_threads=1)
    assert isinstance(graph, PackedGraph)
    return graph.bits


def assert_binomial(count: int, trials: int, p: float) -> None:
    # A binomial count has mean N p and variance N p (1 - p).
    assert abs(count - trials * p) <= SIGMAS * math.sqrt(trials * p * (1 - p)), count / trials


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.75, 0.999])
def test_packed_edge_count(p: float) -> None:
    n = 2000
    assert_binomial(int(np.bitwise_count(packed(n, p, seed=4)).sum()) // 2, n * (n - 1) // 2, p)


@pytest.mark.parametrize(("n", "p"), [(1000, 0.0999), (3000, 0.01), (100_000, 1e-5), (2_000_000, 1e-7)])
def test_sparse_edge_count(n: int, p: float) -> None:
    graph = generate("gnp", n=n, p=p, seed=4)
    assert isinstance(graph, EdgeList)
    assert_binomial(graph.row.size, n * (n - 1) // 2, p)
    # The mean end of an edge is (n - 1) / 2; one uniform end has variance (n^2 - 1) / 12 and the
    # two of an edge are all but independent.
    ends = np.concatenate((graph.row, graph.col))
    assert abs(ends.mean() - (n - 1) / 2) <= SIGMAS * n / math.sqrt(12 * ends.size)


def test_sparse_pairs_are_equally_likely() -> None:
    n, p, runs = 12, 0.09, 3000
    counts = np.zeros((n, n))
    for seed in range(runs):
        graph = generate("gnp", n=n, p=p, seed=seed)
        assert isinstance(graph, EdgeList)
        counts[graph.row, graph.col] += 1
    observed = counts[np.triu_indices(n, 1)]
    # Chi-square with one degree of freedom a pair: mean k, variance about 2 k.
    chi_square = float((((observed - runs * p) ** 2) / (runs * p * (1 - p))).sum())
    assert abs(chi_square - observed.size) <= SIGMAS * math.sqrt(2 * observed.size)


def test_bits_of_neighbouring_words_and_rows_are_independent() -> None:
    n = 2048
    bits = packed(n, 0.5, seed=9)
    block = bits[:1024, 16:32]  # wholly above the diagonal
    assert_binomial(int(np.bitwise_count(block).sum()), block.size * 64, 0.5)
    for other in (block[:, 1:] ^ block[:, :-1], block[1:] ^ block[:-1], block[512:] ^ block[:512]):
        assert_binomial(int(np.bitwise_count(other).sum()), other.size * 64, 0.5)
    shifted = (block >> np.uint64(1) ^ block) & np.uint64((1 << 63) - 1)
    assert_binomial(int(np.bitwise_count(shifted).sum()), block.size * 63, 0.5)
    for position in range(64):
        ones = int((block >> np.uint64(position) & np.uint64(1)).sum())
        assert_binomial(ones, block.size, 0.5)


def test_matrices_of_two_seeds_are_independent() -> None:
    n = 2000
    differing = int(np.bitwise_count(packed(n, 0.5, seed=1) ^ packed(n, 0.5, seed=2)).sum()) // 2
    assert_binomial(differing, n * (n - 1) // 2, 0.5)


def test_degrees_vary_as_they_should() -> None:
    n, p = 2000, 0.3
    degrees = np.bitwise_count(packed(n, p, seed=6)).sum(axis=1, dtype=np.int64)
    # Each degree has variance (n - 1) p (1 - p); a sample variance of n values has relative
    # standard deviation sqrt(2 / n).
    ratio = degrees.var() / ((n - 1) * p * (1 - p))
    assert abs(ratio - 1) <= SIGMAS * math.sqrt(2 / n)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("lattice_2d", {"length": 200}),
        ("lattice_3d", {"length": 30}),
        ("random_regular", {"n": 40_000}),
        ("chain_1d", {"n": 50_000, "couplings": "pm1"}),
    ],
)
def test_coupling_signs_are_balanced(kind: str, parameters: dict[str, object]) -> None:
    instance = generate(kind, seed=3, **parameters)
    assert isinstance(instance, EdgeList)
    assert_binomial(int((instance.value > 0).sum()), instance.value.size, 0.5)
    assert_binomial(int((instance.value[1:] == instance.value[:-1]).sum()), instance.value.size - 1, 0.5)


def test_sk_signs_are_balanced() -> None:
    glass = generate("sk", n=2000, seed=3, num_threads=1)
    assert isinstance(glass, PackedGraph)
    assert_binomial(int(np.bitwise_count(glass.bits).sum()) // 2, 2000 * 1999 // 2, 0.5)


def assert_normal(sample: np.ndarray) -> None:
    # Moments 1 to 4 of a normal sample: means 0, 1, 0, 3, variances 1, 2, 15, 96 over N.
    for power, mean, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]:
        moment = float(np.mean(sample.astype(np.float64) ** power))
        assert abs(moment - mean) <= SIGMAS * math.sqrt(variance / sample.size), power


def test_sk_gaussian_couplings_are_normal() -> None:
    glass = generate("sk_gaussian", n=1500, seed=3, num_threads=1)
    assert isinstance(glass, DenseIsing)
    assert_normal(glass.matrix[np.triu_indices(1500, 1)])


def test_gaussians_are_normal() -> None:
    assert_normal(gaussians(KEY, 1_000_000))


def test_logarithm_and_quantile_to_rounding() -> None:
    for x in [2.0**-53, 1e-9, 0.3, 0.5, 0.70710678, 0.9999999, 1.0 - 2.0**-53, 1.0, 7.0]:
        assert natural_log(x) == pytest.approx(math.log(x), rel=5e-16, abs=1e-300)
    for u in [
        2.0**-53,
        1e-12,
        1e-6,
        0.01,
        0.0749,
        0.0751,
        0.3,
        0.5,
        0.7,
        0.93,
        0.999,
        1 - 1e-9,
        1 - 2.0**-53,
    ]:
        assert normal_quantile(u) == pytest.approx(NormalDist().inv_cdf(u), rel=1e-14, abs=1e-300)
        assert math.erfc(-normal_quantile(u) / math.sqrt(2)) / 2 == pytest.approx(u, rel=1e-13)


def test_integers_are_uniform() -> None:
    largest = (1 << 64) - 1
    for size in [1, 2, 3, 1000, (1 << 31) + 5, 1 << 32]:
        assert integer_below(np.uint64(0), size) == 0
        assert integer_below(np.uint64(largest), size) == size - 1
        for word in [1, 12345678901234567890, 1 << 63, 0xFFFFFFFF, largest - 1]:
            assert integer_below(np.uint64(word), size) == word * size >> 64


def test_signs_of_two_purposes_are_independent() -> None:
    count = 200_000
    agree = signs(KEY, count) == signs(stream_key(11, Purpose.COUPLINGS), count)
    assert_binomial(int(agree.sum()), count, 0.5)


def test_regular_graphs_have_the_loops_of_the_theory() -> None:
    # Triangles of a random cubic graph are Poisson with mean (d - 1)^3 / 6 = 4 / 3 (Bollobas).
    runs, triangles = 400, 0
    for seed in range(runs):
        graph = generate("random_regular", n=200, seed=seed)
        assert isinstance(graph, EdgeList)
        adjacent = np.zeros((200, 200))
        adjacent[graph.row, graph.col] = adjacent[graph.col, graph.row] = 1
        triangles += round(float(((adjacent @ adjacent) * adjacent).sum()) / 6)
    assert abs(triangles / runs - 4 / 3) <= SIGMAS * math.sqrt(4 / 3 / runs)


def test_planted_state_hides_behind_a_gauge() -> None:
    instance = generate("planted", n=10_000, seed=2)
    assert isinstance(instance, EdgeList)
    assert_binomial(int((instance.facts["ground_state"] > 0).sum()), 10_000, 0.5)
    # After the gauge the sign of a bond is the product of two fair coins.
    assert_binomial(int((instance.value > 0).sum()), instance.value.size, 0.5)
