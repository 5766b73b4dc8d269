"""``/v1/work``: what workers say. One request brings the last result and takes the next shot."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from isinglass.errors import ConflictError, ProblemError
from isinglass.jobs.container import pack, unpack
from isinglass.jobs.spec import BACKENDS
from isinglass.jobs.wire import PIECE_BYTES, unfold
from isinglass.service.asked import BlobHash, BlobSize, Offset
from isinglass.service.core import Arrived, JobService
from isinglass.service.http_door import Service, Who
from isinglass.service.http_jobs import CONTAINER, stream_blob
from isinglass.service.leasing import Lease
from isinglass.service.store import Problem

router = APIRouter(prefix="/v1/work", tags=["work"])

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LONGEST_WAIT = 30.0


class Held(BaseModel):
    """A shot in work."""

    model_config = ConfigDict(extra="forbid")
    job: str = Field(max_length=26)
    shot: int = Field(ge=0)
    token: str = Field(max_length=32)


class Heartbeat(Held):
    wait: float = Field(0.0, ge=0, le=_LONGEST_WAIT)
    progress: dict[str, float] | None = Field(None, max_length=10)


class GiveBack(Held):
    why: str | None = Field(None, max_length=500, description="None: its worker ends, and is not to blame")


class Goodbye(BaseModel):
    model_config = ConfigDict(extra="forbid")
    worker: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")


@router.post("/exchange", response_class=Response)
async def exchange(request: Request, service: Service, who: Who) -> Response:
    """A container in: who asks, for which backends, how long, what it brings. One out: what comes next."""
    who.require("work")
    fields, arrays = unpack(await request.body())
    worker, backends, wait = _asked(fields)
    await service.hear(worker, backends)
    accepted, refusal, new = None, None, False
    brought = fields.get("delivery")
    if brought is not None:
        held, seconds, what = _brought(brought, arrays)
        try:
            new = await service.deliver(worker, held.job, held.shot, held.token, seconds, what)
            accepted = True
        except ConflictError as error:
            accepted, refusal = False, str(error)
    lease = None
    if not new:
        # It holds nothing: whatever was leased to it before was lost on the way.
        await service.lose_worker(worker, "the lease did not reach its worker", penalty=False)
    if wait is not None and not service.closing and not await request.is_disconnected():
        lease = await service.lease(worker, backends, wait)
        if lease is not None and await request.is_disconnected():
            await service.give_back(lease.job, lease.shot, lease.token)
            lease = None
    answer = {"accepted": accepted, "refusal": refusal, "lease": None if lease is None else _words(lease)}
    inline = lease is not None and lease.problem.content is not None
    data = {"problem": np.frombuffer(lease.problem.content or b"", np.uint8)} if lease and inline else {}
    return Response(pack(answer, data).to_bytes(), media_type=CONTAINER)


def _brought(words: Any, arrays: dict[str, np.ndarray]) -> tuple[Held, float, bytes | Arrived | str]:
    """(which shot, seconds it took, its result or the error of the solver)."""
    try:
        held = Held.model_validate({name: words[name] for name in ("job", "shot", "token")})
        seconds = float(words["seconds"])
        what: bytes | Arrived | str
        if "sha256" in words:
            what = Arrived(str(words["sha256"]))
        else:
            what = str(words["error"]) if "error" in words else arrays["result"].tobytes()
    except (TypeError, KeyError, ValueError) as error:
        raise ProblemError(f"the delivery is malformed: {error}") from None
    if not 0 <= seconds < 1e9:
        raise ProblemError(f"the delivery says that it took {seconds} seconds")
    return held, seconds, what


def _asked(fields: dict[str, Any]) -> tuple[str, list[str], float | None]:
    """(worker, backends, seconds to wait for a shot; None where it wants none)."""
    worker, backends, wait = fields.get("worker"), fields.get("backends"), fields.get("wait")
    if not isinstance(worker, str) or not _NAME.fullmatch(worker):
        raise ProblemError("the worker's name is not 1 to 64 letters, digits, dots and dashes")
    if not isinstance(backends, list) or not backends or not set(map(str, backends)) <= set(BACKENDS):
        raise ProblemError(f"the worker's backends are not some of {', '.join(BACKENDS)}")
    if wait is not None and (not isinstance(wait, (int, float)) or not 0 <= wait <= _LONGEST_WAIT):
        raise ProblemError(f"the worker's wait is not 0 to {_LONGEST_WAIT:g} seconds")
    return worker, backends, wait


def _words(lease: Lease) -> dict[str, Any]:
    return {
        "job": lease.job, "shot": lease.shot, "token": lease.token, "spec": json.loads(lease.spec.as_json()),
        "user": lease.user, "sha256": lease.problem.sha256, "size": lease.problem.size,
    }  # fmt: skip


@router.post("/heartbeat")
async def heartbeat(body: Heartbeat, service: Service, who: Who) -> JSONResponse:
    """Keep a shot. The answer comes after ``wait`` seconds, or at once when its worker should stop."""
    who.require("work")
    stop = await service.heartbeat(body.job, body.shot, body.token, body.wait, body.progress)
    return JSONResponse({"stop": stop})


@router.post("/give-back")
async def give_back(body: GiveBack, service: Service, who: Who) -> JSONResponse:
    """A worker that ends, or cannot run it, hands its shot on."""
    who.require("work")
    await service.give_back(body.job, body.shot, body.token, body.why)
    return JSONResponse({})


@router.post("/goodbye")
async def goodbye(body: Goodbye, service: Service, who: Who) -> JSONResponse:
    """A worker that ends: what may be on its way to it is for others."""
    who.require("work")
    await service.worker_gone(body.worker, "its worker ends", penalty=False)
    return JSONResponse({})


Job = Annotated[str, Query(max_length=26)]
Shot = Annotated[int, Query(ge=0)]
Token = Annotated[str, Query(max_length=32)]


@router.get("/problem", response_class=Response)
async def problem(job: Job, shot: Shot, token: Token, service: Service, who: Who) -> Response:
    """The large problem of a shot in work."""
    who.require("work")
    user, found = await _held(service, job, shot, token)
    return stream_blob(service, user, found.sha256)


async def _held(service: JobService, job: str, shot: int, token: str) -> tuple[str, Problem]:
    """(owner, problem) of a shot in work; ConflictError where it is in work no more."""
    held = await service.in_store(service.leasing.leased_problem, job, shot, token)
    if held is None:
        raise ConflictError(f"shot {shot} of job {job} was delivered: nothing of it is needed any more")
    return held[0], held[2]


@router.get("/result")
async def arrived(
    job: Job, shot: Shot, token: Token, sha256: BlobHash, size: BlobSize, service: Service, who: Who
) -> JSONResponse:
    """How much of a large result has arrived."""
    who.require("work")
    user, _ = await _held(service, job, shot, token)
    return JSONResponse({"arrived": await service.beside(service.blobs.arrived, user, sha256, size)})


@router.put("/result")
async def append(
    job: Job,
    shot: Shot,
    token: Token,
    sha256: BlobHash,
    size: BlobSize,
    offset: Offset,
    request: Request,
    service: Service,
    who: Who,
) -> JSONResponse:
    """A piece of a large result, as of ``/v1/blobs``; when all have come, the delivery names the hash."""
    who.require("work")
    user, _ = await _held(service, job, shot, token)
    frame = await request.body()
    count = await service.beside(
        lambda: service.blobs.append(user, sha256, size, offset, unfold(frame, PIECE_BYTES))
    )
    return JSONResponse({"arrived": count})
