"""Shots on a Ray cluster: one task each, the problem in its object store, put there once a job.

Tasks say what they need (processors, GPUs); where they run, and whether the cluster grows for them, is Ray's
affair. They get and give bytes and JSON. A task tells its progress to a small actor beside whoever started it
and hears there whether to stop; then it gives its best so far.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from isinglass.control import Cancel, Progress
from isinglass.errors import IsinglassError, MissingExtraError, OutOfMemoryError, ParameterError
from isinglass.executors.contract import Run
from isinglass.executors.shots import run_shot
from isinglass.jobs.container import Buffer
from isinglass.jobs.problems import problem_of
from isinglass.jobs.results import result_content
from isinglass.jobs.spec import JobSpec, spec_of

try:
    import ray
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError:
    raise MissingExtraError("ray", "ray", "running jobs on a Ray cluster") from None

_LOOK_SECONDS = 0.2
_PROBLEMS_KEPT = 8


class NodeLostError(Exception):
    """The node that ran a shot is gone, with all it had found."""


class RayCluster:
    """A connection to a cluster. Safe in several threads.

    Args:
        address: of the cluster, as of ``ray.init``: ``auto``, ``ray://host:10001``, ``host:6379``.
        threads: processors of one shot.
    """

    def __init__(self, address: str, threads: int = 1) -> None:
        try:
            ray.init(address=address, namespace="isinglass", log_to_driver=False, logging_level=logging.ERROR,
                     ignore_reinit_error=True)  # fmt: skip
        except (ConnectionError, ValueError) as error:
            raise ParameterError(f"there is no Ray cluster at {address!r}: {error}") from None
        self._threads = threads
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._signals: Any = ray.remote(num_cpus=0)(_Signals).options(scheduling_strategy=here).remote()
        self._task = ray.remote(max_retries=0)(_run)
        self._problems: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def run(
        self,
        name: str,
        content: Callable[[], Buffer | np.ndarray],
        spec: JobSpec,
        shot: int,
        progress: Callable[[Progress], None],
        cancel: Cancel,
    ) -> tuple[bytes, float]:
        """(the result's container, seconds it took). ``content`` of the problem ``name`` if it is not there.

        Errors as of ``run_shot``; NodeLostError where the node died.
        """
        token = secrets.token_hex(16)
        needs = {"num_cpus": self._threads, "num_gpus": 1 if spec.backend == "gpu" else 0}
        try:
            problem = self._shared(name, content)
            task = self._task.options(**needs).remote(
                problem, spec.as_json(), shot, self._threads, self._signals, token
            )
            while not ray.wait([task], timeout=_LOOK_SECONDS)[0]:
                news = ray.get(self._signals.look.remote(token, cancel.is_set()))
                if news is not None:
                    progress(Progress(**news))
            kind, what, seconds = ray.get(task)
            self._signals.forget.remote(token)
        except RayError as error:
            raise NodeLostError(f"its Ray node is gone: {type(error).__name__}") from None
        if isinstance(what, bytes):
            return what, seconds
        raise {"memory": OutOfMemoryError}.get(kind, IsinglassError)(what)

    def _shared(self, name: str, content: Callable[[], Buffer | np.ndarray]) -> Any:
        with self._lock:
            if name not in self._problems:
                self._problems[name] = ray.put(np.frombuffer(content(), np.uint8))
                while len(self._problems) > _PROBLEMS_KEPT:
                    self._problems.popitem(last=False)
            self._problems.move_to_end(name)
            return self._problems[name]

    def close(self) -> None:
        ray.shutdown()


class _Signals:
    """An actor: what tasks tell, and which of them should stop."""

    def __init__(self) -> None:
        self._news: dict[str, dict[str, Any] | None] = {}
        self._stop: set[str] = set()

    def beat(self, token: str, news: dict[str, Any] | None) -> bool:
        self._news[token] = news
        return token in self._stop

    def look(self, token: str, stop: bool) -> dict[str, Any] | None:
        if stop:
            self._stop.add(token)
        return self._news.get(token)

    def forget(self, token: str) -> None:
        self._news.pop(token, None)
        self._stop.discard(token)


def _run(
    content: np.ndarray, spec: str, shot: int, threads: int, signals: Any, token: str
) -> tuple[str, bytes | str, float]:
    """The task: ("result", container, seconds) or ("error" or "memory", words, seconds)."""
    began = time.perf_counter()
    beat = _Beat(signals, token)
    what: bytes | str
    try:
        problem = problem_of(content)
        found = run_shot(problem, spec_of(json.loads(spec)), shot, Run(threads, beat.tell, beat))
        kind, what = "result", result_content(found).to_bytes()
    except (OutOfMemoryError, MemoryError) as error:
        kind, what = "memory", str(error) or "its node has not enough memory"
    except IsinglassError as error:
        kind, what = "error", str(error)
    finally:
        beat.over.set()
    return kind, what, time.perf_counter() - began


class _Beat:
    """Tells the actor how far a task is, and hears whether it should stop."""

    def __init__(self, signals: Any, token: str) -> None:
        self._signals, self._token = signals, token
        self._news: dict[str, Any] | None = None
        self._stop, self.over = threading.Event(), threading.Event()
        threading.Thread(target=self._beat, daemon=True).start()

    def is_set(self) -> bool:
        return self._stop.is_set()

    def tell(self, progress: Progress) -> None:
        self._news = asdict(progress)

    def _beat(self) -> None:
        while not self.over.wait(_LOOK_SECONDS):
            if ray.get(self._signals.beat.remote(self._token, self._news)):
                self._stop.set()
