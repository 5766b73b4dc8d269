"""``dynex.sdk.v2.SDK``: the methods that the Dynex client calls, on the service's gRPC server.

Statuses of ``CreateJob``: UNAUTHENTICATED for a wrong key, PERMISSION_DENIED for a key without the scope,
INVALID_ARGUMENT for whatever is wrong with the options or the problem, RESOURCE_EXHAUSTED beyond a limit; the
text says which. ``SubscribeJob`` says it as an ERROR event first, for the client would take the status for a
lost connection and wait. Stopping and updating never fail for a job that is over or unknown: the client would
throw away its results.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import isinglass
from isinglass.compat.dynex.answers import Answers, checked_id
from isinglass.compat.dynex.events import Subscription
from isinglass.compat.dynex.options import ECHO
from isinglass.compat.dynex.submission import received, submission_of
from isinglass.compat.dynex.v2 import sdk_pb2 as pb
from isinglass.compat.dynex.v2.sdk_pb2_grpc import SDKServicer, add_SDKServicer_to_server
from isinglass.errors import UnknownJobError
from isinglass.jobs.wire import SMALL_BYTES
from isinglass.service.core import JobService
from isinglass.service.grpc_door import Context, refuse, told, told_stream, well_formed, who_asks
from isinglass.service.keys import Principal, owner
from isinglass.service.refusals import refusal_of
from isinglass.service.rooms import Room

_VERSION = "dynex-sdk-version"
_PIECE_BYTES = 1 << 20
_MOST_ATOMICS = 1000
_URL_SECONDS = 3600


class DynexRoom(Room):
    """``isinglass serve --compat dynex``."""

    name = "dynex"

    def mount_grpc(self, server: Any, service: JobService) -> None:
        add_SDKServicer_to_server(SDK(service), server)


class SDK(SDKServicer):
    """The handlers; ``sdk.proto`` says what each is for."""

    def __init__(self, service: JobService) -> None:
        self._service = service

    async def _who(self, context: Context, scope: str) -> Principal:
        who = await who_asks(self._service, context)
        who.require(scope)
        return who

    @told
    async def CreateJob(
        self, requests: AsyncIterator[pb.CreateJobRequest], context: Context
    ) -> pb.CreateJobReply:
        who = await self._who(context, "submit")
        opts, problem = await received(requests)
        service = self._service
        given = await service.beside(submission_of, opts, problem)
        content: bytes | None = given.content
        sha256 = None
        if len(given.content) > SMALL_BYTES:
            sha256, content = await service.beside(service.blobs.put, who.user, given.content), None
        key = None if given.token is None else f"dynex-{given.token}"
        status, _ = await service.submit(who.user, given.spec, content, sha256, key)
        return pb.CreateJobReply(job_id=status["id"], qasm_json=given.model)

    async def SubscribeJob(
        self, request: pb.SubscribeJobRequest, context: Context
    ) -> AsyncIterator[pb.JobEvent]:
        job = ""
        try:
            job = well_formed(request).job_id
            who = await self._who(context, "read")
            batches = any(name == _VERSION for name, _ in context.invocation_metadata() or ())
            answers = await self._answers(owner(who), job, batches)
            async for event in Subscription(self._service, owner(who), answers).after(request.from_seq):
                yield event
        except Exception as error:
            refusal = refusal_of(error)
            failure = pb.ErrorInfo(code=refusal.kind, message=refusal.message)
            yield pb.JobEvent(job_id=job, type=pb.JobEvent.ERROR, error=failure)
            await refuse(context, error)

    async def _answers(self, user: str | None, job: str, batches: bool) -> Answers:
        status = await self._service.status(user, checked_id(job))
        if status["spec"].get("echo", {}).get("room") != ECHO["room"]:
            raise UnknownJobError(f"job {job} was not submitted through this door: use the one it came in by")
        return Answers(status, batches)

    @told
    async def CancelJob(self, request: pb.CancelJobRequest, context: Context) -> pb.CancelJobReply:
        return pb.CancelJobReply(job_id=request.job_id, min_energy=await self._stop(request, context))

    @told
    async def FinishJob(self, request: pb.FinishJobRequest, context: Context) -> pb.FinishJobReply:
        await self._stop(request, context)
        return pb.FinishJobReply(
            job_id=request.job_id, min_loc=request.min_loc, min_energy=request.min_energy
        )

    async def _stop(self, request: Any, context: Context) -> float:
        who = await self._who(context, "submit")
        try:
            status = await self._service.cancel(owner(who), checked_id(request.job_id))
        except UnknownJobError:
            return 0.0
        return float(status["best_energy"] or 0.0)

    @told
    async def UpdateJob(self, request: pb.UpdateJobRequest, context: Context) -> pb.UpdateJobReply:
        who = await self._who(context, "read")
        try:
            status = await self._service.status(owner(who), checked_id(request.job_id))
        except UnknownJobError:
            return pb.UpdateJobReply(job_id=request.job_id)
        return pb.UpdateJobReply(job_id=request.job_id, min_energy=status["best_energy"] or 0.0)

    @told_stream
    async def DownloadSolution(
        self, request: pb.DownloadSolutionRequest, context: Context
    ) -> AsyncIterator[pb.SolutionChunk]:
        text = await self._solution(request, context)
        for first in range(0, len(text), _PIECE_BYTES):
            yield pb.SolutionChunk(data=text[first : first + _PIECE_BYTES])

    @told
    async def GetSolutionURL(
        self, request: pb.GetSolutionURLRequest, context: Context
    ) -> pb.GetSolutionURLReply:
        """A URL that holds the text itself: it needs no key and opens without us."""
        text = await self._solution(request, context)
        url = "data:application/octet-stream;base64," + base64.b64encode(text).decode()
        return pb.GetSolutionURLReply(url=url, ttl_seconds=_URL_SECONDS)

    async def _solution(self, request: Any, context: Context) -> bytes:
        """The text of the envelope with this name, or, without a name, of the best shot."""
        who = await self._who(context, "read")
        answers = await self._answers(owner(who), request.job_id, batches=False)
        _, found = await self._service.in_store(self._service.store.results, owner(who), request.job_id)
        for result in sorted(found, key=lambda result: result.energy or 0.0):
            content = self._service.contents.of_result(answers.status["user"], result)
            for name, text in await self._service.beside(answers.texts, result.shot, content):
                if request.name in ("", name):
                    return text
        raise UnknownJobError(f"job {request.job_id} has no solution {request.name[:100]!r}")

    @told
    async def ListAtomics(self, request: pb.ListAtomicsRequest, context: Context) -> pb.ListAtomicsReply:
        """The workers that took shots, the latest first."""
        who = await self._who(context, "read")
        job = checked_id(request.job_id)
        found, _ = await self._service.in_store(self._service.store.events, owner(who), job)
        leased = [event for event in reversed(found) if event.kind == "shot_leased"]
        workers = {str(event.data["worker"]): event.at for event in reversed(leased)}
        items = [
            pb.AtomicForJob(
                worker_id=worker, chips=1, version=isinglass.__version__, updated_at={"seconds": int(at)}
            )
            for worker, at in reversed(workers.items())
        ]
        return pb.ListAtomicsReply(items=items[: request.limit or _MOST_ATOMICS])
