"""Jobs on the wire of ``QoroService``, of both eras, in this process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from isinglass.compat.divi.drafts import Drafts
from isinglass.errors import UnknownJobError
from tests.wire.divi.histogram_oracle import counts_of
from tests.wire.divi.in_process import BELL, HEAD, InProcess, folded, room

ONE = HEAD + "qreg q[3];\ncreg a[2];\ncreg b[1];\nx q[0];\nmeasure q[0] -> a[0];\n"
NEWEST = {"tag": "default", "job_type": "EXECUTE", "use_packing": False, "simulator_cluster": "qoro_maestro"}


def run(folder: Path, talk: Callable[[InProcess], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with room(folder) as here:
            await talk(here)

    asyncio.run(all_of_it())


def test_the_oldest_clients_job(tmp_path: Path) -> None:
    init = {"shots": 100, "tag": "t", "job_type": "SIMULATE", "qpu_system_name": "qoro_maestro",
            "use_packing": False}  # fmt: skip

    async def talk(here: InProcess) -> None:
        found = await here.results(
            init,
            {"circuits": {"b": folded(BELL)}, "shots": 100},
            {"circuits": {"a": folded(ONE)}, "shots": 100},
        )
        assert [entry["label"] for entry in found] == ["b", "a"]
        bell = counts_of(found[0]["results"])
        assert set(bell) == {"00", "11"} and sum(bell.values()) == 100
        # Both registers, without the space between them, unmeasured bits 0.
        assert counts_of(found[1]["results"]) == {"001": 100}

    run(tmp_path, talk)


def test_status_cancel_delete(tmp_path: Path) -> None:
    async def talk(here: InProcess) -> None:
        async def status(job: str) -> Any:
            return (await here.client.get(f"job/{job}/status/")).json()["status"]

        draft = (await here.client.post("job/init/", json=NEWEST)).json()["job_id"]
        assert await status(draft) == "PENDING"
        assert (await here.client.get(f"job/{draft}/resultsV2/")).status_code == 400
        cancelled = await here.client.post(f"job/{draft}/cancel/")
        assert cancelled.json() == {"status": "cancelled", "job_id": draft, "circuits_cancelled": 0}
        assert await status(draft) == "CANCELLED"
        assert (await here.client.post(f"job/{draft}/cancel/")).status_code == 409
        late = await here.client.post(f"job/{draft}/add_circuits/", json={"circuits": {"a": folded(BELL)}})
        assert late.status_code == 409

        job = await here.job(NEWEST, {"circuits": {"a": folded(BELL)}, "shots": 10})
        assert await status(job) == "PENDING"
        await here.work()
        told = (await here.client.get(f"job/{job}/status/")).json()
        assert told["status"] == "COMPLETED" and told["run_time"] >= 0
        assert (await here.client.post(f"job/{job}/cancel/")).status_code == 409
        second = await here.client.get(f"job/{job}/resultsV2/?limit=100&offset=100")
        assert second.json() == {"results": [], "next": None}
        assert (await here.client.delete(f"job/{job}")).status_code == 204
        assert (await here.client.get(f"job/{job}/status/")).status_code == 404

        waiting = await here.job(NEWEST, {"circuits": {"a": folded(BELL)}, "shots": 10})
        assert (await here.client.post(f"job/{waiting}/cancel/")).json()["circuits_cancelled"] == 1
        assert await status(waiting) == "CANCELLED"

    run(tmp_path, talk)


def test_a_repeated_call_is_stored_once(tmp_path: Path) -> None:
    async def talk(here: InProcess) -> None:
        job = (await here.client.post("job/init/", json=NEWEST)).json()["job_id"]
        first = {"circuits": {"a": folded(BELL)}, "shots": 10, "finalized": "false"}
        last = {"circuits": {"b": folded(BELL)}, "shots": 10, "finalized": "true"}
        for words in (first, first, last, last):
            assert (await here.client.post(f"job/{job}/add_circuits/", json=words)).status_code == 200
        await here.work()
        found = (await here.client.get(f"job/{job}/resultsV2/")).json()["results"]
        assert [entry["label"] for entry in found] == ["a", "b"]

    run(tmp_path, talk)


def test_ended_jobs_cost_the_next_ones_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once was read again at every ``init``; and what was sent stayed beside the job's own content."""
    drafts = Drafts(tmp_path)
    for k in range(30):
        draft = drafts.find("ann", drafts.begin("ann", {}))
        draft.add(b"circuits" * 100)
        draft.submitted(b"the last", f"job {k}", {}) if k % 2 else draft.cancel()
    waiting = drafts.begin("ann", {})
    read: list[str] = []
    listed = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: [read.append(path), listed(path)][1])
    drafts.begin("ann", {})
    assert read == []
    left = [path.stat().st_size for path in tmp_path.rglob("0*.json")]
    assert left.count(0) == len(left) == 15 + 2 * 15
    # A day later one that is still open is forgotten; one that ended while the server died keeps its end.
    ended = drafts.begin("ann", {})
    (tmp_path / "ann" / ended / "failed").write_text("why")
    for path in (tmp_path / "ann").rglob("*"):
        os.utime(path, (0, 0))
    drafts.begin("ann", {})
    with pytest.raises(UnknownJobError):
        drafts.find("ann", waiting)
    assert drafts.find("ann", ended).failed == "why" and len(list((tmp_path / "ann" / "open").iterdir())) == 1


