"""Jobs that are being sent, call by call: folders of what came, until the last call submits them.

    <data>/divi/<user>/<id>/      init.json, 000000-<hash>.json, ..., then job.json or failed (why)
    <data>/divi/<user>/open/<id>  an empty file for each whose last call has not come

So what was acknowledged outlives the server, and a call that a client repeats is stored once. The last call
is acknowledged when the job is submitted: of it only the name is kept, and the others are emptied then, for
the service has their content. ``job.json`` has our id of the job and what its results need.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
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
_OPEN = "open"
_CALL = re.compile(r"\d{6,}-[0-9a-f]{32}\.json")


class Draft:
    """One job's folder, as it is when it is opened. FileNotFoundError where there is none."""

    job: str | None
    """Our id of the job, once it is submitted."""
    asked: dict[str, Any]
    """What its results need, from then on."""
    failed: str | None
    """Why it never became a job."""
    cancelled: bool

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.id = folder.name
        names = os.listdir(folder)
        if "init.json" not in names:
            raise FileNotFoundError(folder / "init.json")
        self.job, self.asked = None, {}
        if "job.json" in names:
            self.job, self.asked = json.loads((folder / "job.json").read_bytes())
        self.failed = (folder / "failed").read_text() if "failed" in names else None
        self.cancelled = "cancelled" in names
        self._calls = sorted(name for name in names if _CALL.fullmatch(name))

    @property
    def init(self) -> dict[str, Any]:
        """The words of ``init``, with ``execution_configuration`` as it was set last."""
        words: dict[str, Any] = json.loads((self._folder / "init.json").read_bytes())
        return words

    def write_init(self, words: dict[str, Any]) -> None:
        _write(self._folder / "init.json", json.dumps(words).encode())

    def bodies(self) -> list[bytes]:
        """What came before the last call, in order; before the job is submitted."""
        found = ((self._folder / name).read_bytes() for name in self._calls)
        return [body for body in found if body]

    def has(self, body: bytes) -> bool:
        """Did this call come before?"""
        return any(name.endswith(f"-{_digest(body)}.json") for name in self._calls)

    def require_room(self, body: bytes) -> None:
        """QuotaError where all calls together would be too long."""
        if sum((self._folder / name).stat().st_size for name in self._calls) + len(body) > LONGEST_FOLDER:
            raise QuotaError(f"the job takes more than {LONGEST_FOLDER:,} bytes: use several jobs", 413)

    def add(self, body: bytes) -> None:
        """Keep a call's body."""
        _write(self._folder / self._name_of(body), body)

    def _name_of(self, body: bytes) -> str:
        name = f"{len(self._calls):06d}-{_digest(body)}.json"
        self._calls.append(name)
        return name

    @property
    def open(self) -> bool:
        """Are calls still taken?"""
        return self.job is None and self.failed is None and not self.cancelled

    def require_open(self) -> None:
        if not self.open:
            raise ConflictError(f"job {self.id} is no longer PENDING: its circuits are complete, or it ended")

    def submitted(self, last: bytes, job: str, asked: dict[str, Any]) -> None:
        """It is a job now, by its ``last`` call; ``asked`` is what its results need."""
        self._end("job.json", json.dumps([job, asked]), last)
        self.job, self.asked = job, asked

    def fail(self, last: bytes, why: str) -> None:
        self._end("failed", why, last)
        self.failed = why

    def cancel(self) -> None:
        self._end("cancelled", "", None)
        self.cancelled = True

    def _end(self, name: str, words: str, last: bytes | None) -> None:
        calls = list(self._calls)
        if last is not None and not self.has(last):
            (self._folder / self._name_of(last)).touch()
        _write(self._folder / name, words.encode("utf-8", "replace"))
        self._marker.unlink(missing_ok=True)
        for call in calls:
            os.truncate(self._folder / call, 0)

    def forget(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._marker.unlink(missing_ok=True)

    @property
    def _marker(self) -> Path:
        return self._folder.parent / _OPEN / self.id


class Drafts:
    """All jobs of all users of this room."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, user: str, words: dict[str, Any]) -> str:
        """The id of a new one; QuotaError where too many of the user's are unfinished."""
        folder = self._folder / user
        (folder / _OPEN).mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.scandir(folder / _OPEN) as found:
            still_open = sum(_age(one) <= _OPEN_SECONDS or not _swept(folder, one.name) for one in found)
        if still_open >= _MOST_OPEN:
            raise QuotaError(f"{_MOST_OPEN:,} jobs of {user} wait for their last circuits: finish some", 429)
        number = str(uuid.uuid4())
        (folder / number).mkdir(mode=0o700)
        _write(folder / number / "init.json", json.dumps(words).encode())
        (folder / _OPEN / number).touch()
        return number

    def find(self, user: str, job: str) -> Draft:
        """One of the user's; UnknownJobError for anything else. Quicker done than a thread is asked."""
        try:
            if str(uuid.UUID(job)) == job:
                return Draft(self._folder / user / job)
        except (ValueError, FileNotFoundError):
            pass
        raise UnknownJobError(f"there is no job {job[:80]!r}, or it is somebody else's")


def _swept(folder: Path, number: str) -> bool:
    """Forget one that nobody has sent anything of for too long; is its mark gone?"""
    try:
        draft = Draft(folder / number)
    except FileNotFoundError:
        (folder / _OPEN / number).unlink(missing_ok=True)
        return True
    if draft.open and _age(folder / number) <= _OPEN_SECONDS:
        return False
    if draft.open:
        draft.forget()
    else:  # the server died between its end and the removal of its mark
        (folder / _OPEN / number).unlink(missing_ok=True)
    return True


def _write(path: Path, data: bytes) -> None:
    """Under its name only when it is whole."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(data)
    os.replace(new, path)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _age(path: Path | os.DirEntry[str]) -> float:
    return time.time() - path.stat().st_mtime
