"""The properties of a solver: one table of names and forms, and a whole set made for any graph.

Names and meanings: D-Wave, "QPU solver properties". A set of properties is a plain dict that goes through
JSON unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from isinglass.errors import ParameterError, nearest
from isinglass.qpu.working_graph import WorkingGraph

_TIMING_NUMBERS = (
    "typical_programming_time", "reverse_annealing_with_reinit_prog_time_delta",
    "reverse_annealing_without_reinit_prog_time_delta", "default_programming_thermalization",
    "default_annealing_time", "qpu_delay_time_per_sample", "reverse_annealing_with_reinit_delay_time_delta",
    "reverse_annealing_without_reinit_delay_time_delta", "default_readout_thermalization",
    "decorrelation_max_nominal_anneal_time",
)  # fmt: skip


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and bool(np.isfinite(value))


def _range(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(map(_number, value))
        and value[0] <= value[1]
    )


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _names(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)


def _topology(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"type", "shape"}


def _timing(value: Any) -> bool:
    if not isinstance(value, Mapping) or not str(value.get("version", "")).startswith("1.0."):
        return False
    model = value.get("readout_time_model_parameters", ())
    return (
        all(_number(value.get(name)) for name in _TIMING_NUMBERS)
        and value.get("readout_time_model") in ("pwl_log_log", "pwl_linear")
        and _range(value.get("decorrelation_time_range"))
        and len(model) >= 2 and len(model) % 2 == 0 and all(map(_number, model))
    )  # fmt: skip


FORMS: dict[str, tuple[str, bool, Callable[[Any], bool]]] = {
    "anneal_offset_ranges": ("a list of [min, max], one for each of num_qubits", True, _list),
    "anneal_offset_step": ("a number", True, _number),
    "anneal_offset_step_phi0": ("a number", True, _number),
    "annealing_time_range": ("[min, max] in µs", True, lambda v: _range(v) and v[0] > 0),
    "beta_range": ("[min, max]", False, _list),
    "category": ("a text", True, _text),
    "chip_id": ("a text", True, _text),
    "couplers": ("a list of [q1, q2] with q1 < q2", True, _list),
    "default_annealing_time": ("a number, µs", True, _number),
    "default_beta": ("a number", False, _number),
    "default_programming_thermalization": ("a number, µs", True, _number),
    "default_readout_thermalization": ("a number, µs", True, _number),
    "extended_j_range": ("[min, max]", True, _range),
    "fast_anneal_time_range": ("[min, max] in µs", False, lambda v: _range(v) and v[0] > 0),
    "h_gain_schedule_range": ("[min, max]", True, _range),
    "h_range": ("[min, max]", True, _range),
    "j_range": ("[min, max]", True, _range),
    "max_anneal_schedule_points": ("a whole number", True, _count),
    "max_h_gain_schedule_points": ("a whole number", True, _count),
    "num_qubits": ("a whole number", True, _count),
    "num_reads_range": ("[min, max]", True, _range),
    "parameters": ("a dict of name to text", True, _names),
    "per_group_coupling_range": ("[min, max]", False, _range),
    "per_qubit_coupling_range": ("[min, max]", False, _range),
    "problem_run_duration_range": ("[min, max] in µs", True, _range),
    "problem_timing_data": ("timing data of version 1.0.x", True, _timing),
    "programming_thermalization_range": ("[min, max] in µs", True, _range),
    "qubits": ("a list of whole numbers", True, _list),
    "quota_conversion_rate": ("a number above 0", True, lambda v: _number(v) and v > 0),
    "readout_thermalization_range": ("[min, max] in µs", True, _range),
    "supported_problem_types": ('["ising", "qubo"]', True, _list),
    "tags": ("a list of texts", True, _list),
    "topology": ('{"type": ..., "shape": [...]}', True, _topology),
    "vfyc": ("true or false", True, lambda v: isinstance(v, bool)),
}
"""Name: (form in words, is it needed, check)."""


def check_properties(properties: Mapping[str, Any]) -> None:
    """ParameterError unless every needed property is there and in its form."""
    for name, value in properties.items():
        if name.startswith("x_"):
            continue  # of single research machines
        if name not in FORMS:
            raise ParameterError(f"{name!r} is not a property of a QPU solver{nearest(name, FORMS)}")
        form, _, holds = FORMS[name]
        if not holds(value):
            shown = repr(value)
            raise ParameterError(f"property {name}={shown[:80]}: must be {form}")
    missing = [name for name, (_, needed, _) in FORMS.items() if needed and name not in properties]
    if missing:
        raise ParameterError(
            f"properties lack {', '.join(missing)}; make_properties fills a set in from a known model"
        )
    if len(properties["anneal_offset_ranges"]) != properties["num_qubits"]:
        raise ParameterError(
            f"anneal_offset_ranges has {len(properties['anneal_offset_ranges'])} entries; it needs one for "
            f"each of num_qubits = {properties['num_qubits']}"
        )


def graph_properties(graph: WorkingGraph) -> dict[str, Any]:
    """The properties that say what the working graph is."""
    return {
        "topology": {"type": graph.kind, "shape": list(graph.shape)},
        "num_qubits": graph.num_qubits,
        "qubits": graph.qubits.tolist(),
        "couplers": graph.couplers.tolist(),
    }


def offset_ranges(graph: WorkingGraph, widest: tuple[float, float], seed: int) -> list[list[float]]:
    """A range of anneal offsets for each qubit, at least two thirds of ``widest``; [0, 0] for dead ones."""
    low, high = widest
    rng = np.random.default_rng([seed, 1])
    spread = 1.0 - rng.random((graph.num_qubits, 2)) / 3.0
    ranges = np.where(graph.works[:, None], spread * [low, high], 0.0)
    return np.round(ranges, 6).tolist()  # type: ignore[no-any-return]  # a list of lists of float
