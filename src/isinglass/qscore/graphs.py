"""The graphs: G(n, 1/2) as packed bits, the same for a seed on every machine."""

from __future__ import annotations

import hashlib
import random

import numpy as np

from isinglass.errors import ParameterError
from isinglass.memory import require
from isinglass.problems.dense_given import PackedGraph, words_per_row
from isinglass.problems.generators import generate

GENERATORS = ("isinglass", "networkx")
"""Ours, straight into packed bits on all threads; or the graphs of the reference package,
``networkx.erdos_renyi_graph(n, 0.5, seed)``, pair by pair, for small n."""


def graph(n: int, seed: int, generator: str = "isinglass", num_threads: int | None = None) -> PackedGraph:
    """G(n, 1/2) as a maximum-cut problem.

    Args:
        n: vertices, 1 up. seed: 0 to 2^63 - 1. generator: one of GENERATORS.
        num_threads: None for every core; the graph does not depend on it.

    Raises:
        ParameterError, OutOfMemoryError (n^2 / 8 bytes).
    """
    if generator == "networkx":
        return _as_networkx(n, seed)
    if generator != "isinglass":
        raise ParameterError(f"generator={generator!r} is not one of {', '.join(GENERATORS)}")
    given = generate("gnp", n=n, p=0.5, seed=seed, num_threads=num_threads)
    assert isinstance(given, PackedGraph)
    return given


def _as_networkx(n: int, seed: int) -> PackedGraph:
    """The draws of Python's ``random.Random(seed)``, taken from NumPy's Mersenne twister row by row."""
    require(8 * n * words_per_row(n) + n * n, f"A graph of {n} vertices pair by pair")
    # Both libraries have MT19937 and make a double of two words in the same way; only seeding differs.
    state = random.Random(seed).getstate()[1]
    twister = np.random.RandomState()
    twister.set_state(("MT19937", np.array(state[:-1], np.uint32), state[-1], 0, 0.0))
    adjacent = np.zeros((n, 64 * words_per_row(n)), bool)
    for i in range(n - 1):
        adjacent[i, i + 1 : n] = twister.random_sample(n - 1 - i) < 0.5
    adjacent[:, :n] |= adjacent[:, :n].T
    bits = np.packbits(adjacent, axis=1, bitorder="little").view(np.uint64)
    return PackedGraph(n, bits, low=0.0, high=1.0, kind="maxcut")


def fingerprint(given: PackedGraph) -> str:
    """SHA-256 of the edge bits: rows of ``bits`` one after another, little-endian words, padding included."""
    digest = hashlib.sha256()
    for first in range(0, given.num_variables, 4096):
        digest.update(np.ascontiguousarray(given.bits[first : first + 4096], dtype="<u8").data)
    return digest.hexdigest()


def joined(given: PackedGraph, vertices: np.ndarray) -> np.ndarray:
    """bool[k, k]: which two of ``vertices`` (int64[k]) are joined by an edge."""
    words = given.bits[vertices][:, vertices // 64] >> (vertices % 64).astype(np.uint64)
    edge: np.ndarray = (words & np.uint64(1)).astype(bool)
    return edge
