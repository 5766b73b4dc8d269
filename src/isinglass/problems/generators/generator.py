"""The contract of a family of instances: a function and the table of its parameters.

To add a family, write one file with a function ``family(*, seed, **parameters)`` that returns a
problem as given (EdgeList, PackedGraph or DenseIsing), wrap it in a ``Generator`` and list that
in ``isinglass.problems.generators``. The function may trust its parameters: types and ranges are
checked here. It checks only what ties parameters together, and raises ParameterError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.errors import ParameterError, nearest
from isinglass.problems.dense_given import DenseIsing, PackedGraph
from isinglass.problems.given import EdgeList

Instance = EdgeList | PackedGraph | DenseIsing

MAX_VARIABLES = 2**31 - 1
"""Variables are numbered by int32."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a family: what it means and which values it may have."""

    name: str
    type: type[Any]
    """int, float, bool, str (one of ``choices``) or tuple (of ints)."""
    meaning: str
    default: Any = None
    """None: the value may be left out (see ``required``)."""
    required: bool = False
    low: float = -float("inf")
    high: float = float("inf")
    """Inclusive bounds of a number, or of each number of a tuple."""
    choices: tuple[str, ...] = ()
    in_facts: bool = True
    """False for what changes the speed and not the instance."""

    @property
    def rule(self) -> str:
        """The allowed values in words."""
        if self.type is bool:
            return "true or false"
        if self.type is str:
            return "one of " + ", ".join(repr(choice) for choice in self.choices)
        noun = {int: "an integer", float: "a number", tuple: "a list of integers"}[self.type]
        if self.high == float("inf"):
            return f"{noun} from {self.low} up"
        return f"{noun} from {self.low} to {self.high}"

    def check(self, value: Any) -> Any:
        """``value`` as a plain Python value; ParameterError with value and rule if not allowed."""
        if value is None and not self.required and self.default is None:
            return None
        plain = _plain(self.type, value)
        allowed = plain is not None
        if self.type is str:
            allowed = plain in self.choices
        elif allowed and self.type is not bool:
            numbers = plain if self.type is tuple else (plain,)
            allowed = all(self.low <= number <= self.high for number in numbers)
        if not allowed:
            raise ParameterError(f"{self.name}={value!r} is not allowed: give {self.rule}")
        return plain

    def parse(self, text: str) -> Any:
        """The value that ``text`` spells ("true", "0.5", "10x20", "10,20"), checked."""
        try:
            value: Any = text
            if self.type is bool:
                value = {"true": True, "false": False}[text.lower()]
            elif self.type is tuple:
                value = tuple(int(part) for part in text.replace("x", ",").split(","))
            elif self.type is not str:
                value = self.type(text)
        except (KeyError, ValueError):
            raise ParameterError(f"{self.name}={text!r} is not allowed: give {self.rule}") from None
        return self.check(value)


def _plain(kind: type[Any], value: Any) -> Any:
    """``value`` as exactly ``kind``, or None where that would change it."""
    if kind is bool:
        return bool(value) if isinstance(value, (bool, np.bool_)) else None
    if isinstance(value, (bool, np.bool_)):
        return None
    if kind is int:
        return int(value) if isinstance(value, (int, np.integer)) else None
    if kind is float:
        return float(value) if isinstance(value, (int, float, np.integer, np.floating)) else None
    if kind is str:
        return value if isinstance(value, str) else None
    if not isinstance(value, (tuple, list, np.ndarray)):
        return None
    numbers = tuple(_plain(int, number) for number in value)
    return None if None in numbers else numbers


@dataclass(frozen=True)
class Generator:
    """A family of instances."""

    name: str
    function: Callable[..., Instance]
    """``function(*, seed: int, **parameters)``, parameters checked and complete."""
    description: str
    """One line."""
    parameters: tuple[Parameter, ...]

    def resolve(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters by name, the given ones checked and the others at their defaults.

        Raises ParameterError for an unknown or missing name and a value out of range.
        """
        known = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in known:
                raise ParameterError(
                    f"{self.name} has no parameter {name!r}{nearest(name, known)}; it has {', '.join(known)}"
                )
        values = {}
        for parameter in self.parameters:
            if parameter.required and parameter.name not in given:
                raise ParameterError(
                    f"{self.name} needs the parameter {parameter.name}, {parameter.rule}: {parameter.meaning}"
                )
            values[parameter.name] = parameter.check(given.get(parameter.name, parameter.default))
        return values


def number_of_variables(low: int = 1) -> Parameter:
    """The parameter ``n``."""
    return Parameter("n", int, "number of variables", required=True, low=low, high=MAX_VARIABLES)


NUM_THREADS = Parameter(
    "num_threads",
    int,
    "threads to draw on (all available if left out); changes the time, never the instance",
    low=1,
    in_facts=False,
)