def test_templates_and_shot_groups(tmp_path: Path) -> None:
    template = HEAD + "qreg q[1]; creg c[1]; rx(3.141592653589793*β[0]) q[0]; measure q -> c;"
    sets = [{"label": "zero", "values": [0.0]}, {"label": "one", "values": [-1]}]
    words = {"circuit_template": folded(template), "parameter_names": ["β[0]"], "parameter_sets": sets}
    other = {"circuits": {"c": folded(BELL)}}

    async def talk(here: InProcess) -> None:
        found = await here.results(NEWEST, {**words, "shots": 20}, {**other, "shots": 20})
        assert counts_of(found[0]["results"]) == {"0": 20} and counts_of(found[1]["results"]) == {"1": 20}
        # Groups count within their call.
        found = await here.results(
            NEWEST, {**words, "shot_groups": [[0, 1, 5], [1, 2, 7]]}, {**other, "shot_groups": [[0, 1, 9]]}
        )
        assert [sum(counts_of(entry["results"]).values()) for entry in found] == [5, 7, 9]

    run(tmp_path, talk)


def test_expectation_values(tmp_path: Path) -> None:
    init = {**NEWEST, "job_type": "EXPECTATION"}
    three = HEAD + "qreg q[3]; x q[0];"

    async def talk(here: InProcess) -> None:
        found = await here.results(init, {"circuits": {"a": folded(BELL)}, "observables": "ZZ;XX;ZI;II"})
        assert found[0]["results"] == pytest.approx({"ZZ": 1, "XX": 1, "ZI": 0, "II": 1})
        # As of 0.10: groups as sparse text; ranges count within the whole job, and come with each call.
        sparse = f"@gzs2:{folded('Z0Z1;I')}|@gzs3:{folded('Z0;X2')}"
        same = {"observables": sparse, "circuit_ham_map": [[0, 1], [1, 2]]}
        found = await here.results(
            init, {"circuits": {"a": folded(BELL)}, **same}, {"circuits": {"b": folded(three)}, **same}
        )
        assert found[0]["results"] == pytest.approx({"ZZ": 1, "II": 1})
        assert found[1]["results"] == pytest.approx({"ZII": -1, "IIX": 0})

    run(tmp_path, talk)


def test_estimates_cuts_and_devices(tmp_path: Path) -> None:
    chain = HEAD + "qreg q[22]; creg c[22]; h q[0]; " + "".join(f"cx q[{k}],q[{k + 1}];" for k in range(21))

    async def talk(here: InProcess) -> None:
        old = {"tag": "t", "use_packing": False, "qpu_system_name": "qoro_maestro"}
        (told,) = await here.results(
            {**old, "job_type": "ESTIMATE"}, {"circuits": {"a": folded(BELL)}, "shots": 10}
        )
        assert counts_of(told["results"]) == {} and told["metadata"]["bytes"] == 64
        cut = {**old, "job_type": "CIRCUIT_CUT", "shots": 50}
        (small,) = await here.results(cut, {"circuits": {"a": folded(BELL)}, "shots": 50})
        assert set(counts_of(small["results"])) <= {"00", "11"}
        (wide,) = await here.results(
            cut, {"circuits": {"a": folded(chain + "measure q -> c;")}, "shots": 300}
        )
        counts = counts_of(wide["results"])
        assert sum(counts.values()) == 300
        assert counts["0" * 22] + counts["1" * 22] > 200
        device = {**old, "job_type": "EXECUTE", "qpu_system_name": "FakeManilaV2"}
        (noisy,) = await here.results(device, {"circuits": {"a": folded(BELL)}, "shots": 1000})
        assert noisy["metadata"]["engine"].startswith("aer") and len(counts_of(noisy["results"])) > 2

    run(tmp_path, talk)


