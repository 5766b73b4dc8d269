"""Requests and responses, word for word: ``golden/*.json``, to be read by people.

``python -m tests.wire.divi.test_divi_golden`` writes the responses anew. "<job>" and "<seconds>" stand for
what is different each time; the seed of every job is 7, so that its counts are not.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.wire.divi.in_process import InProcess, room

FILES = sorted((Path(__file__).parent / "golden").glob("*.json"))
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def exchanged(here: InProcess, exchanges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same exchanges with the responses that came."""
    job, found = "", []
    for one in exchanges:
        if one.get("worker") == "runs the job":
            await here.work()
            found.append(one)
            continue
        method, path = one["request"].replace("<job>", job).split(" ")
        answer = await here.client.request(method, path, json=one.get("body"), headers=one.get("headers"))
        words = answer.json() if answer.content else None
        if path == "job/init/" and answer.status_code == 201:
            job = words["job_id"]
        found.append({**one, "status": answer.status_code, "response": plain(words)})
    return found


def plain(words: Any) -> Any:
    text = _UUID.sub("<job>", json.dumps(words))
    return json.loads(re.sub(r'"run_time": [0-9.e-]+', '"run_time": "<seconds>"', text))


async def replayed(path: Path, folder: Path) -> list[dict[str, Any]]:
    async with room(folder) as here:
        return await exchanged(here, json.loads(path.read_text()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden(path: Path, tmp_path: Path) -> None:
    for came, wanted in zip(asyncio.run(replayed(path, tmp_path)), json.loads(path.read_text()), strict=True):
        assert came == wanted


if __name__ == "__main__":
    for name in map(Path, sys.argv[1:] or FILES):
        with tempfile.TemporaryDirectory() as temporary:
            words = asyncio.run(replayed(name, Path(temporary)))
        name.write_text(json.dumps(words, indent=2, ensure_ascii=False) + "\n")
