"""``job/...``: a job call by call, its status, its results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
_BRIEFLY = 0.5
"""Seconds that a status may wait for the end: clients ask again after three."""


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
    with _refusals():
        words = await service.beside(_checked_init, read_object(await request.body()))
    draft = await service.beside(drafts.begin, who.user, words)
    return JSONResponse({"job_id": draft.id}, 201)


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
    draft = await service.beside(drafts.find, who.user, job)
    with _refusals():
        chunk = await service.beside(read_chunk, body)
        if draft.open or body not in await service.beside(draft.bodies):
            draft.require_open()
            await service.beside(draft.add, body)
    if chunk.finalized and draft.open:
        await _submit(draft, service, who.user)
    return JSONResponse({"job_id": draft.id, "status": str(JobStatus.PENDING)})


async def _submit(draft: Draft, service: JobService, user: str) -> None:
    """Make it a job; one whose circuits nobody could run has failed, and says why."""
    try:
        spec, content, sha256 = await service.beside(_content_of, draft, service, user)
        status, _ = await service.submit(user, spec, content, sha256, draft.id)
    except (ProblemError, ParameterError, CircuitError, MissingExtraError, MemoryError) as error:
        await service.beside(draft.fail, str(error))
    else:
        await service.beside(draft.submitted, status["id"])


def _content_of(draft: Draft, service: JobService, user: str) -> tuple[JobSpec, bytes | None, str | None]:
    """(spec, small content, name of the blob of a large one)."""
    spec, circuits = job_of(_asked(draft.init, *joined([read_chunk(body) for body in draft.bodies()])))
    content = problem_content(circuits).to_bytes()
    if len(content) <= SMALL_BYTES:
        return spec, content, None
    return spec, None, service.blobs.put(user, content)


async def _status(draft: Draft, service: JobService, user: str, wait: float) -> tuple[JobStatus, Any]:
    """(status, what the service says of the job, or None)."""
    if draft.job is None:
        if draft.failed is not None:
            return JobStatus.FAILED, None
        return JobStatus.CANCELLED if draft.cancelled else JobStatus.PENDING, None
    job = await service.status(user, draft.job, wait)
    return _STATUSES[JobState(job["state"])], job


@router.get("/{job}/status/")
async def status(job: str, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """One word, and the seconds that it took; as soon as the job has ended, or after half a second."""
    who.require("read")
    draft = await service.beside(drafts.find, who.user, job)
    word, found = await _status(draft, service, who.user, _BRIEFLY)
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
    draft = await service.beside(drafts.find, who.user, job)
    word, found = await _status(draft, service, who.user, 0.0)
    if word is not JobStatus.COMPLETED or found is None:
        why = (draft.failed if found is None else found["error"]) or "ask again when it is COMPLETED"
        raise ServiceError(f"job {draft.id} is {word} and has no results: {why}", 400)
    if offset != "0":
        return JSONResponse({"results": [], "next": None})
    _, shots = await service.outcome(who.user, found["id"], 0.0)
    entries = await service.beside(_entries, draft, service, who.user, shots[0])
    return JSONResponse({"results": entries, "next": None, "count": len(entries)})


def _entries(draft: Draft, service: JobService, user: str, shot: Any) -> list[dict[str, Any]]:
    asked = _asked(draft.init, *joined([read_chunk(body) for body in draft.bodies()]))
    result = result_of(service.contents.of_result(user, shot))
    found = entries_of(result, [label for label, _ in asked.circuits], asked.shots or SHOTS)
    if asked.kind is not JobType.EXPECTATION:
        for entry in found:
            entry["results"] = histogram_words(entry["results"])
    return found


@router.delete("/{job}")
async def delete(job: str, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """204; a job in work is cancelled, and its id is unknown from now on."""
    who.require("submit")
    draft = await service.beside(drafts.find, who.user, job)
    _, found = await _status(draft, service, who.user, 0.0)
    if found is not None and found["state"] not in FINAL:
        await service.cancel(who.user, found["id"])
    await service.beside(draft.forget)
    return Response(status_code=204)


@router.post("/{job}/cancel/")
async def cancel(job: str, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """200, or 409 where the job has ended."""
    who.require("submit")
    draft = await service.beside(drafts.find, who.user, job)
    word, found = await _status(draft, service, who.user, 0.0)
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
    words = (await service.beside(drafts.find, who.user, job)).init
    if request.headers.get("user-agent", "").startswith("divi/"):
        return JSONResponse({name: words.get(name) for name in ("maestro_config", "device_config")})
    if words.get("execution_configuration") is None:
        raise ServiceError(f"job {job} has no execution configuration", 404)
    return JSONResponse({"execution_configuration": words["execution_configuration"]})


@router.post("/{job}/execution_config/")
async def configure(job: str, request: Request, service: Service, who: Who, drafts: OfDrafts) -> Response:
    """Set it, while circuits are still to come; 409 afterwards."""
    who.require("submit")
    draft = await service.beside(drafts.find, who.user, job)
    draft.require_open()
    with _refusals():
        given = read_object(await request.body())
        words = await service.beside(_checked_init, {**draft.init, "execution_configuration": given})
    await service.beside(draft.write_init, words)
    return JSONResponse({"status": "ok", "job_id": draft.id, "execution_configuration": given})
