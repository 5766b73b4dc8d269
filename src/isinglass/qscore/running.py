"""The runs of a Q-score: graphs of each size, one after another, each with its row."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from isinglass.compiling import compile_seconds
from isinglass.control import available_threads, check_positive
from isinglass.errors import IsinglassError, OutOfMemoryError, ParameterError
from isinglass.qscore.backends import Backend, backend_named
from isinglass.qscore.graphs import GENERATORS, fingerprint, graph
from isinglass.qscore.instances import Instance, encode
from isinglass.qscore.limits import check_size, credible
from isinglass.qscore.report import Report
from isinglass.qscore.rows import ROWS, Outcome, Row, Task
from isinglass.qscore.score import CONVENTIONS, VARIANTS
from isinglass.qscore.searching import bisection, in_turn
from isinglass.rng import resolve_seed
from isinglass.rows import plain_json, strong_id
from isinglass.run_info import processor, versions
from isinglass.solvers.contract import whole_number

FEWEST_VERTICES = 5


def run(
    backend: str | Any = "cpu",
    *,
    solver: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    sizes: Sequence[int] | None = None,
    search: bool = False,
    largest: int | None = None,
    resolution: float = 0.01,
    graphs: int = 10,
    time_limit: float = 60.0,
    seed: int = 0,
    convention: str = "atos",
    variant: str = "max-cut",
    generator: str = "isinglass",
    num_threads: int | None = None,
    out: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Measure the Q-score of a backend: the largest n with a mean beta above 0.2 over graphs G(n, 1/2).

    Every answer is a partition (or clique) whose size is recomputed here; rows keep it, so that anyone
    can check it (``isinglass.qscore.verify``).

    Args:
        backend: "cpu" or "gpu" (a solver of ours on this machine or its cards), "qpu:MODEL" (an emulated
            annealer), "circuit:RUNNER" (QAOA on a simulator or device: "circuit:auto",
            "circuit:FakeManilaV2"), ``"module:object"`` naming a ``dimod.Sampler``, or a sampler itself.
        solver: of backends "cpu" and "gpu"; None for "auto".
        parameters: further parameters of the solver or sampler.
        sizes: numbers of vertices, 5 up. All are measured, or with ``search`` bisected. None with
            ``search``: 10, 20, 40, ... until one is not passed, then bisection.
        search: assume that beyond a size that is not passed none is.
        largest: with ``search``, the largest size to try; None for no limit but memory.
        resolution: bisection ends when the gap is at most this share of the size.
        graphs: of each size, 1 up, with seeds ``seed``, ``seed`` + 1, ...
        time_limit: seconds, > 0, from handing over the problem to the answer. A later answer counts as
            beta 0, as does none. Making the graph is outside and reported beside it.
        convention: "atos" or "tno": what a random cut is worth. Rows do not depend on it.
        variant: "max-cut" or "max-clique".
        generator: "isinglass", or "networkx" for the graphs of the reference package.
        num_threads: of our solvers and of making graphs; None for every core.
        out: CSV of rows. Graphs that have a row there are not run again; new rows are added one by one.
        progress: called with a line of text after each graph.

    Returns:
        A Report.

    Raises:
        ParameterError, FileFormatError: see isinglass.errors.
        VerificationError: a cut above its graph's spectral bound, a clique or a mean beta beyond belief.
    """
    for name, value, known in (
        ("convention", convention, CONVENTIONS), ("variant", variant, VARIANTS),
        ("generator", generator, GENERATORS),
    ):  # fmt: skip
        if value not in known:
            raise ParameterError(f"{name}={value!r} is not one of {', '.join(known)}")
    check_positive("time_limit", time_limit)
    check_positive("resolution", resolution)
    whole_number(1)("graphs", graphs)
    whole_number(FEWEST_VERTICES)("largest", largest)
    for n in sizes or ():
        whole_number(FEWEST_VERTICES)("sizes", n)
    if sizes is None and not search:
        raise ParameterError("sizes says which to measure; give sizes, or search=True")
    measured = backend_named(backend, solver, parameters or {}, num_threads)
    path = None if out is None else Path(out)
    known_rows = {} if path is None else ROWS.merge(path)
    seeds = [resolve_seed(seed + k) for k in range(graphs)]
    runs = _Runs(
        measured, variant, generator, float(time_limit), seeds, num_threads, known_rows, path, progress
    )
    report = Report([], convention)

    def passed(n: int) -> bool:
        report.rows += runs.size(n)
        check_size(report.of_size(n), convention)
        return report.summary(n).passed

    if search:
        bisection(passed, sizes, largest, resolution)
    else:
        in_turn(passed, sizes or ())
    return report


class _Runs:
    """Rows as they come in."""

    def __init__(
        self,
        backend: Backend,
        variant: str,
        generator: str,
        time_limit: float,
        seeds: Sequence[int],
        threads: int | None,
        known: Mapping[str, Row],
        path: Path | None,
        tell: Callable[[str], None] | None,
    ) -> None:
        self._backend, self._variant, self._generator = backend, variant, generator
        self._limit, self._seeds, self._threads = time_limit, seeds, threads
        self._known, self._path, self._tell = known, path, tell or (lambda line: None)

    def size(self, n: int) -> list[Row]:
        """A row for each graph of ``n`` vertices."""
        tasks = map(self._task(n), self._seeds)
        return [self._known.get(strong_id(task)) or self._run(task) for task in tasks]

    def _task(self, n: int) -> Callable[[int], Task]:
        facts, machine, packages = (
            plain_json(value) for value in (self._backend.facts, machine_card(), versions())
        )
        return lambda seed: Task(
            self._variant, n, seed, self._generator, self._backend.name, facts, self._limit, machine, packages
        )

    def _run(self, task: Task) -> Row:
        row = Row(task, self._outcome(task))
        if self._path is not None:
            ROWS.append(self._path, row)
        found = row.outcome.found if row.outcome.found >= 0 else "nothing"
        self._tell(
            f"n {task.n}  graph {task.graph_seed}  {row.outcome.status}  found {found}  "
            f"{row.outcome.seconds:.2f} s (generation {row.outcome.generation_seconds:.2f} s)"
        )
        return row

    def _outcome(self, task: Task) -> Outcome:
        began, compiled = time.perf_counter(), compile_seconds()
        try:
            instance = Instance(graph(task.n, task.graph_seed, task.generator, self._threads), task.variant)
            handed = self._backend.prepare(instance)
        except OutOfMemoryError as error:
            return Outcome(f"failed: {error}", 0.0, time.perf_counter() - began, 0, "", -1, "")
        generation = time.perf_counter() - began - (compile_seconds() - compiled)
        began, compiled = time.perf_counter(), compile_seconds()
        try:
            answered = self._backend.answer(handed, self._limit, task.graph_seed)
            status = "ok"
        except IsinglassError as error:
            answered, status = None, f"failed: {error}"
        seconds = time.perf_counter() - began - (compile_seconds() - compiled)
        del handed
        found, answer = -1, ""
        if answered is not None:
            seconds = seconds if answered.seconds is None else answered.seconds
            found, chosen = instance.best_of(answered.states)
            answer = encode(chosen)
            status = status if seconds <= self._limit else "late"
            credible(instance, found)
        return Outcome(
            status.replace("\n", " "), seconds, generation, instance.edges, fingerprint(instance.graph),
            found, answer,
        )  # fmt: skip


@cache
def machine_card() -> dict[str, Any]:
    """What times and sizes depend on."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": processor(),
        "cores": available_threads(),
        "memory_gb": round(memory / 1e9),
    }
