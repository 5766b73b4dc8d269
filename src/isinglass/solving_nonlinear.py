"""Nonlinear models of dwave-optimization: a local search of ours, the library evaluates.

Reads are cooled down one after the other: the first from the state that came with the model, the last from
the best so far, those between from anywhere. They run in one thread, for the library keeps the interpreter
to itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np

from isinglass.control import Cancel, Progress, RunControl, check_positive
from isinglass.errors import ParameterError, ProblemError
from isinglass.kernels.cpu.progress import BEST, STOP_TARGET, SWEEPS, TARGET
from isinglass.nonlinear.annealing import Annealing, Begin
from isinglass.nonlinear.evaluation import Evaluation
from isinglass.problems.files import nl
from isinglass.problems.files.nl import NonlinearFile
from isinglass.results.nonlinear import NonlinearResult
from isinglass.run_info import run_info
from isinglass.solvers.contract import SEED, Parameter, resolve, whole_number


def _seconds(name: str, value: float | None) -> float | None:
    check_positive(name, value)
    return value


def _finite(name: str, value: Any) -> float | None:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if value is not None and not (number and math.isfinite(value)):
        raise ParameterError(f"{name}={value!r} is not a finite number")
    return None if value is None else float(value)


PARAMETERS: Mapping[str, Parameter] = {
    "time_limit": Parameter(None, "seconds, above 0; None for none", _seconds),
    "target_energy": Parameter(
        None, "stop at the first feasible state with an objective at or below it; None for none", _finite
    ),
    "num_reads": Parameter(3, "reads, each cooled down once, 1 up", whole_number(1)),
    "annealing_time": Parameter(
        None,
        "sweeps of a read, each of as many moves as the decisions have entries, 1 up; None: what the time "
        "limit allows, or without one a few seconds' worth",
        whole_number(1),
    ),
    "seed": SEED,
}
NAME = "nonlinear_annealing"
"""Of the solver, in ``info``."""
_WORK = 3e6
"""Of a read without a time limit, in units of about a microsecond."""
_CALL_WORK, _SYMBOL_WORK, _BYTE_WORK = 10.0, 1.0, 0.01
"""Of one evaluation: for itself, for each symbol, and for each byte of their values."""


def check_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values of all ``PARAMETERS``; ParameterError for unknown names and values out of range."""
    return resolve("nonlinear models", PARAMETERS, given)


def solve_nonlinear(
    file: NonlinearFile,
    parameters: Mapping[str, Any],
    progress: Callable[[Progress], None] | None = None,
    cancel: Cancel | None = None,
    started: float | None = None,
) -> NonlinearResult:
    """Search for feasible states of a low objective; one state comes back, the best.

    Args:
        file: the model; it is read anew, so the user's own is left alone.
        parameters: some of ``PARAMETERS``.
        progress, cancel, started: as of ``RunControl``.

    Raises ProblemError for a model that is malformed or has inputs, OutOfMemoryError for one too large.
    """
    values = check_parameters(parameters)
    control = RunControl(values["time_limit"], progress, 1, started, cancel)
    model = nl.build(file)
    if not len(model.states):
        model.states.resize(1)
    with model.lock():
        evaluation = Evaluation(model)
        built_at = control.elapsed
        control.measure_in(1.0, 0.0, values["target_energy"])
        search = _Search(evaluation, values, control, _work(file))
        control.run([(values["num_reads"], search.run)])
        solved_at = control.elapsed
        best = search.annealing.best
        model.states.resize(1)
        evaluation.put(best.states)
        objective, violations = evaluation.look()
        if not math.isfinite(objective):
            raise ProblemError("the model's objective is no finite number in any state that was tried")
        with model.states.to_file(version=file.version) as states:
            content = states.read()
    timing = {
        "compile": built_at, "solve": solved_at - built_at, "energies": control.elapsed - solved_at,
        "total": control.elapsed,
    }  # fmt: skip
    facts = {"evaluations": evaluation.count, "kind": "nonlinear", "num_threads": 1, "library": _library()}
    info = run_info(NAME, values, control, timing, facts)
    violated = sum(size > 0.0 for size in violations)
    if violated:
        info["stop_reason"] += f"; the best state breaks {violated} of {len(violations)} constraints"
    return NonlinearResult(np.array([objective]), np.array([violated]), (content,), info)


def _work(file: NonlinearFile) -> float:
    """About how many microseconds an evaluation takes."""
    return _CALL_WORK + _SYMBOL_WORK * file.nodes + _BYTE_WORK * file.state_size


def _library() -> str:
    import dwave.optimization

    return f"dwave-optimization {dwave.optimization.__version__}"


class _Search:
    """The one task of a run."""

    def __init__(
        self, evaluation: Evaluation, values: Mapping[str, Any], control: RunControl, work: float
    ) -> None:
        self._evaluation, self._control, self._row = evaluation, control, control.row()
        self._reads, self._sweeps = values["num_reads"], values["annealing_time"]
        self._rng = Random(values["seed"])
        self._work = work
        self.annealing: Annealing

    def run(self) -> None:
        self.annealing = Annealing(self._evaluation, self._rng, self._control.flag)
        self._tell(0)
        for read in range(self._reads):
            if self._over:
                return
            begin: Begin = "start" if not read else "random" if read < self._reads - 1 else "best"
            self.annealing.read(self._clock(read), begin, self._tell)

    @property
    def _over(self) -> bool:
        """Stopped, or nothing can become better."""
        nothing_better = not self._evaluation.has_objective and self.annealing.best.feasible
        return bool(self._control.flag[0]) or not self.annealing.size or nothing_better

    def _clock(self, read: int) -> Callable[[], float]:
        """How much of a read is over: of its moves, or of its part of the time."""
        left = self._control.time_left
        if self._sweeps is None and left is not None:
            began, seconds = time.perf_counter(), max(1e-9, left / (self._reads - read))
            return lambda: 2.0 if self._over else (time.perf_counter() - began) / seconds
        size = self.annealing.size
        moves = self._sweeps * size if self._sweeps else max(100, min(1000 * size, int(_WORK / self._work)))
        first = self._evaluation.count
        return lambda: 2.0 if self._over else (self._evaluation.count - first) / moves

    def _tell(self, moves: int) -> None:
        row, best = self._row, self.annealing.best
        row[SWEEPS] += moves / max(1, self.annealing.size)
        if best.feasible and best.objective < row[BEST]:
            row[BEST] = best.objective
            if best.objective <= row[TARGET] and not self._control.flag[0]:
                self._control.flag[0] = STOP_TARGET
