"""A call's parameters, checked together: what is programmed, how often, and what is returned.

Everything that can be wrong with the parameters alone is found here, before anything runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.errors import ParameterError, nearest
from isinglass.qpu import waveforms
from isinglass.qpu.parameter_checks import number_in, refuse
from isinglass.qpu.parameters import EXCLUSIVE, FAMILY_NAMES, NEEDS, PARAMETERS

_NEUTRAL: dict[str, Any] = {
    "fast_anneal": False,
    "auto_scale": False,
    "num_spin_reversal_transforms": 0,
    "postprocess": "",
}
"""Values with which a parameter counts as not used."""
_DEFAULT_BETA = 3.0
_TIME_DECIMALS = 2


@dataclass(frozen=True, eq=False)
class Call:
    """Checked parameters with their defaults; per-qubit arrays are float64[num_qubits]."""

    num_reads: int
    answer_mode: str
    max_answers: int
    anneal_us: float
    waveform: np.ndarray
    fast: bool
    h_gain: np.ndarray
    anneal_offsets: np.ndarray
    flux_biases: np.ndarray
    flux_drift_compensation: bool
    initial_state: np.ndarray | None
    """int8[num_qubits] as given: -1, 0, 1 and 3."""
    reinitialize_state: bool
    auto_scale: bool
    spin_reversals: int
    programming_thermalization_us: float
    readout_thermalization_us: float
    reduce_intersample_correlation: bool
    postprocess: str
    beta: float
    chains: list[list[int]]
    label: str | None

    @property
    def reverse(self) -> bool:
        return self.initial_state is not None


def resolve(given: Mapping[str, Any], properties: Mapping[str, Any]) -> Call:
    """The call that ``given`` asks for; ParameterError names parameter, value and rule."""
    given = {name: value for name, value in given.items() if value is not None}
    _check_known(given, properties)
    values = {
        name: value if name == "annealing_time" else PARAMETERS[name].check(name, value, properties)
        for name, value in given.items()
    }
    _check_pairs(values, properties)
    fast = values.get("fast_anneal", False)
    waveform = _waveform(values, properties, fast)
    anneal_us = float(waveform[-1, 0])
    h_gain = values.get("h_gain_schedule", np.array([[0.0, 1.0], [anneal_us, 1.0]]))
    if abs(h_gain[-1, 0] - anneal_us) > 1e-9 * anneal_us:
        raise refuse(
            "h_gain_schedule", h_gain.tolist(), f"its last time must be that of the anneal, {anneal_us:g} µs"
        )
    zeros = np.zeros(properties["num_qubits"])
    initial_state = values.get("initial_state")
    num_reads = values.get("num_reads", 1)
    vfyc = bool(properties.get("vfyc", False))
    call = Call(
        num_reads=num_reads,
        answer_mode=values.get("answer_mode", "histogram" if initial_state is None else "raw"),
        max_answers=values.get("max_answers", num_reads),
        anneal_us=anneal_us,
        waveform=waveform,
        fast=fast,
        h_gain=h_gain,
        anneal_offsets=values.get("anneal_offsets", zeros),
        flux_biases=values.get("flux_biases", zeros),
        flux_drift_compensation=values.get("flux_drift_compensation", True),
        initial_state=initial_state,
        reinitialize_state=values.get("reinitialize_state", True),
        auto_scale=values.get("auto_scale", "flux_biases" not in values),
        spin_reversals=values.get("num_spin_reversal_transforms", 0),
        programming_thermalization_us=values.get(
            "programming_thermalization", properties["default_programming_thermalization"]
        ),
        readout_thermalization_us=values.get(
            "readout_thermalization", properties["default_readout_thermalization"]
        ),
        reduce_intersample_correlation=values.get("reduce_intersample_correlation", False),
        postprocess=values.get("postprocess", "") or ("sampling" if vfyc else ""),
        beta=values.get("beta", properties.get("default_beta", _DEFAULT_BETA)),
        chains=values.get("chains", []),
        label=values.get("label"),
    )
    _check_counts(call)
    _check_run_duration(call, properties)
    return call


def run_duration_us(call: Call) -> float:
    """(anneal + readout thermalisation) * reads + programming thermalisation, as the machine counts it."""
    return (
        call.anneal_us + call.readout_thermalization_us
    ) * call.num_reads + call.programming_thermalization_us


def _check_known(given: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    taken = [*properties["parameters"], "label"]
    solver = properties.get("chip_id", "this solver")
    for name in given:
        if name in taken and name in PARAMETERS:
            continue
        if name in PARAMETERS:
            family = FAMILY_NAMES.get(PARAMETERS[name].systems, "other solvers")
            raise ParameterError(f"invalid parameter {name}: {solver} does not take it; it is for {family}")
        if str(name).startswith("x_"):
            raise ParameterError(
                f"invalid parameter {name}: experimental parameters (x_...) are of single machines and are "
                f"not emulated"
            )
        raise ParameterError(
            f"invalid parameter {name!r}{nearest(name, taken)}; {solver} takes {', '.join(sorted(taken))}"
        )


def _used(name: str, values: Mapping[str, Any]) -> bool:
    if name not in values:
        return False
    value = values[name]
    return name not in _NEUTRAL or value != _NEUTRAL[name]


def _check_pairs(values: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    for rule in EXCLUSIVE:
        if _used(rule.first, values) and _used(rule.second, values):
            raise ParameterError(
                f"{rule.first} and {rule.second} are both given and exclude each other: {rule.why}"
            )
    for need in NEEDS:
        if not _used(need.name, values):
            continue
        found = values.get(need.other)
        if need.other == "postprocess" and properties.get("vfyc") and not found:
            found = "sampling"
        if not _used(need.other, {need.other: found} if found is not None else {}) or (
            need.value is not None and found != need.value
        ):
            wanted = need.other if need.value is None else f"{need.other}={need.value!r}"
            raise ParameterError(f"{need.name} is given without {wanted}: {need.why}")


def _waveform(values: Mapping[str, Any], properties: Mapping[str, Any], fast: bool) -> np.ndarray:
    range_name = "fast_anneal_time_range" if fast else "annealing_time_range"
    if "anneal_schedule" not in values:
        time = values.get("annealing_time", properties["default_annealing_time"])
        time = number_in(range_name)("annealing_time", time, properties)
        if not fast:
            time = round(time, _TIME_DECIMALS)
        return np.array([[0.0, 0.0], [float(time), 1.0]])
    points: np.ndarray = values["anneal_schedule"]
    if fast and len(points) > 2:
        raise refuse("anneal_schedule", points.tolist(), "a fast anneal takes two points")
    waveforms.check_speed("anneal_schedule", points, properties, range_name)
    reverse = waveforms.is_reverse(points)
    if reverse and fast:
        raise refuse("anneal_schedule", points.tolist(), "a fast anneal cannot be reversed")
    if reverse and "initial_state" not in values:
        raise refuse(
            "anneal_schedule", points.tolist(), "it begins at s = 1: a reverse anneal needs initial_state"
        )
    if not reverse and "initial_state" in values:
        raise refuse(
            "anneal_schedule",
            points.tolist(),
            "initial_state is given, so it must begin at s = 1 (reverse anneal)",
        )
    return points


def _check_counts(call: Call) -> None:
    if call.answer_mode == "raw" and call.max_answers > call.num_reads:
        raise refuse(
            "max_answers",
            call.max_answers,
            f"with answer_mode raw it is at most num_reads = {call.num_reads}",
        )
    if call.spin_reversals > call.num_reads:
        raise refuse(
            "num_spin_reversal_transforms", call.spin_reversals,
            f"is more than num_reads = {call.num_reads}; each transform needs a read",
        )  # fmt: skip


def _check_run_duration(call: Call, properties: Mapping[str, Any]) -> None:
    low, high = properties["problem_run_duration_range"]
    duration = run_duration_us(call)
    if duration > high:
        raise ParameterError(
            "Upper limit on user-specified timing related parameters exceeded: "
            f"{duration:.12g} > {high:.12g}. (annealing time {call.anneal_us:g} + readout_thermalization "
            f"{call.readout_thermalization_us:g}) "
            f"* num_reads {call.num_reads} + programming_thermalization "
            f"{call.programming_thermalization_us:g} must lie in problem_run_duration_range"
        )
    if duration < low:
        raise ParameterError(
            f"the run takes {duration:.12g} µs; problem_run_duration_range begins at {low:g}"
        )
