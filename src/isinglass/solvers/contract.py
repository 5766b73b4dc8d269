"""What a solver is, and how to write one.

A solver is one object with a ``name``, a table of its ``parameters`` and one method,

    run(problem, parameters, control) -> Samples

``problem`` is a CompiledProblem; ``parameters`` are the values of the table, already checked, with
defaults filled in; ``control`` says when to stop and takes progress. A solver splits its reads into
tasks, hands them to ``control.run`` and returns the states. It computes no energies that anyone
believes: results recomputes them from the problem as given. Add a new solver as one file here
and one line in registry.py; tests/contract runs the conformance test over it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.errors import ParameterError, nearest
from isinglass.problems.compiled import CompiledProblem


@dataclass(frozen=True)
class Parameter:
    """One row of a solver's table, which is its documentation too."""

    default: Any
    meaning: str
    """What it is, with its unit and range."""
    check: Callable[[str, Any], Any]
    """(name, value) -> the value to use; raises ParameterError."""


@dataclass(frozen=True)
class Samples:
    """The states a solver returns: int8[reads, n], -1/+1, columns in compiled order."""

    states: np.ndarray
    kernel_energies: np.ndarray | None = None
    """float64[reads] as tracked by the kernel, checked against the recomputed ones; None if not."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the solver has to say: the schedule it used, a certificate."""


class Solver(ABC):
    """See the module's docstring."""

    name: str
    summary: str
    parameters: ClassVar[Mapping[str, Parameter]]
    batched: ClassVar[tuple[str, ...]] = ()
    """Storages in which it can hand its reads to ``control.batch``; it is refused elsewhere."""

    @abstractmethod
    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        """Search for low energies; at least one state, and return within one sweep of a stop."""

    def resolve(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters with defaults filled in and values checked; ParameterError for unknown ones."""
        return resolve(f"solver {self.name!r}", self.parameters, given)


def resolve(whose: str, table: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` checked by a table, with defaults filled in; ParameterError for unknown names."""
    for name in given:
        if name not in table:
            raise ParameterError(
                f"{name!r} is not a parameter of {whose}{nearest(name, table)}; it takes {', '.join(table)}"
            )
    values = {name: row.default for name, row in table.items()}
    values |= {name: value for name, value in given.items() if value is not None}
    return {name: table[name].check(name, value) for name, value in values.items()}


def whole_number(lowest: int, highest: int | None = None) -> Callable[[str, Any], int | None]:
    """A check: an integer from ``lowest`` to ``highest``; None passes."""

    def check(name: str, value: Any) -> int | None:
        if value is None:
            return None
        integral = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not integral or value < lowest or (highest is not None and value > highest):
            top = "" if highest is None else f" to {highest}"
            raise ParameterError(f"{name}={value!r} is not an integer from {lowest}{top or ' up'}")
        return int(value)

    return check


SEED = Parameter(0, "0 to 2^63 - 1; the same seed gives the same samples", whole_number(0))
