"""``isinglass serve``: the service, its port and its local workers, until a signal ends them."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import uvicorn

from isinglass.errors import ParameterError
from isinglass.executors.machine import backends_here
from isinglass.service.core import JobService
from isinglass.service.grpc_door import open_grpc
from isinglass.service.grpc_jobs import add_jobs
from isinglass.service.http import make_app
from isinglass.service.http_patience import PatientProtocol
from isinglass.service.keys import create_key, first_key, principal_of
from isinglass.service.limits import Limits
from isinglass.service.retention import tidy_for_ever
from isinglass.service.rooms import Room

log = logging.getLogger("isinglass.service")

_SWITCH_SECONDS = 0.0005
"""The loop and the thread of the store take turns so often: a tenth of Python's default."""
_LAST_ANSWERS_SECONDS = 2.0
"""What gRPC calls have to end once everyone has been woken."""
_PAUSES = (0.1, 0.5, 2.0, 10.0)
"""Seconds before a local worker that died is started again: the first time, the second, ..."""
_WELL_SECONDS = 60.0
"""A worker that lived so long begins anew with them."""


@dataclass(frozen=True)
class ServeSettings:
    """Everything of the command line."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8300
    grpc_port: int | None = 9090
    """0 takes a free one, None opens none."""
    database: str | None = None
    blobs: str | None = None
    """fsspec URL; None for a folder in ``data``."""
    workers: int = 1
    threads: int | None = None
    ray_address: str | None = None
    """Of a Ray cluster that runs the workers' shots; None: they run here."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    open_without_tls: bool = False
    durable: bool = False
    keep_days: float = 30.0
    """Jobs are deleted so long after their end; 0 for never."""
    log_options: tuple[str, ...] = ()
    """Of the command line, for the local workers."""
    limits: Limits = field(default_factory=Limits)
    rooms: tuple[Room, ...] = ()
    """Wires of peers."""

    def __post_init__(self) -> None:
        if not 0 <= self.keep_days < 1e6:
            raise ParameterError(f"--keep-days {self.keep_days} is not a number of days, or 0 for ever")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ParameterError("TLS needs both --tls-cert and --tls-key")
        if not is_loopback(self.host) and self.tls_cert is None and not self.open_without_tls:
            raise ParameterError(
                f"--host {self.host} can be reached from other machines, which would send keys and problems "
                "in plain text: give --tls-cert and --tls-key, or say --open-without-tls"
            )


def is_loopback(host: str) -> bool:
    """Can it be reached from this machine only?"""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve(settings: ServeSettings, say: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT; ``say`` gets the lines for the person who started it."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    service = JobService(
        settings.data, settings.database, blobs=settings.blobs, limits=settings.limits,
        durable=settings.durable,
    )  # fmt: skip
    with service.store.transaction() as connection:
        key = first_key(connection, service.store.clock())
    if key is not None:
        say(f"the first key (shown once; it may do everything): {key}")
    worker_key = _worker_key(service, settings.data)
    config = uvicorn.Config(
        make_app(service, settings.rooms), host=settings.host, port=settings.port, log_config=None,
        log_level="warning", access_log=False, ssl_certfile=settings.tls_cert, ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=5, timeout_keep_alive=75, server_header=False, lifespan="on",
        http=PatientProtocol,
    )  # fmt: skip
    server, ended = _Server(config), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    running = asyncio.create_task(server.serve())
    while not server.started and not running.done():
        await asyncio.sleep(0.01)
    if running.done():
        running.result()
        raise ParameterError(f"port {settings.port} of {settings.host} cannot be opened: choose another")
    port = server.servers[0].sockets[0].getsockname()[1]
    grpc_server = await _open_grpc(service, settings, say)
    scheme = "http" if settings.tls_cert is None else "https"
    url = f"{scheme}://{settings.host}:{port}"
    for room in settings.rooms:
        for line in room.lines(url, key or "<a key of 'isinglass keys create'>"):
            say(line)
    try:
        await _lose_dead_workers(service, settings.data / "workers")
        if settings.workers:
            # They are on their way: jobs for them are taken from the start.
            await service.work.hear(f"local-{os.getpid()}", await service.beside(backends_here))
    except Exception as error:
        # A full disk: leases run out by themselves, and workers will say that they are there.
        log.error("who works here is not known yet: %s", str(error).partition("\n")[0])
    say(f"isinglass serves at {url}")
    local = [
        asyncio.create_task(_keep_worker(service, settings, url, worker_key)) for _ in range(settings.workers)
    ]
    tidying = asyncio.create_task(tidy_for_ever(service, settings.keep_days or math.inf))
    await asyncio.wait([running, asyncio.create_task(ended.wait())], return_when=asyncio.FIRST_COMPLETED)
    # Workers first: they bring or hand back their shots while the service still listens.
    service.send_workers_home()
    for task in (*local, tidying):
        task.cancel()
    await asyncio.gather(*local, tidying, return_exceptions=True)
    service.close()
    if grpc_server is not None:
        await grpc_server.stop(_LAST_ANSWERS_SECONDS)
    server.should_exit = True
    await running


