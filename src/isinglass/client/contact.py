"""Does the other side answer? Whoever asks again is not silent about it, and not loud either."""

from __future__ import annotations

import logging
import threading
import time

log = logging.getLogger("isinglass.client")


class Contact:
    """One line of the log when a service is missed, one when it is back. Safe in several threads."""

    def __init__(self, url: str) -> None:
        self._url, self._lock = url, threading.Lock()
        self._missed_since: float | None = None

    def missed(self, why: object, seconds: float | None) -> None:
        """It did not answer, and is asked again for about so long (None: until it does)."""
        with self._lock:
            if self._missed_since is None:
                self._missed_since = time.monotonic()
                how_long = "until it does" if seconds is None else f"for about {max(1, round(seconds))} s"
                log.warning("%s does not answer (%s): asked again %s", self._url, why, how_long)

    def answered(self) -> None:
        """It is there."""
        if self._missed_since is None:
            return
        with self._lock:
            if self._missed_since is not None:
                missing = time.monotonic() - self._missed_since
                self._missed_since = None
                log.warning("%s answers again, after %.1f s", self._url, missing)
