"""``isinglass.v1.Jobs``: the native gRPC door. ``jobs/v1/jobs.proto`` describes it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
from pydantic import BaseModel

from isinglass.errors import ParameterError, ProblemError
from isinglass.jobs.spec import MOST_SHOTS, spec_of
from isinglass.jobs.states import FINAL
from isinglass.jobs.v1 import jobs_pb2 as pb
from isinglass.jobs.v1.jobs_pb2_grpc import JobsServicer, add_JobsServicer_to_server
from isinglass.jobs.v1.words import spec_words, status_message
from isinglass.jobs.wire import INLINE_BYTES, PIECE_BYTES, SMALL_BYTES, unfold
from isinglass.service.asked import (
    After,
    BlobHash,
    BlobSize,
    IdempotencyKey,
    JobId,
    Listing,
    Offset,
    Seed,
    ShotNumber,
    Wait,
)  # fmt: skip
from isinglass.service.core import JobService
from isinglass.service.grpc_door import Context, checked, told, told_stream, well_formed, who_asks
from isinglass.service.keys import Principal, owner
from isinglass.service.streams import events_of, folded_pieces


class _OfAJob(BaseModel):
    """Everything that calls ask of a job; what a message does not have is as it is here."""

    job: JobId
    wait: Wait = 0.0
    after: After = 0
    seed: Seed = None
    shot: ShotNumber = None
    final: bool = False
    from_shot: Offset = 0
    from_offset: Offset = 0


class _Submission(BaseModel):
    idempotency_key: IdempotencyKey = None
    wait: Wait = 0.0


class _Blob(BaseModel):
    sha256: BlobHash
    size: BlobSize


def add_jobs(server: grpc.aio.Server, service: JobService) -> None:
    """A ``GrpcRoom``: the native one."""
    add_JobsServicer_to_server(Jobs(service), server)


class Jobs(JobsServicer):
    """The handlers; the messages say what each is for."""

    def __init__(self, service: JobService) -> None:
        self._service = service

    async def _who(self, context: Context, scope: str) -> Principal:
        who = await who_asks(self._service, context)
        who.require(scope)
        return who

    @told
    async def Submit(self, request: pb.SubmitRequest, context: Context) -> pb.SubmitReply:
        who = await self._who(context, "submit")
        asked = checked(_Submission, _given(request, "idempotency_key", "wait"))
        if request.WhichOneof("problem") is None:
            raise ProblemError("the problem is given by its content or by its sha256: one of the two")
        content = unfold(request.content, SMALL_BYTES) if request.HasField("content") else None
        spec, sha256 = spec_of(spec_words(request.spec)), request.sha256 or None
        status, new = await self._service.submit(who.user, spec, content, sha256, asked.idempotency_key)
        if not asked.wait:
            return pb.SubmitReply(job=status_message(status))
        status, found = await self._service.outcome(who.user, status["id"], asked.wait, fresh=new)
        reply = pb.SubmitReply(job=status_message(status))
        small = all(r.content for r in found) and sum(len(r.content or b"") for r in found) <= INLINE_BYTES
        if small and status["state"] in FINAL:
            reply.complete = True
            reply.shots.extend(pb.Shot(shot=r.shot, content=r.content) for r in found)
        return reply

    @told_stream
    async def Upload(
        self, requests: AsyncIterator[pb.UploadRequest], context: Context
    ) -> AsyncIterator[pb.UploadReply]:
        who = await self._who(context, "submit")
        blobs, blob = self._service.blobs, None
        async for request in requests:
            if well_formed(request).HasField("start"):
                blob = checked(_Blob, _given(request.start, "sha256", "size"))
                arrived = await self._service.beside(blobs.arrived, who.user, blob.sha256, blob.size)
            elif blob is None or not request.HasField("piece"):
                raise ParameterError("an upload begins with 'start' and goes on with pieces")
            else:
                arrived = await self._service.beside(self._append, who.user, blob, request.piece)
            yield pb.UploadReply(arrived=arrived)

    def _append(self, user: str, blob: _Blob, piece: pb.Piece) -> int:
        data = unfold(piece.frame, PIECE_BYTES)
        return self._service.blobs.append(user, blob.sha256, blob.size, piece.offset, data)

    @told
    async def Status(self, request: pb.StatusRequest, context: Context) -> pb.StatusReply:
        who = await self._who(context, "read")
        asked = checked(_OfAJob, _given(request))
        return _status(await self._service.status(owner(who), asked.job, asked.wait))

    @told
    async def Cancel(self, request: pb.JobRequest, context: Context) -> pb.StatusReply:
        who = await self._who(context, "submit")
        return _status(await self._service.cancel(owner(who), checked(_OfAJob, _given(request)).job))

    @told
    async def Rerun(self, request: pb.RerunRequest, context: Context) -> pb.StatusReply:
        who = await self._who(context, "submit")
        asked = checked(_OfAJob, _given(request))
        return _status(await self._service.rerun(owner(who), asked.job, asked.seed))

    @told
    async def List(self, request: pb.ListRequest, context: Context) -> pb.ListReply:
        who = await self._who(context, "read")
        asked = checked(Listing, _given(request)).model_dump()
        found = await self._service.in_store(self._service.store.list_jobs, owner(who), **asked)
        return pb.ListReply(jobs=[status_message(words) for words in found])

    @told_stream
    async def Events(self, request: pb.EventsRequest, context: Context) -> AsyncIterator[pb.Event]:
        who = await self._who(context, "read")
        asked = checked(_OfAJob, _given(request))
        async for event in events_of(self._service, owner(who), asked.job, asked.after):
            if event is None:
                # Whether the other side is there, keep-alives of the connection find out.
                continue
            yield pb.Event(seq=event.seq, at=event.at, kind=event.kind, data=json.dumps(dict(event.data)))

    @told_stream
    async def Result(self, request: pb.ResultRequest, context: Context) -> AsyncIterator[pb.ResultReply]:
        who = await self._who(context, "read")
        asked = checked(_OfAJob, _given(request))
        first, last = min(asked.from_shot, MOST_SHOTS), MOST_SHOTS
        if asked.shot is not None:
            first, last = max(first, asked.shot), asked.shot
        status, found = await self._service.outcome(owner(who), asked.job, asked.wait, first=first, last=last)
        yield pb.ResultReply(job=status_message(status))
        if asked.final and status["state"] not in FINAL:
            return
        for result in found:
            content = self._service.contents.of_result(status["user"], result)
            start = asked.from_offset if result.shot == asked.from_shot else 0
            async for offset, frame in folded_pieces(self._service, content, start):
                piece = pb.Piece(offset=offset, frame=frame)
                yield pb.ResultReply(piece=pb.ShotPiece(shot=result.shot, size=len(content), piece=piece))

    @told_stream
    async def Problem(self, request: pb.JobRequest, context: Context) -> AsyncIterator[pb.Piece]:
        who = await self._who(context, "read")
        job = checked(_OfAJob, _given(request)).job
        user, problem = await self._service.in_store(self._service.store.problem, owner(who), job)
        content = self._service.contents.of_problem(user, problem)
        async for offset, frame in folded_pieces(self._service, content):
            yield pb.Piece(offset=offset, frame=frame)


def _given(message: Any, *names: str) -> dict[str, Any]:
    """The fields that are set, of these names or all."""
    return {field.name: value for field, value in message.ListFields() if not names or field.name in names}


def _status(words: dict[str, Any]) -> pb.StatusReply:
    return pb.StatusReply(job=status_message(words))
