"""The runs of a benchmark: every instance, solver and seed once, each with its row."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from isinglass.benchmark.listing import Listed, list_instances
from isinglass.benchmark.objectives import Instance, read_instance
from isinglass.benchmark.peers import SETTINGS, Peer
from isinglass.benchmark.report import Report
from isinglass.benchmark.rows import ROWS, Outcome, Row, Task
from isinglass.control import available_threads, check_positive
from isinglass.errors import IsinglassError, ParameterError
from isinglass.problems.energies import energies
from isinglass.results.sampleset import SampleSet
from isinglass.rng import resolve_seed
from isinglass.rows import plain_json, strong_id
from isinglass.run_info import processor, versions
from isinglass.solvers.contract import whole_number
from isinglass.solvers.registry import DEFAULT_SOLVER, solver_named
from isinglass.solving import solve

_WARM_UP_SECONDS = 0.25
_OUT_OF_REACH = -1e300

Solver = str | tuple[str, Mapping[str, Any]]
"""A solver's name, or its name and the parameters to run it with."""


def run(
    instances: str | Path | Sequence[str | Path],
    best_known: str | Path,
    *,
    solvers: Sequence[Solver] = (DEFAULT_SOLVER,),
    peers: Sequence[str] = (),
    peer_python: str | Path | None = None,
    time_limit: float = 10.0,
    repeats: int = 10,
    seed: int = 0,
    num_threads: int | None = None,
    select: str = "*",
    out: str | Path | None = None,
    merge: Sequence[str | Path] = (),
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Measure time to target and gap at the deadline over folders of instances.

    The target of an instance is its best known value. A run has one seed and ends at the target or the time
    limit. Its time goes from handing over the problem in memory to the result, compiling it included;
    reading the file and numba's compilation of kernels (one warm-up call before) are not.

    Args:
        instances: a folder or folders, searched to any depth.
        best_known: CSV with the columns ``instance``, ``objective``, ``best_known``; see
            benchmark/listing.py and the table ``OBJECTIVES`` in benchmark/objectives.py.
        solvers: names of our solvers, or (name, parameters).
        peers: names of ``SETTINGS`` in benchmark/peers.py; each is measured in all of its settings.
        peer_python: interpreter of the environment that has the peers; None for this one.
        time_limit: seconds of each run, > 0.
        repeats: runs of each solver on each instance, 1 up, with seeds ``seed``, ``seed`` + 1, ...
        num_threads: 1 up; None for every core this process may use.
        select: pattern of instance names, such as ``"G1*"`` or ``"gset/*"``.
        out: CSV of rows. Runs that have a row there are not done again; new rows are added one by one.
        merge: further files of rows, merged into ``out`` first.
        progress: called with a line of text before each run.

    Returns:
        A Report: summaries, table, JSON object, pictures.

    Raises:
        ParameterError, FileFormatError: see isinglass.errors. What goes wrong in one instance's runs (a
        solver that does not take its size) is listed in ``Report.failures`` instead.
    """
    check_positive("time_limit", time_limit)
    whole_number(1)("repeats", repeats)
    whole_number(0)("seed", seed)
    if merge and out is None:
        raise ParameterError("merge needs out, the file that the rows are merged into")
    threads = whole_number(1)("num_threads", num_threads) or available_threads()
    folders = [instances] if isinstance(instances, (str, Path)) else instances
    listed, missing = list_instances([Path(f) for f in folders], Path(best_known), select)
    if not listed:
        raise ParameterError(
            f"no instance of {best_known} that matches {select!r} has a file under "
            f"{', '.join(map(str, folders))}; {len(missing)} have none"
        )
    path = None if out is None else Path(out)
    known = {} if path is None else ROWS.merge(path, [Path(m) for m in merge])
    with ExitStack() as open_peers:
        python = None if peer_python is None else Path(peer_python)
        reached = [open_peers.enter_context(Peer(name, python, threads)) for name in peers]
        runners: list[_Runner] = [_ours(solver, threads) for solver in solvers]
        runners += [_theirs(peer, settings) for peer in reached for settings in SETTINGS[peer.name]]
        seeds = [resolve_seed(seed + k) for k in range(repeats)]
        done = _Runs(known, path, time_limit, threads, seeds, progress or (lambda line: None))
        for one in listed:
            done.measure(one, runners)
    return Report(done.rows, tuple(peers), missing, done.failures)


class _Runner:
    """One solver or peer with its parameters, as the loop over instances sees it."""

    def __init__(
        self,
        name: str,
        parameters: Mapping[str, Any],
        versions: Mapping[str, str],
        once: Callable[[Instance, Task], Outcome],
        warm_up: Callable[[Instance, Task], None],
    ) -> None:
        self.name, self.parameters, self.versions = name, plain_json(parameters), plain_json(versions)
        self.once, self.warm_up = once, warm_up


class _Runs:
    """Rows as they come in."""

    def __init__(
        self,
        known: Mapping[str, Row],
        path: Path | None,
        time_limit: float,
        threads: int,
        seeds: Sequence[int],
        tell: Callable[[str], None],
    ) -> None:
        self._known, self._path, self._tell = known, path, tell
        self._limit, self._threads, self._seeds = float(time_limit), threads, seeds
        self.rows: list[Row] = []
        self.failures: list[str] = []

    def measure(self, one: Listed, runners: Sequence[_Runner]) -> None:
        """Every runner and seed on one instance, whose file is read only if a run is missing."""
        content = hashlib.sha256(one.path.read_bytes()).hexdigest()
        instance: Instance | None = None
        for runner in runners:
            tasks = [self._task(one, content, runner, seed) for seed in self._seeds]
            try:
                if any(strong_id(task) not in self._known for task in tasks):
                    instance = instance or read_instance(one.path, one.objective)
                    runner.warm_up(instance, tasks[0])
                for task in tasks:
                    self.rows.append(self._known.get(strong_id(task)) or self._run(instance, task, runner))
            except IsinglassError as error:
                self.failures.append(f"{one.name}, {runner.name}: {error}")

    def _task(self, one: Listed, content: str, runner: _Runner, seed: int) -> Task:
        return Task(
            one.family, one.name, one.words, content, one.best_known, runner.name, runner.parameters,
            seed, self._limit, self._threads, runner.versions,
        )  # fmt: skip

    def _run(self, instance: Instance | None, task: Task, runner: _Runner) -> Row:
        assert instance is not None
        self._tell(f"{task.instance}  {task.solver} {task.parameters}  seed {task.seed}")
        row = Row(task, runner.once(instance, task))
        if self._path is not None:
            ROWS.append(self._path, row)
        return row


def _ours(solver: Solver, threads: int) -> _Runner:
    name, parameters = (solver, {}) if isinstance(solver, str) else solver
    solver_named(name).resolve(parameters)

    def call(instance: Instance, task: Task, seconds: float, target: float) -> SampleSet:
        result = solve(
            instance.problem, solver=name, seed=task.seed, time_limit=seconds, target_energy=target,
            num_threads=threads, **parameters,
        )  # fmt: skip
        if result.info["interrupted"]:
            raise KeyboardInterrupt  # half a run is no row
        return result

    def warm_up(instance: Instance, task: Task) -> None:
        # The storage, the types of its arrays and the number of replicas choose a kernel: only the problem
        # itself is sure to load the one it will need. With a target, for that may choose a stage, and out of
        # reach, so that all have their turn.
        call(instance, task, min(_WARM_UP_SECONDS, task.time_limit), _OUT_OF_REACH)

    def once(instance: Instance, task: Task) -> Outcome:
        target = instance.target(task.best_known)
        began = time.perf_counter()
        result = call(instance, task, task.time_limit, target)
        seconds = time.perf_counter() - began
        outcome = _outcome(instance, task, float(result.record.energy.min()), seconds)
        at = [float(t) for t, energy in result.trace if energy <= target]
        return replace(
            outcome,
            build_seconds=float(result.timing["compile"]),
            trace_seconds=at[0] if outcome.hit and at else float("nan"),
        )

    facts = {**{name: versions()[name] for name in ("isinglass", "numba")}, "processor": processor()}
    return _Runner(name, parameters, facts, once, warm_up)


def _theirs(peer: Peer, settings: dict[str, Any]) -> _Runner:
    def warm_up(instance: Instance, task: Task) -> None:
        peer.run(instance.problem, settings, task.seed, instance.target(task.best_known), 1e-9)

    def once(instance: Instance, task: Task) -> Outcome:
        target = instance.target(task.best_known)
        said = peer.run(instance.problem, settings, task.seed, target, task.time_limit)
        energy = float(energies(instance.problem, said["state"][None])[0])
        outcome = _outcome(instance, task, energy, said["seconds"])
        return replace(outcome, build_seconds=said["build_seconds"])

    return _Runner(peer.name, settings, {peer.name: peer.version, "processor": processor()}, once, warm_up)


def _outcome(instance: Instance, task: Task, energy: float, seconds: float) -> Outcome:
    value = instance.value(energy)
    return Outcome(
        n=instance.problem.num_variables,
        hit=bool(energy <= instance.target(task.best_known)),
        seconds=seconds,
        build_seconds=0.0,
        trace_seconds=float("nan"),
        best=value,
        gap=instance.gap(value, task.best_known),
    )
