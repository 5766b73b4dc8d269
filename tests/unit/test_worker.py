"""A worker and its exchanges, with a service that writes down what it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from isinglass.client.transport import Transport
from isinglass.errors import ConflictError, QuotaError, UnreachableError
from isinglass.jobs.container import pack, unpack
from isinglass.jobs.problems import problem_content
from isinglass.jobs.spec import JobSpec
from isinglass.service import heartbeats, worker
from isinglass.service.heartbeats import Heartbeat, Keeping, Shot
from isinglass.service.worker import Worker

QUBO = problem_content({("a", "b"): 1.0}).to_bytes()


class Answer:
    def __init__(self, content: bytes = b"", words: Any = None) -> None:
        self.content, self._words = content, words

    def json(self) -> Any:
        return self._words


class Service(Transport):
    """Has shots 0 .. ``count`` - 1 of one job; ``told`` is all that it heard, in order."""

    def __init__(self, count: int) -> None:
        self.waiting = list(range(count))
        self.told: list[tuple[str, Any]] = []
        self.held: set[int] = set()
        self.done: list[int] = []
        self.drain: Callable[[], None] = lambda: None

    def request(self, method: str, path: str, **options: Any) -> Any:
        what = path.rsplit("/", 1)[1]
        if what != "exchange":
            self.told.append((what, options["json"]))
            if what == "heartbeat" and options["json"]["shot"] in self.done:
                raise ConflictError("delivered")
            return Answer(words={"stop": False})
        fields, arrays = unpack(options["content"])
        self.told.append((what, fields))
        for k, one in enumerate(fields["deliveries"]):
            self.held.discard(one["shot"])
            if one["returned"]:
                self.waiting.append(one["shot"])
            else:
                assert one["error"] or one["sha256"] or f"result {k}" in arrays
                self.done.append(one["shot"])
        if not fields["holding"]:
            assert not self.held, "asked for more while it held some"
        given = self.waiting[: fields["most"]] if fields["wait"] is not None else []
        self.waiting = self.waiting[len(given) :]
        self.held |= set(given)
        if not given and fields["wait"] is not None:
            self.drain()
        spec = json.loads(JobSpec(seed=1).as_json())
        leases = [
            {"job": "j", "shot": k, "token": f"t{k}", "user": "u", "sha256": "", "spec": spec} for k in given
        ]
        answers = [{"accepted": True, "refusal": None} for _ in fields["deliveries"]]
        problems = {f"problem {k}": np.frombuffer(QUBO, np.uint8) for k in range(len(given))}
        return Answer(pack({"deliveries": answers, "leases": leases}, problems).to_bytes())


class Hand(Worker):
    """One whose shots take as long as ``seconds`` says."""

    seconds: dict[int, float] = {}  # noqa: RUF012  # of one test
    result = b"r"

    def prepare(self) -> None: ...

    def run_shot(self, shot: Shot, beat: Heartbeat) -> tuple[bytes, float]:
        time.sleep(self.seconds.get(shot.shot, 0.0))
        return self.result, 0.0


@pytest.fixture(autouse=True)
def on_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is quick must not depend on who else runs here."""
    monkeypatch.setattr(worker, "_QUICK_SECONDS", 5.0)
    monkeypatch.setattr(heartbeats, "_FIRST_BEAT_SECONDS", 0.5)


def work(service: Service, **seconds: float) -> Hand:
    hand = Hand(service, "w")
    hand.seconds = {int(name[1:]): value for name, value in seconds.items()}
    service.drain = hand._draining.set
    hand.run()
    return hand


def exchanges(service: Service) -> list[list[int]]:
    return [[d["shot"] for d in told["deliveries"]] for what, told in service.told if what == "exchange"]


def test_quick_shots_come_several_at_a_time() -> None:
    service = Service(20)
    work(service)
    assert service.done == list(range(20)) and not service.held
    assert [len(one) for one in exchanges(service)] == [0, 1, 8, 8, 3]


def test_who_takes_long_keeps_nobody_waiting() -> None:
    service = Service(9)
    work(service, s3=1.5)
    # 0 alone; 1 and 2 are brought while 3 runs, and what was not begun goes back to the queue at once.
    assert exchanges(service)[2] == [1, 2, 4, 5, 6, 7, 8]
    second = [told for what, told in service.told if what == "exchange"][2]
    assert second["holding"] == ["t3"] and second["wait"] is None
    assert [one["returned"] for one in second["deliveries"]] == [False, False, *[True] * 5]
    assert sorted(service.done) == list(range(9)) and not service.held


def test_a_worker_that_ends_returns_what_it_has_not_begun() -> None:
    service = Service(9)
    hand = Hand(service, "w")
    run = hand.run_shot

    def run_shot(shot: Shot, beat: Heartbeat) -> tuple[bytes, float]:
        if shot.shot == 4:
            hand._draining.set()
        return run(shot, beat)

    hand.run_shot = run_shot
    hand.run()
    assert service.done == [0, 1, 2, 3, 4] and sorted(service.waiting) == [5, 6, 7, 8] and not service.held


def test_results_on_their_way_keep_their_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "_KEEP_SECONDS", 0.02)
    service = Service(0)
    service.done = [2]
    beaten = threading.Event()
    heard: list[int] = []
    real = service.request

    def request(method: str, path: str, **options: Any) -> Any:
        heard.append(options["json"]["shot"])
        if len(heard) == 2:
            raise UnreachableError("nobody there")
        if len(heard) > 6:
            beaten.set()
        return real(method, path, **options)

    monkeypatch.setattr(service, "request", request)
    with Keeping(service, [{"job": "j", "shot": k, "token": "t"} for k in (1, 2)]):
        assert beaten.wait(5.0)
    # The one that has arrived is beaten no more, the other one for as long as it takes.
    assert heard.count(2) <= 2 and heard.count(1) >= 4


def test_results_wait_for_a_service_whose_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones and such as go ahead in pieces: refused again and again, and never run again."""
    monkeypatch.setattr(worker, "_ROOM_SECONDS", 0.01)
    monkeypatch.setattr(worker, "DELIVERED_BYTES", 3)
    service, refused = Service(3), 0
    real = service.request

    def request(method: str, path: str, **options: Any) -> Any:
        nonlocal refused
        brings = "exchange" not in path or unpack(options["content"])[0]["deliveries"]
        if brings and "heartbeat" not in path and refused % 30 < 29:
            refused += 1
            raise QuotaError("the service has no room left", 507)
        refused += bool(brings)
        return Answer(words={"arrived": 5}) if path.endswith("/result") else real(method, path, **options)

    monkeypatch.setattr(service, "request", request)
    hand = Hand(service, "w")
    hand.result = b"large"
    service.drain = hand._draining.set
    hand.run()
    assert service.done == [0, 1, 2] and refused > 60
    assert not [what for what, _ in service.told if what == "give-back"]


def test_a_worker_that_is_told_to_end_waits_for_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(1)
    hand = Hand(service, "w")
    real = service.request

    def request(method: str, path: str, **options: Any) -> Any:
        if unpack(options["content"])[0]["deliveries"]:
            hand.drain()
            hand.drain()
            raise QuotaError("the service has no room left", 507)
        return real(method, path, **options)

    monkeypatch.setattr(service, "request", request)
    hand.run()
    assert not service.done
