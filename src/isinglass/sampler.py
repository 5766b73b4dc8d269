"""``isinglass.Sampler``: the solvers behind dimod's sampler contract."""

from __future__ import annotations

from typing import Any

import dimod

from isinglass.results.sampleset import SampleSet
from isinglass.solvers.registry import DEFAULT_SOLVER, SOLVERS, solver_named
from isinglass.solving import RUN_PARAMETERS, solve


class Sampler(dimod.Sampler):  # type: ignore[misc,name-defined]  # dimod is untyped
    """Any of the solvers as a ``dimod.Sampler``, for code that is written against one.

    Args:
        solver: name of the solver; ``Sampler().properties["solvers"]`` lists them.

    Example::

        >>> import dimod, isinglass
        >>> bqm = dimod.BQM.from_ising({"a": -1}, {("a", "b"): 1})
        >>> print(isinglass.Sampler().sample(bqm, num_reads=4, seed=1).first.energy)
        -2.0
    """

    def __init__(self, solver: str = DEFAULT_SOLVER) -> None:
        self._solver = solver_named(solver)

    @property
    def properties(self) -> dict[str, Any]:
        """What this sampler is: its solver, the solvers there are and the table of its parameters."""
        return {
            "solver": self._solver.name,
            "solvers": {name: solver.summary for name, solver in SOLVERS.items()},
            "parameters": {name: row.meaning for name, row in self._solver.parameters.items()},
        }

    @property
    def parameters(self) -> dict[str, list[str]]:
        """Keywords of ``sample``, with the properties that describe them."""
        names = [
            *self._solver.parameters,
            *(name for name in RUN_PARAMETERS if name not in ("solver", "kind")),
        ]
        return {name: ["parameters"] if name in self._solver.parameters else [] for name in names}

    def sample(self, bqm: dimod.BinaryQuadraticModel, **parameters: Any) -> SampleSet:
        """Sample a binary quadratic model; keywords as in ``isinglass.solve``."""
        return solve(bqm, solver=self._solver.name, **parameters)
