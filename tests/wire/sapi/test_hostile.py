"""Whatever a broken or hostile client sends: the documented status, no 5xx, nothing half stored."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import dimod
import httpx
import numpy as np
import pytest

from isinglass.compat.dwave.hybrid_kinds import BQM, CQM, DQM
from isinglass.compat.sapi.catalogue import CATALOGUE
from isinglass.compat.sapi.uploads import PART_BYTES
from tests.wire.sapi.in_process import InProcess, room

SMALL = "c4-sw_sample"
QPU = "DW_2000Q_6"
STALE = {"graph_id": "01d07086e1"}


def lin(solver: str, **biases: float) -> str:
    """The linear part of a problem, such as ``q0=-1``."""
    qubits = CATALOGUE[solver].properties["qubits"]
    values = np.full(len(qubits), np.nan)
    for name, bias in biases.items():
        values[qubits.index(int(name[1:]))] = bias
    return base64.b64encode(values.tobytes()).decode()


def job(solver: str = SMALL, **changes: Any) -> dict[str, Any]:
    words = {
        "solver": {"name": solver}, "data": {"format": "qp", "lin": lin(solver, q0=-1.0), "quad": ""},
        "type": "ising", "params": {},
    }  # fmt: skip
    return {**words, **changes}


def with_room(tmp_path: Path, test: Callable[[InProcess], Awaitable[None]]) -> None:
    async def run() -> None:
        async with room(tmp_path) as here:
            await test(here)

    asyncio.run(run())


def test_bodies(tmp_path: Path) -> None:
    good = json.dumps(job()).encode()
    folded = zlib.compress(good)
    deflate = {"Content-Encoding": "deflate"}
    bomb = zlib.compress(b" " * (40 << 20) + good)
    cases: list[tuple[bytes, dict[str, str], int]] = [
        (b"", {}, 400), (b"{", {}, 400), (b"\xff\xfe", {}, 400), (b"[" * 100_000, {}, 400),
        (b'{"solver": NaN}', {}, 400), (b"1" * 5000, {}, 400), (b"null", {}, 400), (b'"text"', {}, 400),
        (folded, {}, 400), (good, deflate, 400), (folded[:-5], deflate, 400), (folded + b"x", deflate, 400),
        (b"", deflate, 400), (bomb, deflate, 413), (good, {"Content-Encoding": "br"}, 415),
        (b" " * (33 << 20), {}, 413),
    ]  # fmt: skip

    async def test(here: InProcess) -> None:
        for body, headers, status in cases:
            answer = await here.client.post("problems/", content=body, headers=headers)
            assert answer.status_code == status, (body[:40], headers, answer.text)
            assert answer.json()["error_code"] == status and answer.json()["error_msg"], body[:40]
        assert (await here.client.get("problems/")).json() == []

    with_room(tmp_path, test)


BAD_JOBS: list[tuple[Any, int, str]] = [
    (None, 400, "a job is an object"),
    ([], 400, "a job is an object"),
    (job(solver_id=1), 400, "'solver_id' is not a field of a job"),
    ({**job(), "solver": SMALL}, 400, "solver is not an object"),
    ({**job(), "solver": {}}, 404, "Solver does not exist"),
    ({**job(), "solver": {"name": [1]}}, 404, "Solver does not exist"),
    ({**job(), "solver": {"name": SMALL, "version": 3}}, 400, "version is not an object"),
    (
        {**job(QPU), "solver": {"name": QPU, "version": {"graph_id": "01d07086e1"}}},
        400,
        "load the solver again",
    ),
    (
        {**job(), "solver": {"name": SMALL, "version": {"graph_id": "01d07086e1"}}},
        400,
        "load the solver again",
    ),
    (job(type="cqm"), 400, "Problem type (cqm) is not supported by the solver."),
    (job(type=None), 400, "Problem type (None) is not supported by the solver."),
    (job(type=["ising"]), 400, "is not supported by the solver."),
    (job(data=None), 400, "unable to parse problem data"),
    (job(data={}), 400, "unable to parse problem data"),
    (job(data={"format": "bq", "data": {}}), 400, "unable to parse problem data"),
    (job(data={"format": "ref", "data": "x"}), 400, "unable to parse problem data"),
    (job(data={"format": "qp", "lin": lin(QPU), "quad": ""}), 400, "lin has 2041 numbers"),
    (job(data={"format": "qp", "lin": lin(SMALL, q0=1, q4=1), "quad": ""}), 400, "quad has 0 numbers; 1"),
    (job(data={"format": "qp", "lin": lin(SMALL, q0=float("inf")), "quad": ""}), 400, "not finite"),
    (job(params=[]), 400, "params is not an object"),
    (job(params={"num_reads": "many"}), 400, "must be a number"),
    (job(params={"num_reads": 1e400}), 400, "not JSON"),
    (job(params={"chain_strength": 1}), 400, "invalid parameter chain_strength"),
    (job(params={"seed": 1}), 400, "invalid parameter seed"),
    (job(params={"annealing_time": 1}), 403, "invalid parameter annealing_time"),
    (job("Advantage2_system4", params={"beta": 1}, data={"format": "qp"}), 403, "invalid parameter beta"),
    (job(QPU, params={"x_target_c": 1}), 400, "invalid parameter x_target_c"),
    (job(QPU, params={"time_limit": 1}), 400, "invalid parameter time_limit"),
    (job(QPU, params={"flux_biases": [0.0] * 7}), 400, "flux_biases"),
    (job(QPU, params={"initial_state": [3] * 2048}), 400, "initial_state is given without anneal_schedule"),
    (job(QPU, params={"auto_scale": "yes"}), 400, "must be True or False"),
    (job(QPU, params={"num_reads": 10_000, "annealing_time": 2000}), 400, "Upper limit on user-specified"),
    (job(label=""), 400, "label"),
    (job(label=7), 400, "label"),
    (job(label="x" * 1001), 400, "description"),
    (job(label="a\x00b"), 400, "description"),
    (job(label="\ud800"), 400, "description"),
]


def test_jobs(tmp_path: Path) -> None:
    async def test(here: InProcess) -> None:
        for words, status, said in BAD_JOBS:
            body = json.dumps(words).encode()
            alone = await here.client.post("problems/", content=b"[]" if words == [] else body)
            if words != []:
                found = alone.json()
                assert (alone.status_code, found["error_code"]) == (status, status), (words, found)
                assert said in found["error_msg"], (said, found)
            among = await here.client.post("problems/", content=b"[" + body + b"]")
            if said == "not JSON":
                assert among.status_code == 400
                continue
            assert among.status_code == 200 and among.json()[0]["error_code"] == status, among.text
        assert (await here.client.get("problems/")).json() == []

    with_room(tmp_path, test)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("problems/?id=", 404), ("problems/?id=x", 404), ("problems/?id=%00", 404),
        ("problems/?timeout=0&id=x", 400),
        ("problems/?timeout=31", 400), ("problems/?timeout=x", 400), ("problems/?status=DONE", 400),
        ("problems/?max_results=0", 400), ("problems/?max_results=1001", 400), ("problems/?solver=none", 200),
        ("problems/?label=%25", 200), ("problems/?label=%00", 400), ("problems/%2e%2e", 404),
        ("problems/x/info", 404), ("problems/x/answer", 404), ("problems/x/messages", 404),
        ("problems/x/nothing", 404), ("nothing", 404),
        ("problems/00000000-0000-0000-0000-000000000000", 404),
        ("problems/{00000000-0000-0000-0000-000000000000}", 404),
        ("solvers/remote/..", 404), ("solvers/remote/%00", 404), ("bqm/multipart/..%2f..%2f/status", 404),
        ("bqm/multipart/x/status", 404),
    ],
)  # fmt: skip
def test_paths(path: str, status: int, shared_room: Callable[[str, str], httpx.Response]) -> None:
    answer = shared_room("GET", path)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.json()["error_code"] == status and answer.json()["error_msg"]


@pytest.fixture(scope="module")
def shared_room(tmp_path_factory: pytest.TempPathFactory) -> Any:
    loop = asyncio.new_event_loop()
    opened = room(tmp_path_factory.mktemp("room"))
    here = loop.run_until_complete(opened.__aenter__())
    yield lambda method, path: loop.run_until_complete(here.client.request(method, path))
    loop.run_until_complete(opened.__aexit__(None, None, None))
    loop.close()


def test_tokens(tmp_path: Path) -> None:
    async def test(here: InProcess) -> None:
        reader = await here.service.in_store(here.key, "bob", "read")
        own = here.client.headers.pop("X-Auth-Token")
        for token, status in (
            (None, 401),
            ("", 401),
            ("x", 401),
            ("isg_0_0", 401),
            ("é", 401),
            (reader, 403),
        ):
            headers = {} if token is None else {"X-Auth-Token": token.encode()}
            answer = await here.client.post("problems/", json=job(), headers=headers)
            assert answer.status_code == status and answer.json()["error_code"] == status, (
                token,
                answer.text,
            )
        nonsense = await here.client.post("problems/", content=b"{", headers={"X-Auth-Token": "x"})
        assert nonsense.status_code == 401, "nothing is read of strangers"
        mine = (await here.client.post("problems/", json=job(), headers={"X-Auth-Token": own})).json()["id"]
        for path in ("", "/info", "/answer", "/messages"):
            answer = await here.client.get(f"problems/{mine}{path}", headers={"X-Auth-Token": reader})
            assert answer.status_code == 404, "somebody else's problem is no problem at all"
        spy = await here.service.in_store(here.key, "bob")
        answer = await here.client.delete(f"problems/{mine}", headers={"X-Auth-Token": spy})
        assert answer.status_code == 404

    with_room(tmp_path, test)


@pytest.mark.parametrize("solver", [SMALL, QPU, BQM.name])
def test_values_that_go_deep(solver: str, tmp_path: Path) -> None:
    """As deep as the reader of JSON goes, and a little deeper."""
    hybrid = {"type": "bqm", "data": {"format": "ref", "data": "x"}, "solver": {"name": BQM.name}}
    whole = {**job(), **hybrid} if solver == BQM.name else job(solver)

    async def test(here: InProcess) -> None:
        for depth in (100, 800, 900, 930, 950, 960, 970, 980, 990, 1000):
            deep = "[" * depth + "]" * depth
            for field in ("num_reads", "time_limit", "x_deep"):
                words = json.dumps({**whole, "params": {field: "DEEP"}})
                answer = await here.client.post("problems/", content=words.replace('"DEEP"', deep).encode())
                assert 400 <= answer.status_code < 500, (depth, field, answer.text)
            for field in ("label", "type", "data", "solver", "params"):
                words = json.dumps({**whole, field: "DEEP"})
                answer = await here.client.post("problems/", content=words.replace('"DEEP"', deep).encode())
                assert 400 <= answer.status_code < 500, (depth, field, answer.text)

    with_room(tmp_path, test)


def test_a_version_that_is_not_served_changes_nothing(tmp_path: Path) -> None:
    async def test(here: InProcess) -> None:
        waiting = (await here.client.post("problems/", json=[job()])).json()[0]["id"]
        for method, path, resource in (
            ("POST", "problems/", "problems"),
            ("DELETE", f"problems/{waiting}", "problem"),
            ("DELETE", "problems/", "problems"),
            ("POST", "bqm/multipart", "multipart-initiate"),
        ):
            accept = f"application/vnd.dwave.sapi.{resource}+json; version=1.0.0"
            body = job() if method == "POST" else [waiting]
            answer = await here.client.request(method, path, json=body, headers={"Accept": accept})
            assert answer.status_code == answer.json()["error_code"] == 415, answer.text
        found = (await here.client.get("problems/")).json()
        assert [one["status"] for one in found] == ["PENDING"]
        assert not list(tmp_path.glob("sapi-uploads/**/*"))

    with_room(tmp_path, test)


def digest(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def test_uploads(tmp_path: Path) -> None:
    data = bytes(PART_BYTES) + b"end"
    first, last = data[:PART_BYTES], data[PART_BYTES:]

    async def test(here: InProcess) -> None:
        async def put(upload: str, part: object, content: bytes, **changes: str) -> int:
            headers = {"Content-MD5": digest(content), "Content-Type": "application/octet-stream"}
            headers |= {name.replace("_", "-"): value for name, value in changes.items()}
            answer = await here.client.put(
                f"bqm/multipart/{upload}/part/{part}", content=content, headers=headers
            )
            assert answer.status_code == 200 or answer.json()["error_code"] == answer.status_code
            return answer.status_code

        for size in (0, -1, 1.5, True, "5", None, 1 << 70):
            answer = await here.client.post("bqm/multipart", json={"size": size})
            assert answer.status_code == 400, size
        assert (await here.client.post("bqm/multipart", json=[5])).status_code == 400
        upload = (await here.client.post("bqm/multipart", json={"size": len(data)})).json()["id"]
        assert await put(upload, 0, last) == 400
        assert await put(upload, 3, last) == 400
        assert await put(upload, "x", last) == 400
        assert await put(upload, 1, last) == 400, "too short"
        assert await put(upload, 2, last + b"x") == 400, "too long"
        assert await put(upload, 2, last, Content_MD5=digest(b"other")) == 400
        assert await put(upload, 2, last, Content_MD5="") == 400
        assert await put(upload, 2, last, Content_MD5="AAAA") == 400
        assert await put(upload, 2, last, Content_MD5="!") == 400
        assert await put(upload, 2, last, Content_Type="text/plain") == 415
        assert await put("00000000-0000-0000-0000-000000000000", 1, first) == 404
        status = (await here.client.get(f"bqm/multipart/{upload}/status")).json()
        assert status["parts"] == [], "nothing of it was kept"
        both = hashlib.md5(hashlib.md5(first).digest() + hashlib.md5(last).digest()).hexdigest()
        combine = f"bqm/multipart/{upload}/combine"
        assert await put(upload, 2, last) == 200
        early = await here.client.post(combine, json={"checksum": both})
        assert early.status_code == 400 and "part 1 has not arrived" in early.text
        # Out of order, replayed, and replaced by other content and back.
        assert [await put(upload, 1, first), await put(upload, 2, b"END"), await put(upload, 2, last)] == [
            200
        ] * 3
        assert (await here.client.post(combine, json={"checksum": both.upper()})).status_code == 400
        assert (await here.client.post(combine, json=both)).status_code == 400
        for _ in range(2):
            assert (await here.client.post(combine, json={"checksum": both})).status_code == 200
        assert await put(upload, 2, last) == 400, "it is combined"
        spy = {"X-Auth-Token": await here.service.in_store(here.key, "bob")}
        answer = await here.client.get(f"bqm/multipart/{upload}/status", headers=spy)
        assert answer.status_code == 404

    with_room(tmp_path, test)


def test_models_that_are_none(tmp_path: Path) -> None:
    small = dimod.BinaryQuadraticModel({"a": 1.0, "b": -1.0}, {"ab": 2.0}, 0.5, "SPIN")
    with small.to_file(version=2) as file:
        model = file.read()
    bad = [
        b"hello", b"DIMODBQM", b"DIMODBQM\x02\x00\xff\xff\xff\xff", model[:-1], model + b"x",
        b"DIMODCQM" + model[8:],
        model.replace(b'"shape": [2, 1]', b'"shape": [9, 9]'), b"PK\x03\x04" + bytes(100),
        model.replace(b'"shape": [2, 1]', b'"shape": [4000000000, 1]'),
    ]  # fmt: skip
    hybrids = {kind.problem_type: kind.name for kind in (BQM, CQM, DQM)}

    async def test(here: InProcess) -> None:
        async def submit(kind: str, ref: str, **params: Any) -> httpx.Response:
            words = {"solver": {"name": hybrids[kind]}, "type": kind, "params": params}
            return await here.client.post("problems/", json=words | {"data": {"format": "ref", "data": ref}})

        for data in bad:
            ref = await here.upload(data)
            for kind in hybrids:
                answer = await submit(kind, ref)
                assert answer.status_code == 400 and answer.json()["error_msg"], (
                    data[:20],
                    kind,
                    answer.text,
                )
        good = await here.upload(model)
        for limit in (0, 2.9, -1, "3", [3], True, 1e9):
            answer = await submit("bqm", good, time_limit=limit)
            assert answer.status_code == 400 and "time_limit" in answer.text
        least = "Attempting to run a problem for less than the allowed minimum time_limit 3 s"
        assert (await submit("bqm", good, time_limit=1)).json()["error_msg"] == least
        assert (await submit("bqm", good, num_reads=1)).status_code == 400
        assert (await submit("bqm", "no id")).status_code == 404
        assert (await here.client.get("problems/")).json() == []

    with_room(tmp_path, test)
