"""The REST door: FastAPI over ``core.py``. ``/docs`` and ``/openapi.json`` describe it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

import isinglass
from isinglass.service import http_blobs, http_jobs, http_work
from isinglass.service.core import JobService
from isinglass.service.http_door import LimitBody, Service, Who, install_errors
from isinglass.service.metrics import TimeRequests
from isinglass.service.pages import routes
from isinglass.service.rooms import Room


def make_app(service: JobService, rooms: Sequence[Room] = ()) -> FastAPI:
    """The application, with the rooms of peers; it starts and stops the service with itself."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    app = FastAPI(title="isinglass", version=isinglass.__version__, lifespan=life, redoc_url=None)
    app.state.service = service
    rules = {k: (most, room.refuse) for room in rooms for k, most in room.longest_bodies.items()}
    app.add_middleware(LimitBody, more=rules)
    app.add_middleware(TimeRequests, metrics=service.metrics)
    install_errors(app)
    for router in (http_jobs.router, http_blobs.router, http_work.router):
        app.include_router(router)
    app.include_router(routes.router)
    _add_the_small_ones(app)
    for room in rooms:
        room.mount_http(app, service)
    return app


def _add_the_small_ones(app: FastAPI) -> None:
    @app.get("/health", tags=["health"])
    async def health() -> JSONResponse:
        """The process answers."""
        return JSONResponse({"status": "alive", "version": isinglass.__version__})

    @app.get("/ready", tags=["health"])
    async def ready(request: Request) -> JSONResponse:
        """Jobs are taken: the database answers and kernels are loaded."""
        service: JobService = request.app.state.service
        if not service.ready:
            return JSONResponse({"ready": False}, 503)
        await service.in_store(service.leasing.ready)
        return JSONResponse({"ready": True, "workers_waiting": len(service.queue)})

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics(service: Service, who: Who) -> PlainTextResponse:
        """Numbers for Prometheus; the key needs the scope ``metrics``."""
        who.require("metrics")
        return PlainTextResponse(await service.metrics.text(service), media_type=CONTENT_TYPE_LATEST)

    @app.get("/v1/me", tags=["jobs"])
    async def me(service: Service, who: Who) -> JSONResponse:
        """Whose key this is and what it may."""
        seconds = await service.in_store(service.store.usage, who.user)
        return JSONResponse({"user": who.user, "scopes": sorted(who.scopes), **seconds})
