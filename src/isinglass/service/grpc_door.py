"""The one gRPC server, in the service's event loop, and what every call passes: key, checks, errors.

A room with a protocol of its own adds a servicer to it with a ``GrpcRoom``; it looks at keys in its own way
and may use ``refuse`` and ``told`` for its errors. A handler without ``told`` asks ``well_formed`` first.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.protobuf.message import DecodeError
from pydantic import BaseModel, ValidationError

from isinglass.errors import AccessError, ParameterError
from isinglass.jobs.wire import MESSAGE_BYTES
from isinglass.service.core import JobService
from isinglass.service.keys import Principal
from isinglass.service.metrics import TimeCalls
from isinglass.service.refusals import refusal_of

GrpcRoom = Callable[[grpc.aio.Server, JobService], None]
"""Adds its servicer to the server, before it starts."""

_HEADER_BYTES = 16 << 10
_MOST_CALLS = 10_000
_WORDS = 2000
_IDENTITY_ONLY = 1
"""Bit set of compressions: messages that unfold to more than their length are not taken; pieces are zstd."""
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    402: grpc.StatusCode.RESOURCE_EXHAUSTED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    507: grpc.StatusCode.RESOURCE_EXHAUSTED,
}

Context = Any
"""``grpc.aio.ServicerContext``: grpcio has no types."""
Asked = TypeVar("Asked", bound=BaseModel)


async def open_grpc(
    service: JobService,
    address: str,
    rooms: Sequence[GrpcRoom],
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
) -> tuple[grpc.aio.Server, int]:
    """(the server, started; its port) at ``host:port``; ParameterError where that cannot be opened."""
    server = grpc.aio.server(
        interceptors=[TimeCalls(service.metrics), _MalformedIsOurs()],
        maximum_concurrent_rpcs=_MOST_CALLS,
        options=[
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_metadata_size", _HEADER_BYTES),
            ("grpc.compression_enabled_algorithms_bitset", _IDENTITY_ONLY),
            ("grpc.so_reuseport", 0),
            ("grpc.server_handshake_timeout_ms", 10_000),
            # A connection on which nothing is asked for so long ends; clients open another one by themselves.
            ("grpc.max_connection_idle_ms", 600_000),
            # Streams of events may be quiet for long: clients may ask now and then whether we are there.
            ("grpc.http2.min_ping_interval_without_data_ms", 5000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.keepalive_time_ms", 60_000),
        ],
    )
    for add in rooms:
        add(server, service)
    try:
        if tls_cert is None or tls_key is None:
            port = server.add_insecure_port(address)
        else:
            pair = (tls_key.read_bytes(), tls_cert.read_bytes())
            port = server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    except RuntimeError:
        raise ParameterError(
            f"the gRPC port {address} cannot be opened: choose another, or --no-grpc"
        ) from None
    await server.start()
    return server, port


class _MalformedIsOurs(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # untyped
    """A message that is no protobuf reaches its handler as an error, which it tells.

    gRPC itself would say UNKNOWN and the name of an exception.
    """

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], details: Any) -> Any:
        handler = await continuation(details)
        if handler is None or handler.request_deserializer is None:
            return handler

        def read(data: bytes) -> Any:
            try:
                return handler.request_deserializer(data)
            except DecodeError:
                return ParameterError("the message is not the protobuf that this call takes")

        return handler._replace(request_deserializer=read)


async def who_asks(service: JobService, context: Context) -> Principal:
    """Whose key the metadata has; AccessError where there is none or it opens nothing."""
    given = dict(context.invocation_metadata() or ()).get("authorization", "")
    kind, _, key = given.partition(" ") if isinstance(given, str) else ("", "", "")
    if kind.lower() != "bearer":
        raise AccessError("there is no API key: send the metadata 'authorization: Bearer <key>'", 401)
    return await service.principal(key.strip())


def checked(kind: type[Asked], words: dict[str, Any]) -> Asked:
    """What a message asks for; ParameterError with the field and the rule that it breaks."""
    try:
        return kind.model_validate(words)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise ParameterError(f"the request is malformed: {found}") from None


async def refuse(context: Context, error: Exception) -> None:
    """End the call with the error's status code and sentence; nothing of the inside is told."""
    told = refusal_of(error)
    context.set_trailing_metadata((("isinglass-kind", told.kind), ("isinglass-status", str(told.status))))
    code = _CODES.get(told.status, grpc.StatusCode.INTERNAL)
    # An abort alone does not tell interceptors.
    context.set_code(code)
    await context.abort(code, told.message[:_WORDS])


def well_formed(request: Any) -> Any:
    """The request; ParameterError where its bytes were none."""
    if isinstance(request, ParameterError):
        raise request
    return request


def told(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A handler of one request and one answer whose errors are told by ``refuse``."""

    @functools.wraps(handler)
    async def call(servicer: Any, request: Any, context: Context) -> Any:
        try:
            return await handler(servicer, well_formed(request), context)
        except Exception as error:
            await refuse(context, error)

    return call


def told_stream(handler: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
    """The same for a handler that answers with a stream."""

    @functools.wraps(handler)
    async def call(servicer: Any, request: Any, context: Context) -> AsyncIterator[Any]:
        try:
            async for answer in handler(servicer, well_formed(request), context):
                yield answer
        except Exception as error:
            await refuse(context, error)

    return call
