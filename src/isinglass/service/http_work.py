"""``/v1/workers``: what workers say. One request brings the last result and takes the next shot."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from isinglass.errors import ConflictError, ProblemError
from isinglass.jobs.container import pack, unpack
from isinglass.jobs.wire import PIECE_BYTES, unfold
from isinglass.service.asked import BlobHash, BlobSize, HeldShot, JobId, Offset, Token
from isinglass.service.core import JobService
from isinglass.service.http_door import Service, Who
from isinglass.service.http_jobs import CONTAINER, stream_blob
from isinglass.service.leasing import Lease
from isinglass.service.store import Problem
from isinglass.service.work import Arrived

router = APIRouter(prefix="/v1/workers", tags=["work"])

_NAME = r"^[A-Za-z0-9._-]{1,64}$"
_LONGEST_WAIT = 30.0


_Word = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
_Number = Annotated[float, Field(allow_inf_nan=False)]


class Held(BaseModel):
    """A shot in work."""

    model_config = ConfigDict(extra="forbid")
    job: JobId
    shot: HeldShot
    token: Token


class Heartbeat(Held):
    wait: float = Field(0.0, ge=0, le=_LONGEST_WAIT)
    progress: dict[_Word, _Number] | None = Field(None, max_length=10)


class GiveBack(Held):
    why: str | None = Field(None, max_length=500, description="None: its worker ends, and is not to blame")


class Goodbye(BaseModel):
    model_config = ConfigDict(extra="forbid")
    worker: str = Field(pattern=_NAME)


@router.post("/exchange", response_class=Response)
async def exchange(request: Request, service: Service, who: Who) -> Response:
    """A container in: who asks, for which backends, how long, what it brings. One out: what comes next."""
    who.require("work")
    fields, arrays = unpack(await request.body())
    asked = _asked(fields)
    brought = _brought(fields.get("deliveries"), arrays)
    await service.work.hear(asked.worker, asked.backends)
    taken = await asyncio.gather(*(_take(service, asked.worker, *one) for one in brought))
    if not asked.holding and not (taken and all(one.new for one in taken)):
        # It holds nothing: whatever was leased to it before was lost on the way.
        await service.work.lose_worker(asked.worker, "the lease did not reach its worker", penalty=False)
    leases: list[Lease] = []
    if asked.wait is not None and not service.closing and not await request.is_disconnected():
        leases = await service.work.lease(asked.worker, asked.backends, asked.wait, asked.most)
        if leases and await request.is_disconnected():
            for lease in leases:
                await service.work.give_back(lease.job, lease.shot, lease.token)
            leases = []
    deliveries = [{"accepted": one.refusal is None, "refusal": one.refusal} for one in taken]
    answer = {"deliveries": deliveries, "leases": [_words(lease) for lease in leases]}
    problems = {
        f"problem {k}": np.frombuffer(lease.problem.content, np.uint8)
        for k, lease in enumerate(leases)
        if lease.problem.content is not None
    }
    return Response(pack(answer, problems).to_bytes(), media_type=CONTAINER)


class Asked(BaseModel):
    """What a worker says of itself."""

    model_config = ConfigDict(strict=True)
    worker: str = Field(pattern=_NAME)
    backends: list[Literal["cpu", "gpu", "qpu"]] = Field(min_length=1, max_length=3)
    wait: float | None = Field(None, ge=0, le=_LONGEST_WAIT, description="None: it wants no shots")
    most: int = Field(1, ge=1, le=16, description="shots, where they are small and many wait")
    holding: list[str] = Field([], max_length=16, description="tokens of shots that it goes on with")


class Brought(Held):
    """A shot that was done, refused by the solver, or not begun."""

    seconds: float = Field(0.0, ge=0, lt=1e9)
    error: str | None = None
    sha256: BlobHash | None = Field(None, description="of a result that went ahead in pieces")
    returned: bool = False


class Taken(NamedTuple):
    new: bool
    refusal: str | None


def _asked(fields: dict[str, Any]) -> Asked:
    try:
        return Asked.model_validate({name: fields[name] for name in Asked.model_fields if name in fields})
    except ValueError as error:
        raise ProblemError(f"what the worker asks is malformed: {error}") from None


def _brought(words: Any, arrays: dict[str, np.ndarray]) -> list[tuple[Brought, bytes | Arrived | str]]:
    """(which shot, its result or the error of the solver)."""
    if words is None:
        return []
    try:
        found = [Brought.model_validate(one) for one in words]
        if len({(one.job, one.shot) for one in found}) < len(found):
            raise ValueError("a shot is in it twice")
        return [(one, _what(one, arrays.get(f"result {k}"))) for k, one in enumerate(found)]
    except (TypeError, ValueError) as error:
        raise ProblemError(f"the deliveries are malformed: {error}") from None


def _what(one: Brought, result: np.ndarray | None) -> bytes | Arrived | str:
    if one.error is not None:
        return one.error
    if one.sha256 is not None:
        return Arrived(one.sha256)
    if result is None and not one.returned:
        raise ValueError(f"shot {one.shot} has neither a result nor an error")
    return b"" if result is None else result.tobytes()


async def _take(service: JobService, worker: str, one: Brought, what: bytes | Arrived | str) -> Taken:
    try:
        if one.returned:
            await service.work.give_back(one.job, one.shot, one.token)
            return Taken(True, None)
        return Taken(
            await service.work.deliver(worker, one.job, one.shot, one.token, one.seconds, what), None
        )
    except ConflictError as error:
        return Taken(False, str(error))


def _words(lease: Lease) -> dict[str, Any]:
    return {
        "job": lease.job, "shot": lease.shot, "token": lease.token, "spec": json.loads(lease.spec.as_json()),
        "user": lease.user, "sha256": lease.problem.sha256, "size": lease.problem.size,
    }  # fmt: skip


@router.post("/heartbeat")
async def heartbeat(body: Heartbeat, service: Service, who: Who) -> JSONResponse:
    """Keep a shot. The answer comes after ``wait`` seconds, or at once when its worker should stop."""
    who.require("work")
    stop = await service.work.heartbeat(body.job, body.shot, body.token, body.wait, body.progress)
    return JSONResponse({"stop": stop})


@router.post("/give-back")
async def give_back(body: GiveBack, service: Service, who: Who) -> JSONResponse:
    """A worker that ends, or cannot run it, hands its shot on."""
    who.require("work")
    await service.work.give_back(body.job, body.shot, body.token, body.why)
    return JSONResponse({})


@router.post("/goodbye")
async def goodbye(body: Goodbye, service: Service, who: Who) -> JSONResponse:
    """A worker that ends: what may be on its way to it is for others."""
    who.require("work")
    await service.work.worker_gone(body.worker, "its worker ends", penalty=False)
    return JSONResponse({})


@router.get("/problem", response_class=Response)
async def problem(job: JobId, shot: HeldShot, token: Token, service: Service, who: Who) -> Response:
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
    job: JobId, shot: HeldShot, token: Token, sha256: BlobHash, size: BlobSize, service: Service, who: Who
) -> JSONResponse:
    """How much of a large result has arrived."""
    who.require("work")
    user, _ = await _held(service, job, shot, token)
    return JSONResponse({"arrived": await service.beside(service.blobs.arrived, user, sha256, size)})


@router.put("/result")
async def append(
    job: JobId,
    shot: HeldShot,
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
