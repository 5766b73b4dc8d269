"""``isinglass serve`` and ``isinglass worker``."""

from __future__ import annotations

import importlib
import os
import secrets
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isinglass.cli import logs
from isinglass.errors import MissingExtraError, ParameterError

if TYPE_CHECKING:
    from isinglass.service.limits import Limits

Data = Annotated[Path, typer.Option("--data-dir", help="folder of the database and of large problems")]
DATA = Path("isinglass-data")


def serve(
    data: Data = DATA,
    host: Annotated[str, typer.Option(help="address to listen at")] = "127.0.0.1",
    http_port: Annotated[int, typer.Option(help="0 takes a free one")] = 8300,
    grpc_port: Annotated[int, typer.Option(help="0 takes a free one")] = 9090,
    grpc: Annotated[bool, typer.Option("--grpc/--no-grpc", help="serve gRPC, too")] = True,
    database: Annotated[str | None, typer.Option(help="SQLAlchemy URL; default: SQLite here")] = None,
    blobs: Annotated[str | None, typer.Option(help="fsspec URL of large problems; default: here")] = None,
    workers: Annotated[int, typer.Option(help="local worker processes", min=0)] = 1,
    threads: Annotated[int | None, typer.Option(help="threads of each; default: every core")] = None,
    executor: Annotated[str, typer.Option(help="what carries shots: local processes, or ray")] = "local",
    ray_address: Annotated[str, typer.Option(help="of the Ray cluster, as of ray.init")] = "auto",
    tls_cert: Annotated[Path | None, typer.Option(help="certificate, PEM")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="its key, PEM")] = None,
    open_without_tls: Annotated[
        bool, typer.Option("--open-without-tls", help="listen beyond this machine in plain text")
    ] = False,
    durable: Annotated[bool, typer.Option("--durable", help="survive power cuts: slower")] = False,
    quota_rate: Annotated[
        list[str] | None,
        typer.Option(help="backend=rate: seconds used that take one off a quota; default: 1 of each"),
    ] = None,
    keep_days: Annotated[
        float, typer.Option(help="jobs are deleted so many days after their end; 0: never")
    ] = 30.0,
    log_level: logs.Level = logs.LogLevel.WARNING,
    log_json: logs.AsJson = False,
    compat: Annotated[
        str | None,
        typer.Option(help="wires of peers, all or none; default: all if only this machine can connect"),
    ] = None,
) -> None:
    """Run a job service on this machine; the first start prints a key, once."""
    # gRPC would tell of every worker started that it leaves the new process alone.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    need_service()
    import uvloop

    from isinglass.compat.rooms import rooms_named
    from isinglass.service.serving import ServeSettings, is_loopback
    from isinglass.service.serving import serve as run

    logs.set_up(log_level, log_json)
    if executor not in ("local", "ray"):
        raise ParameterError(f"--executor {executor!r} is not one of local, ray")
    rooms = rooms_named(compat or ("all" if is_loopback(host) else "none"))
    settings = ServeSettings(
        data=data, host=host, port=http_port, grpc_port=grpc_port if grpc else None,
        database=database, blobs=blobs,
        workers=workers, threads=threads, tls_cert=tls_cert, tls_key=tls_key,
        open_without_tls=open_without_tls, durable=durable, rooms=rooms, limits=_limits(quota_rate or []),
        ray_address=ray_address if executor == "ray" else None,
        keep_days=keep_days, log_options=logs.options(log_level, log_json),
    )  # fmt: skip
    uvloop.run(run(settings, lambda line: print(line, flush=True)))


def _limits(quota_rates: list[str]) -> Limits:
    from isinglass.executors.charging import RATES
    from isinglass.service.limits import Limits

    rates = dict(RATES)
    for words in quota_rates:
        backend, _, rate = words.partition("=")
        try:
            rates[backend] = float(rate)
        except ValueError:
            raise ParameterError(f"--quota-rate {words!r} is not backend=number, such as gpu=0.1") from None
    return Limits(quota_rates=rates)


def worker(
    url: Annotated[str, typer.Option(help="of the service")] = "http://127.0.0.1:8300",
    backends: Annotated[str, typer.Option(help="cpu,gpu,qpu; default: what is here, on Ray cpu")] = "",
    name: Annotated[str | None, typer.Option(help="unique; default: made of host and process")] = None,
    threads: Annotated[int | None, typer.Option(help="of one shot; default: every core")] = None,
    blobs: Annotated[Path | None, typer.Option(help="the service's blobs, where they are here too")] = None,
    ca: Annotated[str | None, typer.Option(help="certificates to trust, PEM")] = None,
    pin: Annotated[str | None, typer.Option(help="the service's own certificate, for any address")] = None,
    parent: Annotated[int | None, typer.Option(help="process id of the parent, to end with it")] = None,
    ray: Annotated[str | None, typer.Option(help="address of a Ray cluster that runs its shots")] = None,
    at_once: Annotated[int, typer.Option(help="shots it holds for the Ray cluster", min=1)] = 16,
    log_level: logs.Level = logs.LogLevel.WARNING,
    log_json: logs.AsJson = False,
) -> None:
    """Run shots of a service. Its key, of scope 'work', is in ISINGLASS_SDK_KEY.

    SIGTERM lets it finish the shot that it runs; a second one makes it hand the shot back. With --ray it runs
    nothing here: each of its shots is a task on that cluster.
    """
    from isinglass.client.transport import Transport
    from isinglass.config import Config
    from isinglass.executors.machine import backends_here, require_backend
    from isinglass.jobs.spec import BACKENDS
    from isinglass.service.worker import Worker

    if TYPE_CHECKING:
        from isinglass.service.ray_worker import RayWorker
    logs.set_up(log_level, log_json)
    wanted = backends.split(",") if backends else backends_here() if ray is None else ["cpu"]
    for backend in wanted:
        if backend not in BACKENDS:
            raise ParameterError(f"--backends {backend!r} is not one of {', '.join(BACKENDS)}")
        if ray is None:
            require_backend(backend)
    config = Config(endpoint=url)
    if config.sdk_key is None:
        raise ParameterError("a worker needs a key of scope 'work': put it into ISINGLASS_SDK_KEY")
    if url.startswith("grpc"):
        raise ParameterError(f"--url {url}: a worker speaks HTTP; give the service's http:// or https:// URL")
    own = name or f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
    transport = Transport(config.endpoint or url, config.sdk_key, ca=ca, pin=pin, for_ever=True)
    at_work: Worker | RayWorker
    if ray is None:
        at_work = Worker(transport, own, wanted, threads, blobs, parent)
    else:
        from isinglass.executors.on_ray import RayCluster
        from isinglass.service.ray_worker import RayWorker

        at_work = RayWorker(RayCluster(ray, threads or 1), transport, own, wanted, at_once, blobs, parent)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: at_work.drain())
    at_work.run()


def need_service() -> None:
    """MissingExtraError where a package of the extra is not installed."""
    packages = ("alembic", "fastapi", "grpc", "jinja2", "prometheus_client", "python_multipart", "sqlalchemy")
    for package in (*packages, "uvicorn", "uvloop", "zstandard"):
        try:
            importlib.import_module(package)
        except ImportError:
            raise MissingExtraError(package, "service", "running a job service") from None
