"""Jobs of type "sample" on cpu and gpu: ``isinglass.solve``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from isinglass.errors import MissingExtraError, ParameterError, nearest
from isinglass.executors.apart import solve_apart
from isinglass.executors.contract import Run
from isinglass.jobs.problems import Decoded
from isinglass.jobs.spec import JobSpec
from isinglass.problems.files.nl import NonlinearFile
from isinglass.problems.generators import generate
from isinglass.results.nonlinear import NonlinearResult
from isinglass.results.sampleset import SampleSet
from isinglass.solvers.registry import DEFAULT_SOLVER, solver_named
from isinglass.solving import RUN_PARAMETERS, check_batched, solve
from isinglass.solving_nonlinear import check_parameters

_OF_THE_RUN = ("storage", "time_limit", "target_energy", "target_cut")


def check(spec: JobSpec) -> None:
    """The solver is known and its parameters are in range."""
    solver = solver_named(spec.solver)
    if spec.backend == "gpu":
        check_batched(solver)
    known = [*solver.parameters, *_OF_THE_RUN]
    for name in spec.parameters:
        if name not in known:
            raise ParameterError(
                f"{name!r} is not a parameter of solver={spec.solver!r}{nearest(name, known)}; "
                f"it takes {', '.join(name for name in known if name != 'seed')}"
            )
    own = {name: value for name, value in spec.parameters.items() if name not in RUN_PARAMETERS}
    own.pop("initial_states", None)
    solver.resolve(_with_tuples(own))


def check_problem(problem: Decoded, spec: JobSpec) -> None:
    """Every problem can be solved; what only the solver finds out fails the job with its words."""
    if isinstance(problem, NonlinearFile):
        _check_nonlinear(spec)


def _check_nonlinear(spec: JobSpec) -> None:
    """ParameterError for what the search of nonlinear models does not know, or for another backend."""
    if (spec.backend, spec.solver) != ("cpu", DEFAULT_SOLVER):
        raise ParameterError(
            f"nonlinear models run on backend 'cpu' with solver {DEFAULT_SOLVER!r}, "
            f"not on {spec.backend!r} with {spec.solver!r}"
        )
    check_parameters(spec.parameters)
    if find_spec("dwave.optimization") is None:
        raise MissingExtraError("dwave-optimization", "nonlinear", "solving nonlinear models")


def run(problem: Any, spec: JobSpec, shot: int, how: Run) -> SampleSet | NonlinearResult:
    if isinstance(problem, NonlinearFile):
        given = {**spec.parameters, "seed": spec.shot_seed(shot)}
        return solve_apart(problem, given, how.progress, how.cancel)
    return solve(
        problem,
        backend=spec.backend,
        solver=spec.solver,
        seed=spec.shot_seed(shot),
        num_threads=how.num_threads if spec.backend == "cpu" else None,
        progress=how.progress,
        cancel=how.cancel,
        **_with_tuples(spec.parameters),
    )


def small_problems() -> list[Any]:
    """One of each storage: solving them loads the compiled kernels that most jobs need."""
    wide = {(i, j): 1.0 + i + j for i in range(9) for j in range(i) if (i + j) % 3}
    return [wide, np.triu(np.linspace(-1.0, 1.0, 81).reshape(9, 9)), generate("gnp", n=70, p=0.5, seed=1)]


def warm_up() -> None:
    """Load kernels before there is a shot, whose time limit would pay for them."""
    for problem in small_problems():
        run(problem, JobSpec(seed=0, parameters={"time_limit": 0.05}), 0, Run())


def _with_tuples(parameters: Any) -> dict[str, Any]:
    """JSON has lists where solvers take tuples, such as ``beta_range``."""
    return {
        name: tuple(value) if isinstance(value, list) and name != "initial_states" else value
        for name, value in parameters.items()
    }
