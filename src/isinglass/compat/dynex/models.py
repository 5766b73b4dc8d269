"""``BQM``, ``CQM``, ``DQM``: what a sampler takes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import Any

import dimod
import numpy as np

from isinglass.compat.dynex.config import DynexConfig
from isinglass.compat.dynex.errors import DynexModelError


class _Model:
    """``relabel``, ``logging`` and ``formula`` (1 or 2) are taken and change nothing, as in the client."""

    type = "wcnf"
    type_str = ""

    def __init__(
        self, model: Any, relabel: bool = True, logging: bool = False, formula: int = 2,
        config: DynexConfig | None = None,
    ) -> None:  # fmt: skip
        if formula not in (1, 2):
            raise DynexModelError(f"formula={formula!r} is neither 1 nor 2")
        self.model, self.config = model, config

    @property
    def bqm(self) -> Any:
        """The model as a ``dimod.BinaryQuadraticModel``."""
        raise NotImplementedError

    @property
    def num_variables(self) -> int:
        return len(self.bqm.variables)

    @property
    def var_mappings(self) -> dict[int, Hashable]:
        """Number of a variable -> its label, where the two differ."""
        return {i: label for i, label in enumerate(self.bqm.variables) if label != i}


class BQM(_Model):
    """A ``dimod.BinaryQuadraticModel`` of spins or bits, a QUBO as ``{(u, v): bias}`` or a matrix."""

    type_str = "BQM"

    def __init__(self, bqm: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(bqm, Mapping):
            bqm = dimod.BinaryQuadraticModel.from_qubo(bqm)
        elif isinstance(bqm, np.ndarray):
            bqm = dimod.BinaryQuadraticModel(bqm, "BINARY")
        if not isinstance(bqm, dimod.BinaryQuadraticModel):
            raise DynexModelError(f"a {type(bqm).__name__} is not a dimod BQM, a QUBO dict or a matrix")
        super().__init__(bqm, *args, **kwargs)

    @property
    def bqm(self) -> Any:
        return self.model


class CQM(_Model):
    """A ``dimod.ConstrainedQuadraticModel``; samples come back in its own variables."""

    type_str = "CQM"

    def __init__(self, cqm: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(cqm, dimod.ConstrainedQuadraticModel):
            raise DynexModelError(f"a {type(cqm).__name__} is not a dimod.ConstrainedQuadraticModel")
        super().__init__(cqm, *args, **kwargs)

    @property
    def cqm(self) -> Any:
        return self.model

    @cached_property
    def _penalised(self) -> tuple[Any, Any]:
        return dimod.cqm_to_bqm(self.cqm)

    @property
    def bqm(self) -> Any:
        """With constraints as penalties of dimod's default weight; only an annealer is given this."""
        return self._penalised[0]

    def invert(self, sample: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """A sample of ``bqm`` in the variables of the model."""
        return dict(self._penalised[1](sample))

    def read_back(self, samples: dimod.SampleSet) -> dimod.SampleSet:
        """Samples of ``bqm``, every one of them, in the variables of the model, with its own energies."""
        inverted = [self.invert(sample) for sample in samples.samples(sorted_by=None)]
        found: dimod.SampleSet = dimod.SampleSet.from_samples_cqm(inverted, self.cqm)
        return found


class DQM(CQM):
    """A ``dimod.DiscreteQuadraticModel``; a sample is the number of a case for each variable."""

    type_str = "DQM"

    def __init__(self, dqm: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(dqm, dimod.DiscreteQuadraticModel):
            raise DynexModelError(f"a {type(dqm).__name__} is not a dimod.DiscreteQuadraticModel")
        _Model.__init__(self, dqm, *args, **kwargs)

    @property
    def dqm(self) -> Any:
        return self.model

    @cached_property
    def cqm(self) -> Any:
        """One bit for each case (variable, case), of which one is 1."""
        return dimod.ConstrainedQuadraticModel.from_discrete_quadratic_model(self.dqm)

    def read_back(self, samples: dimod.SampleSet) -> dimod.SampleSet:
        """Samples of ``bqm`` in cases. Of several cases that are 1 the first counts, of none case 0."""
        bits = {label: samples.record.sample[:, k] for k, label in enumerate(samples.variables)}
        cases = {v: np.column_stack([bits[v, c] for c in self.dqm.get_cases(v)]) for v in self.dqm.variables}
        chosen = np.column_stack([block.argmax(1) for block in cases.values()])
        energy = self.dqm.energies((chosen, list(cases)))
        table = (chosen, list(cases))
        found: dimod.SampleSet = dimod.SampleSet.from_samples(table, energy=energy, vartype="DISCRETE")
        return found
