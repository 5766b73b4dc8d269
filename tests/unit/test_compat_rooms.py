"""Rooms of peers are mounted by name, in order, once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from isinglass.compat.rooms import ROOMS, rooms_named
from isinglass.errors import ParameterError
from isinglass.service.core import JobService
from isinglass.service.http import make_app
from isinglass.service.rooms import Room


class Echo(Room):
    name = "echo"
    longest_bodies = {"/echo/long": 5 << 20}  # noqa: RUF012  # read only

    def mount_http(self, app: FastAPI, service: JobService) -> None:
        @app.get("/echo/ready")
        async def ready() -> bool:
            return service.ready


def statuses(folder: Path, requests: Sequence[tuple[str, str, bytes]]) -> list[int]:
    async def ask() -> list[int]:
        app = make_app(JobService(folder), [Echo()])
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client,
        ):
            answers = [await client.request(m, path, content=body) for m, path, body in requests]
            return [answer.status_code for answer in answers]

    return asyncio.run(ask())


def test_a_room_is_mounted_beside_the_rest_door(tmp_path: Path) -> None:
    assert statuses(tmp_path, [("GET", "/echo/ready", b""), ("GET", "/health", b"")]) == [200, 200]


def test_a_room_says_how_long_bodies_may_be(tmp_path: Path) -> None:
    four, five = bytes((4 << 20) + 1), bytes((5 << 20) + 1)
    requests = [("POST", "/echo/short", four), ("POST", "/echo/long", four), ("POST", "/echo/long", five)]
    assert statuses(tmp_path, requests) == [413, 404, 413]


def test_names() -> None:
    assert [room.name for room in rooms_named("all")] == list(ROOMS)
    assert rooms_named("none") == ()
    with pytest.raises(ParameterError, match="'sappy' is not one of"):
        rooms_named("sappy")
