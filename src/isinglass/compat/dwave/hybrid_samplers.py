"""``LeapHybrid...Sampler``: this program's own solvers under the names that code has for the hybrid ones."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

import dimod
import numpy as np

from isinglass.compat.dwave import hybrid_kinds
from isinglass.compat.dwave.hybrid_kinds import HybridKind
from isinglass.compat.dwave.selection import check_connection
from isinglass.solving import solve


class HybridSampler:
    """One kind of model.

    Args:
        solver: passed over: there is one solver a kind.
        **connection: words about a connection; they mean nothing here.
    """

    kind: ClassVar[HybridKind]

    def __init__(self, *, solver: Any = None, **connection: Any) -> None:
        check_connection(connection)
        self.properties = self.kind.properties
        self.parameters: dict[str, list[str]] = {"time_limit": ["parameters"], "label": [], "seed": []}

    def close(self) -> None:
        """There is no connection to close."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _min_time_limit(self, model: Any) -> float:
        return self.kind.least_seconds(model)

    def _solve(self, model: Any, time_limit: Any, label: str | None, seed: int | None) -> dimod.SampleSet:
        seconds = self.kind.time_limit(time_limit, model)
        found = solve(model, time_limit=seconds, seed=seed)
        return hybrid_answer(self.kind, found, problem_id=str(uuid.uuid4()), problem_label=label)


def hybrid_times(info: Mapping[str, Any]) -> dict[str, Any]:
    """What a run took, in µs, in the vendor's words."""
    run_time = 1e6 * info["timing"]["total"]
    return {"qpu_access_time": 0, "charge_time": run_time, "run_time": run_time}


def hybrid_answer(kind: HybridKind, found: dimod.SampleSet, **more: Any) -> dimod.SampleSet:
    """The best samples of a result, with the vectors and the ``info`` that the vendor's hybrid solvers give.

    Times are in µs; what satisfies the constraints comes first.
    """
    info = hybrid_times(found.info)
    names = ["sample", "energy", "num_occurrences"]
    if found.info.get("constraint_labels"):
        info["constraint_labels"] = found.info["constraint_labels"]
        names += ["is_feasible", "is_satisfied"]
    info |= {name: value for name, value in more.items() if value is not None}
    energy = found.record.energy
    feasible = found.record.is_feasible if "is_feasible" in names else np.ones(len(energy), bool)
    best = np.lexsort((energy, ~feasible))[: kind.most_samples]
    return dimod.SampleSet(found.record[names][best], found.variables, info, found.vartype)


class LeapHybridBQMSampler(HybridSampler, dimod.Sampler):  # type: ignore[misc,name-defined]  # dimod is untyped
    """Binary quadratic models."""

    kind = hybrid_kinds.BQM
    # dimod's contract declares these abstract; each instance has its own.
    properties: dict[str, Any] = {}  # noqa: RUF012  # abstract in dimod
    parameters: dict[str, list[str]] = {}  # noqa: RUF012  # abstract in dimod

    def sample(
        self,
        bqm: dimod.BinaryQuadraticModel,
        time_limit: float | None = None,
        *,
        label: str | None = None,
        seed: int | None = None,
    ) -> dimod.SampleSet:
        """The best of ``time_limit`` seconds (None: ``min_time_limit``); less where the optimum is proven."""
        return self._solve(bqm, time_limit, label, seed)

    def min_time_limit(self, bqm: dimod.BinaryQuadraticModel) -> float:
        """Seconds."""
        return self._min_time_limit(bqm)


LeapHybridSampler = LeapHybridBQMSampler


class LeapHybridCQMSampler(HybridSampler):
    """Constrained quadratic models."""

    kind = hybrid_kinds.CQM

    def sample_cqm(
        self,
        cqm: dimod.ConstrainedQuadraticModel,
        time_limit: float | None = None,
        *,
        label: str | None = None,
        seed: int | None = None,
    ) -> dimod.SampleSet:
        """The best of ``time_limit`` seconds (None: ``min_time_limit``), with ``is_feasible``."""
        return self._solve(cqm, time_limit, label, seed)

    def min_time_limit(self, cqm: dimod.ConstrainedQuadraticModel) -> float:
        """Seconds."""
        return self._min_time_limit(cqm)


class LeapHybridDQMSampler(HybridSampler):
    """Discrete quadratic models."""

    kind = hybrid_kinds.DQM

    def sample_dqm(
        self,
        dqm: dimod.DiscreteQuadraticModel,
        time_limit: float | None = None,
        *,
        label: str | None = None,
        seed: int | None = None,
    ) -> dimod.SampleSet:
        """The best of ``time_limit`` seconds (None: ``min_time_limit``)."""
        return self._solve(dqm, time_limit, label, seed)

    def min_time_limit(self, dqm: dimod.DiscreteQuadraticModel) -> float:
        """Seconds."""
        return self._min_time_limit(dqm)
