"""Parallel tempering: replicas at a ladder of temperatures that swap places.

Hukushima, Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996). A replica caught in a valley climbs the
ladder, is set free at the hot end and comes down elsewhere, as often as time allows: there is no
schedule to get wrong, and more time is always better used. Rungs are placed by what the first sweeps
refuse (rungs.py). On sparse problems replicas at one temperature also trade clusters of spins
(Houdayer 2001), wherever clusters turn out not to span everything: in two dimensions and on
other loose graphs this finds in seconds what single flips never find.

A read is one ladder and gives its best state. Heuristic: no bound on the distance from the optimum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from isinglass.control import RunControl
from isinglass.errors import ParameterError
from isinglass.memory import require
from isinglass.problems.compiled import CompiledProblem, Dense, Packed, Sparse
from isinglass.solvers import rungs as rung_rules
from isinglass.solvers.contract import SEED, Parameter, Samples, Solver, whole_number
from isinglass.solvers.ladders import LANES, Ladder, ladder_for
from isinglass.solvers.schedule import check_beta_range
from isinglass.solvers.start import INITIAL_STATES, StartStates

DEFAULT_READS = 2
_DEFAULT_WORK_NS = 1e9
_FIRST_RUNGS = {Sparse: 32, Packed: 16, Dense: 16}
_SPINS_A_SEGMENT = 4
"""A segment flip is proposed for every so many spins a sweep."""
_FIRST_SWEEPS = 16
"""Of the first round of sweeps; each further one doubles, up to ..."""
_SECONDS_A_ROUND = 2.0
_PILOT_SWEEPS = 500
"""Sweeps after which the length of the ladder is settled ..."""
_SETTLED_SWEEPS = 8000
"""... and its rungs."""


@dataclass
class Outcome:
    """What one read came to."""

    spins: np.ndarray
    energy: float
    sweeps: int
    beta: np.ndarray
    barrier: float


def _check_segments(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ParameterError(f"{name}={value!r} is not True or False")
    return value


class ParallelTempering(Solver):
    """See the module's docstring."""

    name = "parallel_tempering"
    batched = ("sparse", "packed")
    summary = "replicas at many temperatures that swap, with cluster moves; the strongest on hard problems"
    parameters: ClassVar[Mapping[str, Parameter]] = {
        "num_reads": Parameter(
            None,
            f"ladders, 1 up, each giving its best state; None: {DEFAULT_READS}, or one a thread under a "
            "time_limit",
            whole_number(1),
        ),
        "sweeps": Parameter(
            None,
            "sweeps of every replica, 1 up; None: as many as fit the time_limit, or about a second's work",
            whole_number(1),
        ),
        "num_temperatures": Parameter(
            None,
            f"rungs of a ladder, 2 to {LANES} (on sparse problems a divisor of 64); None: as many as the "
            "problem's barrier asks for",
            whole_number(2, LANES),
        ),
        "beta_range": Parameter(
            None,
            "(hot, cold) inverse temperatures in 1 / energy; None: from the fields of the problem",
            check_beta_range,
        ),
        "segments": Parameter(
            False,
            "True: flip runs of consecutive variables too, for couplings that fall off along their order "
            "(dense storage only)",
            _check_segments,
        ),
        "initial_states": INITIAL_STATES,
        "seed": SEED,
    }

    def run(self, problem: CompiledProblem, parameters: Mapping[str, Any], control: RunControl) -> Samples:
        open_ended = control.time_left is not None and parameters["sweeps"] is None
        reads = parameters["num_reads"] or (control.num_threads if open_ended else DEFAULT_READS)
        if problem.num_variables == 0:
            return Samples(np.zeros((reads, 0), np.int8))
        beta_range = _kernel_beta_range(problem, parameters["beta_range"])
        sweeps = parameters["sweeps"] or (None if open_ended else default_sweeps(problem, reads))
        first_rungs = parameters["num_temperatures"] or _FIRST_RUNGS[type(problem.couplings)]
        if parameters["segments"] and not isinstance(problem.couplings, Dense):
            raise ParameterError(
                f"segments=True needs dense storage and this problem is {problem.storage}: "
                "give storage='dense'"
            )
        if isinstance(problem.couplings, Sparse) and LANES % first_rungs:
            raise ParameterError(
                f"num_temperatures={first_rungs} does not divide {LANES}, the replicas of a sparse "
                "problem: give 2, 4, 8, 16, 32 or 64, or storage='dense'"
            )
        _check_memory(problem, min(reads, control.num_threads))
        start = StartStates(problem, parameters["initial_states"], parameters["seed"])
        waves = -(-reads // control.num_threads)
        outcomes: dict[int, Outcome] = {}

        def temper(read: int) -> None:
            ladder = ladder_for(problem, start, parameters["seed"], read, beta_range, first_rungs, control)
            if parameters["segments"]:
                ladder.segments = -(-problem.num_variables // _SPINS_A_SEGMENT)
            share = None if sweeps else (control.time_left or 0.0) / (waves - read // control.num_threads)
            _climb(ladder, sweeps, share, parameters["num_temperatures"] is None, control)
            outcomes[read] = Outcome(
                ladder.best_spins(), ladder.best_energy, ladder.done, ladder.beta,
                rung_rules.barrier(ladder.refused),
            )  # fmt: skip

        control.run([(1, partial(temper, read)) for read in range(reads)])
        return _samples(problem, [outcomes[read] for read in sorted(outcomes)])


def _climb(
    ladder: Ladder, sweeps: int | None, seconds: float | None, choose_rungs: bool, control: RunControl
) -> None:
    """Run ``ladder`` for ``sweeps``, or for ``seconds``; ends with the refusals of the last round.

    Rounds double in length; between them rungs move to where they are needed.
    """
    began = control.clock()
    length = _FIRST_SWEEPS
    while True:
        if sweeps is not None:
            length = min(length, sweeps - ladder.done)
        round_began = control.clock()
        ladder.advance(length, control.flag)
        now = control.clock()
        seconds_left = np.inf if seconds is None else seconds - (now - began)
        if control.stopped or ladder.done == sweeps or seconds_left <= 0:
            return
        if ladder.done <= _SETTLED_SWEEPS:
            pilot_ends = ladder.done - length < _PILOT_SWEEPS <= ladder.done
            wanted = rung_rules.RUNGS_A_BARRIER * rung_rules.barrier(ladder.refused)
            rungs = ladder.rungs_for(round(wanted)) if pilot_ends and choose_rungs else len(ladder.beta)
            ladder.redraw(rung_rules.equalize(ladder.beta, ladder.refused, rungs))
        sweep_seconds = (now - round_began) / length
        length *= 2
        if seconds is not None:
            length = max(1, min(length, int(min(seconds_left, _SECONDS_A_ROUND) / sweep_seconds)))


def _samples(problem: CompiledProblem, outcomes: list[Outcome]) -> Samples:
    best = min(outcomes, key=lambda outcome: outcome.energy)
    return Samples(
        states=np.stack([outcome.spins for outcome in outcomes]),
        kernel_energies=np.array([outcome.energy for outcome in outcomes]),
        facts={
            "sweeps": [outcome.sweeps for outcome in outcomes],
            "barrier": best.barrier,
            "betas": (best.beta / problem.scale).tolist(),
        },
    )


def _kernel_beta_range(problem: CompiledProblem, given: tuple[float, float] | None) -> tuple[float, float]:
    if given is None:
        return rung_rules.default_beta_range(problem)
    hot, cold = given
    if hot == 0.0:
        raise ParameterError(
            f"beta_range={given} begins at 0, and rungs are spaced geometrically: begin above 0"
        )
    return hot * abs(problem.scale), cold * abs(problem.scale)


def _check_memory(problem: CompiledProblem, ladders: int) -> None:
    # A word, a state, a mark and a stack entry a spin; or a spin and a field for each of 64 rungs.
    per_spin = 8 + 1 + 8 + 4 if isinstance(problem.couplings, Sparse) else 5 * LANES
    require(ladders * per_spin * problem.num_variables, f"{ladders} ladders of {problem.num_variables} spins")


def default_sweeps(problem: CompiledProblem, reads: int) -> int:
    """Sweeps of ``reads`` ladders that take about a core-second; 100 to 2000."""
    n = max(1, problem.num_variables)
    if isinstance(problem.couplings, Sparse):
        replicas, visit_ns = LANES, 0.8 + problem.couplings.indices.shape[0] / n / 64
    elif isinstance(problem.couplings, Packed):
        replicas, visit_ns = 24, 4.0 + n / 500
    else:
        replicas, visit_ns = 24, 4.0 + n / 200
    return int(np.clip(_DEFAULT_WORK_NS / (visit_ns * n * replicas * reads), 100, 2000))
