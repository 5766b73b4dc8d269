"""The job service as its users meet it: a real server, real workers, the client and the commands."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dimod
import httpx
import numpy as np
import pytest

import isinglass
from isinglass.circuits import ParallelSimulator
from isinglass.client.session import Session
from isinglass.client.transport import Transport
from isinglass.errors import (
    AccessError,
    CircuitError,
    JobError,
    ParameterError,
    ProblemError,
    UnknownJobError,
)
from isinglass.jobs.container import pack, unpack
from isinglass.jobs.problems import problem_content
from isinglass.jobs.results import result_content
from isinglass.jobs.states import JobState
from isinglass.jobs.wire import PIECE_BYTES, fold
from isinglass.qpu import QPUSampler
from tests.system.service_process import COMMAND, ServiceProcess

QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}
BELL = """OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2];
h q[0]; cx q[0],q[1]; measure q -> c;"""
LARGE = isinglass.generate("gnp", n=2000, p=0.5, seed=1)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    served = ServiceProcess(tmp_path_factory.mktemp("service") / "data", "--threads", "1")
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def session(service: ServiceProcess) -> Iterator[Session]:
    with service.connect() as session:
        session.solve(QUBO)
        yield session


def models() -> dict[str, Any]:
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-2 * dimod.Integer("i", upper_bound=9) - 3 * dimod.Integer("j", upper_bound=9))
    cqm.add_constraint(dimod.Integer("i", upper_bound=9) + 2 * dimod.Integer("j", upper_bound=9) <= 14)
    dqm = dimod.DiscreteQuadraticModel()
    dqm.add_variable(3, "a")
    dqm.set_linear("a", [0.0, -1.0, 2.0])
    bqm = dimod.BQM.from_ising({("x", 1): 0.5}, {(("x", 1), "y"): -1}, 2.5)
    return {"qubo": QUBO, "bqm": bqm, "cqm": cqm, "dqm": dqm, "large": LARGE}


@pytest.mark.parametrize("name", ["qubo", "bqm", "cqm", "dqm", "large"])
def test_the_service_gives_what_solve_gives(session: Session, name: str) -> None:
    problem = models()[name]
    words: dict[str, Any] = {"seed": 7, "num_reads": 3, "solver": "simulated_annealing", "annealing_time": 20}
    here, there = isinglass.solve(problem, **words), session.solve(problem, **words)
    assert list(there.variables) == list(here.variables) and (there.record == here.record).all()
    assert there.info["job"]["state"] == "finished"


def test_shots_come_one_by_one_and_are_merged_best_first(session: Session) -> None:
    handle = session.submit(QUBO, shots=4, seed=1, solver="simulated_annealing", num_reads=2)
    came = dict(handle.shots())
    assert sorted(came) == [0, 1, 2, 3] and len({shot.seed for shot in came.values()}) == 4
    merged = handle.result()
    assert (np.diff(merged.record.energy) >= 0).all() and len(merged.record) == 8
    kinds = [event.kind for event in handle.events()]
    assert kinds[:2] == ["submitted", "started"] and kinds[-1] == "finished" and kinds.count("shot_done") == 4
    assert [event.seq for event in handle.events(after=3)] == list(range(4, len(kinds) + 1))


def test_cancel_gives_the_best_so_far_and_progress_is_told(session: Session) -> None:
    handle = session.submit(LARGE, time_limit=60.0)
    for event in handle.events():
        if event.kind == "progress":
            assert event.data["best_energy"] < 0
            break
    began = time.monotonic()
    assert handle.cancel().state in (JobState.STOPPING, JobState.CANCELLED)
    result = handle.result(timeout=10)
    assert time.monotonic() - began < 3.0 and result.stop_reason.startswith("cancelled")
    assert result.info["job"]["state"] == "cancelled" and result.record.energy.min() < 0


def test_a_timeout_gives_the_best_so_far_or_an_error_that_names_the_job(session: Session) -> None:
    late = session.submit(LARGE, time_limit=60.0, timeout=1.0)
    starved = session.submit(QUBO, timeout=0.3, priority=-1)
    assert late.result(timeout=10).info["job"]["state"] == "timed_out"
    with pytest.raises(JobError, match="longer timeout") as caught:
        starved.result(timeout=10)
    assert caught.value.job_id == starved.id


def test_rerun_gives_the_same_samples_and_search_finds_both(session: Session) -> None:
    first = session.submit(QUBO, description="needle in hay", num_reads=5, solver="simulated_annealing")
    again = session.rerun(first.id)
    assert (first.result().record == again.result().record).all()
    found = session.jobs(search="NEEDLE")
    assert [status.id for status in found] == [again.id, first.id] and found[0].rerun_of == first.id
    assert session.job(first.id).result().seed == first.result().seed
    assert session.jobs(limit=1, before=again.id)[0].id == first.id


def test_circuits_and_annealers_run_there_as_here(session: Session) -> None:
    here = ParallelSimulator(shots=200, seed=5).submit_circuits({"a": BELL, "b": BELL})
    handle = session.submit_circuits({"a": BELL, "b": BELL}, shots=200, seed=5)
    there = handle.result()
    assert [entry["results"] for entry in there] == [entry["results"] for entry in here]
    assert there.info["job"]["state"] == "finished" and handle.status().best_energy is None
    values = session.submit_circuits({"a": BELL}, observables={"ZZ": 0.5, "XX": 1.0}).result()
    assert values[0]["metadata"]["value"] == pytest.approx(1.5)
    pieces = session.submit_circuits([BELL], max_qubits=1, shots=500, seed=5).result()
    # One cut CX: the sum of the quasi-probabilities has a standard deviation of about 3 / sqrt(500).
    assert sum(pieces[0]["results"].values()) == pytest.approx(1, abs=0.6)

    annealer = {"backend": "qpu", "qpu_model": "DW_2000Q_6", "num_reads": 10, "seed": 4}
    native = session.solve(({0: -1.0}, {(0, 4): 1.0}), solver="native", **annealer)
    own = QPUSampler("DW_2000Q_6").sample_ising({0: -1.0}, {(0, 4): 1.0}, num_reads=10, seed=4)
    assert (native.record.sample == own.record.sample).all()
    assert native.info["timing"]["qpu_sampling_time"] == own.info["timing"]["qpu_sampling_time"]
    any_problem = session.solve(QUBO, **annealer)
    assert any_problem.record.energy.min() == -1 and set(any_problem.info["embedding"]) == {"a", "b"}
    for problem, words, error, match in (
        (({0: 1.0}, {(0, 1): 1.0}), {"solver": "native", **annealer}, ProblemError, "no working coupler"),
        (QUBO, {**annealer, "num_reads": 0}, ParameterError, "num_reads"),
        (QUBO, {"backend": "gpu"}, ParameterError, "no worker with one; start one with"),
    ):
        with pytest.raises(error, match=match):
            session.submit(problem, **words)
    with pytest.raises(CircuitError, match="gate 'hh'"):
        session.submit_circuits([BELL.replace("h q", "hh q")])
    with isinglass.JobService(session.config, shots=200, seed=5) as runner:
        assert [entry["results"] for entry in runner.submit_circuits({"a": BELL, "b": BELL})] == [
            entry["results"] for entry in here
        ]
        handle = runner.start([BELL], observables="ZZ")
        assert runner.job(handle.id).result()[0]["results"] == {"ZZ": pytest.approx(1)}
    sampler = isinglass.Sampler(session.config, solver="simulated_annealing")
    bqm = dimod.BQM({"a": -1.0}, {}, 0.0, "BINARY")
    assert sampler.sample(bqm, num_reads=3, shots=2).info["job"]["shots_done"] == 2
    sampler.close()
    guess = session.solve(QUBO, type="estimate", time_limit=5.0)
    assert guess.seconds is not None and guess.seconds <= 5.0


def test_what_cannot_run_is_refused_at_the_door(session: Session) -> None:
    with pytest.raises(ParameterError, match="did you mean 'num_reads'"):
        session.submit(QUBO, num_read=1)
    with pytest.raises(ParameterError, match="solver='anneal'"):
        session.submit(QUBO, solver="anneal")
    # One that only the solver can find out: the job fails with its words.
    with pytest.raises(JobError, match="target_cut is for Max-Cut"):
        session.solve(QUBO, target_cut=3)


def test_a_problem_that_fits_nowhere_ends_with_words(service: ServiceProcess, session: Session) -> None:
    chain = isinglass.generate("chain_1d", n=300_000, seed=1)
    with pytest.raises(JobError, match=r"lost 3 times, at last because .* of memory"):
        session.submit(chain, storage="dense").result(timeout=30)
    fields = {
        "form": "edges", "variables": (1 << 31) - 1, "labels": None, "vartype": "SPIN", "kind": "ising",
        "offset": 0.0, "maximized": False,
    }  # fmt: skip
    none = np.zeros(0, np.int32)
    content = pack(fields, {"row": none, "col": none, "value": np.zeros(0)}).to_bytes()
    body = {"problem": {"content": base64.b64encode(fold(content)).decode()}}
    with httpx.Client(base_url=service.url, headers=bearer(service.key("ann"))) as ann:
        answer = ann.post("/v1/jobs", json=body)
    assert answer.status_code == 422 and "occur nowhere" in answer.text


def test_the_same_idempotency_key_is_one_job(session: Session) -> None:
    ids = {session.submit(QUBO, idempotency_key="once").id for _ in range(3)}
    assert len(ids) == 1


def test_users_and_keys(service: ServiceProcess, session: Session) -> None:
    handle = session.submit(QUBO)
    with service.connect("bob") as bob:
        for call in (lambda: bob.job(handle.id), lambda: bob.rerun(handle.id)):
            with pytest.raises(UnknownJobError):
                call()
        assert handle.id not in {status.id for status in bob.jobs(limit=1000)}
    with isinglass.connect(service.url, "isg_000000000000_" + "x" * 43) as nobody:
        with pytest.raises(AccessError) as caught:
            nobody.submit(QUBO)
        assert caught.value.status == 401
    with isinglass.connect(service.url, service.key("ann", "read")) as reader:
        assert reader.job(handle.id).status().id == handle.id
        with pytest.raises(AccessError) as caught:
            reader.submit(QUBO)
        assert caught.value.status == 403
    with isinglass.connect(service.url, service.key("root", "admin")) as admin:
        assert admin.job(handle.id).status().user == "ann"


def test_uploads_belong_to_users_and_survive_repetition(service: ServiceProcess, session: Session) -> None:
    content = problem_content(LARGE)
    session.submit(LARGE, time_limit=0.1)
    name = content.sha256()
    with httpx.Client(base_url=service.url, headers=bearer(service.key("ann"))) as ann:
        where = f"/v1/blobs/{name}?size={content.size}"
        assert ann.get(where).json()["arrived"] == content.size
    with httpx.Client(base_url=service.url, headers=bearer(service.key("bob"))) as bob:
        assert bob.get(where).json()["arrived"] == 0
        assert bob.post("/v1/jobs", json={"problem": {"sha256": name}}).status_code == 422


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_hostile_requests_are_refused_and_the_service_stays_up(service: ServiceProcess) -> None:
    name = "ab" * 32
    bomb = fold(bytes(1 << 28))
    good = problem_content(QUBO).to_bytes()

    def small(data: bytes) -> dict[str, Any]:
        return {"problem": {"content": base64.b64encode(data).decode()}}

    with httpx.Client(base_url=service.url, headers=bearer(service.key("eve"))) as eve:
        posts: list[tuple[int, dict[str, Any]]] = [
            (422, {"json": small(bomb)}),
            (422, {"json": small(b"nonsense")}),
            (422, {"json": small(fold(good[:-1]))}),
            (422, {"json": {"problem": {"content": "not base64!"}}}),
            (422, {"json": {"problem": {}}}),
            (422, {"json": {"problem": {"sha256": "../../../etc/passwd"}}}),
            (422, {"json": {**small(fold(good)), "spec": {"shots": 1 << 40}}}),
            (422, {"json": {**small(fold(good)), "spec": {"parameters": {"num_reads": "many"}}}}),
            (422, {"json": {**small(fold(good)), "more": 1}}),
            (422, {"content": b"{" * 1000}),
            (400, {"content": b"[" * 200_000, "headers": {"Content-Type": "application/json"}}),
            (413, {"content": b"x" * (5 << 20)}),
            (413, {"content": (b"x" * (1 << 20) for _ in range(6))}),
        ]
        for status, words in posts:
            answer = eve.post("/v1/jobs", **words)
            assert answer.status_code == status, (words.keys(), answer.text)
            assert "Traceback" not in answer.text and str(service.folder) not in answer.text
        for status, url, data in [
            (422, f"/v1/blobs/{name}?size={1 << 20}&offset=0", bomb),
            (422, f"/v1/blobs/{name}?size=3&offset=0", fold(b"abc")),
            (413, f"/v1/blobs/{name}?size={1 << 50}&offset=0", fold(b"abc")),
            (409, f"/v1/blobs/{name}?size={1 << 30}&offset={PIECE_BYTES}", fold(bytes(PIECE_BYTES))),
            (413, f"/v1/blobs/{name}?size=3&offset=0", bytes(PIECE_BYTES + (1 << 17))),
            (422, "/v1/blobs/..%2f..%2fx?size=3&offset=0", fold(b"abc")),
        ]:
            assert eve.put(url, content=data).status_code in (status, 404 if "%2f" in url else status), url
        fields = {"worker": "w", "backends": ["cpu"], "wait": 0}
        assert eve.post("/v1/workers/exchange", content=pack(fields, {}).to_bytes()).status_code == 403
        work = bearer(service.key("eve", "work"))
        changes: list[dict[str, Any]] = [
            {"worker": "../x"}, {"backends": ["x"]}, {"wait": "x"}, {"deliveries": 3},
            {"deliveries": [{"job": "x", "shot": 0, "token": "t"}]}, {"most": 0}, {"holding": "x"},
        ]  # fmt: skip
        for body in (b"", b"ISG1", *(pack({**fields, **change}, {}).to_bytes() for change in changes)):
            assert eve.post("/v1/workers/exchange", content=body, headers=work).status_code == 422
        nobody = {"job": "0" * 26, "shot": 0, "token": "0" * 32}
        for change in ({"shot": 1 << 80}, {"token": "é" * 32}, {"job": "\0" * 26}):
            for path in ("/v1/workers/heartbeat", "/v1/workers/give-back"):
                assert eve.post(path, json={**nobody, **change}, headers=work).status_code == 422, change
        assert eve.post("/v1/workers/heartbeat", json=nobody, headers=work).status_code == 409
        assert eve.get(f"/v1/jobs/{'0' * 26}/events?after={1 << 80}").status_code == 422
        assert eve.get("/v1/jobs/" + "0" * 26).status_code == 404
        assert eve.get("/v1/jobs/x").status_code == 422
        assert eve.get("/health").json()["status"] == "alive" and eve.get("/ready").json()["ready"]


def test_a_worker_that_lies_is_caught_and_its_shot_runs_again(
    service: ServiceProcess, session: Session
) -> None:
    liar = Transport(service.url, service.key("mallory", "work"))
    hold = session.submit(LARGE, time_limit=30.0)
    while hold.status().state is JobState.QUEUED:
        time.sleep(0.01)
    handle = session.submit(QUBO, seed=1, num_reads=1, solver="simulated_annealing")

    def exchange(**fields: Any) -> dict[str, Any]:
        result = fields.pop("result", None)
        arrays = {} if result is None else {"result 0": np.frombuffer(result, np.uint8)}
        body = pack({"worker": "liar", "backends": ["cpu"], "wait": 1.0, **fields}, arrays).to_bytes()
        said, _ = unpack(liar.request("POST", "/v1/workers/exchange", content=body).content)
        return said

    (lease,) = exchange()["leases"]
    assert lease["job"] == handle.id
    true = isinglass.solve(QUBO, seed=1, num_reads=1, solver="simulated_annealing")
    true.record.energy[0] = -1000.0
    held = {name: lease[name] for name in ("job", "shot", "token")}
    with pytest.raises(AccessError) as caught:
        exchange(deliveries=[{**held, "seconds": 0.1}], result=result_content(true).to_bytes())
    assert caught.value.status == 403
    hold.cancel()
    assert handle.result(timeout=20).first.energy == -1.0
    liar.close()
    lost = [event for event in handle.events() if event.kind == "shot_lost"]
    assert len(lost) == 1 and "claims the energy" in lost[0].data["why"]


def test_asyncio(service: ServiceProcess) -> None:
    async def main() -> None:
        async with isinglass.connect_async(service.url, service.key("ann")) as session:
            results = await asyncio.gather(*(session.solve(QUBO, seed=k) for k in range(8)))
            assert {result.first.energy for result in results} == {-1.0}
            handle = await session.submit(QUBO, shots=2)
            assert len([shot async for shot in handle.shots()]) == 2
            assert (await handle.status()).final

    asyncio.run(main())


def test_the_same_handle_without_a_service() -> None:
    with isinglass.connect(config=isinglass.Config(compute_backend="local")) as session:
        handle = session.submit(QUBO, shots=2, seed=4, solver="simulated_annealing", num_reads=2)
        assert sorted(dict(handle.shots())) == [0, 1]
        again = session.rerun(handle.id)
        assert (handle.result().record == again.result().record).all()
        assert session.job(handle.id).status().state is JobState.FINISHED
        long = session.submit(LARGE, time_limit=60.0)
        next(event for event in long.events() if event.kind == "progress")
        long.cancel()
        assert long.result(timeout=10).info["job"]["state"] == "cancelled"
        with pytest.raises(JobError, match="target_cut"):
            session.solve(QUBO, target_cut=1)
        with pytest.raises(ProblemError):
            session.submit({("a", "b"): float("nan")})


def run(*arguments: str, check: int = 0) -> str:
    """One command in a process of its own; others share this one, which takes a tenth of the time."""
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)
    assert ended.returncode == check and "Traceback" not in ended.stderr, ended.stderr
    return ended.stderr if check else ended.stdout


def test_commands(service: ServiceProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from isinglass.cli.main import app

    def here(*arguments: str) -> str:
        ended = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert ended.exit_code == 0, ended.output
        return ended.output

    (tmp_path / "g.txt").write_text("3 3\n1 2 1\n2 3 1\n1 3 1\n")
    data = ("--data-dir", str(service.folder))
    key = run("keys", "create", "--user", "cli", *data).strip()
    monkeypatch.setenv("ISINGLASS_ENDPOINT", service.url)
    monkeypatch.setenv("ISINGLASS_SDK_KEY", key)
    job = here("jobs", "submit", str(tmp_path / "g.txt"), "--seed", "1").strip()
    assert json.loads(here("jobs", "result", job, "--json"))["cut"] == 2.0
    assert "g.txt" in here("jobs", "list") and json.loads(here("jobs", "show", job))["state"] == "finished"
    assert "finished" in here("jobs", "watch", job).splitlines()[-1]
    (tmp_path / "bell.qasm").write_text(BELL)
    bell = here("jobs", "circuits", str(tmp_path / "bell.qasm"), "--shots", "20", "--seed", "1").strip()
    (counts,) = json.loads(here("jobs", "result", bell, "--json"))
    assert counts["label"] == "bell.qasm" and sum(counts["results"].values()) == 20
    annealed = ("--backend", "qpu", "--qpu-model", "apollo_rc1")
    job = here("jobs", "submit", str(tmp_path / "g.txt"), "--seed", "1", *annealed).strip()
    assert json.loads(here("jobs", "result", job, "--json"))["cut"] == 2.0
    again = here("jobs", "rerun", job).strip()
    assert len(again) == 26 and again in here("jobs", "cancel", again)
    assert key.split("_")[1] in here("keys", "list", *data)
    here("keys", "revoke", key.split("_")[1], *data)
    time.sleep(2.1)
    assert "revoked" in run("jobs", "list", check=2)


def test_no_open_port_by_accident(tmp_path: Path) -> None:
    words = run("serve", "--data-dir", str(tmp_path / "x"), "--host", "0.0.0.0", check=2)
    assert "--tls-cert" in words and "--open-without-tls" in words and not (tmp_path / "x").exists()
