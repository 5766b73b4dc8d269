"""How long would the machine take: the published timing model (version 1.0), all in µs.

    access time = programming + reads * (anneal + readout + delay)

D-Wave, "Operation and timing". Each spin-reversal transform programs the chip once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.qpu.call import Call, resolve
from isinglass.solvers.contract import whole_number


@dataclass(frozen=True)
class Timing:
    """The parts of one call, µs."""

    programming: float
    """All programming cycles, thermalisation included."""
    anneal: float
    """One read."""
    readout: float
    delay: float
    """Between reads: constant + thermalisation or decorrelation + what a reverse anneal adds."""
    num_reads: int

    @property
    def read_spacing(self) -> float:
        return self.anneal + self.readout + self.delay

    @property
    def sampling(self) -> float:
        return self.num_reads * self.read_spacing

    @property
    def access(self) -> float:
        """What is charged."""
        return self.programming + self.sampling


def timing_of(call: Call, num_qubits: int, data: Mapping[str, Any]) -> Timing:
    """The times of a call on ``num_qubits`` active qubits; ``data`` is ``problem_timing_data``."""
    programming, delay = data["typical_programming_time"], data["qpu_delay_time_per_sample"]
    if call.reverse:
        kind = "with" if call.reinitialize_state else "without"
        programming += data[f"reverse_annealing_{kind}_reinit_prog_time_delta"]
        delay += data[f"reverse_annealing_{kind}_reinit_delay_time_delta"]
    waiting = call.readout_thermalization_us
    if call.reduce_intersample_correlation:
        first, last = data["decorrelation_time_range"]
        share = call.anneal_us / data["decorrelation_max_nominal_anneal_time"]
        waiting = max(waiting, first + share * (last - first))
    cycles = max(1, call.spin_reversals)
    return Timing(
        programming=cycles * (programming + call.programming_thermalization_us),
        anneal=call.anneal_us,
        readout=readout_us(num_qubits, data),
        delay=delay + waiting,
        num_reads=call.num_reads,
    )


def readout_us(num_qubits: int, data: Mapping[str, Any]) -> float:
    """Time to read that many qubits once."""
    model = data["readout_time_model_parameters"]
    half = len(model) // 2
    if data["readout_time_model"] == "pwl_log_log":
        return float(10.0 ** np.interp(np.log10(max(1, num_qubits)), model[:half], model[half:]))
    return float(np.interp(num_qubits, model[:half], model[half:]))


def estimate_access_time(properties: Mapping[str, Any], num_qubits: int, **parameters: Any) -> float:
    """QPU access time in µs of a call with these parameters on ``num_qubits`` active qubits.

    For a reverse anneal give ``anneal_schedule`` and ``initial_state``. ParameterError as in a real call.
    """
    whole_number(0, properties["num_qubits"])("num_qubits", num_qubits)
    return timing_of(resolve(parameters, properties), num_qubits, properties["problem_timing_data"]).access


def answer_timing(timing: Timing, overhead_us: float, postprocessing_us: float) -> dict[str, float]:
    """``answer.timing``: the machine's times, and this program's own where the machine has a server's."""
    times = {
        "qpu_sampling_time": timing.sampling,
        "qpu_anneal_time_per_sample": timing.anneal,
        "qpu_readout_time_per_sample": timing.readout,
        "qpu_delay_time_per_sample": timing.delay,
        "qpu_programming_time": timing.programming,
        "qpu_access_time": timing.access,
        "qpu_access_overhead_time": overhead_us,
        "total_post_processing_time": postprocessing_us,
        "post_processing_overhead_time": postprocessing_us,
    }
    return {name: round(float(value), 3) for name, value in times.items()}


def quota_seconds(access_us: float, properties: Mapping[str, Any]) -> float:
    """Seconds that a call takes off the quota."""
    return float(access_us / properties["quota_conversion_rate"] * 1e-6)
