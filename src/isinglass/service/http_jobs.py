"""``/v1/jobs``: submit, look, wait, cancel, list, search, run again; events and results as they come."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from isinglass.errors import ProblemError
from isinglass.jobs.container import pack
from isinglass.jobs.events import JobEvent
from isinglass.jobs.spec import MOST_SHOTS, spec_of
from isinglass.jobs.states import FINAL
from isinglass.jobs.wire import INLINE_BYTES, PIECE_BYTES, SMALL_BYTES, fold, unfold
from isinglass.service.asked import After, IdempotencyKey, JobId, Listing, Seed, ShotNumber, Wait
from isinglass.service.core import JobService
from isinglass.service.http_door import Service, Who
from isinglass.service.keys import owner
from isinglass.service.streams import events_of, plain_pieces

router = APIRouter(prefix="/v1", tags=["jobs"])

CONTAINER = "application/vnd.isinglass.container"


class SubmittedProblem(BaseModel):
    """One of the two."""

    model_config = ConfigDict(extra="forbid")
    content: str | None = Field(
        None, max_length=2 * SMALL_BYTES, description="base64 of a zstd frame of a container, 64 KiB"
    )
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$", description="of an uploaded container")


class Submission(BaseModel):
    """A job. What is left out has the default of the native client."""

    model_config = ConfigDict(extra="forbid")
    problem: SubmittedProblem
    spec: dict[str, Any] = Field(
        default_factory=dict,
        description="type, backend, solver, parameters, seed, shots, timeout, priority, description",
    )
    idempotency_key: IdempotencyKey = None


class Rerun(BaseModel):
    """How the new job differs."""

    model_config = ConfigDict(extra="forbid")
    seed: Seed = None


@router.post("/jobs", status_code=201)
async def submit(body: Submission, service: Service, who: Who, wait: Wait = 0.0) -> JSONResponse:
    """Accept a job. With ``wait``, and if it ends in time, small results come along."""
    who.require("submit")
    content = None if body.problem.content is None else _content(body.problem.content)
    if (content is None) == (body.problem.sha256 is None):
        raise ProblemError("the problem is given by its content or by its sha256: one of the two")
    spec = spec_of(body.spec)
    status, new = await service.submit(who.user, spec, content, body.problem.sha256, body.idempotency_key)
    answer: dict[str, Any] = {"job": status}
    if wait:
        answer["job"], found = await service.outcome(who.user, status["id"], wait, fresh=new)
        small = all(r.content for r in found) and sum(len(r.content or b"") for r in found) <= INLINE_BYTES
        if small and answer["job"]["state"] in FINAL:
            answer["results"] = [
                {"shot": r.shot, "content": base64.b64encode(r.content or b"").decode()} for r in found
            ]
    return JSONResponse(answer, 201 if new else 200)


def _content(words: str) -> bytes:
    try:
        frame = base64.b64decode(words, validate=True)
    except (binascii.Error, ValueError):
        raise ProblemError("the problem's content is not base64") from None
    return unfold(frame, SMALL_BYTES)


@router.get("/jobs")
async def list_jobs(service: Service, who: Who, wanted: Annotated[Listing, Query()]) -> JSONResponse:
    """One's jobs, newest first."""
    who.require("read")
    found = await service.in_store(service.store.list_jobs, owner(who), **wanted.model_dump())
    return JSONResponse({"jobs": found})


@router.get("/jobs/{job}")
async def status(job: JobId, service: Service, who: Who, wait: Wait = 0.0) -> JSONResponse:
    """The status now, or as soon as the job has ended."""
    who.require("read")
    found = await service.status(owner(who), job, wait)
    return JSONResponse({"job": found, "progress": service.progress.get(job)})


@router.post("/jobs/{job}/cancel")
async def cancel(job: JobId, service: Service, who: Who) -> JSONResponse:
    """Stop it; what its shots have found by then is kept."""
    who.require("submit")
    return JSONResponse({"job": await service.cancel(owner(who), job)})


@router.post("/jobs/{job}/rerun", status_code=201)
async def rerun(job: JobId, body: Rerun, service: Service, who: Who) -> JSONResponse:
    """A new job that gives the same samples."""
    who.require("submit")
    return JSONResponse({"job": await service.rerun(owner(who), job, body.seed)}, 201)


@router.get("/jobs/{job}/result", response_class=Response)
async def result(
    job: JobId,
    request: Request,
    service: Service,
    who: Who,
    wait: Wait = 0.0,
    shot: ShotNumber = None,
    final: Annotated[bool, Query(description="no shots before the job has ended")] = False,
) -> Response:
    """A container: the status as ``job`` and, for each shot that is done, its own container as an array."""
    who.require("read")
    first, last = (0, MOST_SHOTS) if shot is None else (shot, shot)
    found, results = await service.outcome(owner(who), job, wait, first=first, last=last)
    if final and found["state"] not in FINAL:
        results = []
    arrays = {str(r.shot): service.contents.of_result(found["user"], r) for r in results}
    content = pack({"job": found}, arrays)
    if content.size <= PIECE_BYTES:
        return await service.beside(lambda: _container(request, content.to_bytes()))
    length = {"Content-Length": str(content.size)}
    return StreamingResponse(plain_pieces(content.chunks()), media_type=CONTAINER, headers=length)


@router.get("/jobs/{job}/problem", response_class=Response)
async def problem(job: JobId, request: Request, service: Service, who: Who) -> Response:
    """The problem's container, as it was submitted."""
    who.require("read")
    user, found = await service.in_store(service.store.problem, owner(who), job)
    if found.content is not None:
        return _container(request, found.content)
    return stream_blob(service, user, found.sha256)


def stream_blob(service: JobService, user: str, sha256: str) -> StreamingResponse:
    """A blob in pieces, never in memory as a whole."""
    data = service.blobs.read(user, sha256)
    length = {"Content-Length": str(len(data))}
    return StreamingResponse(plain_pieces([data.data]), media_type=CONTAINER, headers=length)


def _container(request: Request, data: bytes) -> Response:
    headers = {"Vary": "Accept-Encoding"}
    if len(data) > 1024 and "zstd" in request.headers.get("accept-encoding", ""):
        data = fold(data)
        headers["Content-Encoding"] = "zstd"
    return Response(data, media_type=CONTAINER, headers=headers)


@router.get("/jobs/{job}/events", response_class=StreamingResponse)
async def events(
    job: JobId,
    service: Service,
    who: Who,
    after: After = 0,
    last_event_id: Annotated[int | None, Header(ge=0, lt=1 << 31)] = None,
) -> StreamingResponse:
    """Server-sent events, from the first after ``after`` to the last; news of progress has no id."""
    who.require("read")
    user = owner(who)
    await service.in_store(service.store.status, user, job)
    start = after if last_event_id is None else last_event_id
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(events_of(service, user, job, start)), 200, headers, "text/event-stream")


async def _told(events: AsyncIterator[JobEvent | None]) -> AsyncIterator[str]:
    async for event in events:
        if event is None:
            yield ": still here\n\n"
        else:
            number = f"id: {event.seq}\n" if event.seq else ""
            yield f"{number}event: {event.kind}\ndata: {json.dumps(event.as_object())}\n\n"
