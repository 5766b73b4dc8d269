"""One shot of a job, run here. Workers call it, and so does the local backend: the same answers."""

from __future__ import annotations

import importlib
from typing import Any, cast

from isinglass.errors import ParameterError, ProblemError
from isinglass.executors.contract import Executor, Run
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.problems import Decoded
from isinglass.jobs.results import Result
from isinglass.jobs.spec import JobSpec, JobType

_FILES = {
    (JobType.SAMPLE, "cpu"): "sampling",
    (JobType.SAMPLE, "gpu"): "sampling",
    (JobType.SAMPLE, "qpu"): "annealing",
    (JobType.CIRCUITS, "cpu"): "counting",
    (JobType.EXPECTATION, "cpu"): "expecting",
    (JobType.CUT, "cpu"): "cutting",
    (JobType.ESTIMATE, "cpu"): "estimating",
    (JobType.ESTIMATE, "gpu"): "estimating",
    (JobType.ESTIMATE, "qpu"): "estimating",
}
"""(type, backend) -> file of this room: loaded when it is needed, for some need much."""

_OF_CIRCUITS = (JobType.CIRCUITS, JobType.EXPECTATION, JobType.CUT)


def check_spec(spec: JobSpec) -> None:
    """ParameterError where no worker could run it: a solver, model or parameter unknown or out of range."""
    executor(spec).check(spec)


def check_problem(problem: Decoded, spec: JobSpec) -> None:
    """ProblemError or ParameterError where this problem cannot be run so."""
    fits = spec.type is JobType.ESTIMATE or isinstance(problem, Circuits) == (spec.type in _OF_CIRCUITS)
    if not fits:
        has, needs = ("circuits", "a problem") if isinstance(problem, Circuits) else ("a problem", "circuits")
        raise ProblemError(f"a job of type {str(spec.type)!r} takes {needs} and was given {has}")
    executor(spec).check_problem(problem, spec)


def run_shot(problem: Any, spec: JobSpec, shot: int, run: Run | None = None) -> Result:
    """The result of one shot, made with its own seed; errors as of what runs it."""
    return executor(spec).run(problem, spec, shot, run or Run())


def executor(spec: JobSpec) -> Executor:
    """What runs such jobs; ParameterError where nothing does."""
    # An emulated annealer is one wherever its reads are computed.
    name = _FILES.get((spec.type, spec.backend if spec.qpu_model is None else "qpu"))
    if name is None:
        known = [backend for kind, backend in _FILES if kind is spec.type]
        raise ParameterError(
            f"a job of type {str(spec.type)!r} runs on backend {' or '.join(map(repr, known))}, "
            f"not on {spec.backend!r}"
        )
    return cast(Executor, importlib.import_module(f"isinglass.executors.{name}"))
