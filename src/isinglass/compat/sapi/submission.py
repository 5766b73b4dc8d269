"""What a client asks for: the outer form of a job object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isinglass.compat.sapi.catalogue import solver_named
from isinglass.compat.sapi.solver import Asked, SapiSolver
from isinglass.errors import ParameterError, ProblemError, nearest

_FIELDS = ("solver", "data", "type", "params", "label")


def read_submission(words: Any) -> tuple[SapiSolver, Asked]:
    """(solver, what is asked of it) of one job object.

    ServiceError (404) for an unknown solver; ProblemError and ParameterError (400) for anything malformed,
    another working graph than the solver's among it.
    """
    if not isinstance(words, Mapping):
        raise ProblemError("a job is an object with solver, data, type and params")
    for name in words:
        if name not in _FIELDS:
            raise ProblemError(
                f"{name[:80]!r} is not a field of a job{nearest(name, _FIELDS)}: {', '.join(_FIELDS)}"
            )
    solver = _solver(words.get("solver"))
    kind, data, params, label = (words.get(name) for name in ("type", "data", "params", "label"))
    if not isinstance(kind, str) or kind not in solver.kinds:
        raise ProblemError(f"Problem type ({str(kind)[:40]}) is not supported by the solver.")
    if not isinstance(data, Mapping):
        raise ProblemError("unable to parse problem data: data is not an object with a format")
    if params is not None and not isinstance(params, Mapping):
        raise ParameterError("params is not an object of names and values")
    if label is not None and (not isinstance(label, str) or not label):
        raise ParameterError("label is not a text of 1 to 1000 characters, or null")
    return solver, Asked(kind, data, params or {}, label)


def _solver(identity: Any) -> SapiSolver:
    if not isinstance(identity, Mapping):
        raise ProblemError('solver is not an object such as {"name": "Advantage_system4"}')
    solver = solver_named(identity.get("name"))
    version = identity.get("version")
    if version is not None and not isinstance(version, Mapping):
        raise ProblemError('the solver\'s version is not an object such as {"graph_id": "01d07086e1"}')
    graph_id = None if version is None else version.get("graph_id")
    own = solver.identity.get("version", {}).get("graph_id")
    if graph_id is not None and graph_id != own:
        raise ProblemError(
            f"the working graph of {solver.name} is {own}, not {str(graph_id)[:40]}: load the solver again"
        )
    return solver
