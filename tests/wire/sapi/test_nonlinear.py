"""Nonlinear models on this wire: the way of one, and what is refused before anything runs."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
from dwave.optimization.generators import flow_shop_scheduling

from isinglass.compat.dwave.hybrid_kinds import NL
from isinglass.problems.files.nl import written
from tests.wire.sapi.in_process import InProcess, room

MODEL = flow_shop_scheduling([[10, 5, 7], [20, 10, 15]])
DATA = written(MODEL).data


def with_header(**changes: Any) -> bytes:
    """The model's file under another header of the same length or a longer one."""
    end = 10 + int.from_bytes(DATA[6:10], "little")
    words = json.dumps(json.loads(DATA[10:end]) | changes).encode()
    return DATA[:6] + len(words).to_bytes(4, "little") + words + DATA[end:]


def deflated() -> bytes:
    """A bomb in the place of the model's types."""
    end, out = 10 + int.from_bytes(DATA[6:10], "little"), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(DATA)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, bytes(10_000_000) if name == "nodetypes.txt" else old.read(name))
    return DATA[:end] + out.getvalue()


BAD = [
    (b"hello", "header"), (b"DWNL", "header"), (DATA[:40], "header"), (DATA[:-30], "cut off"),
    (DATA[:300], "cut off"), (b"DWNL\x07" + DATA[5:], "format 7.0"), (deflated(), "compressed"),
    (DATA.replace(b"info.json", b"info.jsom"), "lacks info.json"),
    (with_header(num_nodes="many"), "not a count"), (with_header(num_nodes=-1), "not a count"),
    (with_header(num_nodes=10**6), "counts 1,000,000 symbols"),
    (with_header(state_size=786_432_001), "The size of the states must not exceed 786432000."),
    (with_header(decision_state_size=52_428_801), "decision states must not exceed 52428800."),
]  # fmt: skip


def submitted(here: InProcess, ref: str, **params: Any) -> Any:
    words = {"solver": {"name": NL.name}, "type": "nl", "params": params, "label": "way"}
    return here.client.post("problems/", json=words | {"data": {"format": "ref", "data": ref}})


def test_the_way_of_a_model(tmp_path: Path) -> None:
    async def test() -> httpx.Response:
        async with room(tmp_path) as here:
            answer = await submitted(here, await here.upload(DATA), time_limit=0.5)
            assert answer.status_code == 200 and answer.json()["status"] == "PENDING", answer.text
            problem = answer.json()["id"]
            assert (await here.client.get(f"problems/{problem}/answer/data")).status_code == 404
            await here.work()
            told = (await here.client.get(f"problems/{problem}/answer")).json()["answer"]
            assert told["url"] == f"http://room/sapi/v2/problems/{problem}/answer/data"
            assert told.keys() == {"format", "auth_method", "url", "timing", "shape"}
            assert told["format"] == "binary-ref" and told["auth_method"] == "sapi-token"
            assert told["timing"]["run_time"] > 0 and told["timing"]["warnings"] == []
            spy = {"X-Auth-Token": await here.service.in_store(here.key, "bob")}
            for headers, status in (({"X-Auth-Token": ""}, 401), (spy, 404)):
                assert (await here.client.get(told["url"], headers=headers)).status_code == status
            info = (await here.client.get(f"problems/{problem}/info")).json()
            assert info["data"]["format"] == "ref" and info["answer"] == told
            return await here.client.get(told["url"])

    file = asyncio.run(test())
    assert file.headers["content-type"] == "application/octet-stream"
    MODEL.states.from_file(io.BytesIO(file.content))
    with MODEL.lock():
        assert MODEL.objective is not None and MODEL.objective.state(0) == 50.0


def test_what_is_refused(tmp_path: Path) -> None:

    async def test() -> None:
        async with room(tmp_path) as here:
            for data, words in BAD:
                answer = await submitted(here, await here.upload(data))
                assert answer.status_code == 400 and words in answer.json()["error_msg"], answer.text
            good = await here.upload(DATA)
            for limit in (0, -1, "3", [3], True, 1e9):
                answer = await submitted(here, good, time_limit=limit)
                assert answer.status_code == 400 and "time_limit" in answer.text
            assert (await submitted(here, good, num_reads=3)).status_code == 400
            assert (await here.client.get("problems/")).json() == []

    asyncio.run(test())
