"""``job/...``: a job call by call, its status, its results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from isinglass.compat.divi.chunks import joined, read_chunk, read_object
from isinglass.compat.divi.drafts import Draft, Drafts
from isinglass.compat.divi.entries import entries_of
from isinglass.compat.divi.histograms import histogram_words
from isinglass.compat.divi.jobs import SIMULATOR, Asked, job_of
from isinglass.compat.divi.words import STATUSES, JobStatus, JobType
from isinglass.errors import (
    CircuitError,
    ConflictError,
    MissingExtraError,
    ParameterError,
    ProblemError,
    ServiceError,
    nearest,
)  # fmt: skip
from isinglass.executors.circuit_runs import SHOTS
from isinglass.executors.shots import check_spec
from isinglass.jobs.problems import problem_content
from isinglass.jobs.results import result_of
from isinglass.jobs.spec import JobSpec, is_plain_text
from isinglass.jobs.states import FINAL, JobState
from isinglass.jobs.wire import SMALL_BYTES
from isinglass.service.core import JobService
from isinglass.service.http_door import Service, Who

router = APIRouter(prefix="/job", tags=["divi"])

_STATUSES = {**STATUSES, JobState.TIMED_OUT: JobStatus.FAILED}
"""Clients before 0.14 do not know the other word."""
_INIT = (
    "shots", "tag", "job_type", "qpu_system_name", "simulator_cluster", "use_packing",
    "execution_configuration", "maestro_config", "device_config",
)  # fmt: skip
_CONFIGS = ("execution_configuration", "maestro_config", "device_config")
_UNFIT = (ProblemError, ParameterError, CircuitError, MissingExtraError, MemoryError)
"""What makes a job fail whose circuits are complete."""
_BRIEFLY = 0.5
"""Seconds that a status may wait for the end: clients ask again after three."""
_FEW = 4
"""Circuits."""


async def _drafts(service: Service) -> Drafts:
    return Drafts(service.data / "divi")


OfDrafts = Annotated[Drafts, Depends(_drafts)]


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with a request is a 400 on this wire."""
    try:
        yield
    except (ProblemError, ParameterError, CircuitError, MissingExtraError) as error:
        raise ServiceError(str(error).encode("utf-8", "replace").decode(), 400) from error


