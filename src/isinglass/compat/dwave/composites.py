"""Embedding composites, where Ocean's are not installed: any problem on a machine with a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dimod

from isinglass.errors import ParameterError
from isinglass.qpu.embedded import sample_embedded
from isinglass.qpu.sampler import QPUSampler


class EmbeddingComposite(dimod.ComposedSampler):  # type: ignore[misc,name-defined]  # dimod is untyped
    """Finds a chain of qubits for each variable, anneals, and reads the chains back.

    Args:
        child_sampler: a ``DWaveSampler`` or ``QPUSampler`` of this package.
    """

    # dimod's contract declares these abstract; each instance has its own.
    children: list[Any] = []  # noqa: RUF012  # abstract in dimod
    parameters: dict[str, list[str]] = {}  # noqa: RUF012  # abstract in dimod
    properties: dict[str, Any] = {}  # noqa: RUF012  # abstract in dimod

    def __init__(self, child_sampler: QPUSampler) -> None:
        if not isinstance(child_sampler, QPUSampler):
            raise ParameterError(
                f"child_sampler is a {type(child_sampler).__name__}; around other samplers than ours "
                "use dwave.system.EmbeddingComposite"
            )
        self.children = [child_sampler]
        own = ("chain_strength", "chain_break_method", "embedding_seed", "return_embedding")
        self.parameters = {**child_sampler.parameters, **{name: [] for name in own}}
        self.properties = {"child_properties": child_sampler.properties}

    def sample(
        self,
        bqm: dimod.BinaryQuadraticModel,
        *,
        chain_strength: Any = None,
        return_embedding: bool = False,
        **parameters: Any,
    ) -> dimod.SampleSet:
        """Anneal any binary quadratic model.

        Args:
            bqm: in variables of any names.
            chain_strength: a number, {variable: number}, the name of a rule, or a function of the model (and
                the embedding) as Ocean has them; None for uniform torque compensation.
            return_embedding: the embedding, chain strength and method in ``info["embedding_context"]``.
            **parameters: of the machine (docs/qpu-parameters.md) and of ``isinglass.qpu.sample_embedded``.
        """
        if callable(chain_strength):
            chain_strength = chain_strength(bqm, None)
        found = sample_embedded(
            bqm, self.child.solver, embedding=self._embedding(), chain_strength=chain_strength, **parameters
        )
        info = {"timing": found.info["qpu"]["timing"], "emulator": found.info}
        if return_embedding:
            info["embedding_context"] = {
                "embedding": found.info["embedding"], "chain_strength": found.info["chain_strength"],
                "chain_break_method": found.info["chain_break_method"],
            }  # fmt: skip
        return dimod.SampleSet(found.record, found.variables, info, found.vartype)

    def _embedding(self) -> str | Mapping[Any, Any]:
        return "auto"


class FixedEmbeddingComposite(EmbeddingComposite):
    """As above, with an embedding of yours.

    Args:
        child_sampler: as above.
        embedding: {variable: qubits}.
    """

    def __init__(self, child_sampler: QPUSampler, embedding: Mapping[Any, Any]) -> None:
        super().__init__(child_sampler)
        self.embedding = dict(embedding)

    def _embedding(self) -> str | Mapping[Any, Any]:
        return self.embedding
