"""A session is a session, wherever its jobs run and however they get there: here, over HTTP, over gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

import isinglass
from isinglass.client.asynchronous import AsyncSession
from isinglass.client.session import Session
from isinglass.config import Config
from isinglass.errors import JobError, ParameterError, ProblemError, UnknownJobError
from isinglass.jobs.states import JobState
from tests.system.service_process import ServiceProcess

QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}
LARGE = isinglass.generate("gnp", n=2000, p=0.5, seed=1)
QUICK = {"solver": "simulated_annealing", "num_reads": 3, "annealing_time": 20}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    served = ServiceProcess(tmp_path_factory.mktemp("service") / "data", "--threads", "1")
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module", params=["local", "http", "grpc"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    if request.param == "local":
        with isinglass.connect(config=Config(compute_backend="local")) as session:
            yield session
    else:
        with request.getfixturevalue("service").connect(request.param, request.param) as session:
            yield session


@pytest.mark.parametrize("problem", [QUBO, LARGE], ids=["small", "large"])
def test_it_gives_what_solve_gives(session: Session, problem: object) -> None:
    here, there = isinglass.solve(problem, seed=7, **QUICK), session.solve(problem, seed=7, **QUICK)
    assert list(there.variables) == list(here.variables) and (there.record == here.record).all()
    assert there.info["job"]["state"] == "finished"


def test_shots_and_events(session: Session) -> None:
    handle = session.submit(QUBO, shots=4, seed=1, **QUICK)
    came = dict(handle.shots())
    assert sorted(came) == [0, 1, 2, 3] and len({shot.seed for shot in came.values()}) == 4
    merged = handle.result(timeout=20)
    assert (np.diff(merged.record.energy) >= 0).all() and len(merged.record) == 12
    kept = [event for event in handle.events() if event.seq]
    assert kept[0].kind == "submitted" and kept[-1].kind == "finished"
    assert [event.seq for event in kept] == list(range(1, len(kept) + 1))
    assert [event.seq for event in handle.events(after=3) if event.seq] == [event.seq for event in kept[3:]]
    assert handle.status().shots_done == 4 and handle.wait(5).events == kept[-1].seq


def test_cancel_and_timeout_give_the_best_so_far(session: Session) -> None:
    handle = session.submit(LARGE, time_limit=60.0)
    with pytest.raises(TimeoutError):
        handle.wait(0.1)
    for event in handle.events():
        if event.kind == "progress":
            assert event.data["best_energy"] < 0
            break
    handle.cancel()
    result = handle.result(timeout=10)
    assert result.info["job"]["state"] == "cancelled" and result.record.energy.min() < 0
    late = session.submit(LARGE, time_limit=60.0, timeout=0.8).result(timeout=10)
    assert late.info["job"]["state"] == "timed_out" and late.record.energy.min() < 0


def test_lists_search_and_rerun(session: Session) -> None:
    first = session.submit(QUBO, description="a needle in hay", seed=3, timeout=None, **QUICK)
    wanted = first.result(timeout=10).record
    again = session.rerun(first.id)
    assert (again.result(timeout=10).record == wanted).all()
    found = session.jobs(search="NEEDLE", state="finished")
    assert {status.id for status in found} == {again.id, first.id}
    assert found[-1].spec == session.spec(description="a needle in hay", seed=3, timeout=None, **QUICK)
    assert len(session.jobs(limit=1)) == 1
    assert session.rerun(first.id, seed=4).result(timeout=10).seed == 4
    assert session.job(first.id).result().seed == 3


def test_one_idempotency_key_is_one_job(session: Session) -> None:
    assert len({session.submit(QUBO, idempotency_key="once").id for _ in range(3)}) == 1


def test_refusals_are_the_same_errors(session: Session) -> None:
    with pytest.raises(ParameterError, match="did you mean 'num_reads'"):
        session.submit(QUBO, num_read=1)
    with pytest.raises(ProblemError):
        session.submit({("a", "b"): float("nan")})
    with pytest.raises(UnknownJobError, match="there is no job"):
        session.job("0" * 26)
    with pytest.raises(JobError, match="target_cut is for Max-Cut") as caught:
        session.solve(QUBO, target_cut=3)
    assert caught.value.job_id
    assert session.job(caught.value.job_id).status().state is JobState.FAILED


def test_the_asynchronous_session_is_the_same(session: Session) -> None:
    async def main() -> list[str]:
        calls = AsyncSession(session)
        handle = await calls.submit(QUBO, seed=7, **QUICK)
        result = await handle.result(10)
        assert (result.record == isinglass.solve(QUBO, seed=7, **QUICK).record).all()
        return [event.kind async for event in handle.events() if event.seq]

    assert asyncio.run(main())[-1] == "finished"
