"""A real service in a process of its own, for tests that talk to it, kill it and start it again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import isinglass
from isinglass.client.session import Session
from isinglass.service.database import open_database
from isinglass.service.keys import create_key

COMMAND = [sys.executable, "-m", "isinglass.cli.main"]


class ServiceProcess:
    """``isinglass serve`` in a folder; its ports stay the same when it is started again.

    ``inside``: what its command runs under, such as another program and its options.
    """

    def __init__(
        self, folder: Path, *options: str, database: str | None = None, inside: Sequence[str] = ()
    ) -> None:
        self.folder, self.options, self.inside = folder, options, inside
        self.database = database or f"sqlite:///{folder / 'jobs.db'}"
        self.port = self.grpc_port = 0
        self.start()

    def start(self) -> None:
        log = self.folder.parent / "service.log"
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [*self.inside, *COMMAND, "serve", "--data-dir", self.folder, "--http-port", str(self.port),
                 "--grpc-port", str(self.grpc_port), "--database", self.database, *self.options],
                stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        self.said: list[str] = []
        with self.process.stdout as said:
            for line in said:
                self.said.append(line.rstrip())
                if line.startswith("isinglass serves gRPC at "):
                    self.grpc_url = line.split()[-1]
                    self.grpc_port = int(self.grpc_url.rsplit(":", 1)[1])
                if line.startswith("isinglass serves at "):
                    self.url = line.split()[-1]
                    self.port = int(self.url.rsplit(":", 1)[1])
                    return
        raise AssertionError(log.read_text())

    def key(self, user: str, *scopes: str) -> str:
        """A key, made by another process while the service runs."""
        engine = open_database(self.database)
        with engine.begin() as connection:
            key = create_key(connection, user, scopes or ("submit", "read"), time.time())
        engine.dispose()
        return key

    def connect(self, user: str = "ann", wire: str = "http") -> Session:
        return isinglass.connect(self.url if wire == "http" else self.grpc_url, self.key(user))

    def workers(self) -> list[int]:
        """Process ids of the local workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(child) for child in children]

    def kill(self) -> None:
        """As a crash would end it; its workers are left behind."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As an administrator ends it; its exit code. No worker of it, or of one before it, is left."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        until = time.monotonic() + 20
        while left := self.left_behind():
            assert time.monotonic() < until, f"workers {left} are still there"
            time.sleep(0.1)
        return code

    def left_behind(self) -> list[int]:
        """Processes that have this service's folder in their command line."""
        found = []
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if f"{self.folder}/blobs".encode() in place.read_bytes():
                    found.append(int(place.parent.name))
        return found


def kill_worker(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
