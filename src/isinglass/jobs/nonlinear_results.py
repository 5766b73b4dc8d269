"""Results of nonlinear models as content and back; the shots of a job as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from isinglass.errors import ProblemError
from isinglass.jobs.container import Content, pack
from isinglass.results.nonlinear import NonlinearResult

FORM = "states"


def nonlinear_content(result: NonlinearResult) -> Content:
    """What each state is worth, and the states as the library wrote them."""
    files = {f"file {k}": np.frombuffer(file, np.uint8) for k, file in enumerate(result.files)}
    return pack(
        {"form": FORM, "info": result.info},
        {"objective": result.objective, "violated": result.violated, **files},
    )


def nonlinear_of(fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> NonlinearResult:
    """The inverse; ProblemError where it is malformed."""
    objective, violated, info = arrays["objective"], arrays["violated"], fields["info"]
    states = len(arrays) - 2
    files = [arrays[f"file {k}"] for k in range(states)]
    good = objective.dtype == np.float64 and violated.dtype == np.int64 and isinstance(info, dict)
    if not good or not objective.shape == violated.shape == (states,) or not states:
        raise ProblemError("the content is not a set of states of a nonlinear model")
    return NonlinearResult(
        np.array(objective), np.array(violated), tuple(f.astype(np.uint8).tobytes() for f in files), info
    )


def merge_nonlinear(shots: Mapping[int, NonlinearResult], job: Mapping[str, Any]) -> NonlinearResult:
    """The states of all shots of a job, best first. ``info`` is the best's; ``info["job"]`` the status."""
    numbers = sorted(shots)
    objective, violated = (
        np.concatenate([getattr(shots[k], name) for k in numbers]) for name in ("objective", "violated")
    )
    of_shot = [k for k in numbers for _ in shots[k].files]
    order = np.lexsort((objective, violated))
    files = [file for k in numbers for file in shots[k].files]
    info = {**shots[of_shot[order[0]]].info, "job": dict(job)}
    if len(numbers) > 1:
        info["shots"] = [
            {"shot": k, "seed": shots[k].info.get("seed"), "objective": float(shots[k].objective[0])}
            for k in numbers
        ]
    return NonlinearResult(objective[order], violated[order], tuple(files[k] for k in order), info)
