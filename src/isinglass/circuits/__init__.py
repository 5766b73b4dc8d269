"""Quantum circuits: OpenQASM in, counts out.

>>> from isinglass.circuits import ParallelSimulator
>>> bell = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;'
>>> ParallelSimulator(shots=1000, seed=1).submit_circuits({"bell": bell})[0]["results"].keys()
dict_keys(['00', '11'])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isinglass.circuits.batch import CircuitBatch
    from isinglass.circuits.expectations import Expectation, expectation, expectation_values
    from isinglass.circuits.parallel_simulator import ParallelSimulator
    from isinglass.circuits.qaoa_search import qaoa
    from isinglass.circuits.readout import ReadoutErrors
    from isinglass.circuits.runner import CircuitResult, CircuitRunner, Outcome
    from isinglass.circuits.sweeping import sweep
    from isinglass.circuits.twirling import pauli_twirls
    from isinglass.circuits.zero_noise_extrapolation import zero_noise

_PLACES = {
    "CircuitBatch": "batch",
    "CircuitResult": "runner",
    "CircuitRunner": "runner",
    "Expectation": "expectations",
    "Outcome": "runner",
    "ParallelSimulator": "parallel_simulator",
    "expectation": "expectations",
    "expectation_values": "expectations",
    "qaoa": "qaoa_search",
    "ReadoutErrors": "readout",
    "pauli_twirls": "twirling",
    "sweep": "sweeping",
    "zero_noise": "zero_noise_extrapolation",
}

__all__ = [
    "CircuitBatch", "CircuitResult", "CircuitRunner", "Expectation", "Outcome", "ParallelSimulator",
    "ReadoutErrors", "expectation", "expectation_values", "pauli_twirls", "qaoa", "sweep", "zero_noise",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"isinglass.circuits.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'isinglass.circuits' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
