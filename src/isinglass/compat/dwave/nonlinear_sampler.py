"""``LeapHybridNLSampler``: nonlinear models, solved here."""

from __future__ import annotations

import uuid
from concurrent.futures import Future
from typing import Any, NamedTuple

from isinglass.compat.dwave import hybrid_kinds
from isinglass.compat.dwave.hybrid_samplers import HybridSampler, hybrid_times
from isinglass.errors import ProblemError
from isinglass.problems.files.nl import is_model, written
from isinglass.solving import solve


class StrideHybridSolver(HybridSampler):
    """Nonlinear models (extra: nonlinear)."""

    kind = hybrid_kinds.NL

    class SampleResult(NamedTuple):
        """What a call gives: the model, with its states, and times and names."""

        model: Any
        info: dict[str, Any]

    def sample(
        self,
        model: Any,
        time_limit: float | None = None,
        *,
        label: str | None = None,
        seed: int | None = None,
    ) -> Future[SampleResult]:
        """Put the best of ``time_limit`` seconds (None: ``estimated_min_time_limit``) into ``model.states``.

        The future that comes back is done.
        """
        if not is_model(model):
            raise ProblemError(f"model is a {type(model).__name__}, not a dwave.optimization.Model")
        seconds = self.kind.time_limit(time_limit, written(model))
        found: Any = solve(model, time_limit=seconds, seed=seed)
        found.load(model)
        info: dict[str, Any] = {
            "timing": hybrid_times(found.info), "warnings": [], "problem_id": str(uuid.uuid4()),
            "problem_label": label, "problem_data_id": str(uuid.uuid4()),
        }  # fmt: skip
        done: Future[StrideHybridSolver.SampleResult] = Future()
        done.set_result(self.SampleResult(model, info))
        return done

    def estimated_min_time_limit(self, nlm: Any) -> float:
        """Seconds; less may be asked for."""
        return hybrid_kinds.nonlinear_seconds(nlm.num_nodes(), nlm.state_size())


LeapHybridNLSampler = StrideHybridSolver
