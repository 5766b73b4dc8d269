"""One graph as a problem: what is handed over, and what its answers are worth."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dimod
import numpy as np

from isinglass.control import available_threads
from isinglass.errors import ParameterError, ProblemError
from isinglass.memory import require
from isinglass.problems.dense_given import PackedGraph
from isinglass.problems.edges_of import edge_list_of
from isinglass.problems.energies import energies, total_weight, unpack_bits
from isinglass.qscore.graphs import joined
from isinglass.qscore.score import VARIANTS

NON_EDGE_PENALTY = 2
"""Weight of a pair of chosen vertices that are not joined, against 1 for a vertex: optima are cliques."""


@dataclass(frozen=True, eq=False)
class Instance:
    """A graph and what is asked of it: the largest cut, or the largest clique."""

    graph: PackedGraph
    variant: str

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ParameterError(f"variant={self.variant!r} is not one of {', '.join(VARIANTS)}")

    @cached_property
    def edges(self) -> int:
        """Edges of the graph."""
        return int(total_weight(self.graph))

    def problem(self) -> Any:
        """As ``isinglass.solve`` takes it: the packed graph itself, or a QUBO matrix (int8, n^2 bytes).

        A clique minimises ``-sum x_i + 2 sum over pairs not joined of x_i x_j``.
        """
        if self.variant == "max-cut":
            return self.graph
        n = self.graph.num_variables
        require(3 * n * n, f"The complement of a graph of {n} vertices")
        apart = np.int8(1) - unpack_bits(self.graph.bits, n).view(np.int8)
        qubo = np.triu(apart, 1) * np.int8(NON_EDGE_PENALTY)
        np.fill_diagonal(qubo, -1)
        return qubo

    def bqm(self) -> dimod.BinaryQuadraticModel:
        """The same for a ``dimod.Sampler``."""
        if self.variant == "max-cut":
            edges = edge_list_of(self.graph)
            bqm = dimod.BinaryQuadraticModel(self.graph.num_variables, dimod.SPIN)
            bqm.add_quadratic_from(zip(edges.row, edges.col, edges.value, strict=True))
            return bqm
        return dimod.BinaryQuadraticModel(self.problem().astype(np.float64), dimod.BINARY)

    def best_of(self, states: np.ndarray) -> tuple[int, np.ndarray]:
        """(size, answer) of the best of ``states`` (int8[reads, n], -1/+1).

        The answer is bool[n]: one side of the cut, or the vertices of the clique. Of a set with pairs
        that are not joined, vertices with the most such pairs are left out until it is a clique.
        """
        if self.variant == "max-cut":
            cuts = self._cuts(states)
            best = int(np.argmax(cuts))
            return int(cuts[best]), states[best] > 0
        cliques = [self._clique_in(state > 0) for state in states]
        largest = max(cliques, key=np.count_nonzero)
        return int(np.count_nonzero(largest)), largest

    def size_of(self, answer: np.ndarray) -> int:
        """Edges cut, or vertices of the clique; ProblemError for what is no clique."""
        if self.variant == "max-cut":
            return int(self._cuts(np.where(answer, np.int8(1), np.int8(-1))[None])[0])
        vertices = np.flatnonzero(answer)
        if not joined(self.graph, vertices)[~np.eye(len(vertices), dtype=bool)].all():
            raise ProblemError("the vertices given are not a clique: two of them are not joined")
        return len(vertices)

    def _cuts(self, states: np.ndarray) -> np.ndarray:
        """Edges cut by each of ``states`` (int8[reads, n]); exact."""
        return (self.edges - energies(self.graph, states, available_threads())) / 2.0

    def _clique_in(self, chosen: np.ndarray) -> np.ndarray:
        vertices = np.flatnonzero(chosen)
        strangers = ~joined(self.graph, vertices)
        np.fill_diagonal(strangers, False)
        left = np.ones(len(vertices), bool)
        while (counts := (strangers & left).sum(axis=1) * left).any():
            left[np.argmax(counts)] = False
        answer = np.zeros(len(chosen), bool)
        answer[vertices[left]] = True
        return answer


def encode(answer: np.ndarray) -> str:
    """bool[n] as text: bits, eight a byte from the lowest, deflated, base64."""
    return base64.b64encode(zlib.compress(np.packbits(answer, bitorder="little").tobytes(), 9)).decode()


def decode(text: str, n: int) -> np.ndarray:
    """The inverse of ``encode``; ValueError where the text is not an answer of ``n`` vertices."""
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(base64.b64decode(text, validate=True), -(-n // 8) + 1)
    except zlib.error as error:
        raise ValueError(f"the answer cannot be read: {error}") from None
    if len(data) != -(-n // 8):
        raise ValueError(f"the answer has {8 * len(data)} bits for {n} vertices")
    return np.unpackbits(np.frombuffer(data, np.uint8), count=n, bitorder="little").astype(bool)
