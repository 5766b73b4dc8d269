"""A service that does not answer: one line when it is missed, one when it is back, none for each try."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from isinglass.client import transport
from isinglass.client.grpc_wire import GrpcWire
from isinglass.client.transport import Transport
from isinglass.errors import ServiceError, UnreachableError


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class _Busy(BaseHTTPRequestHandler):
    """Answers 503 three times, and then 200; at /full always 429."""

    seen = 0

    def do_GET(self) -> None:
        _Busy.seen += 1
        self.send_response(429 if self.path == "/full" else 503 if _Busy.seen <= 3 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert {record.levelno for record in caplog.records} <= {logging.WARNING}
    return [record.message for record in caplog.records if record.name == "isinglass.client"]


def test_one_line_when_it_is_missed_and_one_when_it_is_back(
    port: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_LONGEST_PAUSE", 0.1)
    url = f"http://127.0.0.1:{port}"
    here = Transport(url, None, tries=200)

    def come_back() -> None:
        time.sleep(0.4)
        with HTTPServer(("127.0.0.1", port), _Busy) as server:
            for _ in range(6):
                server.handle_request()

    back = threading.Thread(target=come_back)
    back.start()
    others = [threading.Thread(target=here.request, args=("GET", "/x")) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    missed, found = lines(caplog)
    assert re.fullmatch(rf"{url} does not answer \(.+\): asked again for about 15 s", missed)
    assert re.fullmatch(rf"{url} answers again, after 0\.\d s", found)
    # To be asked to wait is an answer.
    with pytest.raises(ServiceError):
        here.request("GET", "/full", tries=0)
    assert len(lines(caplog)) == 2
    here.close()
    back.join()


def test_who_gives_up_says_so_by_an_error_alone(port: int, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UnreachableError):
        Transport(f"http://127.0.0.1:{port}", None).request("GET", "/x", tries=0)
    assert lines(caplog) == []


def test_a_worker_asks_for_as_long_as_it_lives(port: int, caplog: pytest.LogCaptureFixture) -> None:
    here = Transport(f"http://127.0.0.1:{port}", None, for_ever=True)
    for _ in range(3):
        with pytest.raises(UnreachableError):
            here.request("GET", "/x", tries=0)
    (missed,) = lines(caplog)
    assert missed.endswith("asked again until it does")


def test_the_same_over_grpc(port: int, caplog: pytest.LogCaptureFixture) -> None:
    wire = GrpcWire(f"grpc://127.0.0.1:{port}", None, tries=2)
    for _ in range(2):
        with pytest.raises(UnreachableError):
            wire.jobs({})
    (missed,) = lines(caplog)
    assert missed.startswith(f"grpc://127.0.0.1:{port} does not answer (") and "about 1 s" in missed
    wire.close()
