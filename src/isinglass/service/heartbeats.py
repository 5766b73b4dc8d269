"""What keeps a worker's shots its own: heartbeats while a shot runs, and while results are on their way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from isinglass.client.transport import Transport
from isinglass.control import Progress
from isinglass.errors import ConflictError, ServiceError
from isinglass.jobs.spec import JobSpec

_BEAT_SECONDS = 1.0
_FIRST_BEAT_SECONDS = 0.2
"""A shot shorter than this needs no heartbeat."""
_KEEP_SECONDS = 3.0


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


class Heartbeat:
    """Keeps a lease while a shot runs, tells its progress, and says when to stop (``is_set``).

    ``takes_long`` is called, in another thread, once the shot has run for ``_FIRST_BEAT_SECONDS``.
    """

    def __init__(
        self, transport: Transport, shot: Shot, now: threading.Event, takes_long: Callable[[Shot], None]
    ) -> None:
        self._transport, self._shot, self._now = transport, shot, now
        self._takes_long = takes_long
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
        if self._over.wait(_FIRST_BEAT_SECONDS):
            return
        self._takes_long(self._shot)
        pause = 0.0
        while not self._over.wait(pause) and not self.is_set():
            words = {**self._shot.held, "wait": _BEAT_SECONDS, "progress": self._progress}
            pause = 0.0
            try:
                answer = self._transport.request(
                    "POST", "/v1/workers/heartbeat", json=words, wait=_BEAT_SECONDS, tries=0
                )
                self.stopped = bool(answer.json()["stop"])
            except ConflictError:
                # After the end of the shot this is its own delivery.
                self.lost = not self._over.is_set()
            except (ServiceError, OSError):
                pause = 0.5


class Keeping:
    """Keeps the leases of shots that are done, until the service has their results."""

    def __init__(self, transport: Transport, held: Sequence[dict[str, Any]]) -> None:
        self._transport, self._held = transport, list(held)
        self._over = threading.Event()

    def __enter__(self) -> None:
        if self._held:
            threading.Thread(target=self._keep, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _keep(self) -> None:
        while self._held and not self._over.wait(_KEEP_SECONDS):
            for shot in list(self._held):
                try:
                    self._transport.request("POST", "/v1/workers/heartbeat", json=shot, tries=0)
                except ConflictError:
                    # Its result has arrived.
                    self._held.remove(shot)
                except (ServiceError, OSError):
                    continue
