"""Whatever is sent, the service answers with a status that blames the sender, and keeps on."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from pathlib import Path
from typing import Any

import httpx

from isinglass.jobs.container import pack
from isinglass.jobs.problems import problem_content
from isinglass.jobs.wire import fold
from isinglass.service.core import JobService
from isinglass.service.http import make_app
from isinglass.service.keys import create_key

ROUNDS = 400
CONTENT = problem_content({("a", "b"): 1}).to_bytes()
NASTY: list[Any] = [
    None, True, False, 0, -1, 1 << 63, 1 << 200, -0.5, 1e308, float("nan"), float("inf"), "", "x" * 2000,
    "\ud800", "a\x00b", "../..", "' OR 1=1 --", "%", "\u202e", [], {}, [[]], {"": ""}, [None] * 100,
    {"a": {"b": {"c": []}}}, "cpu", "auto", "sample",
]  # fmt: skip


def frame(data: bytes) -> str:
    return base64.b64encode(fold(data)).decode()


def submission(rng: random.Random) -> Any:
    spec: dict[str, Any] = {"parameters": {"num_reads": 1}}
    body: dict[str, Any] = {"problem": {"content": frame(CONTENT)}, "spec": spec, "idempotency_key": None}
    names = [
        "type",
        "backend",
        "solver",
        "parameters",
        "seed",
        "shots",
        "timeout",
        "priority",
        "description",
        "x",
    ]
    for _ in range(rng.randint(1, 2)):
        match rng.randrange(5):
            case 0:
                body[rng.choice(["problem", "spec", "idempotency_key", "x"])] = rng.choice(NASTY)
            case 1:
                spec[rng.choice(names)] = rng.choice(NASTY)
            case 2:
                parameters = [
                    "num_reads",
                    "time_limit",
                    "storage",
                    "initial_states",
                    "target_energy",
                    "kind",
                    "x",
                ]
                spec["parameters"] = {rng.choice(parameters): rng.choice(NASTY)}
            case 3:
                spoilt = bytearray(CONTENT)
                for _ in range(rng.randint(1, 3)):
                    spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
                body["problem"] = {"content": frame(bytes(spoilt))}
            case 4:
                fields = {"form": "edges", "variables": 2, "labels": [rng.choice(NASTY), rng.choice(NASTY)]}
                try:
                    body["problem"] = {"content": frame(pack(fields, {}).to_bytes())}
                except UnicodeEncodeError:
                    continue
    return body


async def attack(service: JobService, keys: dict[str, str]) -> None:
    door = httpx.ASGITransport(make_app(service))
    rng = random.Random(1)
    async with httpx.AsyncClient(transport=door, base_url="http://here") as client:
        ann, work = ({"Authorization": f"Bearer {keys[name]}"} for name in ("ann", "work"))

        async def post(path: str, body: bytes, headers: dict[str, str]) -> int:
            answer = await client.post(path, content=body, headers=headers)
            assert answer.status_code < 500, (path, body[:600], answer.text)
            return answer.status_code

        statuses = set()
        json_type = {**ann, "Content-Type": "application/json"}
        for _ in range(ROUNDS):
            body = json.dumps(submission(rng)).encode()
            if rng.random() < 0.1:
                body = bytes(rng.choice(body) for _ in range(rng.randrange(200)))
            statuses.add(await post("/v1/jobs", body, json_type))
        assert statuses <= {200, 201, 400, 409, 413, 422} and {201, 422} <= statuses
        for value in NASTY:
            text = str(value).encode("utf-8", "replace").decode()
            for path in ("/v1/jobs", f"/v1/jobs/{'0' * 26}/events", f"/v1/jobs/{'0' * 26}/result", "/v1/me"):
                for name in ("state", "search", "before", "limit", "wait", "shot", "after", "final"):
                    answer = await client.get(path, params={name: text}, headers=ann)
                    assert answer.status_code < 500, (path, name, value, answer.text)
            for field in ("worker", "backends", "wait", "most", "holding", "deliveries"):
                fields = {"worker": "w", "backends": ["gpu"], "wait": 0, field: value}
                try:
                    body = pack(fields, {}).to_bytes()
                except UnicodeEncodeError:
                    continue
                await post("/v1/workers/exchange", body, work)
            for path in ("/v1/workers/heartbeat", "/v1/workers/give-back", "/v1/workers/goodbye"):
                held = {"job": value, "shot": value, "token": value, "worker": value}
                await post(path, json.dumps(held).encode(), {**work, "Content-Type": "application/json"})
        assert (await client.get("/ready")).json()["ready"]


def test_no_request_is_the_services_fault(tmp_path: Path) -> None:
    async def main() -> None:
        service = JobService(tmp_path)
        with service.store.transaction() as connection:
            now = service.store.clock()
            keys = {"ann": create_key(connection, "ann", ["submit", "read"], now)}
            keys["work"] = create_key(connection, "bob", ["work"], now)
        await service.start()
        try:
            await attack(service, keys)
        finally:
            await service.stop()

    asyncio.run(main())
