"""How long numba has been compiling kernels in this process: the first run on a machine.

That happens once after installing and takes seconds; a time limit is meant for the search. So
RunControl stops its clock meanwhile. numba tells only of real compilations, not of kernels that it
loads from its cache, and holds one lock, so overlapping ones count once.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from numba.core import event


class _Stopwatch(event.Listener):
    """Sums the time in which at least one compilation is in work."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.depth = 0
        self.total = 0.0
        self.began = 0.0

    def on_start(self, compile_event: Any) -> None:
        with self.lock:
            if self.depth == 0:
                self.began = time.perf_counter()
            self.depth += 1

    def on_end(self, compile_event: Any) -> None:
        with self.lock:
            self.depth -= 1
            if self.depth == 0:
                self.total += time.perf_counter() - self.began

    def seconds(self) -> float:
        with self.lock:
            running = time.perf_counter() - self.began if self.depth else 0.0
            return self.total + running


_STOPWATCH = _Stopwatch()
_WATCHED: set[int] = set()


def watch(events: Any) -> None:
    """Count the compilations that ``events``, a module like numba's, tells of; once for each module."""
    if id(events) not in _WATCHED:
        _WATCHED.add(id(events))
        events.register("numba:compile", _STOPWATCH)


watch(event)


def compile_seconds() -> float:
    """Seconds spent compiling so far, a compilation in work included."""
    return _STOPWATCH.seconds()
