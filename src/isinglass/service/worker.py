"""A worker: takes shots from a service, runs them, brings results. It needs a URL and a key, nothing else.

The first SIGTERM or SIGINT lets it finish what it runs and take no more; the second makes it hand its shot
back at once.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from isinglass.client.transport import Transport
from isinglass.client.upload import send_pieces
from isinglass.errors import (
    AccessError,
    IsinglassError,
    OutOfMemoryError,
    QuotaError,
    ServiceError,
)  # fmt: skip
from isinglass.executors.contract import Run
from isinglass.executors.sampling import warm_up
from isinglass.executors.shots import run_shot
from isinglass.jobs.container import Content, pack, unpack
from isinglass.jobs.problems import Decoded, problem_of
from isinglass.jobs.results import result_content
from isinglass.jobs.spec import spec_of
from isinglass.jobs.wire import DELIVERED_BYTES
from isinglass.service.heartbeats import Heartbeat, Keeping, Shot

log = logging.getLogger("isinglass.worker")

T = TypeVar("T")

_POLL_SECONDS = 20.0
_MOST_SHOTS = 8
"""That are asked for at once, after shots that took less than ``_QUICK_SECONDS`` each."""
_QUICK_SECONDS = 0.01
_PATIENCE = 20
"""Tries to bring a result to a service that does not answer: about half a minute."""
_ROOM_SECONDS = 1.0


@dataclass(frozen=True)
class Done:
    """What came of a shot that was held: a result, an error, or neither where it was not begun."""

    held: dict[str, Any]
    seconds: float = 0.0
    result: bytes | None = None
    error: str | None = None
    sha256: str | None = None
    """Of a result that went ahead in pieces."""

    @property
    def words(self) -> dict[str, Any]:
        returned = self.result is None and self.error is None and self.sha256 is None
        words = {"seconds": self.seconds, "error": self.error, "sha256": self.sha256, "returned": returned}
        return {**self.held, **words}


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
        self._lock, self._exchanging = threading.Lock(), threading.Lock()
        self._done: list[Done] = []
        """To be brought with the next exchange."""
        self._rest: list[Shot] = []
        """Leased, and not begun."""
        self._most = 1

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
                self._transport.request("POST", "/v1/workers/goodbye", json={"worker": self._name}, tries=1)

    def _work(self) -> None:
        while True:
            wants_more = not self._draining.is_set() and not self._orphaned()
            with self._lock:
                bring, self._done = self._done, []
            if not wants_more and not bring:
                return
            self._run_all(self._exchange(bring, wants_more))

    def _orphaned(self) -> bool:
        return self._parent is not None and os.getppid() != self._parent

    def _run_all(self, shots: list[Shot]) -> None:
        """One after the other; those that others should have are returned instead."""
        began = time.perf_counter()
        with self._lock:
            self._rest = shots[1:]
        shot = shots[0] if shots else None
        while shot is not None:
            done = self._do(shot)
            with self._lock:
                self._done += [] if done is None else [done]
                if self._draining.is_set():
                    self._done += [Done(one.held) for one in self._rest]
                    self._rest = []
                shot = self._rest.pop(0) if self._rest else None
        if shots:
            quick = (time.perf_counter() - began) / len(shots) < _QUICK_SECONDS
            self._most = _MOST_SHOTS if quick else 1

    def _clear_the_way(self, shot: Shot) -> None:
        """This shot takes long: what was done before it is brought now, and the rest is for others."""
        with self._lock:
            bring = [*self._done, *(Done(one.held) for one in self._rest)]
            self._done, self._rest = [], []
        if bring:
            self._exchange(bring, False, [shot.token])

    def _exchange(self, bring: list[Done], wants_more: bool, holding: Sequence[str] = ()) -> list[Shot]:
        """Bring results; the shots that come next."""
        fields: dict[str, Any] = {
            "worker": self._name, "backends": self._backends, "most": self._most, "holding": list(holding),
            "wait": _POLL_SECONDS if wants_more else None, "deliveries": [done.words for done in bring],
        }  # fmt: skip
        results = {
            f"result {k}": np.frombuffer(done.result, np.uint8)
            for k, done in enumerate(bring)
            if done.result is not None
        }
        body = pack(fields, results).to_bytes()
        # One at a time: who asks for shots tells the service that it holds no others.
        with self._exchanging, Keeping(self._transport, [done.held for done in bring]):
            try:
                self._idle = wants_more and not bring
                answer = self._until_there_is_room(
                    lambda: self._transport.request(
                        "POST", "/v1/workers/exchange", content=body, wait=_POLL_SECONDS,
                        tries=_PATIENCE if bring else 0,
                    )
                )  # fmt: skip
            except AccessError:
                raise
            except ServiceError as error:
                for done in bring:
                    about = {name: done.held[name] for name in ("job", "shot")}
                    log.error("job %s: the result is lost: %s", done.held["job"], error, extra=about)
                self._idle = False
                self._draining.wait(0.5)
                return []
            self._idle = False
        said, data = unpack(answer.content)
        for taken in said["deliveries"]:
            if taken["refusal"]:
                log.warning("%s", taken["refusal"])
        return [_shot(lease, data.get(f"problem {k}")) for k, lease in enumerate(said["leases"])]

    def _do(self, shot: Shot) -> Done | None:
        """What came of it; None where it was handed back or is not ours any more."""
        began = time.perf_counter()
        beat = Heartbeat(self._transport, shot, self._now, self._clear_the_way)
        try:
            with beat:
                result, seconds = self.run_shot(shot, beat)
                sent = self._send(shot, result)
        except (OutOfMemoryError, MemoryError) as error:
            # Another worker may have more.
            log.warning("job %s: shot %d: %s", shot.job, shot.shot, error, extra=shot.about)
            self._give_back(shot, str(error) or "its worker has not enough memory")
            return None
        except ShotLostError as error:
            self._give_back(shot, str(error))
            return None
        except (ServiceError, OSError) as error:
            line = "job %s: shot %d: it or its result did not travel: %s"
            log.warning(line, shot.job, shot.shot, error, extra=shot.about)
            self._give_back(shot, f"its problem or its result did not travel: {error}")
            return None
        except IsinglassError as error:
            return Done(shot.held, time.perf_counter() - began, error=str(error))
        except Exception as error:
            log.exception("job %s: shot %d: a fault of isinglass", shot.job, shot.shot, extra=shot.about)
            words = f"a fault of isinglass, please report it: {type(error).__name__}: {error}"
            return Done(shot.held, time.perf_counter() - began, error=words)
        if beat.lost:
            return None
        if self._now.is_set() and not beat.stopped:
            self._give_back(shot)
            return None
        if sent is not None:
            return Done(shot.held, seconds, sha256=sent)
        return Done(shot.held, seconds, result)

    def _send(self, shot: Shot, result: bytes) -> str | None:
        """Large results go ahead in pieces, under the name that this gives."""
        if len(result) <= DELIVERED_BYTES:
            return None
        content = Content(result, ())
        sha256 = content.sha256()
        self._until_there_is_room(
            lambda: send_pieces(self._transport, "/v1/workers/result", content, sha256=sha256, **shot.held)
        )
        return sha256

    def _until_there_is_room(self, send: Callable[[], T]) -> T:
        """A service whose disk is full takes nothing else, either: try again for as long as we may stay."""
        while True:
            try:
                return send()
            except QuotaError as error:
                if error.status != 507 or self._now.wait(_ROOM_SECONDS):
                    raise

    def run_shot(self, shot: Shot, beat: Heartbeat) -> tuple[bytes, float]:
        """(the result's container, seconds it took), made here."""
        began = time.perf_counter()
        problem = self._problem_of(shot)
        found = run_shot(problem, shot.spec, shot.shot, Run(self._threads, beat.tell, beat))
        return result_content(found).to_bytes(), time.perf_counter() - began

    def _give_back(self, shot: Shot, why: str | None = None) -> None:
        words = {**shot.held, "why": None if why is None else why[:500]}
        try:
            self._transport.request("POST", "/v1/workers/give-back", json=words, tries=1)
        except ServiceError as error:
            log.warning("job %s: shot %d could not be handed back: %s", shot.job, shot.shot, error)

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
        return self._transport.request("GET", "/v1/workers/problem", params=shot.held, wait=600.0).content


def _shot(lease: dict[str, Any], problem: np.ndarray | None) -> Shot:
    names = ("job", "shot", "token", "user", "sha256")
    content = None if problem is None else problem.tobytes()
    return Shot(**{name: lease[name] for name in names}, spec=spec_of(lease["spec"]), problem=content)
