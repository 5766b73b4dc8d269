"""Results of every kind as content, in the form of ``container.py``, and back; all shots of a job as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from isinglass.errors import ProblemError
from isinglass.jobs.circuit_results import (
    FORMS,
    CircuitResults,
    circuit_results_content,
    circuit_results_of,
    merge_counts,
)
from isinglass.jobs.container import Buffer, Content, unpack
from isinglass.jobs.estimate import Estimate, estimate_content, estimate_of
from isinglass.jobs.nonlinear_results import FORM as STATES
from isinglass.jobs.nonlinear_results import merge_nonlinear, nonlinear_content, nonlinear_of
from isinglass.jobs.sample_results import merge_samples, samples_content, samples_of
from isinglass.results.nonlinear import NonlinearResult
from isinglass.results.sampleset import SampleSet

Result = SampleSet | NonlinearResult | CircuitResults | Estimate
"""What a job gives: of type "sample" (of a nonlinear model the second), of circuits, of "estimate"."""


def result_content(result: Result) -> Content:
    """A result as content."""
    if isinstance(result, CircuitResults):
        return circuit_results_content(result)
    if isinstance(result, NonlinearResult):
        return nonlinear_content(result)
    return estimate_content(result) if isinstance(result, Estimate) else samples_content(result)


def result_of(data: Buffer | np.ndarray) -> Result:
    """The result in the content; ProblemError where it is malformed."""
    fields, arrays = unpack(data)
    form = fields.get("form")
    try:
        if form in FORMS:
            return circuit_results_of(fields)
        if form == STATES:
            return nonlinear_of(fields, arrays)
        return estimate_of(fields) if form == "estimate" else samples_of(fields, arrays)
    except (KeyError, TypeError) as error:
        raise ProblemError(f"the content lacks a part or has one of another type: {error!r}") from None


def best_energy(result: Result) -> float | None:
    """The lowest energy, of the feasible samples where there are some; None of other results."""
    if isinstance(result, NonlinearResult):
        return float(result.objective[0])
    return float(result.record.energy[result.best_index]) if isinstance(result, SampleSet) else None


def merge_shots(shots: Mapping[int, Result], job: Mapping[str, Any]) -> Result:
    """The result of a whole job, ``job`` being its status: see ``merge_samples`` and ``merge_counts``.

    ``info["job"]`` is the status. Of an estimate it is the estimate.
    """
    if not shots:
        raise ProblemError("no shot has a result to merge")
    first = shots[min(shots)]
    if isinstance(first, CircuitResults):
        return merge_counts(cast(Mapping[int, CircuitResults], shots), job)
    if isinstance(first, Estimate):
        return first
    if isinstance(first, NonlinearResult):
        return merge_nonlinear(cast(Mapping[int, NonlinearResult], shots), job)
    return merge_samples(cast(Mapping[int, SampleSet], shots), job)