@router.post("/init/")
async def init(request: Request, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """201 and a job's id; nothing of it is run before its last ``add_circuits``."""
    who.require("submit")
    body = await request.body()
    with _refusals():
        # Quicker done than a thread is asked.
        job = drafts.begin(who.user, _checked_init(read_object(body)))
    return JSONResponse({"job_id": job}, 201)


def _checked_init(words: dict[str, Any]) -> dict[str, Any]:
    for name in words:
        if name not in _INIT:
            raise ParameterError(
                f"{name[:80]!r} is not a field of init{nearest(name, _INIT)}: {', '.join(_INIT)}"
            )
    kind = words.get("job_type", JobType.EXECUTE)
    if kind not in list(JobType):
        raise ParameterError(f"job_type={str(kind)[:80]!r} is not one of {', '.join(JobType)}")
    shots = words.get("shots")
    if shots is not None and (type(shots) is not int or shots < 1):
        raise ParameterError(f"shots={shots!r} is not a whole number of at least 1")
    for name in ("tag", "qpu_system_name", "simulator_cluster"):
        value = words.get(name)
        if value is not None and (not is_plain_text(value) or len(value) > 1000):
            raise ParameterError(f"{name} is not a text of at most 1000 characters")
    if words.get("qpu_system_name") and words.get("simulator_cluster"):
        raise ParameterError("qpu_system_name and simulator_cluster are both given: give one of them")
    for name in _CONFIGS:
        if not isinstance(words.get(name), dict | None):
            raise ParameterError(f"{name} is not an object")
    strings = [["Z"]] if kind == JobType.EXPECTATION else None
    check_spec(job_of(_asked(words, [("check", "")], None, None, strings))[0])
    return words


def _asked(words: dict[str, Any], circuits: Any, shots: Any, groups: Any, strings: Any) -> Asked:
    return Asked(
        JobType(words.get("job_type", JobType.EXECUTE)),
        circuits,
        shots or words.get("shots"),
        groups,
        strings,
        words.get("qpu_system_name") or words.get("simulator_cluster") or SIMULATOR,
        words.get("maestro_config") or words.get("execution_configuration") or {},
        words.get("tag") or "default",
    )


@router.post("/{job}/add_circuits/")
async def add_circuits(job: str, request: Request, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """200, always: older clients know no other. The last call submits the job."""
    who.require("submit")
    body = await request.body()
    with _refusals():
        draft, ready = await service.beside(_taken, drafts, service, who.user, job, body)
    if ready is not None:
        await _submit(draft, service, who.user, body, ready)
    return JSONResponse({"job_id": draft.id, "status": str(JobStatus.PENDING)})


@dataclass(frozen=True)
class _Ready:
    """What is submitted, and what its results will need."""

    spec: JobSpec
    content: bytes | None
    sha256: str | None
    """Name of the blob of a large one."""
    asked: dict[str, Any]


def _taken(
    drafts: Drafts, service: JobService, user: str, job: str, body: bytes
) -> tuple[Draft, _Ready | None]:
    """Keep a call's body; with the last one, what is to be submitted, unless nobody could run it."""
    draft = drafts.find(user, job)
    chunk = read_chunk(body)
    if not draft.has(body):
        draft.require_open()
        draft.require_room(body)
        if not chunk.finalized:
            draft.add(body)
    if not (chunk.finalized and draft.open):
        return draft, None
    chunks = [*map(read_chunk, draft.bodies()), chunk]
    try:
        return draft, _ready(_asked(draft.init, *joined(chunks)), service, user)
    except _UNFIT as error:
        draft.fail(body, str(error))
        return draft, None


def _ready(asked: Asked, service: JobService, user: str) -> _Ready:
    spec, circuits = job_of(asked)
    content = problem_content(circuits).to_bytes()
    small = len(content) <= SMALL_BYTES
    needed = {
        "labels": [label for label, _ in asked.circuits], "shots": asked.shots or SHOTS, "kind": asked.kind
    }  # fmt: skip
    return _Ready(
        spec, content if small else None, None if small else service.blobs.put(user, content), needed
    )


async def _submit(draft: Draft, service: JobService, user: str, last: bytes, ready: _Ready) -> None:
    """Make it a job; one whose circuits nobody could run has failed, and says why."""
    try:
        status, _ = await service.submit(user, ready.spec, ready.content, ready.sha256, draft.id)
    except _UNFIT as error:
        await service.beside(draft.fail, last, str(error))
    else:
        await service.beside(draft.submitted, last, status["id"], ready.asked)


def _status(draft: Draft, job: Mapping[str, Any] | None) -> JobStatus:
    """Of a draft and, where it is submitted, of what the service says of it."""
    if job is not None:
        return _STATUSES[JobState(job["state"])]
    if draft.failed is not None:
        return JobStatus.FAILED
    return JobStatus.CANCELLED if draft.cancelled else JobStatus.PENDING


async def _found(
    job: str, drafts: Drafts, service: JobService, user: str, wait: float = 0.0
) -> tuple[Draft, JobStatus, dict[str, Any] | None]:
    """(the draft, its status, what the service says of the job where it is one)."""
    draft = drafts.find(user, job)
    found = None if draft.job is None else await service.status(user, draft.job, wait)
    return draft, _status(draft, found), found


@router.get("/{job}/status/")
async def status(job: str, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """One word, and the seconds that it took; as soon as the job has ended, or after half a second."""
    who.require("read")
    draft, word, found = await _found(job, drafts, service, who.user, _BRIEFLY)
    seconds = 0.0
    if found is not None and found["finished"] is not None and found["started"] is not None:
        seconds = found["finished"] - found["started"]
    words: dict[str, Any] = {"status": str(word), "run_time": seconds}
    why = draft.failed if found is None else found["error"]
    return JSONResponse(words if why is None else {**words, "error": why})


@router.get("/{job}/resultsV2/")
async def results(job: str, service: Service, who: Who, drafts: OfDrafts, offset: str = "0") -> Response:
    """All results in one page, for old clients never ask for a second; 400 before there are any."""
    who.require("read")
    draft = drafts.find(who.user, job)
    found, shots = (None, []) if draft.job is None else await service.outcome(who.user, draft.job, 0.0)
    word = _status(draft, found)
    if word is not JobStatus.COMPLETED or found is None:
        why = (draft.failed if found is None else found["error"]) or "ask again when it is COMPLETED"
        raise ServiceError(f"job {draft.id} is {word} and has no results: {why}", 400)
    if offset != "0":
        return JSONResponse({"results": [], "next": None})
    given = (draft, service, who.user, shots[0])
    # Of a few circuits quicker done than a thread is asked.
    few = len(draft.asked["labels"]) <= _FEW
    entries = _entries(*given) if few else await service.beside(_entries, *given)
    return JSONResponse({"results": entries, "next": None, "count": len(entries)})


def _entries(draft: Draft, service: JobService, user: str, shot: Any) -> list[dict[str, Any]]:
    asked = draft.asked
    result = result_of(service.contents.of_result(user, shot))
    found = entries_of(result, asked["labels"], asked["shots"])
    if asked["kind"] != JobType.EXPECTATION:
        for entry in found:
            entry["results"] = histogram_words(entry["results"])
    return found


@router.delete("/{job}")
async def delete(job: str, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """204; a job in work is cancelled, and its id is unknown from now on."""
    who.require("submit")
    draft, _, found = await _found(job, drafts, service, who.user)
    if found is not None and found["state"] not in FINAL:
        await service.cancel(who.user, found["id"])
    await service.beside(draft.forget)
    return Response(status_code=204)


@router.post("/{job}/cancel/")
async def cancel(job: str, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """200, or 409 where the job has ended."""
    who.require("submit")
    draft, word, found = await _found(job, drafts, service, who.user)
    if word not in (JobStatus.PENDING, JobStatus.RUNNING):
        raise ConflictError(f"job {draft.id} has ended: it is {word}")
    if found is None:
        await service.beside(draft.cancel)
    else:
        await service.cancel(who.user, found["id"])
    count = 0 if found is None else found["variables"]
    return JSONResponse({"status": "cancelled", "job_id": draft.id, "circuits_cancelled": count})


@router.get("/{job}/execution_config/")
async def configuration(job: str, request: Request, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """What was sent with ``init`` or since; 404 to clients before 0.15 where there is none."""
    who.require("read")
    words = drafts.find(who.user, job).init
    if request.headers.get("user-agent", "").startswith("divi/"):
        return JSONResponse({name: words.get(name) for name in ("maestro_config", "device_config")})
    if words.get("execution_configuration") is None:
        raise ServiceError(f"job {job} has no execution configuration", 404)
    return JSONResponse({"execution_configuration": words["execution_configuration"]})


@router.post("/{job}/execution_config/")
async def configure(job: str, request: Request, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """Set it, while circuits are still to come; 409 afterwards."""
    who.require("submit")
    draft = drafts.find(who.user, job)
    draft.require_open()
    with _refusals():
        given = read_object(await request.body())
        words = await service.beside(_checked_init, {**draft.init, "execution_configuration": given})
    await service.beside(draft.write_init, words)
    return JSONResponse({"status": "ok", "job_id": draft.id, "execution_configuration": given})
