"""Simulated annealing: Metropolis sweeps at rising beta, reads side by side.

Kirkpatrick, Gelatt, Vecchi, Science 220, 671 (1983). A read is one anneal from its own start with
its own random stream; it returns its last state, or the best it saw if it was cut short. Heuristic:
no bound on the distance from the optimum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.errors import ParameterError
from isinglass.problems.compiled import CompiledProblem, Packed, Sparse
from isinglass.solvers import schedule
from isinglass.solvers.anneals import Anneals
from isinglass.solvers.contract import SEED, Parameter, Samples, Solver, whole_number
from isinglass.solvers.rounds import MOST_READS_KEPT, Lengths, fill_time
from isinglass.solvers.start import INITIAL_STATES, StartStates

DEFAULT_SWEEPS = 1000
_DEFAULT_WORK_NS = 3e9
_FEWEST_SWEEPS = 10
_TRIAL_SWEEPS = 3
"""A hot, a middling and a cold one: in dense problems a cold sweep costs a fraction of a hot one."""


class SimulatedAnnealing(Solver):
    """See the module's docstring."""

    name = "simulated_annealing"
    summary = "Metropolis sweeps at rising inverse temperature; the all-rounder"
    batched = ("sparse", "packed")
    parameters: ClassVar[Mapping[str, Parameter]] = {
        "num_reads": Parameter(
            None,
            "anneals, 1 up; None: as many as take about three core-seconds, 128 at most; "
            "under a time_limit as many as fit, the best 128 of which are returned",
            whole_number(1),
        ),
        "annealing_time": Parameter(
            None,
            f"sweeps of each read, 1 up; None: {DEFAULT_SWEEPS}, or fewer or more as the time_limit allows",
            whole_number(1),
        ),
        "beta_range": Parameter(
            None,
            "(hot, cold) inverse temperatures in 1 / energy; None: from the fields of the problem",
            schedule.check_beta_range,
        ),
        "beta_schedule": Parameter(
            "geometric",
            '"geometric", "linear", or an array with one beta a sweep',
            schedule.check_beta_schedule,
        ),
        "initial_states": INITIAL_STATES,
        "seed": SEED,
    }

    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        shape = parameters["beta_schedule"]
        sweeps = parameters["annealing_time"]
        if not isinstance(shape, str):
            if sweeps not in (None, len(shape)):
                raise ParameterError(
                    f"annealing_time={sweeps} and beta_schedule has {len(shape)} betas; give one of them"
                )
            sweeps = len(shape)
        beta_range = parameters["beta_range"] or schedule.default_beta_range(problem)
        start = StartStates(problem, parameters["initial_states"], parameters["seed"])
        anneals = Anneals(problem, start, parameters["seed"], control)

        def one_round(count: int, length: int) -> None:
            anneals.round(
                count, schedule.slack_scale(schedule.betas(shape, beta_range, length), problem.scale)
            )

        num_reads = parameters["num_reads"] or len(start) or None
        lengths = _run_rounds(one_round, anneals, num_reads, sweeps)
        return anneals.samples(
            {
                "beta_range": tuple(float(b) for b in beta_range) if isinstance(shape, str) else None,
                "annealing_time": lengths,
            }
        )


def _run_rounds(
    one_round: Callable[[int, int], None], anneals: Anneals, num_reads: int | None, sweeps: int | None
) -> list[int]:
    """Run the reads asked for; returns the sweeps of each round: one, unless a limit leaves a number open."""
    control = anneals.control
    length = sweeps or DEFAULT_SWEEPS
    count = num_reads or default_reads(anneals.problem, length)
    if control.time_left is None or (num_reads is not None and sweeps is not None):
        one_round(count, length)
        return [length]
    if num_reads is None:
        # Replicas of a sparse problem share their instructions; others are better spent on sweeps.
        sparse = isinstance(anneals.problem.couplings, Sparse)
        few = anneals.side_by_side
        count = max(count, few) if sparse or sweeps else few
    lengths = None if sweeps else Lengths(trial=_TRIAL_SWEEPS, longest=length, shortest=_FEWEST_SWEEPS)
    return fill_time(anneals, one_round, count, length, lengths, further_rounds=num_reads is None)


def default_reads(problem: CompiledProblem, sweeps: int) -> int:
    """Reads of ``sweeps`` sweeps that take about three core-seconds; 1 to 128."""
    n = max(1, problem.num_variables)
    if isinstance(problem.couplings, Sparse):
        visit_ns = 1.0 + problem.couplings.indices.shape[0] / n / 32
    elif isinstance(problem.couplings, Packed):
        visit_ns = 8.0 + n / 100
    else:
        visit_ns = 10.0 + n / 50
    return int(np.clip(_DEFAULT_WORK_NS / (visit_ns * n * sweeps), 1, MOST_READS_KEPT))
