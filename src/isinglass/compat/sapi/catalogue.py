"""All solvers of this wire, by name."""

from __future__ import annotations

from isinglass.compat.dwave import hybrid_kinds
from isinglass.compat.sapi.hybrid_solvers import HybridSolver
from isinglass.compat.sapi.nonlinear_solver import NonlinearSolver
from isinglass.compat.sapi.qpu_solvers import EmulatedQPU
from isinglass.compat.sapi.software_solvers import SoftwareSolver
from isinglass.compat.sapi.solver import SapiSolver
from isinglass.errors import ServiceError
from isinglass.problems.files import bqm, cqm, dqm
from isinglass.qpu.models import MODELS

CATALOGUE: dict[str, SapiSolver] = {
    solver.name: solver
    for solver in (
        *(EmulatedQPU(model) for model in MODELS),
        HybridSolver(hybrid_kinds.BQM, bqm.read),
        HybridSolver(hybrid_kinds.CQM, cqm.read),
        HybridSolver(hybrid_kinds.DQM, dqm.read),
        NonlinearSolver(),
        SoftwareSolver("c4-sw_sample"),
        SoftwareSolver("c4-sw_optimize"),
    )
}


def solver_named(name: object) -> SapiSolver:
    """ServiceError (404) where there is none of that name."""
    if not isinstance(name, str) or name not in CATALOGUE:
        raise ServiceError("Solver does not exist or apitoken does not have access", 404)
    return CATALOGUE[name]
