"""What happened to a job: one event a transition, numbered from 1 without gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class JobEvent:
    """One row of a job's history."""

    seq: int
    """1, 2, ...; 0 for news that is not kept, such as progress."""
    at: float
    """Seconds since 1970 by the service's clock."""
    kind: str
    """An event of ``states.py``; those of shots begin with ``shot_``. Or ``progress``."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Such as ``shot``, ``energy``, ``worker``, ``error``."""

    def as_object(self) -> dict[str, Any]:
        return {"seq": self.seq, "at": self.at, "kind": self.kind, "data": dict(self.data)}


def event_of(words: Mapping[str, Any]) -> JobEvent:
    """The inverse of ``as_object``."""
    return JobEvent(int(words["seq"]), float(words["at"]), str(words["kind"]), dict(words["data"]))
