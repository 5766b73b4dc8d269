"""A private PostgreSQL for tests: real, in a folder of its own, without a port, and not as root."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from isinglass.service.database import open_database
from isinglass.service.tables import metadata

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


class Postgres:
    """One cluster. ``database`` and ``emptied`` give the URL of one with our tables and no rows."""

    def __init__(self) -> None:
        found = shutil.which("initdb") or (_BINARIES and str(_BINARIES[-1]))
        assert found, "PostgreSQL is not installed: call 'make system', or install your system's postgresql"
        self._programs = Path(found).resolve().parent
        self._numbers = itertools.count()
        self.folder = Path(tempfile.mkdtemp(prefix="isinglass-postgres-"))
        # It refuses to run as root.
        self._who: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self.start()
        for name in ("ours", "model"):
            self._execute(f"CREATE DATABASE {name}")
        open_database(self._url("model")).dispose()
        open_database(self._url("ours")).dispose()

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments], cwd=self.folder, check=True, capture_output=True,
            env={**os.environ, "LC_ALL": "C"}, **self._who,
        )  # fmt: skip

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def _execute(self, words: str) -> list[Any]:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            found = connection.execute(words)
            return found.fetchall() if found.description else []

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c max_connections=100"
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """``immediate`` is a crash: what was committed is found again in the log."""
        self._run("pg_ctl", "-D", "data", "-w", "-m", mode, "stop")

    def emptied(self) -> str:
        """Always the same one, with all rows deleted: quicker than a new one."""
        tables = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        with psycopg.connect(self._url("ours"), autocommit=True) as connection:
            connection.execute(f"TRUNCATE {tables}")
        return self._url("ours")

    def database(self) -> str:
        name = f"test{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE model")
        return self._url(name)

    def without_tables(self) -> str:
        name = f"test{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def cut(self, url: str) -> int:
        """End every connection to a database; how many there were."""
        name = url.split("@/")[1].split("?")[0]
        return len(
            self._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        )

    def remove(self) -> None:
        postmaster = self.folder / "data" / "postmaster.pid"
        if postmaster.exists():
            os.kill(int(postmaster.read_text().split()[0]), signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)
