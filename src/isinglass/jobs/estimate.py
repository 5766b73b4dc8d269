"""What a job would take, as content and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any

from isinglass.errors import ProblemError
from isinglass.jobs.container import Content, pack


@dataclass(frozen=True)
class Estimate:
    """Of one job on the worker that was asked. None: it cannot be known before; ``why`` says the reason."""

    seconds: float | None
    """Of a worker, all shots one after the other."""
    bytes: int | None
    """Memory of a worker at its most."""
    quota: float | None
    """Seconds charged to the user's quota."""
    why: str
    """Where the numbers come from, in words."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """More of its kind, such as ``qpu_access_time`` in microseconds."""


def estimate_content(estimate: Estimate) -> Content:
    return pack({"form": "estimate", **asdict(estimate)}, {})


def estimate_of(fields: Mapping[str, Any]) -> Estimate:
    """The inverse; ProblemError where it is malformed."""
    found = Estimate(**{one.name: fields[one.name] for one in dataclass_fields(Estimate)})
    numbers = (found.seconds, found.bytes, found.quota)
    good = all(v is None or (type(v) in (int, float) and 0 <= v < math.inf) for v in numbers)
    if not good or not isinstance(found.why, str) or not isinstance(found.details, dict):
        raise ProblemError("the content is not an estimate")
    return found
