"""Requests and responses written down in ``golden/``: what the room says, word for word.

A file is a list of steps. ``request`` has method, path, headers and ``json`` (or ``deflated`` JSON, or
``text``); ``response`` has status, headers and ``json``. In it ``<name>`` is what ``PATTERNS`` says,
``<name:x>`` keeps it as ``{x}`` for later steps, and an object with ``"...": true`` may have more fields
than are named. ``{"qp": …}`` in a request is a problem in the encoding of the real client; ``answer`` in a
response is what the real client's decoder reads. ``{"work": true}`` lets a worker run what is queued.
"""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dwave.cloud.coders import decode_qp_numpy, encode_problem_as_qp

from isinglass.compat.sapi.catalogue import solver_named
from tests.wire.sapi.in_process import InProcess, room

FILES = sorted(Path(__file__).with_name("golden").glob("*.json"))
PATTERNS = {
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "graph": r"[0-9a-f]{10}",
    "etag": r'W/"[0-9a-f]{32}"',
    "text": r"(?s).+",
    "number": r"-?[0-9.e+-]+",
}
_PLACE = re.compile(r"<(\w+)(?::(\w+))?>")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_room_says_what_is_written_down(file: Path, tmp_path: Path) -> None:
    steps = json.loads(file.read_text())
    assert len(steps) > 1

    async def run() -> None:
        async with room(tmp_path) as here:
            known = {"token": here.client.headers["X-Auth-Token"]}
            for number, step in enumerate(steps):
                if step.get("work"):
                    await here.work()
                else:
                    await _check(here, step, known, f"{file.name}, step {number}")

    asyncio.run(run())


async def _check(here: InProcess, step: dict[str, Any], known: dict[str, str], where: str) -> None:
    asked = _filled(step["request"], known)
    headers = asked.get("headers", {})
    body: bytes | None = None
    if "json" in asked or "deflated" in asked:
        body = json.dumps(_encoded(asked.get("json", asked.get("deflated")))).encode()
    if "deflated" in asked:
        body, headers = zlib.compress(body or b""), {**headers, "Content-Encoding": "deflate"}
    if "text" in asked:
        body = asked["text"].encode()
    request = here.client.build_request(asked["method"], asked["path"], headers=headers, content=body)
    for name in [name for name, value in headers.items() if value is None]:
        del request.headers[name]
    answer = await here.client.send(request)
    wanted = step["response"]
    assert answer.status_code == wanted["status"], (where, answer.text[:500])
    for name, value in wanted.get("headers", {}).items():
        _match(value, answer.headers.get(name), known, f"{where}: {name}")
    if "json" in wanted:
        _match(wanted["json"], _decoded(answer.json()), known, where)
    if "text" in wanted:
        _match(wanted["text"], answer.text, known, where)


def _filled(words: Any, known: dict[str, str]) -> Any:
    if isinstance(words, str):
        return re.sub(r"\{(\w+)\}", lambda match: known.get(match[1], match[0]), words)
    if isinstance(words, list):
        return [_filled(one, known) for one in words]
    if isinstance(words, dict):
        return {name: _filled(value, known) for name, value in words.items()}
    return words


def _encoded(words: Any) -> Any:
    """``{"qp": {"solver": …, "linear": {"0": 1}, "quadratic": {"0 4": 1}}}`` as the client has it."""
    if isinstance(words, list):
        return [_encoded(one) for one in words]
    if isinstance(words, dict) and "qp" in words:
        qp = words["qp"]
        properties = solver_named(qp["solver"]).properties
        seen: Any = SimpleNamespace(
            _encoding_qubits=properties["qubits"], _encoding_couplers=list(map(tuple, properties["couplers"]))
        )
        linear = {int(q): bias for q, bias in qp["linear"].items()}
        quadratic = {tuple(map(int, pair.split())): bias for pair, bias in qp["quadratic"].items()}
        return encode_problem_as_qp(seen, linear, quadratic, qp.get("offset", 0))
    if isinstance(words, dict):
        return {name: _encoded(value) for name, value in words.items()}
    return words


def _decoded(words: Any) -> Any:
    if isinstance(words, list):
        return [_decoded(one) for one in words]
    if isinstance(words, dict) and words.get("answer", {}).get("format") == "qp":
        kind = words.get("type") or words.get("metadata", {}).get("type", "ising")
        answer = decode_qp_numpy({"type": kind, "answer": dict(words["answer"])}, return_matrix=False)
        qubits = answer["active_variables"]
        answer["solutions"] = [[row[q] for q in qubits] for row in answer["solutions"]]
        return {**words, "answer": {k: v for k, v in answer.items() if k != "problem_type"}}
    return words


def _match(wanted: Any, found: Any, known: dict[str, str], where: str) -> None:
    if isinstance(wanted, str) and (place := _PLACE.fullmatch(wanted)):
        assert re.fullmatch(PATTERNS[place[1]], str(found)), (where, wanted, found)
        if place[2]:
            known[place[2]] = str(found)
    elif isinstance(wanted, dict):
        assert isinstance(found, dict), (where, found)
        names = set(wanted) - {"..."}
        assert names <= set(found) and ("..." in wanted or names == set(found)), (where, sorted(found))
        for name in names:
            _match(wanted[name], found[name], known, f"{where}: {name}")
    elif isinstance(wanted, list):
        assert isinstance(found, list) and len(wanted) == len(found), (where, found)
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            _match(one, other, known, f"{where}: {number}")
    else:
        assert _filled(wanted, known) == found, (where, wanted, found)
