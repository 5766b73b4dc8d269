"""Jobs over gRPC: ``isinglass.v1.Jobs``."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from isinglass.client.contact import Contact
from isinglass.client.transport import pauses, seconds_of
from isinglass.client.upload import pieces
from isinglass.client.wire import (
    AGAIN,
    ANSWER_SECONDS,
    AWAY,
    MOST_RESUMPTIONS,
    PATIENCE,
    BrokenOffError,
    Shots,
    Words,
    refused,
    unreachable_words,
)  # fmt: skip
from isinglass.errors import ConflictError, MissingExtraError, ServiceError, UnreachableError
from isinglass.jobs.container import Buffer, Content
from isinglass.jobs.events import JobEvent
from isinglass.jobs.wire import PIECE_BYTES, SMALL_BYTES, fold, unfold

try:
    import grpc

    from isinglass.jobs.v1 import jobs_pb2 as pb
    from isinglass.jobs.v1.jobs_pb2_grpc import JobsStub
    from isinglass.jobs.v1.words import spec_message, status_words
except ImportError:
    raise MissingExtraError("grpcio", "grpc", "talking to a job service by gRPC") from None

_LOST = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
"""Codes that gRPC itself gives where a connection was lost."""
_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Tries and pauses are ours: a channel must not wait for minutes by itself.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 15_000),
    ("grpc.keepalive_timeout_ms", 10_000),
]


class GrpcWire:
    """A ``Wire``; arguments as of ``Transport``, the URL begins with ``grpc://`` or ``grpcs://`` (TLS)."""

    def __init__(self, url: str, key: str | None, tries: int = 5, ca: str | None = None) -> None:
        self.url, self._tries, self._contact = url, tries, Contact(url)
        scheme, _, address = url.partition("://")
        if scheme == "grpcs":
            trusted = grpc.ssl_channel_credentials(None if ca is None else Path(ca).read_bytes())
            self._channel = grpc.secure_channel(address, trusted, _OPTIONS)
        else:
            self._channel = grpc.insecure_channel(address, _OPTIONS)
        self._stub = JobsStub(self._channel)
        self._metadata = [] if key is None else [("authorization", f"Bearer {key}")]

    def submit(
        self, content: Content, spec: Mapping[str, Any], key: str, wait: float
    ) -> tuple[Words, Shots | None]:
        request = pb.SubmitRequest(spec=spec_message(spec), idempotency_key=key, wait=wait)
        if content.size <= SMALL_BYTES:
            request.content = fold(content.to_bytes())
        else:
            request.sha256 = self._upload(content)
        reply = self._ask(self._stub.Submit, request, wait)
        shots: Shots = {shot.shot: shot.content for shot in reply.shots}
        return status_words(reply.job), shots if reply.complete else None

    def _upload(self, content: Content) -> str:
        sha256 = content.sha256()
        start = pb.UploadRequest(start=pb.UploadStart(sha256=sha256, size=content.size))
        conflicts = MOST_RESUMPTIONS
        while True:
            try:
                self._again(self._tries, lambda: self._send(content, start))
                return sha256
            except ConflictError:
                # Somebody else sends the same problem: go on where they are.
                conflicts -= 1
                if not conflicts:
                    raise

    def _send(self, content: Content, start: pb.UploadRequest) -> None:
        """One stream: ask how much has arrived, send the rest."""
        # Nothing is sent before it is known how much is there.
        known, arrived = threading.Event(), content.size

        def requests() -> Iterator[pb.UploadRequest]:
            yield start
            known.wait()
            for offset, piece in pieces(content, arrived):
                yield pb.UploadRequest(piece=pb.Piece(offset=offset, frame=fold(piece)))

        try:
            for reply in self._stub.Upload(requests(), metadata=self._metadata):
                if not known.is_set():
                    arrived = reply.arrived
                    known.set()
        finally:
            known.set()

    def status(self, job: str, wait: float) -> Words:
        request = pb.StatusRequest(job=job, wait=wait)
        return status_words(self._ask(self._stub.Status, request, wait, PATIENCE).job)

    def results(self, job: str, wait: float, shot: int | None = None) -> tuple[Words, Shots]:
        request = pb.ResultRequest(job=job, wait=wait, shot=shot, final=shot is None)
        status: Words = {}
        shots: dict[int, bytearray] = {}

        def read() -> None:
            nonlocal status
            stream = self._stub.Result(request, metadata=self._metadata, timeout=None)
            for reply in stream:
                if reply.HasField("job"):
                    status = status_words(reply.job)
                else:
                    _place(shots, reply.piece)
                    # Where to go on if the stream breaks off here.
                    request.from_shot = reply.piece.shot
                    request.from_offset = reply.piece.piece.offset + PIECE_BYTES

        self._again(max(PATIENCE, self._tries), read)
        return status, dict(shots)

    def problem(self, job: str) -> Buffer:
        def read() -> bytearray:
            data = bytearray()
            for piece in self._stub.Problem(pb.JobRequest(job=job), metadata=self._metadata):
                data += unfold(piece.frame, PIECE_BYTES)
            return data

        data: bytearray = self._again(max(PATIENCE, self._tries), read)
        return data

    def events(self, job: str, after: int) -> Iterator[JobEvent]:
        stream = self._stub.Events(pb.EventsRequest(job=job, after=after), metadata=self._metadata)
        try:
            for event in stream:
                yield JobEvent(event.seq, event.at, event.kind, json.loads(event.data))
        except grpc.RpcError as error:
            if _is_lost(error):
                raise BrokenOffError(error.details()) from None
            raise _error_of(error) from None
        finally:
            stream.cancel()

    def cancel(self, job: str) -> Words:
        return status_words(self._ask(self._stub.Cancel, pb.JobRequest(job=job)).job)

    def rerun(self, job: str, seed: int | None) -> Words:
        return status_words(self._ask(self._stub.Rerun, pb.RerunRequest(job=job, seed=seed), tries=0).job)

    def jobs(self, filters: Mapping[str, Any]) -> list[Words]:
        given = {name: value for name, value in filters.items() if value is not None}
        return [status_words(job) for job in self._ask(self._stub.List, pb.ListRequest(**given)).jobs]

    def close(self) -> None:
        self._channel.close()

    def _ask(self, call: Any, request: Any, wait: float = 0.0, tries: int = 0) -> Any:
        def ask() -> Any:
            return call(request, metadata=self._metadata, timeout=ANSWER_SECONDS + wait)

        return self._again(max(tries, self._tries), ask)

    def _again(self, tries: int, ask: Callable[[], Any]) -> Any:
        """What ``ask`` gives, called again after lost connections and by services that are not themselves."""
        for left, pause in pauses(tries):
            try:
                answer = ask()
            except grpc.RpcError as error:
                refusal = _error_of(error)
                status = getattr(refusal, "status", 422)
                if left and (_is_lost(error) or status in AWAY):
                    self._contact.missed(error.details(), seconds_of(left))
                if _is_lost(error) and not left:
                    raise UnreachableError(unreachable_words(self.url, error.details())) from None
                if not _is_lost(error) and (not left or status not in AGAIN):
                    raise refusal from None
            else:
                self._contact.answered()
                return answer
            time.sleep(pause)
        raise AssertionError("the last try returned or raised")


def _place(shots: dict[int, bytearray], piece: pb.ShotPiece) -> None:
    if piece.shot not in shots:
        shots[piece.shot] = bytearray(piece.size)
    data = unfold(piece.piece.frame, PIECE_BYTES)
    shots[piece.shot][piece.piece.offset : piece.piece.offset + len(data)] = data


def _is_lost(error: Any) -> bool:
    return error.code() in _LOST and "isinglass-status" not in dict(error.trailing_metadata() or ())


def _error_of(error: Any) -> Exception:
    said = dict(error.trailing_metadata() or ())
    if "isinglass-status" not in said:
        return ServiceError(f"the service answered {error.code().name}: {error.details()}")
    return refused(str(said.get("isinglass-kind")), error.details(), int(said["isinglass-status"]))
