"""A solver with its parameters as one word of a command line: ``name:parameter=value,...``."""

from __future__ import annotations

import json
import re
from typing import Any

from isinglass.errors import ParameterError

_OUTSIDE_BRACKETS = re.compile(r",(?![^\[]*\])")


def parse_solver(words: str) -> tuple[str, dict[str, Any]]:
    """``name`` or ``name:parameter=value,...``."""
    name, _, rest = words.partition(":")
    return name, parse_parameters(rest)


def parse_parameters(words: str) -> dict[str, Any]:
    """``parameter=value,...``; values are JSON, and words stand for themselves."""
    parameters: dict[str, Any] = {}
    for part in filter(None, _OUTSIDE_BRACKETS.split(words)):
        key, equals, value = part.partition("=")
        if not equals:
            raise ParameterError(f"{part!r} is not parameter=value")
        try:
            parameters[key] = json.loads(value)
        except json.JSONDecodeError:
            parameters[key] = value
    return parameters
