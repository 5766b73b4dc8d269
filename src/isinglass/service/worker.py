"""A worker: takes shots from a service, runs them, brings results. It needs a URL and a key, nothing else.

The first SIGTERM or SIGINT lets it finish what it runs and take no more; the second makes it hand its shot
back at once.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isinglass.client.transport import Transport
from isinglass.client.upload import send_pieces
from isinglass.control import Progress
from isinglass.errors import (
    AccessError,
    ConflictError,
    IsinglassError,
    OutOfMemoryError,
    ServiceError,
)  # fmt: skip
from isinglass.executors.contract import Run
from isinglass.executors.sampling import warm_up
from isinglass.executors.shots import run_shot
from isinglass.jobs.container import Content, pack, unpack
from isinglass.jobs.problems import Decoded, problem_of
from isinglass.jobs.results import result_content
from isinglass.jobs.spec import JobSpec, spec_of
from isinglass.jobs.wire import PIECE_BYTES

log = logging.getLogger("isinglass.worker")

_POLL_SECONDS = 20.0
_BEAT_SECONDS = 1.0
_FIRST_BEAT_SECONDS = 0.2
"""A shot shorter than this needs no heartbeat."""
_PATIENCE = 20
"""Tries to bring a result to a service that does not answer: about half a minute."""


@dataclass(frozen=True)
class Shot:
    """What a lease says."""

    job: str
    shot: int
    token: str
    user: str
    sha256: str
    spec: JobSpec
    problem: bytes | None

    @property
    def held(self) -> dict[str, Any]:
        return {"job": self.job, "shot": self.shot, "token": self.token}

    @property
    def about(self) -> dict[str, Any]:
        """For lines of the log."""
        return {"job": self.job, "user": self.user, "shot": self.shot}


class ShotLostError(Exception):
    """What ran a shot is gone, with all it had found: somebody else may run it."""


class Drained(Exception):
    """A worker that waits for a shot is told to end."""


class Worker:
    """See the module's docstring.

    Args:
        transport: to the service, with a key of scope ``work``.
        name: unique among workers, 1 to 64 letters, digits, dots and dashes.
        backends: what it can run.
        threads: of one shot; None for every core.
        blobs: the service's folder of blobs, where it is on this machine: large problems are read from it.
        parent: process id of what started it, and with whose end it ends too; None for nothing.
    """

    def __init__(
        self,
        transport: Transport,
        name: str,
        backends: Sequence[str] = ("cpu",),
        threads: int | None = None,
        blobs: Path | None = None,
        parent: int | None = None,
    ) -> None:
        self._transport, self._name, self._backends = transport, name, list(backends)
        self._threads, self._blobs = threads, blobs
        self._parent = parent
        self._draining, self._now = threading.Event(), threading.Event()
        self._last: tuple[str, Decoded] | None = None
        self._idle = False

    def drain(self) -> None:
        """Take no more shots; called again: hand back the one in work. For signal handlers: may raise."""
        if self._draining.is_set():
            self._now.set()
        self._draining.set()
        if self._idle:
            self._idle = False
            raise Drained

    def prepare(self) -> None:
        """What is done once, before there is work."""
        warm_up()

    def run(self) -> None:
        """Work until drained."""
        self.prepare()
        try:
            self._work()
        except Drained:
            # A lease may be on its way here.
            with suppress(ServiceError):
                self._transport.request("POST", "/v1/work/goodbye", json={"worker": self._name}, tries=1)

    def _work(self) -> None:
        delivery: dict[str, Any] | None = None
        result: bytes | None = None
        while True:
            wants_more = not self._draining.is_set() and not self._orphaned()
            if not wants_more and delivery is None:
                return
            shot = self._exchange(delivery, result, wants_more)
            delivery, result = (None, None) if shot is None else self._do(shot)

    def _orphaned(self) -> bool:
        return self._parent is not None and os.getppid() != self._parent

    def _exchange(
        self, delivery: dict[str, Any] | None, result: bytes | None, wants_more: bool
    ) -> Shot | None:
        fields: dict[str, Any] = {"worker": self._name, "backends": self._backends, "delivery": delivery}
        fields["wait"] = _POLL_SECONDS if wants_more else None
        arrays = {} if result is None else {"result": np.frombuffer(result, np.uint8)}
        body = pack(fields, arrays).to_bytes()
        try:
            self._idle = delivery is None
            answer = self._transport.request(
                "POST", "/v1/work/exchange", content=body, wait=_POLL_SECONDS,
                tries=0 if delivery is None else _PATIENCE,
            )  # fmt: skip
        except AccessError:
            raise
        except ServiceError as error:
            if delivery is not None:
                about = {"job": delivery["job"], "shot": delivery["shot"]}
                log.error("job %s: the result is lost: %s", delivery["job"], error, extra=about)
            self._idle = False
            self._draining.wait(0.5)
            return None
        self._idle = False
        said, data = unpack(answer.content)
        if said["refusal"]:
            log.warning("%s", said["refusal"])
        lease = said["lease"]
        if lease is None:
            return None
        problem = data["problem"].tobytes() if "problem" in data else None
        spec = spec_of(lease["spec"])
        names = ("job", "shot", "token", "user", "sha256")
        return Shot(**{name: lease[name] for name in names}, spec=spec, problem=problem)

    def _do(self, shot: Shot) -> tuple[dict[str, Any] | None, bytes | None]:
        """(what to say of it, its result); (None, None) where it was handed back or is not ours any more."""
        began = time.perf_counter()
        beat = Heartbeat(self._transport, shot, self._now)
        try:
            with beat:
                result, seconds = self.run_shot(shot, beat)
                sent = self._send(shot, result)
        except (OutOfMemoryError, MemoryError) as error:
            # Another worker may have more.
            log.warning("job %s: shot %d: %s", shot.job, shot.shot, error, extra=shot.about)
            return self._give_back(shot, str(error) or "its worker has not enough memory")
        except ShotLostError as error:
            return self._give_back(shot, str(error))
        except (ServiceError, OSError) as error:
            line = "job %s: shot %d: it or its result did not travel: %s"
            log.warning(line, shot.job, shot.shot, error, extra=shot.about)
            return self._give_back(shot, f"its problem or its result did not travel: {error}")
        except IsinglassError as error:
            return {**shot.held, "seconds": time.perf_counter() - began, "error": str(error)}, None
        except Exception as error:
            log.exception("job %s: shot %d: a fault of isinglass", shot.job, shot.shot, extra=shot.about)
            words = f"a fault of isinglass, please report it: {type(error).__name__}: {error}"
            return {**shot.held, "seconds": time.perf_counter() - began, "error": words}, None
        if beat.lost:
            return None, None
        if self._now.is_set() and not beat.stopped:
            return self._give_back(shot)
        if sent is not None:
            return {**shot.held, "seconds": seconds, "sha256": sent}, None
        return {**shot.held, "seconds": seconds}, result

    def _send(self, shot: Shot, result: bytes) -> str | None:
        """Large results go ahead in pieces, under the name that this gives."""
        if len(result) <= PIECE_BYTES:
            return None
        content = Content(result, ())
        sha256 = content.sha256()
        send_pieces(self._transport, "/v1/work/result", content, sha256=sha256, **shot.held)
        return sha256

    def run_shot(self, shot: Shot, beat: Heartbeat) -> tuple[bytes, float]:
        """(the result's container, seconds it took), made here."""
        began = time.perf_counter()
        problem = self._problem_of(shot)
        found = run_shot(problem, shot.spec, shot.shot, Run(self._threads, beat.tell, beat))
        return result_content(found).to_bytes(), time.perf_counter() - began

    def _give_back(self, shot: Shot, why: str | None = None) -> tuple[None, None]:
        words = {**shot.held, "why": None if why is None else why[:500]}
        try:
            self._transport.request("POST", "/v1/work/give-back", json=words, tries=1)
        except ServiceError as error:
            line = "job %s: shot %d could not be handed back: %s"
            log.warning(line, shot.job, shot.shot, error, extra=shot.about)
        return None, None

    def _problem_of(self, shot: Shot) -> Decoded:
        if shot.problem is not None:
            return problem_of(shot.problem)
        if self._last is None or self._last[0] != shot.sha256:
            self._last = None
            self._last = (shot.sha256, problem_of(self.content(shot)))
        return self._last[1]

    def content(self, shot: Shot) -> np.ndarray | bytes:
        """The container of its problem."""
        if shot.problem is not None:
            return shot.problem
        if self._blobs is not None:
            place = self._blobs / shot.user / shot.sha256[:2] / shot.sha256
            if place.is_file():
                return np.memmap(place, np.uint8, "r")
        return self._transport.request("GET", "/v1/work/problem", params=shot.held, wait=600.0).content


class Heartbeat:
    """Keeps a lease while a shot runs, tells its progress, and says when to stop (``is_set``)."""

    def __init__(self, transport: Transport, shot: Shot, now: threading.Event) -> None:
        self._transport, self._shot, self._now = transport, shot, now
        self._over = threading.Event()
        self._progress: dict[str, float] | None = None
        self.stopped = self.lost = False
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def is_set(self) -> bool:
        return self.stopped or self.lost or self._now.is_set()

    def tell(self, progress: Progress) -> None:
        """A progress callback."""
        told = {"elapsed": progress.elapsed, "reads_done": progress.reads_done, "sweeps": progress.sweeps}
        if progress.best_energy < float("inf"):
            told["best_energy"] = progress.best_energy
        if progress.reads_done or len(told) > 3:
            self._progress = told

    def _beat(self) -> None:
        pause = _FIRST_BEAT_SECONDS
        while not self._over.wait(pause) and not self.is_set():
            words = {**self._shot.held, "wait": _BEAT_SECONDS, "progress": self._progress}
            pause = 0.0
            try:
                answer = self._transport.request(
                    "POST", "/v1/work/heartbeat", json=words, wait=_BEAT_SECONDS, tries=0
                )
                self.stopped = bool(answer.json()["stop"])
            except ConflictError:
                # After the end of the shot this is its own delivery.
                self.lost = not self._over.is_set()
            except (ServiceError, OSError):
                pause = 0.5
