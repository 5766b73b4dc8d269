"""What every result says of how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from isinglass.control import RunControl


def run_info(
    solver: str,
    values: Mapping[str, Any],
    control: RunControl,
    timing: dict[str, float],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """The part of ``SampleSet.info`` that every run has; plain data only."""
    shown = {k: v for k, v in values.items() if k not in ("seed", "initial_states") and v is not None}
    return {
        "solver": solver,
        "seed": values["seed"],
        "stop_reason": control.stop_reason,
        "interrupted": control.interrupted,
        "timing": timing,
        "trace": control.trace,
        "parameters": {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in shown.items()},
        "num_threads": control.num_threads,
        "versions": versions(),
        **({} if control.batch is None else control.batch.facts()),
        **facts,
    }


def versions() -> dict[str, str]:
    """Of the packages that every result depends on."""
    return dict(_versions())


@cache
def processor() -> str:
    """Name of this machine's processor: times of two are not of one table."""
    import llvmlite.binding

    return str(llvmlite.binding.get_host_cpu_name())


@cache
def _versions() -> dict[str, str]:
    # Read once: the metadata of four packages take longer than a small problem.
    return {name: version(name) for name in ("isinglass", "numpy", "numba", "dimod")}
