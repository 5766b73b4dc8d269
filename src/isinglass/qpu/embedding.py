"""Where a problem's variables sit on a chip: a chain of qubits for each.

Three ways, in this order under "auto": *native* (variables are qubits and interactions couplers), *clique*
(a complete graph of that many variables, busclique: Boothby, King, Roy, Quantum Inf. Process. 15, 495
(2016)) and *heuristic* (minorminer: Cai, Macready, Roy, arXiv 1406.2741). Found embeddings are kept, by the
hashes of both graphs.
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph

from isinglass.errors import MissingExtraError, ParameterError, ProblemError, nearest
from isinglass.qpu import embedding_cache
from isinglass.qpu.working_graph import WorkingGraph

METHODS = ("auto", "native", "clique", "heuristic")
_UNSAFE_CLIQUES = {"chimera": (3, 5), "zephyr": (5, 9)}


@dataclass(frozen=True, eq=False)
class Embedding:
    """A chain for each variable, in the problem's order."""

    chains: list[list[int]]
    """Qubits, ascending."""
    method: str
    """ "native", "clique", "heuristic" or "given"."""

    @property
    def num_qubits(self) -> int:
        return sum(map(len, self.chains))

    @property
    def longest(self) -> int:
        return max(map(len, self.chains), default=0)

    def owners(self, num_qubits: int) -> np.ndarray:
        """int32[num_qubits]: the variable of each qubit, -1 for none."""
        owner = np.full(num_qubits, -1, np.int32)
        for variable, chain in enumerate(self.chains):
            owner[chain] = variable
        return owner


@dataclass(frozen=True, eq=False)
class Source:
    """The graph of a problem: which of its variables interact."""

    labels: Sequence[Hashable]
    row: np.ndarray
    """int[m], row < col, each pair once."""
    col: np.ndarray

    @property
    def mean_degree(self) -> float:
        return 2.0 * len(self.row) / max(1, len(self.labels))

    def digest(self) -> str:
        pairs = np.stack([self.row, self.col], axis=1).astype(np.int64)
        return hashlib.sha256(f"{len(self.labels)} ".encode() + pairs.tobytes()).hexdigest()


def embed(
    source: Source,
    graph: WorkingGraph,
    *,
    method: str = "auto",
    timeout: float = 60.0,
    seed: int = 0,
    largest_clique: int | None = None,
    cache: Path | None = None,
) -> Embedding:
    """Chains for every variable of ``source`` on ``graph``.

    Args:
        method: "auto", "native", "clique" or "heuristic"; see the module's docstring.
        timeout: seconds for the heuristic.
        seed: of clique and heuristic; the same seed finds the same chains, unless the timeout comes first.
        largest_clique: variables of the largest clique, where it is known: a larger problem is not tried.
        cache: a folder in which embeddings are kept beyond this process; None for this process only.

    Raises:
        ProblemError: the problem does not fit, or not in the time; says about how many qubits a variable
        needs.
    """
    check_method(method)
    n = len(source.labels)
    if method in ("auto", "native"):
        found = _native(source, graph)
        if found is not None:
            return found
        if method == "native":
            raise ProblemError(
                "embedding='native': the problem's variables are not working qubits joined by working "
                "couplers; choose 'auto'"
            )
    needed = qubits_per_variable(source, graph)
    if n * needed > len(graph.qubits) or len(source.row) > len(graph.couplers):
        raise _too_large(source, graph, largest_clique)
    key = embedding_cache.key_of(source.digest(), graph, method, seed)
    kept = embedding_cache.recall(key, cache)
    if kept is not None:
        return Embedding(*kept)
    found = None
    if method in ("auto", "clique") and (largest_clique is None or n <= largest_clique):
        found = _clique(n, graph, seed)
    if found is None and method == "clique":
        raise _too_large(source, graph, largest_clique)
    if found is None:
        found = _heuristic(source, graph, timeout, seed)
    if found is None:
        raise _too_large(source, graph, largest_clique, timeout)
    embedding_cache.remember(key, found.chains, found.method, cache)
    return found


def check_method(method: str) -> None:
    if method not in METHODS:
        raise ParameterError(
            f"embedding={method!r} is not one of {', '.join(METHODS)}{nearest(method, METHODS)}"
        )


def given_embedding(chains: Mapping[Any, Any], source: Source, graph: WorkingGraph) -> Embedding:
    """An embedding {variable: qubits} from the user, checked against both graphs."""
    made: list[list[int]] = []
    seen: dict[int, Hashable] = {}
    for label in source.labels:
        if label not in chains:
            raise ParameterError(f"embedding has no chain for variable {label!r}")
        chain = _as_chain(label, chains[label])
        if not chain:
            raise ParameterError(f"embedding[{label!r}] is empty; every variable needs a qubit")
        for q in chain:
            if not 0 <= q < graph.num_qubits or not graph.works[q]:
                raise ParameterError(f"embedding[{label!r}] has qubit {q}, which does not work")
            if q in seen:
                raise ParameterError(f"embedding: qubit {q} is in the chains of {seen[q]!r} and {label!r}")
            seen[q] = label
        made.append(chain)
    found = Embedding(made, "given")
    _check(found, source, graph)
    return found


def _as_chain(label: Hashable, qubits: Any) -> list[int]:
    try:
        return sorted(operator.index(q) for q in qubits)
    except TypeError:
        raise ParameterError(f"embedding[{label!r}]={qubits!r} is not a list of qubits' numbers") from None


