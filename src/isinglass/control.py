"""When must it stop, how far is it.

A ``RunControl`` is shared by all kernels of one run. Kernels poll its stop flag once a sweep and
write their progress rows; this thread watches them: it sets the flag at the deadline, on Ctrl-C or
on ``cancel()``, records the convergence trace and calls the progress callback. No kernel looks at
a clock.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol

import numpy as np

from isinglass.compiling import compile_seconds
from isinglass.errors import ParameterError
from isinglass.kernels.batch import BatchKernels
from isinglass.kernels.cpu.progress import (
    BEST,
    ROW,
    RUNNING,
    STOP_CANCELLED,
    STOP_DEADLINE,
    STOP_TARGET,
    SWEEPS,
    TARGET,
)
from isinglass.workers import Job

_POLL_SECONDS = 0.01

_REASONS = {
    RUNNING: "finished: all reads ran their whole schedule",
    STOP_TARGET: "target reached: a sample at or below target_energy was found",
    STOP_DEADLINE: "time limit reached: the best found so far is returned; raise time_limit for more",
    STOP_CANCELLED: "cancelled: the best found so far is returned",
}


@dataclass(frozen=True)
class Progress:
    """What a progress callback receives, about ten times a second and once at the end."""

    elapsed: float
    """Seconds since the problem was handed over."""
    best_energy: float
    """Lowest energy seen so far, in the user's units; inf before the first."""
    sweeps: float
    """Sweeps done, summed over reads."""
    sweeps_per_second: float
    reads_done: int
    reads_started: int


class Cancel(Protocol):
    """Anything that says when to stop, such as ``threading.Event``."""

    def is_set(self) -> bool: ...


