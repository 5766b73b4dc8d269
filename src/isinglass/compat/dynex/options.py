"""What a job asks for, in our words: ``JobNewOpts`` to ``JobSpec``.

``job_metadata`` may hold anything. Of it we read ``qpu_model``, and three words that the protocol lacks:
``seed``, ``time_limit`` (seconds of each shot) and ``solver``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isinglass.compat.dynex.settings import Settings
from isinglass.errors import ParameterError
from isinglass.jobs.spec import JobSpec, JobType

if TYPE_CHECKING:
    from isinglass.compat.dynex.v2.sdk_pb2 import JobNewOpts
    from isinglass.problems.given import EdgeList

BACKENDS = ("cpu", "cpu", "gpu", "qpu")
"""By number of the protocol's ComputeBackend; unspecified is the CPU."""
OUR_WORDS = ("seed", "time_limit", "solver")
ECHO = {"room": "dynex"}
"""In every job that came in here: other jobs have answers that this protocol has no form for."""
_LONGEST_METADATA = 1 << 16


@dataclass(frozen=True)
class Options:
    """A submission's options, checked."""

    backend: str
    qpu_model: str | None
    settings: Settings
    description: str
    is_circuit: bool

    def spec(self, given: EdgeList) -> JobSpec:
        """The job of a QUBO; ParameterError for values that no worker takes."""
        settings, on_qpu = self.settings, self.backend == "qpu"
        echo = {**ECHO, "rank": settings.rank, "offset": given.offset}
        if on_qpu:
            from isinglass.compat.dynex.matrix_stats import matrix_stats

            echo["matrix"] = matrix_stats(given, settings.qpu_max_coeff)
        where: dict[str, Any] = {"qpu_model": self.qpu_model} if on_qpu else {"solver": settings.solver}
        return JobSpec(
            backend=self.backend, parameters=settings.parameters(self.backend), seed=settings.seed,
            shots=1 if on_qpu else settings.shots, description=self.description,
            echo=echo, **where,
        )  # fmt: skip

    def circuit_spec(self) -> JobSpec:
        """The job of a circuit: ``num_reads`` measurements, on the simulator whatever the backend."""
        settings = self.settings
        limit = {} if settings.time_limit is None else {"time_limit": settings.time_limit}
        parameters = {"shots": settings.num_reads, **limit}
        return JobSpec(
            type=JobType.CIRCUITS, parameters=parameters, seed=settings.seed,
            description=self.description, echo={**ECHO, "rank": 1, "offset": 0.0},
        )  # fmt: skip


def options_of(opts: JobNewOpts) -> Options:
    """The options in a message; ParameterError, naming the field, for values out of range."""
    metadata = _metadata(opts.job_metadata_json)
    if not 0 <= opts.compute_backend < len(BACKENDS):
        raise ParameterError(
            f"compute_backend={opts.compute_backend} is not one of 0, 1 (cpu), 2 (gpu), 3 (qpu)"
        )
    backend = BACKENDS[opts.compute_backend]
    model = metadata.get("qpu_model")
    if backend == "qpu" and not isinstance(model, str):
        raise ParameterError(
            'compute_backend 3 (qpu) needs "qpu_model" in job_metadata_json: apollo_rc1 or apollo_10000'
        )
    settings = Settings(
        num_reads=opts.num_reads, annealing_time=opts.max_steps, shots=opts.shots, rank=opts.rank or 1,
        minimum_stepsize=opts.min_step_size, block_fee=opts.block_fee,
        **{name: metadata[name] for name in OUR_WORDS if metadata.get(name) is not None},
    )  # fmt: skip
    is_circuit = metadata.get("type") == "qasm"
    return Options(backend, model if backend == "qpu" else None, settings, opts.description, is_circuit)


def _metadata(text: str) -> dict[str, Any]:
    if not text:
        return {}
    if len(text) > _LONGEST_METADATA:
        raise ParameterError(
            f"job_metadata_json has {len(text):,} characters; {_LONGEST_METADATA:,} are allowed"
        )
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"job_metadata_json is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ParameterError("job_metadata_json is not a JSON object")
    return found
