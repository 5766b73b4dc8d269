"""Whatever a broken or hostile client sends: a documented 4xx, never 5xx, nothing half-stored."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from pathlib import Path
from typing import Any

from isinglass.compat.divi import chunks
from tests.wire.divi.in_process import BELL, folded, room

GOOD = {"circuits": {"a": folded(BELL)}, "shots": 10}
NEWEST = {"job_type": "EXECUTE", "simulator_cluster": "qoro_maestro"}
TEMPLATE = {
    "circuit_template": folded(BELL), "parameter_names": [], "parameter_sets": [{"label": "a", "values": []}],
}  # fmt: skip
DEEP = b'{"circuits":' + b"[" * 100_000

INITS: list[Any] = [
    b"",
    b"no",
    b"[]",
    b"null",
    b"\xff\xfe",
    DEEP,
    b'{"shots": NaN}',
    {"job_type": "RUN"},
    {"job_type": 3},
    {"job_type": ["EXECUTE"]},
    {"job_type": "VALIDATE"},
    {"shots": 0},
    {"shots": "10"},
    {"shots": True},
    {"tag": 7},
    {"tag": "x" * 1001},
    {"tag": "\0"},
    {"tag": "\ud800"},
    {"qpu_system_name": 3},
    {"wrong": 1},
    {"qpu_system_name": "a", "simulator_cluster": "b"},
    {"simulator_cluster": "FakeNowhere"},
    {"maestro_config": 3},
    {"maestro_config": {"simulation_type": 4}},
    {"maestro_config": {"seed": -1}},
    {"maestro_config": {"seed": "x"}},
    {"maestro_config": {"noise_model": [1]}},
    {"maestro_config": {"noisy_device": 3}},
    {"maestro_config": {"simulation_type": [1]}},
    {"shots": 10**30},
]
CHUNKS: list[Any] = [
    b"",
    b"[]",
    DEEP,
    b'{"shots": Infinity}',
    {"wrong": 1},
    {"mode": "replace"},
    {"finalized": True},
    {"finalized": "x"},
    {"circuits": [1]},
    {"circuits": {"a": 3}},
    {"circuits": {"a": "not base64"}},
    {"circuits": {"a": "QUJD"}},
    {"circuits": {"a": folded(BELL)[:-8]}},
    {"circuits": {"a": base64.b64encode(gzip.compress(b"\xff")).decode()}},
    {"circuits": {"a": base64.b64encode(gzip.compress(b"a") + b"more").decode()}},
    {**GOOD, "shots": 0},
    {**GOOD, "shots": 2.5},
    {**GOOD, "shots": "10"},
    {**GOOD, "shot_groups": 3},
    {**GOOD, "shot_groups": [[0, 1, "x"]]},
    {**GOOD, "shot_groups": [3]},
    {**GOOD, "circuit_ham_map": [["a", 1]]},
    {**GOOD, "observables": 3},
    {**GOOD, "observables": "zz"},
    {**GOOD, "observables": ""},
    {**GOOD, "observables": "@gzs2:QUJD"},
    {**GOOD, "observables": f"@gzs2:{folded('Z7')}"},
    {**GOOD, "observables": f"@gzs2:{folded('Q0')}"},
    {**GOOD, "observables": f"@gzs0:{folded('I')}"},
    {**TEMPLATE, "circuits": {}},
    {**TEMPLATE, "parameter_names": "a"},
    {**TEMPLATE, "parameter_names": ["a", "a"]},
    {**TEMPLATE, "parameter_sets": []},
    {**TEMPLATE, "parameter_sets": [3]},
    {**TEMPLATE, "parameter_sets": [{"label": "a", "values": [1.0]}]},
    {**TEMPLATE, "parameter_sets": [{"label": "a", "values": ["1"]}]},
    {**TEMPLATE, "parameter_sets": [{"label": "a", "values": []}] * 2},
    {**TEMPLATE, "circuit_template": 3},
    {
        "circuit_template": folded(BELL.replace("h q[0]", "rx(t) q[0]")),
        "parameter_names": ["t"],
        "parameter_sets": [{"label": "a", "values": [10**400]}],
    },
]
TOO_LARGE: list[Any] = [
    {"circuits": {"a": base64.b64encode(gzip.compress(bytes(chunks.LONGEST_TEXT + 1))).decode()}},
    {"observables": f"@gzs9999999:{folded('I;I;I')}"},
    {
        **TEMPLATE,
        "circuit_template": folded("x" * (1 << 20)),
        "parameter_sets": [{"label": str(k), "values": []} for k in range(257)],
    },
]
"""Bombs."""
AT_THE_END: list[Any] = [
    {**GOOD, "observables": "ZZ"},
    {"circuits": {}},
    {**GOOD, "shot_groups": [[0, 2, 5]]},
    {**GOOD, "shot_groups": [[0, 10**15, 5]]},
    {"circuits": {"a": folded("OPENQASM 2.0;")}},
    {"circuits": {"a": folded("(" * 100_000)}},
    {"circuits": {"": folded("")}},
    {"circuits": {"a": folded(BELL.replace("q[2]", "q[70]"))}},
    {**GOOD, "shots": 10**12},
]
"""Well-formed calls of jobs that cannot run: they FAIL, and say why."""


def body_of(words: Any) -> bytes:
    return words if isinstance(words, bytes) else json.dumps(words).encode()


def test_requests_that_are_refused(tmp_path: Path) -> None:
    async def talk() -> None:
        async with room(tmp_path) as here:
            for words in INITS:
                answer = await here.client.post("job/init/", content=body_of(words))
                assert answer.status_code == 400, (words, answer.status_code, answer.text)
                assert answer.json()["error"]["message"]
            job = (await here.client.post("job/init/", json=NEWEST)).json()["job_id"]
            for words, status in [(one, 400) for one in CHUNKS] + [(one, 413) for one in TOO_LARGE]:
                answer = await here.client.post(f"job/{job}/add_circuits/", content=body_of(words))
                assert answer.status_code == status, (str(words)[:200], answer.status_code, answer.text)
            (folder,) = (tmp_path / "divi" / "ann").glob("*-*")
            assert [path.name for path in folder.iterdir()] == ["init.json"]
            # And it is as good as new.
            await here.client.post(f"job/{job}/add_circuits/", json={**GOOD, "finalized": "true"})
            await here.work()
            assert (await here.client.get(f"job/{job}/resultsV2/")).status_code == 200

    asyncio.run(talk())


def test_jobs_that_fail(tmp_path: Path) -> None:
    async def talk() -> None:
        async with room(tmp_path) as here:
            for words in AT_THE_END:
                job = await here.job(NEWEST, words)
                told = (await here.client.get(f"job/{job}/status/")).json()
                if told["status"] == "PENDING":
                    await here.work()
                    told = (await here.client.get(f"job/{job}/status/")).json()
                assert told["status"] == "FAILED" and told["error"], (str(words)[:200], told)
                assert (await here.client.get(f"job/{job}/resultsV2/")).status_code == 400
            expectation = {**NEWEST, "job_type": "EXPECTATION"}
            for words in (GOOD, {**GOOD, "observables": "ZZZ"}, {**GOOD, "observables": "ZZ",
                          "circuit_ham_map": [[0, 2]]}):  # fmt: skip
                job = await here.job(expectation, {k: v for k, v in words.items() if k != "shots"})
                told = (await here.client.get(f"job/{job}/status/")).json()
                if told["status"] == "PENDING":
                    await here.work()
                    told = (await here.client.get(f"job/{job}/status/")).json()
                assert told["status"] == "FAILED" and told["error"]
            # Two calls that do not fit each other.
            job = await here.job(NEWEST, {**GOOD}, {"circuits": {"a": folded(BELL)}, "shots": 11})
            assert (await here.client.get(f"job/{job}/status/")).json()["status"] == "FAILED"

    asyncio.run(talk())


def test_keys_ids_and_paths(tmp_path: Path) -> None:
    async def talk() -> None:
        async with room(tmp_path) as here:
            job = (await here.client.post("job/init/", json=NEWEST)).json()["job_id"]
            paths = [
                f"job/{job}/status/",
                f"job/{job}/resultsV2/",
                "qpusystem/",
                "credits/",
                "",
                "simulatorcluster/",
            ]
            for key in ("", "Bearer", "Bearer x", "Basic abc", "Bearer " + "é" * 50):
                for path in paths:
                    answer = await here.client.get(path, headers={"Authorization": key.encode()})
                    assert answer.status_code == 401, (key, path, answer.text)
            other = await here.service.in_store(here.key, "bob")
            reader = await here.service.in_store(here.key, "ann", "read")
            for key, status in ((other, 404), (reader, 403)):
                answer = await here.client.post(
                    f"job/{job}/add_circuits/", json=GOOD, headers={"Authorization": f"Bearer {key}"}
                )
                assert answer.status_code == status
            for name in ("x", job.upper(), job + "0", "0" * 32, "a" * 5000, "é"):
                for method, path in (
                    ("GET", f"job/{name}/status/"),
                    ("POST", f"job/{name}/cancel/"),
                    ("DELETE", f"job/{name}"),
                    ("POST", f"job/{name}/add_circuits/"),
                ):
                    answer = await here.client.request(
                        method, path, content=b"{}" if method == "POST" else None
                    )
                    assert answer.status_code in (404, 405), (method, path, answer.status_code)
            for query in ("page=0", "page=x", "page_size=-1", "page=99999999999999999999", "page_size=²"):
                assert (await here.client.get(f"credits/transactions/?{query}")).status_code == 400

    asyncio.run(talk())