def available_threads() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class RunControl:
    """Deadline, cancel and progress of one run.

    Args:
        time_limit: seconds from now, > 0, in which kernels are not being compiled; None for no limit.
        progress: called with a ``Progress`` from the calling thread.
        num_threads: kernels at a time; None for every core this process may use.
        started: ``time.perf_counter()`` at which the clock began; None for now.
        cancel: looked at a hundred times a second; once it is set, the run ends as by ``cancel()``.
        batch: where reads run many at a call; None: kernels of this processor, ``num_threads`` at a time.
    """

    def __init__(
        self,
        time_limit: float | None = None,
        progress: Callable[[Progress], None] | None = None,
        num_threads: int | None = None,
        started: float | None = None,
        cancel: Cancel | None = None,
        batch: BatchKernels | None = None,
    ) -> None:
        if progress is not None and not callable(progress):
            raise ParameterError(f"progress={progress!r} cannot be called; give a function of one Progress")
        self.started = time.perf_counter() if started is None else started
        self.batch = batch
        self.num_threads = num_threads or available_threads()
        self.trace: list[tuple[float, float]] = []
        self.flag = np.zeros(8, np.int64)
        self._compiled_before = compile_seconds()
        self._deadline = None if time_limit is None else self.started + time_limit
        self._target_energy: float | None = None
        self._progress = progress
        self._cancel = cancel
        self._rows = [_new_row()]
        """Of all tasks that have ended, then those of kernels that belong to no task."""
        self._running: dict[Job, _Task] = {}
        self._here = threading.local()
        self._scale, self._offset = 1.0, 0.0
        self._kernels_began: float | None = None
        self._told = -np.inf
        self.reads_done = 0
        self.reads_started = 0
        self.interrupted = False

    def measure_in(self, scale: float, offset: float, target_energy: float | None = None) -> None:
        """Kernel energies become ``offset + scale * energy`` in the trace and for the target.

        Rows of an earlier problem no longer count. ``target_energy``: stop once an energy at or
        below it is seen (user's units); None for none.
        """
        self._scale, self._offset, self._target_energy = scale, offset, target_energy
        self._rows = [_new_row()]

    @property
    def target_energy(self) -> float | None:
        """Stop at the first energy at or below this, in the user's units; None for no target."""
        return self._target_energy

    def row(self) -> np.ndarray:
        """A fresh progress row for one kernel run (float64[4], see kernels/cpu/progress.py)."""
        target = -np.inf
        if self._target_energy is not None:
            # A hair above, so that rounding in scale and offset cannot hide an exact hit.
            size = abs(self._target_energy) + abs(self._offset)
            target = (self._target_energy + 1e-12 * size - self._offset) / self._scale
        row = _new_row()
        row[TARGET] = target
        getattr(self._here, "rows", self._rows).append(row)
        return row

    def hold_back(self, seconds: float) -> None:
        """Let kernels end ``seconds`` before the deadline: what comes after them takes that long."""
        if self._deadline is not None:
            self._deadline -= seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the clock began."""
        return time.perf_counter() - self.started

    @property
    def time_left(self) -> float | None:
        """Seconds to the deadline (0 once past it); None without one."""
        return None if self._deadline is None else max(0.0, self._deadline - self.clock())

    def clock(self) -> float:
        """Seconds of the clock that deadlines are measured by: it stands while kernels are compiled."""
        return time.perf_counter() - (compile_seconds() - self._compiled_before)

    def expire(self) -> None:
        """End the run as its deadline would: too little time is left for another round."""
        if self.flag[0] == RUNNING:
            self.flag[0] = STOP_DEADLINE

    @contextmanager
    def part(self, seconds: float | None) -> Iterator[None]:
        """A part of the run that ends after ``seconds`` (None: with the run), within its deadline.

        The end of the part is not the end of the run: inside it looks like the deadline, after it
        only what stops the whole run has stopped it. At least one task of a part runs.
        """
        whole = self._deadline
        if seconds is not None:
            ends = self.clock() + seconds
            self._deadline = ends if whole is None else min(ends, whole)
        self.reads_started = self.reads_done = 0
        try:
            yield
        finally:
            self._deadline = whole
            if self.flag[0] == STOP_DEADLINE and (whole is None or self.clock() < whole):
                self.flag[0] = RUNNING

    @property
    def stopped(self) -> bool:
        """True once the run must end; also looks at the deadline and at what may cancel it."""
        if self._cancel is not None and self._cancel.is_set():
            self.cancel()
        if self.flag[0] == RUNNING and self._deadline is not None and self.clock() >= self._deadline:
            self.flag[0] = STOP_DEADLINE
        return bool(self.flag[0] != RUNNING)

    def cancel(self) -> None:
        """Stop within one sweep; the best found so far is returned. Safe from any thread."""
        if self.flag[0] == RUNNING:
            self.flag[0] = STOP_CANCELLED

    @property
    def stop_reason(self) -> str:
        """Why the run ended, in words."""
        if self.interrupted:
            return "interrupted: the best found so far is returned"
        return _REASONS[int(self.flag[0])]

    def run(self, tasks: Sequence[tuple[int, Callable[[], None]]], *, tell: bool = True) -> None:
        """Run (reads, task) pairs, ``num_threads`` at a time, until done or stopped.

        ``tell``: call progress at the end, however short it took; False for one of many short steps.
        Tasks that have not begun when the run stops are dropped; at least one always runs. Ctrl-C
        stops the run as ``cancel`` does and sets ``interrupted``.
        """
        waiting = list(tasks)[::-1]
        running = self._running
        bell: SimpleQueue[None] = SimpleQueue()
        raised: BaseException | None = None
        if self._kernels_began is None:
            self._kernels_began = time.perf_counter()
        while waiting or running:
            try:
                while waiting and len(running) < self.num_threads and (
                    not self.stopped or not self.reads_started
                ):  # fmt: skip
                    task = _Task(*waiting.pop(), self._here)
                    running[Job(task, bell)] = task
                    self.reads_started += task.reads
                if not running:
                    break
                with suppress(Empty):
                    bell.get(timeout=self._nap())
                for job in [job for job in running if job.done]:
                    ended = running.pop(job)
                    self.reads_done += ended.reads
                    self._fold(ended.rows)
                    if job.error is not None:
                        raise job.error
                if self.stopped and self.reads_started:
                    waiting.clear()
                self._watch()
            except KeyboardInterrupt:
                self.interrupted = True
                self.cancel()
            except BaseException as error:
                # Of a task or of the progress callback; kernels in work end within a sweep.
                raised = raised or error
                self.cancel()
                waiting.clear()
        if raised is not None:
            raise raised
        self._watch(final=tell)
        rest = self._rows[1:]
        del self._rows[1:]
        self._fold(rest)

    def forget_best(self) -> None:
        """Begin the trace anew: what was found so far will not be returned."""
        self.trace.clear()
        for row in self._rows:
            row[BEST] = np.inf

    def _fold(self, rows: Sequence[np.ndarray]) -> None:
        """Into the row of all that has ended, so that a look takes no longer the more there were."""
        for row in rows:
            self._rows[0][SWEEPS] += row[SWEEPS]
            self._rows[0][BEST] = min(self._rows[0][BEST], row[BEST])

    def _all_rows(self) -> list[np.ndarray]:
        return [*self._rows, *(row for task in self._running.values() for row in task.rows)]

    def _nap(self) -> float:
        if self._deadline is None or self.flag[0] != RUNNING:
            return _POLL_SECONDS
        return min(_POLL_SECONDS, max(0.0, self._deadline - self.clock()))

    def _watch(self, final: bool = False) -> None:
        rows = self._all_rows()
        best = min(float(row[BEST]) for row in rows)
        energy = self._offset + self._scale * best if best < np.inf else np.inf
        now = self.elapsed
        if energy < (self.trace[-1][1] if self.trace else np.inf):
            self.trace.append((now, energy))
        if self._progress is not None and (final or now - self._told >= 0.1):
            self._told = now
            sweeps = float(sum(row[SWEEPS] for row in rows))
            seconds = max(1e-9, time.perf_counter() - (self._kernels_began or self.started))
            reads = (self.reads_done, self.reads_started)
            self._progress(Progress(now, energy, sweeps, sweeps / seconds, *reads))


class _Task:
    """A task at work, with the rows that its kernels write."""

    def __init__(self, reads: int, task: Callable[[], None], here: threading.local) -> None:
        self.reads = reads
        self.rows: list[np.ndarray] = []
        self._task, self._here = task, here

    def __call__(self) -> None:
        self._here.rows = self.rows
        try:
            self._task()
        finally:
            del self._here.rows


def _new_row() -> np.ndarray:
    row = np.zeros(ROW)
    row[BEST], row[TARGET] = np.inf, -np.inf
    return row


def check_positive(name: str, value: float | None) -> None:
    """ParameterError unless ``value`` is None or a finite number above zero."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 < value < np.inf:
        raise ParameterError(f"{name}={value!r} is not a finite number above 0")
