"""Rows and transitions: whatever happens in whatever order, the tables of states hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from isinglass.errors import AccessError, ConflictError, ParameterError, QuotaError, UnknownJobError
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.states import FINAL, JOB_TABLE, JobState, ShotState
from isinglass.service.database import OvertakenError, again_if_overtaken, migrations, open_database
from isinglass.service.keys import create_key, ensure_user, list_keys, principal_of, revoke_key
from isinglass.service.leasing import LEASE_SECONDS, Delivery, Lease, Leasing
from isinglass.service.limits import Buckets
from isinglass.service.store import Problem, Store, new_id
from isinglass.service.tables import metadata, users
from isinglass.service.transitions import MOST_ATTEMPTS, JobInHand

PROBLEM = Problem("ab" * 32, 3, 3, b"abc")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Service:
    def __init__(self, url: str, **options: Any) -> None:
        self.clock = Clock()
        self.engine = open_database(url)
        self.store = Store(self.engine, clock=self.clock, **options)
        self.leasing = Leasing(self.store)
        with self.store.transaction() as connection:
            for user in ("ann", "bob", "cyd"):
                ensure_user(connection, user, self.clock())

    def submit(self, user: str = "ann", key: str | None = None, **words: Any) -> str:
        return str(self.store.submit(user, JobSpec(**words), PROBLEM, key)[0]["id"])

    def lease(self, *backends: str) -> Lease:
        lease = self.leasing.lease("w", backends or ("cpu",))
        assert lease is not None
        return lease

    def deliver(self, lease: Lease, energy: float = -1.0, **more: Any) -> bool:
        return self.leasing.deliver(
            Delivery(lease.job, lease.shot, lease.token, more.pop("seconds", 0.1), energy, b"r", **more)
        )

    def state(self, job: str) -> str:
        return str(self.store.status(None, job)["state"])

    def kinds(self, job: str) -> list[str]:
        events, _ = self.store.events(None, job)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        return [event.kind for event in events]


@pytest.fixture
def service(url: str) -> Iterator[Service]:
    opened = Service(url)
    yield opened
    opened.engine.dispose()


def test_a_job_from_submission_to_result(service: Service) -> None:
    job = service.submit(shots=2, seed=5)
    assert service.state(job) == "queued"
    one, two = service.lease(), service.lease()
    assert service.leasing.lease("w", ["cpu"]) is None
    assert (one.shot, two.shot) == (0, 1) and one.problem == PROBLEM and one.spec.seed == 5
    assert service.deliver(two, -3.0) and service.state(job) == "running"
    assert service.deliver(one, -2.0)
    status, results = service.store.results("ann", job)
    assert status["state"] == "finished" and status["best_energy"] == -3.0 and status["shots_done"] == 2
    assert [(r.shot, r.energy, r.content) for r in results] == [(0, -2.0, b"r"), (1, -3.0, b"r")]
    assert service.kinds(job) == [
        "submitted", "started", "shot_leased", "shot_leased", "shot_done", "shot_done", "finished",
    ]  # fmt: skip


def test_results_are_read_as_far_as_they_are_asked_for(service: Service) -> None:
    job = service.submit(shots=5)
    leases = [service.lease() for _ in range(4)]
    for lease in leases:
        service.deliver(lease)

    def read(**which: Any) -> list[int]:
        return [result.shot for result in service.store.results("ann", job, **which)[1]]

    assert read() == [0, 1, 2, 3] and read(first=1, last=2) == [1, 2] and read(first=3) == [3]
    assert read(first=4, last=4) == [] == read(if_final=True)
    service.deliver(service.lease())
    assert read(if_final=True) == [0, 1, 2, 3, 4]


def test_the_same_delivery_twice_is_one_result_and_any_other_is_refused(service: Service) -> None:
    job = service.submit()
    lease = service.lease()
    assert service.deliver(lease) is True and service.deliver(lease, -9.0) is False
    assert service.store.status(None, job)["best_energy"] == -1.0
    with pytest.raises(ConflictError):
        service.leasing.deliver(Delivery(job, 0, "0" * 32, 0.1, -9.0, b"r"))


def test_idempotency_keys(service: Service) -> None:
    job = service.submit(key="k")
    assert service.submit(key="k") == job and service.submit("bob", key="k") != job
    with pytest.raises(ConflictError):
        service.store.submit("ann", JobSpec(), Problem("cd" * 32, 3, 3, b"x"), "k")
    assert len(service.store.list_jobs("ann")) == 1


def test_a_lost_shot_runs_again_later_and_later_and_then_no_more(service: Service) -> None:
    job = service.submit()
    pauses = []
    for _ in range(MOST_ATTEMPTS):
        began = service.clock.now
        while (lease := service.leasing.lease("w", ["cpu"])) is None:
            service.clock.now += 0.25
        pauses.append(service.clock.now - began)
        assert service.leasing.lose_worker("w", "it was killed") == [job]
        with pytest.raises(ConflictError):
            service.deliver(lease)
    assert pauses == [0.0, 1.0, 2.0] and service.state(job) == "dead"
    assert "it was killed" in service.store.status(None, job)["error"]
    assert service.kinds(job)[-3:] == ["shot_leased", "shot_dead", "dead"]


def test_leases_run_out_unless_there_are_heartbeats(service: Service) -> None:
    job = service.submit()
    lease = service.lease()
    for _ in range(4):
        service.clock.now += LEASE_SECONDS * 0.9
        assert service.leasing.heartbeat(job, 0, lease.token) is False and not service.leasing.lose_expired()
    service.clock.now += LEASE_SECONDS
    assert service.leasing.lose_expired() == [job]
    with pytest.raises(ConflictError):
        service.leasing.heartbeat(job, 0, lease.token)


def test_a_worker_that_drains_costs_no_attempt(service: Service) -> None:
    service.submit()
    for _ in range(2 * MOST_ATTEMPTS):
        lease = service.lease()
        service.leasing.lose(lease.job, 0, lease.token, "its worker ends", penalty=False)
    assert service.deliver(service.lease())


def test_cancel_waits_for_shots_in_work_and_keeps_what_they_found(service: Service) -> None:
    job = service.submit(shots=5)
    done, working = service.lease(), service.lease()
    service.deliver(done)
    assert service.store.cancel("ann", job)["state"] == "stopping"
    assert service.store.cancel("ann", job)["state"] == "stopping"
    assert service.leasing.heartbeat(job, working.shot, working.token) is True
    assert service.leasing.lease("w", ["cpu"]) is None
    service.deliver(working, -7.0)
    assert service.state(job) == "cancelled" and service.store.status(None, job)["best_energy"] == -7.0
    assert service.kinds(job)[-4:] == ["shots_dropped", "stopping", "shot_done", "cancelled"]
    assert service.store.cancel("ann", job)["state"] == "cancelled"


def test_a_stopping_worker_gets_no_new_term(service: Service) -> None:
    job = service.submit()
    lease = service.lease()
    service.store.cancel(None, job)
    service.clock.now += LEASE_SECONDS / 2
    assert service.leasing.heartbeat(job, 0, lease.token) is True
    service.clock.now += LEASE_SECONDS / 2
    service.leasing.lose_expired()
    assert service.state(job) == "cancelled"


def test_cancel_of_a_queued_job_and_timeouts(service: Service) -> None:
    job = service.submit(timeout=5)
    assert service.store.cancel("ann", job)["state"] == "cancelled"
    late, working = service.submit(timeout=5, priority=-1), service.submit(timeout=5)
    lease = service.lease()
    service.clock.now += 5
    assert sorted(service.store.time_out()) == sorted([late, working])
    assert service.state(late) == "timed_out" and service.state(working) == "stopping"
    service.deliver(lease)
    assert service.state(working) == "timed_out" and service.store.time_out() == []


def test_a_shot_that_fails_ends_the_job_with_its_words(service: Service) -> None:
    job = service.submit(shots=3)
    bad, other = service.lease(), service.lease()
    service.deliver(bad, error="n is too large")
    assert service.state(job) == "stopping"
    service.deliver(other)
    status = service.store.status("ann", job)
    assert status["state"] == "failed" and status["error"] == "n is too large" and status["shots_done"] == 1


def test_priority_orders_one_users_jobs_and_age_decides_ties(service: Service) -> None:
    low, first, high = service.submit(priority=-1), service.submit(), service.submit(priority=3)
    service.clock.now += 1
    second = service.submit()
    assert [service.lease().job for _ in range(4)] == [high, first, second, low]


def test_users_share_workers_by_the_seconds_they_use(service: Service) -> None:
    with service.store.transaction() as connection:
        connection.execute(users.update().where(users.c.name == "cyd").values(weight=2.0))
    service.submit("ann", shots=400, priority=10)
    service.submit("bob", shots=400)
    service.submit("cyd", shots=400)
    used: Counter[str] = Counter()
    for _ in range(300):
        lease = service.lease()
        seconds = 3.0 if lease.user == "bob" else 1.0
        service.deliver(lease, seconds=seconds)
        used[lease.user] += seconds
    total = sum(used.values())
    # One shot of each user, at most 3 s, is the granularity of start-time fair queueing.
    assert abs(used["ann"] - total / 4) <= 6 and abs(used["bob"] - total / 4) <= 6
    assert abs(used["cyd"] - total / 2) <= 6


def test_who_comes_back_does_not_get_the_past(service: Service) -> None:
    service.submit("ann", shots=200)
    for _ in range(100):
        service.deliver(service.lease(), seconds=1.0)
    service.submit("bob", shots=200)
    served = []
    for _ in range(40):
        lease = service.lease()
        served.append(lease.user)
        service.deliver(lease, seconds=1.0)
    assert 18 <= served.count("bob") <= 23


def test_backends_are_kept_apart(service: Service) -> None:
    with pytest.raises(ParameterError, match="no worker with one; start one with"):
        service.submit(backend="gpu")
    service.leasing.note("w", ["cpu", "gpu"])
    gpu = service.submit(backend="gpu")
    assert service.leasing.lease("w", ["cpu"]) is None and service.leasing.ready() == 1
    cpu = service.submit(priority=1)
    assert [service.lease("cpu", "gpu").job for _ in range(2)] == [cpu, gpu]


def test_quota_and_most_jobs(url: str) -> None:
    service = Service(url, most_active=2)
    with service.store.transaction() as connection:
        connection.execute(users.update().where(users.c.name == "ann").values(quota_seconds=1.0))
    service.submit(), service.submit()
    with pytest.raises(QuotaError) as caught:
        service.submit()
    assert caught.value.status == 429
    service.deliver(service.lease(), seconds=1.5)
    with pytest.raises(QuotaError) as caught:
        service.submit()
    assert caught.value.status == 402
    service.engine.dispose()


def test_requests_are_counted_by_user_and_refill_with_time() -> None:
    clock = Clock()
    buckets = Buckets(10.0, clock)
    for _ in range(20):
        buckets.take("ann")
    with pytest.raises(QuotaError) as caught:
        buckets.take("ann")
    assert caught.value.status == 429
    buckets.take("bob")
    clock.now += 0.5
    for _ in range(5):
        buckets.take("ann")
    with pytest.raises(QuotaError):
        buckets.take("ann")


def test_users_see_only_their_own(service: Service) -> None:
    job = service.submit()
    for call in (service.store.status, service.store.cancel, service.store.rerun, service.store.results,
                 service.store.problem, service.store.events):  # fmt: skip
        with pytest.raises(UnknownJobError):
            call("bob", job)
    assert service.store.list_jobs("bob") == [] and len(service.store.list_jobs(None)) == 1


def test_list_search_and_pages(service: Service) -> None:
    ids = []
    for k in range(5):
        ids.append(service.submit(description=f"100% of run {k}"))
        service.clock.now += 1
    service.store.cancel(None, ids[1])
    listed = [job["id"] for job in service.store.list_jobs("ann")]
    assert listed == ids[::-1]
    assert [j["id"] for j in service.store.list_jobs("ann", before=ids[3], limit=2)] == [ids[2], ids[1]]
    assert [j["id"] for j in service.store.list_jobs("ann", state="cancelled")] == [ids[1]]
    assert [j["id"] for j in service.store.list_jobs("ann", search="% of RUN 3")] == [ids[3]]
    assert service.store.list_jobs("ann", search="%x") == []


def test_rerun_has_the_same_seed(service: Service) -> None:
    job = service.submit(shots=2)
    again = service.store.rerun("ann", job)
    first = service.store.status("ann", job)
    assert again["spec"] == first["spec"] and first["spec"]["seed"] is not None
    assert again["rerun_of"] == job and again["id"] != job
    assert service.store.rerun(None, job, seed=4)["spec"]["seed"] == 4


def test_a_clock_that_jumps_takes_everything_along(service: Service) -> None:
    job = service.submit(timeout=30)
    lease = service.lease()
    service.clock.now += 3600
    service.store.shift_clock(3600)
    assert service.leasing.lose_expired() == [] and service.store.time_out() == []
    service.deliver(lease)
    assert service.state(job) == "finished"


def test_another_process_finds_everything(service: Service, url: str) -> None:
    job = service.submit()
    lease = service.lease()
    service.engine.dispose()
    again = Service(url)
    again.clock.now = service.clock.now + 10 * LEASE_SECONDS
    again.leasing.extend_all()
    assert again.leasing.lose_expired() == []
    again.deliver(lease)
    assert again.state(job) == "finished"
    again.engine.dispose()


def test_keys(service: Service) -> None:
    now = service.clock()
    with service.store.transaction() as c:
        key = create_key(c, "ann", ["submit", "read"], now, expires_in=60)
        who = principal_of(c, key, now)
        assert who.user == "ann" and who.scopes == {"submit", "read"}
        who.require("read")
        with pytest.raises(AccessError) as caught:
            who.require("work")
        assert caught.value.status == 403
        assert key.split("_", 2)[2] not in repr(list_keys(c))
        wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
        for bad, when in ((key, now + 60), (wrong, now), ("", now), ("isg_", now), (key + "x", now)):
            with pytest.raises(AccessError) as caught:
                principal_of(c, bad, when)
            assert caught.value.status == 401
        revoke_key(c, list_keys(c)[0]["id"])
        with pytest.raises(AccessError):
            principal_of(c, key, now)
        for user in ("../x", "", "A", "a" * 64, ".", "a/b"):
            with pytest.raises(ParameterError):
                create_key(c, user, ["read"], now)
        with pytest.raises(ParameterError):
            create_key(c, "ann", ["everything"], now)


def test_ids_sort_by_time_and_do_not_repeat() -> None:
    ids = [new_id(t) for t in (1.0, 2.0, 1e9, 1.7e9, 2e9)]
    assert ids == sorted(ids) and len({new_id(1.0) for _ in range(1000)}) == 1000 and len(ids[0]) == 26


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_anything_keeps_to_the_tables(service: Service, seed: int) -> None:
    """A random walk; afterwards every job's events, replayed through the table, give its state."""
    rng = np.random.default_rng(seed)
    held: list[Lease] = []
    submitted: list[str] = []
    for _ in range(150):
        match int(rng.integers(8)):
            case 0:
                timeout = float(rng.integers(1, 40)) if rng.random() < 0.3 else None
                submitted.append(service.submit("ann" if rng.random() < 0.5 else "bob", timeout=timeout,
                                                shots=int(rng.integers(1, 4))))  # fmt: skip
            case 1 | 2:
                if (lease := service.leasing.lease("w", ["cpu"])) is not None:
                    held.append(lease)
            case 3 | 4 if held:
                lease = held.pop(int(rng.integers(len(held))))
                try:
                    service.deliver(lease, error="bad" if rng.random() < 0.2 else None)
                except ConflictError:
                    continue
            case 5 if submitted:
                service.store.cancel(None, str(rng.choice(submitted)))
            case 6:
                service.clock.now += float(rng.exponential(4.0))
                service.leasing.lose_expired(), service.store.time_out()
            case 7 if held:
                lease = held[int(rng.integers(len(held)))]
                try:
                    service.leasing.heartbeat(lease.job, lease.shot, lease.token)
                except ConflictError:
                    held.remove(lease)
    for _ in range(40):
        service.clock.now += LEASE_SECONDS
        service.leasing.lose_expired(), service.store.time_out()
        while (lease := service.leasing.lease("w", ["cpu"])) is not None:
            service.deliver(lease)
    assert submitted
    for job in submitted:
        status, results = service.store.results(None, job)
        state = JobState.QUEUED
        for kind in service.kinds(job)[1:]:
            if not kind.startswith("shot"):
                state = JOB_TABLE[state, kind]
        assert status["state"] == state and state in FINAL
        assert status["shots_done"] == len(results)
        assert state is not JobState.FINISHED or len(results) == status["shots"]


def test_what_a_worker_says_of_its_failure_is_kept_as_text(service: Service) -> None:
    job = service.submit()
    service.deliver(service.lease(), error="a \0 and half a \ud800 pair")
    assert service.store.status(None, job)["error"] == "a   and half a ? pair"


def test_a_shot_that_another_server_took_is_not_taken_twice(service: Service) -> None:
    """What was read before the other's commit is no ground to write on."""
    job = service.submit()
    with service.store.transaction() as connection:
        hand = JobInHand(connection, job, service.clock())
        hand.change_shot(0, ShotState.QUEUED, "leased", worker="w", token="t")
        with pytest.raises(OvertakenError):
            hand.change_shot(0, ShotState.QUEUED, "leased", worker="v", token="u")
        hand.write()
    calls = iter([OvertakenError("again"), None])

    def once() -> str:
        if (error := next(calls)) is not None:
            raise error
        return "done"

    assert again_if_overtaken(once) == "done"


def test_tables_are_as_the_migrations_make_them_and_go_away(service: Service) -> None:
    settings = migrations()
    with service.engine.begin() as connection:
        settings.attributes["connection"] = connection
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        command.downgrade(settings, "base")
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
        command.upgrade(settings, "head")
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
