"""The straight way for backends that are quantum computers, emulated: annealers and gate circuits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dimod

from isinglass.errors import ParameterError
from isinglass.problems.compile import compile
from isinglass.problems.files.nl import NonlinearFile
from isinglass.problems.given import Kind
from isinglass.results.sampleset import SampleSet
from isinglass.run_info import versions


def check_quantum(problem: Any, backend: str, not_there: Mapping[str, Any]) -> None:
    """ParameterError for constraints and nonlinear models, and for what is set of ``not_there``.

    Those are parameters of other backends.
    """
    for name, value in not_there.items():
        if value is not None:
            raise ParameterError(
                f"{name}={value!r} is for backends 'cpu' and 'gpu': backend {backend!r} has no such thing"
            )
    if isinstance(problem, NonlinearFile):
        raise ParameterError(f"backend {backend!r} takes no nonlinear models: use 'cpu'")
    if isinstance(problem, (dimod.ConstrainedQuadraticModel, dimod.DiscreteQuadraticModel)):
        raise ParameterError(f"backend {backend!r} takes no constraints: use 'cpu', or a BQM with penalties")


def solve_quantum(
    problem: Any,
    kind: Kind | None,
    backend: str,
    qpu_model: str | None,
    parameters: Mapping[str, Any],
    run: Mapping[str, Any],
) -> SampleSet:
    """The sample set of the annealer ``qpu_model``, or, where that is None, of QAOA on a circuit runner.

    ``backend`` "gpu" computes the annealer's reads on cards.
    ``run`` has what every backend takes: ``seed``, ``time_limit``, ``num_threads``, ``progress``, ``cancel``.
    """
    if qpu_model is None:
        from isinglass.circuits.qaoa_search import check_names, qaoa

        check_names(dict(parameters))
        result = qaoa(problem, kind=kind, **parameters, **run)
    else:
        from isinglass.qpu import sample_embedded

        place = "gpu" if backend == "gpu" else "cpu"
        result = sample_embedded(compile(problem, kind=kind), qpu_model, backend=place, **parameters, **run)
    result.info["versions"] = versions()
    return result
