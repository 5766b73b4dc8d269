"""A peer's wire beside our own doors: what ``isinglass serve --compat`` mounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response

from isinglass.service.core import JobService
from isinglass.service.http_door import refuse


class Room:
    """One peer's wire. A room mounts itself on the HTTP application, on the gRPC server, or on both.

    It translates words and calls ``JobService``; jobs, keys and limits stay the service's.
    """

    name: str
    """As ``--compat`` has it."""
    longest_bodies: Mapping[str, int] = {}
    """Path prefix -> bytes of one request's body, for paths that take more than 4 MiB."""

    def refuse(self, error: Exception) -> Response:
        """An error of those paths before anything is routed, such as a body that is too long."""
        return refuse(error)

    def mount_http(self, app: FastAPI, service: JobService) -> None:
        """Add routes, or a whole application under a prefix, to the service's own."""

    def mount_grpc(self, server: Any, service: JobService) -> None:
        """Add servicers to a ``grpc.aio.Server`` that runs in the service's event loop."""

    def lines(self, url: str, key: str) -> list[str]:
        """What the person who starts the service sets to point the peer's client at it.

        ``url`` is that of the HTTP door, ``key`` an API key or words that stand for one.
        """
        return []
