"""``DWaveCliqueSampler``: dense problems on the largest cliques that a machine holds."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from isinglass.compat.dwave.composites import EmbeddingComposite
from isinglass.compat.dwave.sampler import DWaveSampler
from isinglass.errors import MissingExtraError
from isinglass.qpu.embedded import largest_clique
from isinglass.qpu.embedding import Source, embed
from isinglass.qpu.working_graph import WorkingGraph


class DWaveCliqueSampler(EmbeddingComposite):
    """A ``DWaveSampler`` with chains of one length for every variable.

    Args:
        **config: as of ``DWaveSampler``.
    """

    def __init__(self, **config: Any) -> None:
        super().__init__(DWaveSampler(**config))

    @cached_property
    def target_graph(self) -> Any:
        """The working graph, as networkx has it."""
        return self.child.to_networkx_graph()

    @property
    def qpu_linear_range(self) -> tuple[float, float]:
        low, high = self.child.properties["h_range"]
        return low, high

    @property
    def qpu_quadratic_range(self) -> tuple[float, float]:
        low, high = self.child.properties["extended_j_range"]
        return low, high

    @cached_property
    def largest_clique_size(self) -> int:
        """Variables of the largest complete graph that fits."""
        return largest_clique(self.child.solver) or len(_found_by_busclique(self.child.solver.graph))

    def largest_clique(self) -> dict[int, list[int]]:
        """An embedding of it."""
        return self.clique(self.largest_clique_size)

    def clique(self, variables: int | Iterable[Hashable]) -> dict[Any, list[int]]:
        """{variable: qubits} for a complete graph of these variables (or of so many).

        ProblemError where there are more than the machine holds.
        """
        labels = list(range(variables)) if isinstance(variables, int) else list(variables)
        row, col = np.triu_indices(len(labels), 1)
        found = embed(
            Source(labels, row, col), self.child.solver.graph, method="clique",
            largest_clique=self.largest_clique_size,
        )  # fmt: skip
        return dict(zip(labels, found.chains, strict=True))

    def _embedding(self) -> str | Mapping[Any, Any]:
        return "clique"


def _found_by_busclique(graph: WorkingGraph) -> Any:
    try:
        from minorminer.busclique import busgraph_cache
    except ImportError:
        raise MissingExtraError("minorminer", "qpu", "embedding cliques") from None
    return busgraph_cache(graph.to_networkx()).largest_clique()
