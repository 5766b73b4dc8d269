"""Live progress on stderr: one line that rewrites itself in a terminal, one a second elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Self

from numba.core import event

from isinglass.control import Progress


class LiveProgress:
    """A progress callback and, as a context, the line it keeps.

    While kernels are compiled (the first run on a machine) it names the one in work.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._width = 0
        self._shown = -1.0
        self._unseen: Progress | None = None
        self._compiling = _CompileListener(self._say)

    def __enter__(self) -> Self:
        event.register("numba:compile", self._compiling)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        event.unregister("numba:compile", self._compiling)
        if self._unseen is not None:
            self._show(self._unseen)
        if self._terminal and self._width:
            print(file=sys.stderr)

    def __call__(self, progress: Progress) -> None:
        """Show one step; outside a terminal only one a second, and the last."""
        now = time.monotonic()
        self._unseen = progress
        if self._terminal or now - self._shown >= 1.0:
            self._shown = now
            self._show(progress)

    def _show(self, progress: Progress) -> None:
        self._unseen = None
        if not progress.best_energy < float("inf"):
            return  # kernels are still being loaded or compiled
        reads = f"reads {progress.reads_done}/{progress.reads_started}"
        self._say(
            f"{progress.elapsed:7.1f} s   best energy {progress.best_energy:.10g}   "
            f"{_si(progress.sweeps_per_second)}sweeps/s   {reads}"
        )

    def _say(self, text: str) -> None:
        if self._quiet:
            return
        if self._terminal:
            print("\r" + text.ljust(self._width), end="", file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            print(text, file=sys.stderr, flush=True)


class _CompileListener(event.Listener):
    """Names each kernel as its compilation begins; numba tells only of real ones, not of the cache."""

    def __init__(self, say: Any) -> None:
        self._say = say
        self._told: set[str] = set()
        self._depth = 0

    def on_start(self, compile_event: Any) -> None:
        function = compile_event.data["dispatcher"].py_func
        name = function.__name__
        ours = function.__module__.startswith("isinglass.") and not name.startswith("_")
        self._depth += 1
        if self._depth == 1 and ours and name not in self._told:
            self._told.add(name)
            self._say(f"compiling {name} for this machine (first run only; kept for the next)")

    def on_end(self, compile_event: Any) -> None:
        """Functions compiled inside another one's compilation are not told."""
        self._depth -= 1


def _si(value: float) -> str:
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g} "
