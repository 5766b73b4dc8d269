"""Solvers by name. A new one is a file here and a line below."""

from __future__ import annotations

from isinglass.errors import ParameterError, nearest
from isinglass.solvers.auto import Auto
from isinglass.solvers.contract import Solver
from isinglass.solvers.exact import Exact
from isinglass.solvers.memcomputing import Memcomputing
from isinglass.solvers.parallel_tempering import ParallelTempering
from isinglass.solvers.simulated_annealing import SimulatedAnnealing
from isinglass.solvers.simulated_bifurcation import SimulatedBifurcation
from isinglass.solvers.steepest_descent import SteepestDescent
from isinglass.solvers.tabu_search import TabuSearch

SOLVERS: dict[str, Solver] = {
    solver.name: solver
    for solver in (
        Auto(),
        SimulatedAnnealing(),
        ParallelTempering(),
        TabuSearch(),
        SimulatedBifurcation(),
        Memcomputing(),
        SteepestDescent(),
        Exact(),
    )
}
DEFAULT_SOLVER = Auto.name


def solver_named(name: str) -> Solver:
    """The solver of that name; ParameterError lists them."""
    if name not in SOLVERS:
        raise ParameterError(f"solver={name!r} is not one of {', '.join(SOLVERS)}{nearest(name, SOLVERS)}")
    return SOLVERS[name]
