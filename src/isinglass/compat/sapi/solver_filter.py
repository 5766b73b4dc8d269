"""``filter=`` of solvers: ``all`` or ``none``, then fields that come or go, from left to right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isinglass.errors import ParameterError

_LONGEST = 8192


def filtered(solver: Mapping[str, Any], words: str) -> dict[str, Any]:
    """The fields of a solver that ``words`` ask for, such as ``none,+identity,+properties.topology``.

    A field is a path with dots; one that is not there is passed over. ParameterError for other words.
    """
    start, *changes = words.split(",")
    if start not in ("all", "none") or len(words) > _LONGEST:
        raise ParameterError(
            f"filter={words[:80]!r} is not all or none, then fields such as ,+status or ,-properties.qubits"
        )
    found = dict(solver) if start == "all" else {}
    for change in changes:
        # A plus that was not quoted in the URL arrives as a space.
        sign, path = change[:1], change[1:].split(".")
        if sign not in ("+", " ", "-") or not all(path):
            raise ParameterError(f"filter has {change[:80]!r}, which is not +field or -field")
        found = _without(found, path) if sign == "-" else _with(found, solver, path)
    return found


def _with(found: dict[str, Any], source: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    first, *rest = path
    if first not in source:
        return found
    if not rest:
        return {**found, first: source[first]}
    inside = found.get(first, {})
    if not isinstance(source[first], Mapping) or not isinstance(inside, Mapping):
        return found
    deeper = _with(dict(inside), source[first], rest)
    return {**found, first: deeper} if deeper else found


def _without(found: dict[str, Any], path: list[str]) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {name: value for name, value in found.items() if name != first}
    inside = found.get(first)
    return {**found, first: _without(dict(inside), rest)} if isinstance(inside, Mapping) else found