async def _open_grpc(
    service: JobService, settings: ServeSettings, say: Callable[[str], None]
) -> grpc.aio.Server | None:
    if settings.grpc_port is None:
        return None
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"{host}:{settings.grpc_port}"
    pair = (settings.tls_cert, settings.tls_key)
    rooms = [add_jobs, *(room.mount_grpc for room in settings.rooms)]
    server, port = await open_grpc(service, address, rooms, *pair)
    say(f"isinglass serves gRPC at {'grpc' if settings.tls_cert is None else 'grpcs'}://{host}:{port}")
    return server


class _Server(uvicorn.Server):
    """One whose signals are ours: it must listen until the workers are home."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _worker_key(service: JobService, data: Path) -> str:
    """The local workers' own, kept in a file: one that outlived the service can still deliver to the next."""
    place = data / "worker.key"
    with service.store.transaction() as connection:
        try:
            key = place.read_text()
            principal_of(connection, key, service.store.clock())
            return key
        except Exception:
            key = create_key(connection, "worker", ["work"], service.store.clock())
    with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key)
    return key


async def _lose_dead_workers(service: JobService, notes: Path) -> None:
    """Local workers that died while nobody looked hold nothing; those that live still have their lease."""
    notes.mkdir(exist_ok=True)
    for note in notes.iterdir():
        try:
            os.kill(int(note.read_text() or 0), 0)
        except (ProcessLookupError, ValueError):
            await service.work.worker_gone(note.name, "its worker died with the service")
            note.unlink()
        except PermissionError:
            continue


async def _keep_worker(service: JobService, settings: ServeSettings, url: str, key: str) -> None:
    """One local worker, started again whenever it dies."""
    deaths = 0
    while True:
        name = f"local-{os.getpid()}-{secrets.token_hex(4)}"
        command = [sys.executable, "-m", "isinglass.cli.main", "worker", "--url", url, "--name", name,
                   "--blobs", str(settings.data / "blobs"), "--parent", str(os.getpid()),
                   *settings.log_options]  # fmt: skip
        if settings.threads is not None:
            command += ["--threads", str(settings.threads)]
        if settings.ray_address is not None:
            command += ["--ray", settings.ray_address]
        if settings.tls_cert is not None:
            # Its name is that of the machine as others know it, not the address that workers here use.
            command += ["--pin", str(settings.tls_cert)]
        began = time.monotonic()
        try:
            code = await _run_worker(
                command, {**os.environ, "ISINGLASS_SDK_KEY": key}, settings.data / "workers" / name
            )
            log.warning("worker %s ended with code %s and is started again", name, code)
            await service.work.worker_gone(name, f"its worker ended with code {code}")
        except Exception as error:
            # A full disk, no memory for a process: that passes. What it held is lost with its lease.
            log.error("worker %s is started again, after: %s", name, str(error).partition("\n")[0])
        if time.monotonic() - began > _WELL_SECONDS:
            deaths = 0
        await asyncio.sleep(_PAUSES[min(deaths, len(_PAUSES) - 1)])
        deaths += 1


async def _run_worker(command: list[str], environment: dict[str, str], note: Path) -> int:
    """Its exit code. ``note`` has its process id meanwhile, for the service that comes after this one."""
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        try:
            note.write_text(str(process.pid))
        except OSError as error:
            # The next service does not know of it, then: its leases will run out.
            log.warning("no note of worker %s can be left: %s", note.name, error)
            note.unlink(missing_ok=True)
        return await process.wait()
    except asyncio.CancelledError:
        await _end(process)
        raise
    finally:
        note.unlink(missing_ok=True)


async def _end(process: asyncio.subprocess.Process) -> None:
    for number, seconds in ((signal.SIGTERM, 4.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
        if process.returncode is None:
            process.send_signal(number)
            try:
                await asyncio.wait_for(asyncio.shield(process.wait()), seconds)
            except TimeoutError:
                continue
