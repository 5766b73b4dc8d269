"""Which machine is meant: by name, or by features such as ``{"topology__type": "zephyr"}``.

The words are those of the cloud client's solver selection: a feature is a derived one (``qpu``, ``name``,
``num_active_qubits``, ...), a parameter or a property; ``__`` stands between the parts of a path and before
an operator.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from isinglass.errors import ParameterError, nearest
from isinglass.qpu.models import MODELS
from isinglass.qpu.solver import QPUSolver

CONNECTION = frozenset({
    "auto_upload_limit", "cache_enabled", "cache_home", "client", "client_cert", "client_cert_key",
    "compress_qpu_problem_data", "config_file", "connection_close", "defaults", "endpoint", "failover",
    "headers", "http_retry", "leap_api_endpoint", "leap_client_id", "metadata_api_endpoint", "permissive_ssl",
    "poll_backoff", "poll_pause", "poll_strategy", "poll_wait_time", "polling_schedule", "polling_timeout",
    "profile", "proxy", "region", "request_timeout", "retry_interval", "token", "verbose",
})  # fmt: skip
"""Words of ``Client.from_config`` that are about a connection, and here about nothing."""

_MINOR_VERSION = re.compile(r"(?<=[a-z][0-9])\.[0-9]+$")
_LARGEST_FIRST = "-num_active_qubits"
_DEFAULT_ORDER = "avg_load"
"""As the client has it where features are given: here the same for all, so the order is that of the list."""


def machine_of(solver: Any, order_by: str | None = None) -> QPUSolver:
    """The machine of a solver's name, the first with these features, or (None) the one with the most qubits.

    Names of the time before 2026 mean the machine of today: "Advantage_system4.1" is "Advantage_system4".
    ParameterError where there is none.
    """
    if isinstance(solver, QPUSolver):
        return solver
    if isinstance(solver, str):
        return QPUSolver(_MINOR_VERSION.sub("", solver.partition(";")[0]))
    if solver is not None and not isinstance(solver, Mapping):
        raise ParameterError(f"solver={solver!r} is neither a name nor a dict of features")
    features = dict(solver or {})
    default = _LARGEST_FIRST if solver is None else _DEFAULT_ORDER
    order = features.pop("order_by", None) or order_by or default
    name = features.get("name")
    if isinstance(name, str):
        features["name"] = _MINOR_VERSION.sub("", name)
    machines = [QPUSolver(model) for model in MODELS]
    fitting = [m for m in machines if all(_holds(m, words, value) for words, value in features.items())]
    if not fitting:
        raise ParameterError(f"no machine has the features {features}; there are {', '.join(MODELS)}")
    backwards = str(order).startswith("-")
    return sorted(fitting, key=lambda m: _order(m, str(order).lstrip("-")), reverse=backwards)[0]


def check_connection(words: Mapping[str, Any]) -> None:
    """ParameterError for a word that is neither about a connection nor about anything here."""
    for name in words:
        if name not in CONNECTION:
            raise ParameterError(f"{name!r} is not a setting of a sampler{nearest(name, CONNECTION)}")


def _derived(machine: QPUSolver) -> dict[str, Any]:
    return {
        "identity": machine.identity, "id": machine.name, "name": machine.name,
        "version": machine.identity["version"], "graph_id": machine.graph.graph_id, "qpu": True,
        "hybrid": False, "software": False, "online": True, "avg_load": 0.0,
        "num_active_qubits": len(machine.graph.qubits),
        "lower_noise": "lower_noise" in machine.properties["tags"],
    }  # fmt: skip


def _holds(machine: QPUSolver, words: str, wanted: Any) -> bool:
    path = words.split("__")
    name = path.pop() if len(path) > 1 and path[-1] in _OPERATORS else None
    if path[0] in machine.properties["parameters"]:
        return _OPERATORS[name or "available"](machine.properties["parameters"].get(path[0]), wanted)
    return _OPERATORS[name or "eq"](_value(machine, path), wanted)


def _value(machine: QPUSolver, path: list[str]) -> Any:
    found: Any = {**machine.properties, **_derived(machine), "properties": machine.properties}
    for part in path:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _order(machine: QPUSolver, words: str) -> Any:
    value = _value(machine, re.split(r"\.|__", words))
    if value is None:
        raise ParameterError(f"order_by={words!r} is not a feature of these machines")
    return value


def _covers(outer: Any, inner: Any) -> bool:
    low, high = (inner[0], inner[-1]) if isinstance(inner, (list, tuple)) else (inner, inner)
    return bool(min(outer) <= low and high <= max(outer))


def _members(values: Any) -> set[Any]:
    return {tuple(value) if isinstance(value, list) else value for value in values}


def _known(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    """A machine that lacks the feature does not fit."""
    return lambda value, wanted: value is not None and bool(compare(value, wanted))


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "available": lambda value, wanted: (value is not None) == bool(wanted),
    "in": lambda value, wanted: value in wanted,
    "lt": _known(operator.lt),
    "lte": _known(operator.le),
    "gt": _known(operator.gt),
    "gte": _known(operator.ge),
    "regex": _known(lambda value, wanted: re.fullmatch(wanted, value)),
    "covers": _known(_covers),
    "within": _known(lambda value, wanted: _covers(wanted, value)),
    "contains": _known(lambda value, wanted: wanted in value),
    "issubset": _known(lambda value, wanted: _members(value) <= _members(wanted)),
    "issuperset": _known(lambda value, wanted: _members(value) >= _members(wanted)),
}
