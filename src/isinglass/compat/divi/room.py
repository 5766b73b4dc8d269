"""Where the wire of Divi's ``QoroService`` is mounted."""

from __future__ import annotations

from fastapi import FastAPI

from isinglass.compat.divi import job_routes, system_routes
from isinglass.service.core import JobService
from isinglass.service.rooms import Room

PREFIXES = ("/divi/api", "/api")
"""The second is the vendor's own, for who turns its host name to this one."""
_LONGEST_BODY = 64 << 20
"""Clients send 1 MB at a time, and a circuit that is longer alone."""


class DiviRoom(Room):
    """See the package's docstring."""

    name = "divi"
    longest_bodies = dict.fromkeys(PREFIXES, _LONGEST_BODY)

    def mount_http(self, app: FastAPI, service: JobService) -> None:
        for prefix in PREFIXES:
            app.include_router(job_routes.router, prefix=prefix, include_in_schema=prefix == PREFIXES[0])
            app.include_router(system_routes.router, prefix=prefix, include_in_schema=prefix == PREFIXES[0])

    def lines(self, url: str, key: str) -> list[str]:
        return [
            "for Divi's QoroService (the address is a constant of its module; before 0.14 of _qoro_service):",
            f"  export QORO_API_KEY={key!r}",
            f"  divi.backends.runners._qoro.API_URL = {url + PREFIXES[0]!r}",
        ]
