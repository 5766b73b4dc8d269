"""Numbers for Prometheus: counted as things happen, or looked up when somebody asks."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from sqlalchemy import Connection, func, select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import isinglass
from isinglass.jobs.states import JobState, ShotState
from isinglass.service.tables import jobs, shots
from isinglass.service.usage import jobs_by_state

if TYPE_CHECKING:
    from isinglass.service.core import JobService

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0)
_BLOB_SECONDS = 600.0
"""Files are counted again after so long."""


class Metrics:
    """The numbers of one server; ``docs/operations.md`` lists them."""

    def __init__(self) -> None:
        own = self._registry = CollectorRegistry()
        Info("isinglass_build", "version", registry=own).info({"version": isinglass.__version__})
        self.submitted = Counter(
            "isinglass_jobs_submitted", "jobs accepted", ["type", "backend"], registry=own
        )
        self.shots = Counter("isinglass_shots", "shots that workers brought", ["outcome"], registry=own)
        self.lost = Counter("isinglass_leases_lost", "shots whose worker was lost", ["why"], registry=own)
        self.lies = Counter("isinglass_lies", "results that were not true", registry=own)
        self.seconds = Counter("isinglass_worker_seconds", "time that workers took for shots", registry=own)
        self.requests = Histogram(
            "isinglass_request_seconds", "time to the first byte of an answer, asked-for waits included",
            ["method", "route", "status"], buckets=_BUCKETS, registry=own,
        )  # fmt: skip
        self._jobs = Gauge("isinglass_jobs", "jobs that are kept", ["state"], registry=own)
        self._queued = Gauge(
            "isinglass_queue_shots", "shots that wait for a worker", ["backend"], registry=own
        )
        self._age = Gauge(
            "isinglass_queue_age_seconds",
            "since the oldest of their jobs was submitted",
            ["backend"],
            registry=own,
        )
        self._leased = Gauge("isinglass_shots_in_work", "shots that workers hold", ["backend"], registry=own)
        self._waiting = Gauge("isinglass_workers_waiting", "workers that wait for a shot", registry=own)
        self._blobs = Gauge("isinglass_blob_bytes", "large problems and results on disk", registry=own)
        self._free = Gauge("isinglass_disk_free_bytes", "room left where they lie", registry=own)
        self._counted = float("-inf")

    async def text(self, service: JobService) -> bytes:
        """All of it, in Prometheus' format."""
        await service.at_once(self._look, service.store.clock())
        self._waiting.set(len(service.queue))
        self._free.set(shutil.disk_usage(service.data).free)
        if time.monotonic() > self._counted + _BLOB_SECONDS:
            self._counted = time.monotonic()
            self._blobs.set(await service.beside(lambda: sum(blob.size for blob in service.blobs.all())))
        return generate_latest(self._registry)

    def _look(self, connection: Connection, now: float) -> None:
        found = jobs_by_state(connection, None)
        for state in JobState:
            self._jobs.labels(state).set(found.get(state, 0))
        for gauge in (self._queued, self._age, self._leased):
            gauge.clear()
        # Ids are sorted by time: the least is the oldest.
        grouped = select(shots.c.backend, shots.c.state, func.count(), func.min(shots.c.job)).group_by(
            shots.c.backend, shots.c.state
        )
        open_states = [str(ShotState.QUEUED), str(ShotState.LEASED)]
        rows = connection.execute(grouped.where(shots.c.state.in_(open_states))).all()
        for backend, state, count, oldest in rows:
            if state == ShotState.LEASED:
                self._leased.labels(backend).set(count)
                continue
            created = connection.execute(select(jobs.c.created).where(jobs.c.id == oldest)).scalar_one()
            self._queued.labels(backend).set(count)
            self._age.labels(backend).set(max(0.0, now - created))


class TimeRequests:
    """ASGI: how long each request took to its first byte, by route: of addresses there are too many."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._requests = app, metrics.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                labels = (scope["method"], route, f"{message['status'] // 100}xx")
                self._requests.labels(*labels).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, answered)


class TimeCalls(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # untyped
    """gRPC: the same, with the call as its route and the code as its status."""

    def __init__(self, metrics: Metrics) -> None:
        self._requests = metrics.requests

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], details: Any) -> Any:
        handler = await continuation(details)
        if handler is None:
            return None
        kinds = (
            "stream" if streams else "unary"
            for streams in (handler.request_streaming, handler.response_streaming)
        )
        kind = "_".join(kinds)
        timed = self._timed_stream if handler.response_streaming else self._timed
        return handler._replace(**{kind: timed(getattr(handler, kind), details.method)})

    def _timed(self, handler: Callable[..., Awaitable[Any]], route: str) -> Callable[..., Awaitable[Any]]:
        async def call(request: Any, context: Any) -> Any:
            with self._time(route, context) as first:
                answer = await handler(request, context)
                first()
                return answer

        return call

    def _timed_stream(
        self, handler: Callable[..., AsyncIterator[Any]], route: str
    ) -> Callable[..., AsyncIterator[Any]]:
        async def call(request: Any, context: Any) -> AsyncIterator[Any]:
            with self._time(route, context) as first:
                async for answer in handler(request, context):
                    first()
                    yield answer
                first()

        return call

    @contextmanager
    def _time(self, route: str, context: Any) -> Iterator[Callable[[], None]]:
        """A call's time, up to the first call of what this gives, or to the call's end by an error."""
        began, done = time.perf_counter(), False

        def first(code: str = "OK") -> None:
            nonlocal done
            if not done:
                done = True
                self._requests.labels("gRPC", route, code).observe(time.perf_counter() - began)

        try:
            yield first
        except BaseException:
            first(_code_of(context))
            raise


def _code_of(context: Any) -> str:
    """The name of the code with which we ended a call; where we did not, its client went away."""
    code = context.code()
    ours = isinstance(code, grpc.StatusCode) and code is not grpc.StatusCode.OK
    return str(code.name) if ours else "CANCELLED"
