"""Jobs that are being sent, call by call: folders of what came, until the last call submits them.

    <data>/divi/<user>/<id>/   init.json, 000000-<hash>.json, ..., then job (our id of it) or failed (why)

So what was acknowledged outlives the server, and a call that a client repeats is stored once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from pathlib import Path
from typing import Any

from isinglass.errors import ConflictError, QuotaError, UnknownJobError

_MOST_OPEN = 1000
_OPEN_SECONDS = 24 * 3600.0
"""A job whose last call never comes is forgotten after this."""
LONGEST_FOLDER = 1 << 30


class Draft:
    """One job's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.id = folder.name

    @property
    def init(self) -> dict[str, Any]:
        """The words of ``init``, with ``execution_configuration`` as it was set last."""
        words: dict[str, Any] = json.loads((self._folder / "init.json").read_bytes())
        return words

    def write_init(self, words: dict[str, Any]) -> None:
        self._write("init.json", json.dumps(words).encode())

    def bodies(self) -> list[bytes]:
        """What came, in order."""
        return [path.read_bytes() for path in self._chunks()]

    def add(self, body: bytes) -> bool:
        """Keep a call's body; False where the same one is there."""
        digest, chunks = hashlib.sha256(body).hexdigest()[:32], self._chunks()
        if any(path.stem.endswith(digest) for path in chunks):
            return False
        if sum(path.stat().st_size for path in chunks) + len(body) > LONGEST_FOLDER:
            raise QuotaError(f"the job takes more than {LONGEST_FOLDER:,} bytes: use several jobs", 413)
        self._write(f"{len(chunks):06d}-{digest}.json", body)
        return True

    def _chunks(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*-*.json"))

    @property
    def job(self) -> str | None:
        """Our id of the job, once it is submitted."""
        return self._read("job")

    @property
    def failed(self) -> str | None:
        """Why it never became a job."""
        return self._read("failed")

    @property
    def cancelled(self) -> bool:
        return (self._folder / "cancelled").exists()

    @property
    def open(self) -> bool:
        """Are calls still taken?"""
        return self.job is None and self.failed is None and not self.cancelled

    def require_open(self) -> None:
        if not self.open:
            raise ConflictError(f"job {self.id} is no longer PENDING: its circuits are complete, or it ended")

    def submitted(self, job: str) -> None:
        self._write("job", job.encode())

    def fail(self, why: str) -> None:
        self._write("failed", why.encode("utf-8", "replace"))

    def cancel(self) -> None:
        self._write("cancelled", b"")

    def forget(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_text()
        except FileNotFoundError:
            return None

    def _write(self, name: str, data: bytes) -> None:
        """Under its name only when it is whole."""
        new = self._folder / f".{name}.new"
        new.write_bytes(data)
        os.replace(new, self._folder / name)


class Drafts:
    """All jobs of all users of this room."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, user: str, words: dict[str, Any]) -> Draft:
        """A new one; QuotaError where too many of the user's are unfinished."""
        still_open = [draft for draft in self._of(user) if draft.open]
        for draft in [draft for draft in still_open if _age(self._folder / user / draft.id) > _OPEN_SECONDS]:
            draft.forget()
            still_open.remove(draft)
        if len(still_open) >= _MOST_OPEN:
            raise QuotaError(f"{_MOST_OPEN:,} jobs of {user} wait for their last circuits: finish some", 429)
        folder = self._folder / user / str(uuid.uuid4())
        folder.mkdir(parents=True, mode=0o700)
        draft = Draft(folder)
        draft.write_init(words)
        return draft

    def find(self, user: str, job: str) -> Draft:
        """One of the user's; UnknownJobError for anything else."""
        try:
            known = str(uuid.UUID(job)) == job and (self._folder / user / job / "init.json").exists()
        except ValueError:
            known = False
        if not known:
            raise UnknownJobError(f"there is no job {job[:80]!r}, or it is somebody else's")
        return Draft(self._folder / user / job)

    def _of(self, user: str) -> list[Draft]:
        folder = self._folder / user
        return [Draft(path) for path in folder.iterdir()] if folder.exists() else []


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime
