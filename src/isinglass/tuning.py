"""Search for parameters of a solver, and an honest word on whether they are better than the defaults.

Random search with successive halving (Jamieson and Talwalkar, AISTATS 2016): all candidates run once at equal
time; the better half gets as many seeds again as it had, and so on. The defaults are one of the candidates.
The last one standing then runs against the defaults on seeds that nobody has seen, and is recommended only if
it wins there by more than two standard errors of the difference. Heuristic.
"""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isinglass.control import check_positive
from isinglass.errors import ParameterError
from isinglass.problems.compile import compile
from isinglass.problems.compiled import CompiledProblem
from isinglass.rng import resolve_seed
from isinglass.solvers.contract import Solver, whole_number
from isinglass.solvers.registry import solver_named
from isinglass.solving import solve
from isinglass.tuning_space import Space, default_space, draw_from

_RUNS = 48
_MOST_CANDIDATES = 200
_DRAWS = 50
_FEWEST_RUNS = 12
_HELD_OUT_SHARE = 1 / 3
_WARM_UP_SECONDS = 0.25
_CLEAR = 2.0
"""Standard errors by which a winner has to lead: one lucky or disturbed run does not make it."""


@dataclass
class Trial:
    """One candidate and its runs on the seeds of the search."""

    parameters: dict[str, Any]
    energies: list[list[float]] = field(default_factory=list)
    """By run: the best energy on each problem."""
    seconds: list[list[float]] = field(default_factory=list)
    hits: list[list[bool]] = field(default_factory=list)
    score: float = math.inf
    """Smaller is better; comparable among the trials of one table only."""

    @property
    def seeds(self) -> int:
        return len(self.energies)


@dataclass(frozen=True)
class TuningResult:
    """What was tried, which won, and whether the win held on new seeds."""

    solver: str
    best_parameters: dict[str, Any]
    """To pass to ``solve``; empty (the defaults) unless ``recommended``."""
    recommended: bool
    winner: dict[str, Any]
    """The candidate that won the search; empty where the defaults did."""
    trials: list[Trial]
    """Everything tried, those that stayed longest first; the defaults are the one with no parameters."""
    held_out: dict[str, float]
    """Scores on new seeds: ``winner``, ``defaults``, their difference ``gain`` (above 0: the winner is
    better), its standard ``error`` and the number of ``seeds``."""
    objective: str
    """What a score is, in words."""
    run_time: float
    """Seconds of each run."""

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        if not self.winner:
            return "the defaults won the search: keep them"
        gain, error = self.held_out["gain"], self.held_out["error"]
        seeds = f"{self.held_out['seeds']:.0f} new seeds"
        words = f"on {seeds} the gain is {gain:.3g} +- {error:.2g} ({self.objective})"
        if self.recommended:
            return f"{words}: use best_parameters"
        return f"{words}, less than two standard errors: keep the defaults"

    def as_object(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self) | {"verdict": self.verdict}

    def write(self, path: str | Path) -> None:
        """Everything tried, as .json (one object) or .csv (a row a candidate)."""
        path = Path(path)
        if path.suffix == ".json":
            path.write_text(json.dumps(self.as_object(), indent=1, default=str) + "\n")
        elif path.suffix == ".csv":
            with path.open("w", newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(["parameters", "seeds", "score", "mean_energies", "hits"])
                for trial in self.trials:
                    mean = [float(m) for m in np.mean(trial.energies, axis=0)]
                    cells = [json.dumps(trial.parameters), trial.seeds, repr(trial.score), json.dumps(mean)]
                    writer.writerow([*cells, int(np.sum(trial.hits))])
        else:
            raise ParameterError(f"path={str(path)!r}: the name must end in .json or .csv")


def tune(
    problem: Any,
    *,
    solver: str = "simulated_annealing",
    time_limit: float,
    space: Space | None = None,
    run_time: float | None = None,
    target_energy: float | Sequence[float] | None = None,
    seed: int | None = None,
    num_threads: int | None = None,
) -> TuningResult:
    """Look for parameters that beat the solver's defaults on a problem, or on a list of problems.

    Args:
        problem: anything that ``solve`` takes without constraints, or a list of them.
        solver: whose parameters; tuning_space.TUNABLE has default spaces.
        time_limit: seconds for everything, > 0; two thirds go to the search, one to the confirmation.
        space: parameter -> list of choices, ``(low, high)`` log-uniform, or a tuple of ranges; None for
            the solver's row of TUNABLE in tuning_space.py.
        run_time: seconds of each run, > 0: the time for which the parameters are tuned. None: such that
            about 48 runs a problem fit.
        target_energy: None to compare mean best energies at ``run_time``; an energy (one for each problem)
            to compare times to it.
        seed: 0 to 2^63 - 1; None draws one. Runs depend on the clock, so the same seed tries the same
            candidates but may rank close ones differently.
        num_threads: of each run, 1 up; None for every core.

    Raises:
        ParameterError: a solver without a space, a range that is none, or a time limit below twelve runs.
    """
    began = time.perf_counter()
    check_positive("time_limit", time_limit)
    check_positive("run_time", run_time)
    whole_number(1)("num_threads", num_threads)
    problems = [compile(p) for p in (problem if isinstance(problem, list) else [problem])]
    targets = _targets(target_energy, len(problems))
    chosen = solver_named(solver)
    settled = dict(default_space(solver, problems) if space is None else space)
    draw = np.random.default_rng(resolve_seed(seed))
    candidates = [_candidate(chosen, settled, draw) for _ in range(_MOST_CANDIDATES)]
    bench = _Bench(problems, targets, solver, num_threads, began + time_limit, int(draw.integers(1 << 40)))
    bench.run_time = min(_WARM_UP_SECONDS, time_limit / 20)
    bench.warm_up(candidates[0])
    runs = _runs_that_fit(bench, run_time)
    trials = _search(bench, candidates[: max(3, int(runs * (1 - _HELD_OUT_SHARE) / 2.5))])
    winner = trials[0].parameters
    held_out: dict[str, float] = {}
    if winner:
        held_out = _confirm(bench, winner, max(2, int(runs * _HELD_OUT_SHARE / 2)))
    recommended = bool(winner) and held_out["gain"] > _CLEAR * held_out["error"]
    return TuningResult(
        solver, dict(winner) if recommended else {}, recommended, winner, trials, held_out,
        bench.objective, bench.run_time,
    )  # fmt: skip


def _candidate(solver: Solver, space: Space, draw: np.random.Generator) -> dict[str, Any]:
    """A draw that the solver takes; its own ParameterError where it takes none of many."""
    for left in reversed(range(_DRAWS)):
        candidate = draw_from(space, draw)
        try:
            solver.resolve(candidate)
            break
        except ParameterError:
            if not left:
                raise
    return candidate


def _targets(given: float | Sequence[float] | None, count: int) -> list[float | None]:
    if given is None:
        return [None] * count
    targets = [float(t) for t in (given if isinstance(given, Sequence) else [given])]
    if len(targets) != count:
        raise ParameterError(f"target_energy has {len(targets)} values and there are {count} problems")
    return list(targets)


class _Bench:
    """Runs candidates at equal time, on seed 0, 1, ... of a stream of their own."""

    def __init__(
        self,
        problems: Sequence[CompiledProblem],
        targets: Sequence[float | None],
        solver: str,
        num_threads: int | None,
        deadline: float,
        first_seed: int,
    ) -> None:
        self.problems, self.targets, self.solver = problems, targets, solver
        self.deadline, self.run_time = deadline, 0.0
        self._threads, self._first_seed = num_threads, first_seed
        self.timed = targets[0] is not None
        self.objective = (
            "log of the time to target" if self.timed else "mean relative excess over the best energy seen"
        )

    def warm_up(self, parameters: Mapping[str, Any]) -> None:
        """Load the kernels; what they find does not count."""
        for candidate in ({}, parameters):
            self.run(Trial(dict(candidate)), 0)

    def run(self, trial: Trial, seed: int) -> None:
        """One more run of a candidate on every problem."""
        energies, seconds, hits = [], [], []
        for problem, target in zip(self.problems, self.targets, strict=True):
            started = time.perf_counter()
            result = solve(
                problem, solver=self.solver, seed=self._first_seed + seed, time_limit=self.run_time,
                target_energy=target, num_threads=self._threads, **trial.parameters,
            )  # fmt: skip
            if result.info["interrupted"]:
                raise KeyboardInterrupt
            seconds.append(time.perf_counter() - started)
            energies.append(float(result.record.energy.min()))
            hits.append(target is not None and energies[-1] <= target + 1e-9 * max(1.0, abs(target)))
        trial.energies.append(energies)
        trial.seconds.append(seconds)
        trial.hits.append(hits)

    @property
    def over(self) -> bool:
        """True where two more runs would end behind the deadline."""
        return time.perf_counter() + 2 * self.run_time * len(self.problems) > self.deadline

    def losses(self, trials: Sequence[Trial]) -> list[np.ndarray]:
        """By trial, float64[seeds]: what a run has lost, comparable among these trials only.

        At equal time: the excess over the lowest energy that any of them found, relative to it, mean over
        problems. With targets: the log of the time it took, a miss counted double.
        """
        if self.timed:
            return [np.log(np.array(t.seconds) * np.where(t.hits, 1.0, 2.0)).mean(axis=1) for t in trials]
        lowest = np.min([np.min(t.energies, axis=0) for t in trials], axis=0)
        return [
            ((np.array(t.energies) - lowest) / np.maximum(np.abs(lowest), 1e-300)).mean(axis=1)
            for t in trials
        ]


def _runs_that_fit(bench: _Bench, run_time: float | None) -> int:
    """Sets the time of a run and returns how many fit on every problem."""
    left = max(0.0, bench.deadline - time.perf_counter()) / len(bench.problems)
    bench.run_time = run_time or left / _RUNS
    runs = int(left / bench.run_time + 1e-6) if left else 0
    if runs < _FEWEST_RUNS:
        raise ParameterError(
            f"run_time={run_time} s fits {runs} times into what time_limit leaves for each of "
            f"{len(bench.problems)} problems; {_FEWEST_RUNS} are needed: raise time_limit or lower run_time"
        )
    return runs


def _search(bench: _Bench, candidates: Sequence[dict[str, Any]]) -> list[Trial]:
    """Successive halving from the defaults and the candidates; all, those that stayed longest first."""
    search_ends = bench.deadline - _HELD_OUT_SHARE * (bench.deadline - time.perf_counter())
    alive = [Trial({}), *map(Trial, candidates)]
    ranked: list[Trial] = []
    seeds = 1
    while True:
        for place, trial in enumerate(alive):
            # Two candidates run whatever the clock says: there has to be something to compare.
            while trial.seeds < seeds and (
                time.perf_counter() < search_ends or (place < 2 and not trial.seeds)
            ):
                bench.run(trial, trial.seeds)
        alive = [t for t in alive if t.seeds]
        for trial, loss in zip(alive, bench.losses(alive), strict=True):
            trial.score = float(loss.mean())
        alive.sort(key=lambda t: t.score)
        if len(alive) <= 2 or time.perf_counter() >= search_ends:
            break
        kept = (len(alive) + 1) // 2
        ranked = alive[kept:] + ranked
        alive, seeds = alive[:kept], 2 * seeds
    tried = alive + ranked
    # Once more, so that all scores are measured against the same best energies.
    for trial, loss in zip(tried, bench.losses(tried), strict=True):
        trial.score = float(loss.mean())
    return tried


def _confirm(bench: _Bench, winner: Mapping[str, Any], seeds: int) -> dict[str, float]:
    """Winner and defaults on seeds that the search has not used, by turns."""
    ours, defaults = Trial(dict(winner)), Trial({})
    first = 1 << 20
    for k in range(seeds):
        if k >= 2 and bench.over:
            break
        bench.run(ours, first + k)
        bench.run(defaults, first + k)
    mine, theirs = bench.losses([ours, defaults])
    difference = theirs - mine
    return {
        "winner": float(mine.mean()),
        "defaults": float(theirs.mean()),
        "gain": float(difference.mean()),
        "error": float(difference.std(ddof=1) / math.sqrt(len(difference))),
        "seeds": float(len(difference)),
    }