def qubits_per_variable(source: Source, graph: WorkingGraph) -> int:
    """At least how many qubits a variable needs on average.

    A chain of c qubits of degree d has at most c (d - 2) + 2 couplers left for others.
    """
    degree = 2.0 * len(graph.couplers) / max(1, len(graph.qubits))
    if degree <= 2.0:
        return 1
    return max(1, int(np.ceil((source.mean_degree - 2.0) / (degree - 2.0) - 1e-9)))


def _too_large(
    source: Source, graph: WorkingGraph, largest_clique: int | None, timeout: float | None = None
) -> ProblemError:
    n, name = len(source.labels), f"{graph.kind} {list(graph.shape)}"
    known = largest_clique
    about = "largest"
    if known is None:
        m = graph.shape[0]
        known = {"chimera": 4 * m, "pegasus": 12 * (m - 1), "zephyr": 16 * m}[graph.kind]
        about = "largest, were no qubit dead,"
    tried = "" if timeout is None else f" found no embedding in {timeout:g} s and"
    way_out = "; solve a smaller or sparser problem, or use a larger model"
    if timeout is not None:
        way_out = "; raise embedding_timeout, try another seed, or use a larger model"
    return ProblemError(
        f"a problem of {n} variables and {len(source.row)} interactions is too large for {name}:{tried} it "
        f"needs about {qubits_per_variable(source, graph)} qubits per variable or more, of "
        f"{len(graph.qubits)} in all; "
        f"the {about} clique here is {known}" + way_out
    )


def _native(source: Source, graph: WorkingGraph) -> Embedding | None:
    labels = source.labels
    if not all(isinstance(q, (int, np.integer)) and 0 <= q < graph.num_qubits for q in labels):
        return None
    qubits = np.array(labels, dtype=np.int64)
    if (
        not graph.works[qubits].all()
        or (graph.coupler_index(qubits[source.row], qubits[source.col]) < 0).any()
    ):
        return None
    return Embedding([[int(q)] for q in qubits], "native")


def _clique(n: int, graph: WorkingGraph, seed: int) -> Embedding | None:
    try:
        from minorminer.busclique import find_clique_embedding
    except ImportError:
        raise MissingExtraError("minorminer", "qpu", "embedding") from None

    # Asked for cliques that fit into one cell, busclique (0.2.22) takes all memory there is: a larger one is
    # asked for and its longest chains are left out.
    low, asked = _UNSAFE_CLIQUES.get(graph.kind, (0, 0))
    size = asked if low <= n < asked else n
    found = find_clique_embedding(size, graph.to_networkx(), use_cache=False, seed=seed % (1 << 31))
    if len(found) < n:
        return None
    chains = sorted((sorted(map(int, chain)) for chain in found.values()), key=len)
    return Embedding(chains[:n], "clique")


def _heuristic(source: Source, graph: WorkingGraph, timeout: float, seed: int) -> Embedding | None:
    try:
        import minorminer
    except ImportError:
        raise MissingExtraError("minorminer", "qpu", "embedding") from None

    n = len(source.labels)
    pairs = list(zip(source.row.tolist(), source.col.tolist(), strict=True))
    found: dict[int, list[int]] = {}
    if pairs:
        found = minorminer.find_embedding(
            pairs, graph.couplers.tolist(), timeout=timeout, random_seed=seed % (1 << 31)
        )
        if not found:
            return None
    # Variables without interactions sit where there is room.
    taken = {q for chain in found.values() for q in chain}
    free = iter([q for q in graph.qubits.tolist() if q not in taken])
    chains = []
    for i in range(n):
        chain = found[i] if i in found else [next(free, -1)]
        if chain == [-1]:
            return None
        chains.append(sorted(map(int, chain)))
    return Embedding(chains, "heuristic")


def _check(embedding: Embedding, source: Source, graph: WorkingGraph) -> None:
    """Every chain is connected and every interaction has a coupler."""
    owner = embedding.owners(graph.num_qubits)
    a, b = owner[graph.couplers].T
    inside = (a == b) & (a >= 0)
    pieces = _components(graph, inside)
    for variable, chain in enumerate(embedding.chains):
        if len({int(pieces[q]) for q in chain}) > 1:
            raise ParameterError(
                f"embedding[{source.labels[variable]!r}]: the qubits of the chain are not connected by "
                f"working couplers"
            )
    n = len(source.labels)
    between = (a != b) & (a >= 0) & (b >= 0)
    there = np.unique(np.minimum(a, b)[between].astype(np.int64) * n + np.maximum(a, b)[between])
    wanted = source.row.astype(np.int64) * n + source.col
    missing = ~np.isin(wanted, there)
    if missing.any():
        k = int(np.argmax(missing))
        u, v = source.labels[source.row[k]], source.labels[source.col[k]]
        raise ParameterError(
            f"embedding: no working coupler joins the chains of {u!r} and {v!r}, which interact"
        )


def _components(graph: WorkingGraph, used: np.ndarray) -> np.ndarray:
    pairs = graph.couplers[used]
    size = graph.num_qubits
    matrix = scipy.sparse.coo_array((np.ones(len(pairs), np.int8), pairs.T), shape=(size, size))
    parts: np.ndarray = scipy.sparse.csgraph.connected_components(matrix, directed=False)[1]
    return parts
