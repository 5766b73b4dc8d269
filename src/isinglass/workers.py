"""Threads that kernels run in.

Those of runs are kept: starting one, with fresh memory and cold caches, takes as long as solving a
small problem.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

_IDLE: list[SimpleQueue[Job]] = []
"""Where the threads that have nothing to do wait for it."""
if hasattr(os, "register_at_fork"):
    # A child process has the list but not the threads.
    os.register_at_fork(after_in_child=_IDLE.clear)


class Job:
    """A task that runs in a thread of its own, beginning now.

    Args:
        task: what to do.
        bell: receives something when it is done.
    """

    def __init__(self, task: Callable[[], None], bell: SimpleQueue[None]) -> None:
        self.done = False
        self.error: BaseException | None = None
        """What the task raised, if anything."""
        self._task, self._bell = task, bell
        try:
            inbox = _IDLE.pop()
        except IndexError:
            inbox = SimpleQueue()
            threading.Thread(target=_serve, args=(inbox,), name="isinglass", daemon=True).start()
        inbox.put(self)

    def run(self) -> None:
        """Do the task, whatever happens in it."""
        try:
            self._task()
        except BaseException as error:
            self.error = error

    def tell(self) -> None:
        self.done = True
        self._bell.put(None)


def _serve(inbox: SimpleQueue[Job]) -> None:
    while True:
        job = inbox.get()
        job.run()
        # Before anyone hears of it: the next task finds this thread idle.
        _IDLE.append(inbox)
        job.tell()
        # The arrays of a run do not outlive it here.
        del job


def share_out(task: Callable[[int], None], count: int, num_threads: int) -> None:
    """Call ``task(k)`` for k < ``count``, in order of k, on up to ``num_threads`` threads; errors are raised.

    ``task`` releases the GIL and writes what no other call writes.
    """
    if count == 1:
        task(0)
        return
    with ThreadPoolExecutor(max(1, min(count, num_threads))) as pool:
        for _ in pool.map(task, range(count)):
            pass
