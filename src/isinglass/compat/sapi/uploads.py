"""Multipart uploads on disk: parts in any order, whole when they are combined.

    <root>/<user>/<upload id>/size             bytes that were announced
    <root>/<user>/<upload id>/<part>.<md5>     a part that has arrived and has this checksum
    <root>/<user>/<upload id>/combined         all of it is there

A name appears only when all of its bytes are on the disk, so nothing half stored is ever read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import shutil
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from isinglass.errors import ParameterError, ProblemError, ServiceError
from isinglass.memory import require

PART_BYTES = 5 << 20
"""Of every part but the last."""
_KEPT_SECONDS = 86_400.0
_PART = re.compile(r"([1-9][0-9]*)\.([0-9a-f]{32})")
_NO_SUCH_UPLOAD = "there is no such upload of yours: begin a new one"


class Uploads:
    """See the module's docstring. Users' names have been checked when they were made.

    Args:
        root: folder; made when something is put into it.
        largest: bytes of one upload, at most.
    """

    def __init__(self, root: Path, largest: int) -> None:
        self._root, self.largest = root, largest

    def begin(self, user: str, size: Any) -> str:
        """The id of a new upload; those that nobody has touched for a day are forgotten."""
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ParameterError(f"size={str(size)[:40]} is not a number of bytes above 0")
        if size > self.largest:
            raise ParameterError(f"{size:,} bytes are bigger than the maximum of {self.largest:,}")
        self._forget(user)
        upload = str(uuid.uuid4())
        folder = self._root / user / upload
        folder.mkdir(parents=True, mode=0o700)
        self._write(folder, "size", str(size).encode())
        return upload

    def put(self, user: str, upload: str, part: int, md5: str | None, data: bytes) -> None:
        """One part, which comes again with the same or with other content as often as its sender likes."""
        folder, size = self._open(user, upload)
        most = -(-size // PART_BYTES)
        if not 1 <= part <= most:
            raise ParameterError(f"part {part} is not one of 1 to {most}")
        due = min(PART_BYTES, size - (part - 1) * PART_BYTES)
        if len(data) != due:
            raise ParameterError(f"part {part} has {len(data):,} bytes; it must have {due:,}")
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        if _digest_of(md5) != digest:
            raise ParameterError("Content-MD5 is not the base64 of the MD5 of this part")
        if (folder / "combined").exists():
            raise ParameterError("this upload is combined: begin a new one")
        known = {name: place for number, name, place in self._parts(folder) if number == part}
        if digest.hex() not in known:
            self._write(folder, f"{part}.{digest.hex()}", data)
        for name, place in known.items():
            if name != digest.hex():
                place.unlink(missing_ok=True)

    def status(self, user: str, upload: str) -> dict[str, Any]:
        """What has arrived; nothing is listed of an upload that is combined."""
        folder, _ = self._open(user, upload)
        if (folder / "combined").exists():
            return {"status": "UPLOAD_COMPLETED", "parts": []}
        parts = [{"part_number": number, "checksum": md5} for number, md5, _ in self._parts(folder)]
        return {"status": "UPLOAD_IN_PROGRESS", "parts": parts}

    def combine(self, user: str, upload: str, checksum: Any) -> None:
        """All parts are there, and the MD5 of their MD5s is ``checksum``; ParameterError where not."""
        folder, size = self._open(user, upload)
        parts = self._parts(folder)
        wanted = list(range(1, -(-size // PART_BYTES) + 1))
        digest = hashlib.md5(b"".join(bytes.fromhex(md5) for _, md5, _ in parts), usedforsecurity=False)
        if [number for number, _, _ in parts] != wanted:
            missing = set(wanted) - {number for number, _, _ in parts}
            why = f"part {min(missing)} has not arrived" if missing else "a part is there twice"
            raise ParameterError(f"Failed to combine the multipart upload: {why}")
        if checksum != digest.hexdigest():
            raise ParameterError(
                "Failed to combine the multipart upload: the checksum is not the MD5 of its parts' MD5s"
            )
        self._write(folder, "combined", b"")

    def read(self, user: str, upload: str) -> bytes:
        """The content of an upload that is combined; ProblemError of any other."""
        folder, size = self._open(user, upload)
        if not (folder / "combined").exists():
            raise ProblemError(f"upload {upload} is not combined: send its parts, then combine them")
        require(2 * size, f"a problem of {size:,} bytes")
        os.utime(folder)
        return b"".join(place.read_bytes() for _, _, place in self._parts(folder))

    def _open(self, user: str, upload: str) -> tuple[Path, int]:
        """(folder, announced bytes)."""
        try:
            folder = self._root / user / str(uuid.UUID(upload))
            return folder, int((folder / "size").read_bytes())
        except (ValueError, FileNotFoundError):
            raise ServiceError(_NO_SUCH_UPLOAD, 404) from None

    def _parts(self, folder: Path) -> list[tuple[int, str, Path]]:
        """(number, MD5, file) of each, in order."""
        found = [(_PART.fullmatch(place.name), place) for place in folder.iterdir()]
        return sorted((int(match[1]), match[2], place) for match, place in found if match)

    def _write(self, folder: Path, name: str, data: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="part-", delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(folder / name)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    def _forget(self, user: str) -> None:
        for folder in (self._root / user).glob("*"):
            if time.time() - folder.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _digest_of(words: str | None) -> bytes:
    try:
        return base64.b64decode(words or "", validate=True)
    except (ValueError, binascii.Error):
        return b""
