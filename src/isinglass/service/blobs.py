"""Content as files named by its SHA-256, and uploads that go on where they broke off.

    <root>/<user>/<first two digits>/<sha256>        whole, synced, never changed
    <root>/<user>/uploads/<sha256>.<size>            what has arrived so far

A name appears only when all of its bytes are on the disk and have that hash.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isinglass.errors import ConflictError, ParameterError, QuotaError
from isinglass.jobs.wire import PIECE_BYTES

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Blob:
    """One that is whole. ``used``: seconds since 1970, when it came or was last named by a submission."""

    user: str
    sha256: str
    size: int
    used: float


class Blobs:
    """See the module's docstring. Users' names have been checked when they were made.

    Args:
        root: folder; made if it is not there.
        largest: bytes of one blob, at most.
    """

    def __init__(self, root: Path, largest: int = 16 << 30) -> None:
        self.folder = root
        self.largest = largest
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, user: str, sha256: str) -> Path:
        """Where the content of this name is, or would be; ParameterError where it is no name."""
        if not is_name(sha256):
            raise ParameterError("the name of a blob is its SHA-256: 64 hexadecimal digits, in lower case")
        return self.folder / user / sha256[:2] / sha256

    def size(self, user: str, sha256: str) -> int | None:
        """Bytes of it; None where the user has not put it there."""
        path = self.path(user, sha256)
        return path.stat().st_size if path.is_file() else None

    def all(self) -> Iterator[Blob]:
        """Every blob that is whole, user by user."""
        for user in sorted(self.folder.iterdir()):
            for path in user.glob("[0-9a-f][0-9a-f]/*"):
                try:
                    found = path.stat()
                except FileNotFoundError:
                    continue
                if is_name(path.name):
                    yield Blob(user.name, path.name, found.st_size, found.st_mtime)

    def touch(self, user: str, sha256: str) -> None:
        """It is used: what deletes old ones leaves it alone for a day."""
        os.utime(self.path(user, sha256))

    def remove(self, user: str, sha256: str) -> None:
        """Delete it; nothing happens where it is not there."""
        self.path(user, sha256).unlink(missing_ok=True)

    def read(self, user: str, sha256: str) -> np.ndarray:
        """uint8[size], mapped from the file: pages come into memory as they are looked at."""
        return np.memmap(self.path(user, sha256), np.uint8, "r")

    def put(self, user: str, data: bytes) -> str:
        """Write content; its name."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(user, sha256)
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix="part-", delete=False) as file:
                try:
                    file.write(data)
                    # Where the disk fills up within a write, its end is still in the buffer.
                    file.flush()
                    publish(Path(file.name), path, file.fileno())
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        else:
            self.touch(user, sha256)
        return sha256

    def arrived(self, user: str, sha256: str, size: int) -> int:
        """Bytes from the start that need not be sent again; ``size`` where all of it is there."""
        if self.size(user, sha256) is not None:
            return size
        part = self._part(user, sha256, size)
        # Never all of it: a part that is whole but was not checked yet gets its last piece again.
        return min(part.stat().st_size, size - 1) // PIECE_BYTES * PIECE_BYTES if part.is_file() else 0

    def append(self, user: str, sha256: str, size: int, offset: int, piece: bytes) -> int:
        """Add the piece at ``offset``; bytes that have arrived.

        Raises ConflictError where another piece is due, ParameterError where the content is not what its
        name says (then nothing of it stays).
        """
        due = self.arrived(user, sha256, size)
        if due == size:
            return size
        if offset != due:
            raise ConflictError(f"the piece at {offset} is not the next one: send the one at {due}")
        if len(piece) != min(PIECE_BYTES, size - offset):
            raise ParameterError(
                f"the piece at {offset} has {len(piece)} bytes; all have {PIECE_BYTES} but the last"
            )
        part = self._part(user, sha256, size)
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("r+b" if part.exists() else "w+b") as file:
            file.truncate(offset)
            file.seek(offset)
            try:
                file.write(piece)
                file.flush()
            except OSError:
                # Nobody goes on with a part of a piece: its room is for others.
                os.ftruncate(file.fileno(), offset)
                raise
            if offset + len(piece) == size:
                self._finish(part, file.fileno(), user, sha256)
        return offset + len(piece)

    def _finish(self, part: Path, descriptor: int, user: str, sha256: str) -> None:
        """All of it is here: check it and give it its name."""
        with part.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                part.unlink()
                raise ParameterError("what arrived does not have the SHA-256 it was sent under: send it anew")
        path = self.path(user, sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        publish(part, path, descriptor)

    def _part(self, user: str, sha256: str, size: int) -> Path:
        if not 0 < size <= self.largest:
            raise QuotaError(f"content of {size:,} bytes is not taken: 1 to {self.largest:,} are", 413)
        return self.folder / user / "uploads" / f"{self.path(user, sha256).name}.{size}"

    def forget_uploads(self, older_than: float = 86_400.0) -> None:
        """Remove what has arrived of uploads that nobody went on with for so many seconds."""
        for part in self.folder.glob("*/uploads/*"):
            if time.time() - part.stat().st_mtime > older_than:
                part.unlink(missing_ok=True)


def is_name(word: str) -> bool:
    """Is it a SHA-256?"""
    return _HASH.fullmatch(word) is not None


def publish(part: Path, path: Path, descriptor: int) -> None:
    """Let a whole file appear under its name, for good."""
    os.fsync(descriptor)
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
