"""How much and how often: numbers, and the bucket that counts requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from isinglass.errors import QuotaError
from isinglass.executors.charging import RATES, check_rates
from isinglass.jobs.wire import PIECE_BYTES

JSON_BYTES = 4 << 20
"""Of a request that is not content."""
WORK_BYTES = PIECE_BYTES + (1 << 20)
"""Of a worker's delivery; larger results come in pieces before it."""


@dataclass(frozen=True)
class Limits:
    """What one user may ask for."""

    problem_bytes: int = 16 << 30
    active_jobs: int = 100_000
    requests_per_second: float = 2000.0
    """Mean; twice as many may come at once."""
    quota_rates: Mapping[str, float] = field(default_factory=lambda: dict(RATES))
    """``quota_conversion_rate`` of each backend: seconds used that take one off a quota."""

    def __post_init__(self) -> None:
        check_rates(self.quota_rates)


class Buckets:
    """A token bucket a user."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, user: str) -> None:
        """One request; QuotaError (429) where too many came."""
        now = self._clock()
        left, then = self._left.get(user, (2 * self._rate, now))
        left = min(2 * self._rate, left + (now - then) * self._rate)
        if left < 1:
            raise QuotaError(f"more than {self._rate:g} requests a second: wait a moment", 429)
        self._left[user] = (left - 1, now)
