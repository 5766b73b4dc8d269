"""What a job is: plain data that says what to run, checked where it comes in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

import numpy as np

from isinglass.errors import ParameterError, nearest
from isinglass.jobs.labels import label_to_json
from isinglass.rng import read_key

MOST_SHOTS = 10_000
_LONGEST_DESCRIPTION = 1000
_LONGEST_PARAMETERS = 1 << 20
_ELSEWHERE = ("num_threads", "progress", "cancel", "seed", "solver", "kind", "backend", "qpu_model")
"""What is said in another place, or is the worker's affair."""


class JobType(StrEnum):
    SAMPLE = "sample"
    """Samples of a problem."""
    CIRCUITS = "circuits"
    """Counts of circuits."""
    EXPECTATION = "expectation"
    """Expectation values of observables after circuits."""
    CUT = "cut"
    """Counts or expectation values of circuits that are cut into pieces."""
    ESTIMATE = "estimate"
    """Seconds, memory and quota that a job would take; what kind of job, its parameter ``of`` says."""


BACKENDS = ("cpu", "gpu", "qpu")


@dataclass(frozen=True)
class JobSpec:
    """A job without its problem. Raises ParameterError for values out of range.

    Whether its solver, model and parameters are known is asked of ``executors``, which knows what runs them.
    """

    type: JobType = JobType.SAMPLE
    backend: str = "cpu"
    """"cpu", "gpu" or "qpu": what kind of worker runs it. Circuits run on "cpu"."""
    qpu_model: str | None = None
    """Which emulated annealer, such as "Advantage_system4" or "apollo_10000". Needed for backend "qpu"; with
    "gpu" its reads are computed on cards, which the Apollo machines cannot."""
    solver: str = "auto"
    """A solver of ``isinglass.solve``. With a ``qpu_model``: "auto" embeds any problem, "native" takes the
    labels of the variables as qubits."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Keywords of what runs it (``executors``), such as those of ``isinglass.solve``; JSON. ``num_threads``
    is the worker's own affair."""
    seed: int | None = None
    """0 to 2^63 - 1; None lets the service draw one, which it keeps."""
    shots: int = 1
    """Runs of the whole job, each with its own seed, shared out over workers; 1 to 10,000."""
    timeout: float | None = None
    """Seconds from submission after which the job stops and gives its best so far; None for never."""
    priority: int = 0
    """-10 to 10; among one user's jobs the higher goes first."""
    description: str = ""
    echo: Mapping[str, Any] = field(default_factory=dict)
    """What a peer's client wants to hear again of its job (``compat``): JSON, kept and never looked at."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", _one_of("type", self.type, [str(kind) for kind in JobType]))
        object.__setattr__(self, "backend", _one_of("backend", self.backend, BACKENDS))
        self._check_model()
        if not isinstance(self.solver, str):
            raise ParameterError(f"solver={self.solver!r} is not a name")
        object.__setattr__(self, "parameters", plain_parameters(self.parameters))
        if self.seed is not None:
            _whole("seed", self.seed, 0, (1 << 63) - 1)
        _whole("shots", self.shots, 1, MOST_SHOTS)
        _whole("priority", self.priority, -10, 10)
        good = isinstance(self.timeout, (int, float)) and not isinstance(self.timeout, bool)
        if self.timeout is not None and not (good and 0 < self.timeout <= 1e9):
            raise ParameterError(f"timeout={self.timeout!r} is not a number of seconds above 0, or None")
        if not is_plain_text(self.description) or len(self.description) > _LONGEST_DESCRIPTION:
            raise ParameterError(
                f"the description is not a text of at most {_LONGEST_DESCRIPTION} characters"
            )
        object.__setattr__(self, "echo", _plain("echo", self.echo))

    def _check_model(self) -> None:
        model = self.qpu_model
        if model is not None and not isinstance(model, str):
            raise ParameterError(f"qpu_model={model!r} is not a name")
        if model is not None and self.backend == "cpu":
            raise ParameterError(f"qpu_model={model!r} is for backends 'qpu' and 'gpu', and backend is 'cpu'")
        if model is None and self.backend == "qpu":
            raise ParameterError(
                "backend 'qpu' needs qpu_model: a name such as 'Advantage_system4' or 'apollo_10000'"
            )

    def as_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def shot_seed(self, shot: int) -> int:
        """The seed of one shot: the job's own for shot 0, hashed with its number for the others."""
        if self.seed is None:
            raise ParameterError("the job has no seed yet: the service draws one when it accepts it")
        return self.seed if shot == 0 else int(read_key(self.seed, shot)) >> 1


def spec_of(words: Mapping[str, Any]) -> JobSpec:
    """A JobSpec of its JSON object; ParameterError for unknown names and values out of range."""
    known = [f.name for f in fields(JobSpec)]
    for name in words:
        if name not in known:
            raise ParameterError(
                f"{name!r} is not a field of a job{nearest(name, known)}: {', '.join(known)}"
            )
    return JobSpec(**words)


def plain_parameters(parameters: Any) -> dict[str, Any]:
    """Parameters as JSON has them; ParameterError for what it does not have, or is the worker's affair."""
    if not isinstance(parameters, Mapping):
        raise ParameterError(f"parameters is a {type(parameters).__name__}, not an object")
    for name in _ELSEWHERE:
        if name in parameters:
            raise ParameterError(f"{name!r} cannot be a parameter of a job that runs on a service")
    return _plain("parameters", parameters)


def _plain(what: str, words: Any) -> dict[str, Any]:
    if not isinstance(words, Mapping):
        raise ParameterError(f"{what} is a {type(words).__name__}, not an object")
    try:
        given = {name: _as_pairs(value) for name, value in words.items()}
        text = json.dumps(given, default=_listed, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ParameterError(f"something in {what} cannot be sent to a service: {error}") from None
    if len(text) > _LONGEST_PARAMETERS:
        raise ParameterError(f"{what} takes {len(text):,} bytes; {_LONGEST_PARAMETERS:,} are allowed")
    plain: dict[str, Any] = json.loads(text)
    if not is_plain_text(json.dumps(plain, ensure_ascii=False)):
        raise ParameterError(f"{what} holds half of a surrogate pair, which is no text")
    return plain


def is_plain_text(value: Any) -> bool:
    """A text that UTF-8 and every database can hold: no lone surrogates, no NUL."""
    try:
        return isinstance(value, str) and b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _as_pairs(value: Any) -> Any:
    """A mapping of labels other than texts as [label, value] pairs: JSON would turn its keys into texts."""
    if isinstance(value, Mapping) and not all(isinstance(key, str) for key in value):
        return [[label_to_json(key), entry] for key, entry in value.items()]
    return value


def _listed(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is not JSON")


def _one_of(name: str, value: Any, known: Any) -> str:
    if not isinstance(value, str) or value not in known:
        raise ParameterError(f"{name}={value!r} is not one of {', '.join(known)}{nearest(str(value), known)}")
    return JobType(value) if name == "type" else value


def _whole(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ParameterError(f"{name}={value!r} is not an integer from {low} to {high}")
