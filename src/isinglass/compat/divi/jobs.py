"""From Divi's words for a job to ours, for the wire and for the drop-in service alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from isinglass.circuits.reading import Reader
from isinglass.compat.divi import words
from isinglass.compat.divi.payloads import Pairs
from isinglass.errors import CircuitError, ParameterError
from isinglass.jobs.circuits import Circuits
from isinglass.jobs.spec import JobSpec, JobType

SIMULATOR = "qoro_maestro"
"""The vendor's name of its simulator: ours answers to it."""
DEVICES = {"FakeManilaV2": 5, "FakeGuadalupeV2": 16, "FakeMontrealV2": 27, "FakeTorino": 133}
"""Emulated devices that are listed, and their qubits; every fake device can be named."""
WIDEST_WHOLE = 20
"""Qubits up to which a circuit to be cut is run whole: it fits, and cutting could only cost shots. A wider
one is cut into pieces of half its width at most."""
_DEVICE_SHOTS = 1000
_METHODS = {
    0: "statevector_simulator", 1: "aer_simulator_matrix_product_state", 2: "aer_simulator_stabilizer",
    5: "aer_simulator_extended_stabilizer", 7: "aer_simulator_density_matrix",
}  # fmt: skip
"""The vendor's numbers of ``simulation_type`` that there is something for here."""


@dataclass(frozen=True)
class Asked:
    """A job as Divi's client says it."""

    kind: words.JobType
    circuits: Pairs
    shots: int | None = None
    shot_groups: list[list[int]] | None = None
    observables: Sequence[Sequence[str]] | None = None
    """For each circuit, leftmost letter for qubit 0."""
    target: str = SIMULATOR
    """Name of a system or cluster."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """``maestro_config`` or ``execution_configuration``."""
    tag: str = "default"


def job_of(asked: Asked) -> tuple[JobSpec, Circuits]:
    """What is submitted; ParameterError or ProblemError for what nothing here can do."""
    if not asked.circuits:
        raise ParameterError("no circuits were given: submit at least one")
    observables = None
    if asked.kind is words.JobType.EXPECTATION:
        if asked.observables is None:
            raise ParameterError("a job of type EXPECTATION needs observables")
        observables = {
            label: list(strings)
            for (label, _), strings in zip(asked.circuits, asked.observables, strict=True)
        }
    elif asked.observables is not None:
        raise ParameterError(f"observables are for jobs of type EXPECTATION, and this is {asked.kind}")
    circuits = Circuits.of(asked.circuits, observables)
    kind, parameters = _kind_and_parameters(asked)
    backend = _backend(asked)
    if backend is not None:
        parameters["qiskit_backend"] = backend
    spec = JobSpec(type=kind, parameters=parameters, seed=asked.config.get("seed"), description=asked.tag)
    return spec, circuits


def _kind_and_parameters(asked: Asked) -> tuple[JobType, dict[str, Any]]:
    shots: dict[str, Any] = {} if asked.shots is None else {"shots": asked.shots}
    if asked.kind is words.JobType.EXPECTATION:
        # Exact, but for a device.
        return JobType.EXPECTATION, {} if _backend(asked) is None else {"shots": asked.shots or _DEVICE_SHOTS}
    if asked.shot_groups is not None:
        shots = {"shot_groups": asked.shot_groups}
    if asked.kind is words.JobType.ESTIMATE:
        return JobType.ESTIMATE, {"of": str(JobType.CIRCUITS), **shots}
    if asked.kind is words.JobType.CIRCUIT_CUT:
        if len(asked.circuits) != 1:
            raise ParameterError(
                f"a job of type CIRCUIT_CUT has one circuit, and this has {len(asked.circuits)}"
            )
        width = _width(asked.circuits[0][1])
        if width > WIDEST_WHOLE:
            return JobType.CUT, {"max_qubits": -(-width // 2), **shots}
    return JobType.CIRCUITS, shots


def _width(text: str) -> int:
    try:
        program = Reader().read(text).program
    except CircuitError:
        return 0  # the job fails with the reader's words
    return 0 if program is None else program.qubits


def _backend(asked: Asked) -> str | None:
    """What ``ParallelSimulator`` calls it; None for its own choice."""
    if asked.config.get("noise_model"):
        raise ParameterError("noise models cannot be sent here: name a device such as FakeManilaV2")
    named = asked.config.get("noisy_device") or (None if asked.target == SIMULATOR else asked.target)
    if named is not None:
        if not isinstance(named, str):
            raise ParameterError(f"{named!r} is not the name of a device")
        return named
    method = asked.config.get("simulation_type")
    if method is None:
        return None
    if type(method) is not int or method not in _METHODS:
        raise ParameterError(f"simulation_type={method!r} is not one of {', '.join(map(str, _METHODS))}")
    return _METHODS[method]
