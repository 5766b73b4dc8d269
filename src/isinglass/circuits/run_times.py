"""How long would circuits take on a device: the longest path through their gates' durations.

Circuits are transpiled in this thread, one after another: no process is forked, so nothing can hang.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

from isinglass.circuits.batch import Circuit
from isinglass.circuits.devices import device
from isinglass.circuits.qiskit_circuits import qiskit_module
from isinglass.circuits.reading import Reader, bound_circuit
from isinglass.circuits.runner import whole_number
from isinglass.errors import CircuitError, ParameterError


def estimate_run_time_single_circuit(
    circuit: Circuit, qiskit_backend: Any, **transpile_options: Any
) -> float:
    """Seconds that one shot of a circuit takes on a device.

    Args:
        circuit: OpenQASM text or a Qiskit circuit.
        qiskit_backend: a BackendV2 with durations of its gates, or a fake device's name.
        **transpile_options: passed to ``qiskit.transpile``.

    Raises:
        CircuitError: the circuit cannot run on the device.
    """
    backend = device(qiskit_backend) if isinstance(qiskit_backend, str) else qiskit_backend
    qiskit = qiskit_module("qiskit")
    options = {"num_processes": 1, "seed_transpiler": 0, **transpile_options}
    try:
        placed = qiskit.transpile(bound_circuit(Reader().read(circuit)), backend, **options)
    except qiskit.QiskitError as error:
        raise CircuitError(
            f"the circuit does not fit {getattr(backend, 'name', backend)}: {error}"
        ) from error
    return _longest_path(placed, backend.target)


def estimate_run_time_batch(
    circuits: Sequence[Circuit] | None = None,
    precomputed_durations: Sequence[float] | None = None,
    n_qpus: int = 5,
    **options: Any,
) -> float:
    """Seconds until ``n_qpus`` devices have done all circuits, the longest first, each on the next free one.

    Args:
        circuits: texts, timed by ``estimate_run_time_single_circuit`` with ``options`` (``qiskit_backend=``).
        precomputed_durations: seconds of each circuit, instead.
        n_qpus: devices, >= 1.
    """
    whole_number("n_qpus", n_qpus)
    if (circuits is None) == (precomputed_durations is None):
        raise ParameterError("give either circuits or precomputed_durations")
    if precomputed_durations is None:
        assert circuits is not None
        durations = [estimate_run_time_single_circuit(circuit, **options) for circuit in circuits]
    else:
        durations = [float(duration) for duration in precomputed_durations]
        if not all(0 <= duration < float("inf") for duration in durations):
            raise ParameterError("durations are finite numbers of seconds, 0 or more")
    busy_until = [0.0] * n_qpus
    for duration in sorted(durations, reverse=True):
        heapq.heappush(busy_until, heapq.heappop(busy_until) + duration)
    return max(busy_until)


def _longest_path(circuit: Any, target: Any) -> float:
    ready: dict[Any, float] = {}
    for instruction in circuit.data:
        name = instruction.operation.name
        bits = [*instruction.qubits, *instruction.clbits]
        begin = max((ready.get(bit, 0.0) for bit in bits), default=0.0)
        places = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        properties = (
            target[name].get(places) if name in target.operation_names and name != "barrier" else None
        )
        duration = getattr(properties, "duration", None) or 0.0
        for bit in bits:
            ready[bit] = begin + duration
    return max(ready.values(), default=0.0)
