"""What a shot takes off its user's quota, in seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping

from isinglass.errors import ParameterError
from isinglass.jobs.results import Result
from isinglass.jobs.spec import BACKENDS, JobSpec
from isinglass.results.sampleset import SampleSet

RATES = {"cpu": 1.0, "gpu": 1.0, "qpu": 1.0}
"""``quota_conversion_rate`` by backend: seconds used that take one second off the quota."""


def check_rates(rates: Mapping[str, float]) -> None:
    """ParameterError for unknown backends and for rates that are not above 0."""
    for backend, rate in rates.items():
        if backend not in BACKENDS or not 0 < rate < math.inf:
            raise ParameterError(
                f"the quota rate {backend}={rate!r} is not a number above 0 of one of {', '.join(BACKENDS)}"
            )


def charge(
    spec: JobSpec, seconds: float, result: Result | None = None, rates: Mapping[str, float] = RATES
) -> float:
    """Seconds of quota: of the worker, or of an annealer its QPU access time; divided by the backend's rate.

    As ``quota_conversion_rate`` of a D-Wave solver divides; a machine's own rate divides once more.
    """
    used = seconds
    if spec.qpu_model is not None and isinstance(result, SampleSet):
        known = result.info.get("qpu", {}).get("charge_seconds")
        used = seconds if known is None else float(known)
    return used / rates.get(spec.backend, 1.0)
