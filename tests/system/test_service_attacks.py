"""Strangers at the HTTP door: slow ones, floods of headers, and whatever the OpenAPI allows to send.

``ISINGLASS_ATTACKS`` is how many requests are made of each operation; make soak makes many.
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.system.service_process import ServiceProcess

EXAMPLES = int(os.environ.get("ISINGLASS_ATTACKS", "5"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    served = ServiceProcess(tmp_path_factory.mktemp("service") / "data", "--threads", "1")
    yield served
    assert served.stop() == 0


def talk(service: ServiceProcess, *parts: bytes, pause: float = 0.0) -> bytes:
    """What a connection is answered that says these parts, until the service ends it."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=25) as connection:
        heard = b""
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            while data := connection.recv(65536):
                heard += data
        except ConnectionError:
            pass
        return heard


def test_headers_that_do_not_end_are_not_waited_for(service: ServiceProcess) -> None:
    began = time.monotonic()
    slow = [socket.create_connection(("127.0.0.1", service.port), timeout=25) for _ in range(200)]
    for number, connection in enumerate(slow):
        connection.sendall(b"" if number % 2 else b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    # Others are served meanwhile.
    assert httpx.get(f"{service.url}/health").status_code == 200
    for connection in slow:
        assert connection.recv(100).startswith(b"HTTP/1.1 408")
        connection.close()
    assert 4.0 < time.monotonic() - began < 15.0
    # The second request of a connection has as long as the first.
    with httpx.Client(base_url=service.url) as client:
        assert client.get("/health").status_code == client.get("/health").status_code == 200


def test_floods_of_headers_are_cut_off(service: ServiceProcess) -> None:
    lines = b"".join(b"X-%d: %s\r\n" % (k, b"y" * 1000) for k in range(200))
    assert talk(service, b"GET /health HTTP/1.1\r\n", lines).startswith(b"HTTP/1.1 431")
    assert talk(service, b"GET /" + b"x" * 100_000).startswith(b"HTTP/1.1 431")
    assert talk(service, b"\x00\xff nonsense\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert httpx.get(f"{service.url}/health").status_code == 200


def test_no_request_of_the_openapi_is_the_services_fault(service: ServiceProcess) -> None:
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings

    schema = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    known = [service.key("eve", "submit", "read", "work"), service.key("eve", "admin"), "isg_none"]
    keys = itertools.cycle(known)
    statuses: set[int] = set()
    rare = settings(
        max_examples=EXAMPLES, database=None, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    for result in schema.get_all_operations():
        operation = result.ok()

        def attack(case: schemathesis.Case) -> None:
            if case.query and "wait" in case.query:
                case.query["wait"] = "0.01"
            key = {"Authorization": f"Bearer {next(keys)}"}
            answer = case.call(base_url=service.url, headers=key, timeout=20)
            statuses.add(answer.status_code)
            assert answer.status_code < 500, (case, answer.text)

        rare(given(operation.as_strategy())(attack))()
    assert statuses & {200, 201} and 422 in statuses
    assert httpx.get(f"{service.url}/ready").status_code == 200