def test_a_job_that_fails_says_why(tmp_path: Path) -> None:
    async def talk(here: InProcess) -> None:
        job = await here.job(NEWEST, {"circuits": {"a": folded(BELL.replace("h q", "hh q"))}, "shots": 10})
        told = (await here.client.get(f"job/{job}/status/")).json()
        assert told["status"] == "FAILED" and "line 5" in told["error"] and "hh" in told["error"]
        refused = await here.client.get(f"job/{job}/resultsV2/")
        assert refused.status_code == 400 and "hh" in refused.json()["error"]["message"]
        # One of two: its error stands beside empty results.
        bad, good = await here.results(
            NEWEST, {"circuits": {"a": folded(BELL.replace("h q", "hh q")), "b": folded(BELL)}, "shots": 10}
        )
        assert counts_of(bad["results"]) == {} and "hh" in bad["error"]
        assert sum(counts_of(good["results"]).values()) == 10

    run(tmp_path, talk)


def test_configurations(tmp_path: Path) -> None:
    async def talk(here: InProcess) -> None:
        job = (await here.client.post("job/init/", json=NEWEST)).json()["job_id"]
        assert (await here.client.get(f"job/{job}/execution_config/")).status_code == 404
        newest = await here.client.get(f"job/{job}/execution_config/", headers={"User-Agent": "divi/0.15.1"})
        assert newest.json() == {"maestro_config": None, "device_config": None}
        given = {"simulation_type": 7, "bond_dimension": 4}
        told = await here.client.post(f"job/{job}/execution_config/", json=given)
        assert told.json() == {"status": "ok", "job_id": job, "execution_configuration": given}
        assert (await here.client.get(f"job/{job}/execution_config/")).json() == {
            "execution_configuration": given
        }
        assert (
            await here.client.post(f"job/{job}/execution_config/", json={"simulation_type": 4})
        ).status_code == 400
        await here.client.post(
            f"job/{job}/add_circuits/",
            json={"circuits": {"a": folded(BELL)}, "shots": 10, "finalized": "true"},
        )
        assert (await here.client.post(f"job/{job}/execution_config/", json=given)).status_code == 409
        await here.work()
        (entry,) = (await here.client.get(f"job/{job}/resultsV2/")).json()["results"]
        assert entry["metadata"]["engine"] == "aer density_matrix"
        seeded = {**NEWEST, "maestro_config": {"seed": 7}}
        one = await here.results(seeded, {"circuits": {"a": folded(BELL)}, "shots": 1000})
        assert one == await here.results(seeded, {"circuits": {"a": folded(BELL)}, "shots": 1000})

    run(tmp_path, talk)


def test_what_there_is(tmp_path: Path) -> None:
    async def talk(here: InProcess) -> None:
        async def get(path: str) -> Any:
            answer = await here.client.get(path)
            assert answer.status_code == 200, answer.text
            return answer.json()

        assert (await get(""))["service"] == "isinglass"
        systems = await get("qpusystem/")
        assert systems[0]["name"] == "qoro_maestro"
        assert all(set(system) == {"name", "qpus", "access_level"} for system in systems)
        assert all(
            set(qpu) == {"nickname", "q_bits", "status", "system_kind"}
            for one in systems
            for qpu in one["qpus"]
        )
        assert (await get("simulatorcluster/"))[0]["name"] == "qoro_maestro"
        assert await get("vendor-config-blueprint/") == {}
        assert (await get("credits/"))["total_used"] == "0.000"
        await here.results(NEWEST, {"circuits": {"a": folded(BELL)}, "shots": 10})
        page = await get("credits/transactions/?page=1&page_size=20")
        assert page["count"] == len(page["results"]) == 1 and page["next"] is None
        # The vendor's own path.
        answer = await here.client.get("http://room/api/qpusystem/")
        assert answer.json() == systems

    run(tmp_path, talk)
