"""Blobs that servers share: in anything that fsspec reaches, with uploads and copies in a folder here.

    <url>/<user>/<first two digits>/<sha256>

Content never changes under its name, so a copy is as good as the original, and is checked when it is made.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from isinglass.errors import MissingExtraError, ParameterError, ServiceError
from isinglass.service.blobs import Blob, Blobs, is_name, publish

try:
    from fsspec.core import url_to_fs
except ImportError:
    raise MissingExtraError("fsspec", "blobs", "blobs beyond this machine") from None

_COPIES_KEPT = 86_400.0
"""Seconds since a copy was last looked at."""


class FarBlobs(Blobs):
    """See the module's docstring.

    Args:
        url: such as ``file:///mnt/blobs`` or ``s3://bucket/blobs``; some need a package of their own.
        folder: here; as of ``Blobs``, and so is ``largest``.
    """

    def __init__(self, url: str, folder: Path, largest: int = 16 << 30) -> None:
        super().__init__(folder, largest)
        try:
            self._far, self._top = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ParameterError(f"--blobs {url}: {error}") from None

    def _place(self, user: str, sha256: str) -> str:
        return f"{self._top}/{user}/{self.path(user, sha256).parent.name}/{sha256}"

    def size(self, user: str, sha256: str) -> int | None:
        try:
            return int(self._far.size(self._place(user, sha256)))
        except FileNotFoundError:
            return None

    def all(self) -> Iterator[Blob]:
        for place, found in sorted(self._far.find(self._top, detail=True).items()):
            user, _, name = place.rsplit("/", 3)[1:]
            if is_name(name):
                yield Blob(user, name, int(found["size"]), self._far.modified(place).timestamp())

    def touch(self, user: str, sha256: str) -> None:
        """As far as its place has such a thing."""
        place = self._place(user, sha256)
        with suppress(NotImplementedError, ValueError):
            # Where it is not there, this would make an empty one.
            if self._far.exists(place):
                self._far.touch(place, truncate=False)

    def remove(self, user: str, sha256: str) -> None:
        super().remove(user, sha256)
        with suppress(FileNotFoundError):
            self._far.rm_file(self._place(user, sha256))

    def read(self, user: str, sha256: str) -> np.ndarray:
        path = self.path(user, sha256)
        if not path.is_file():
            self._copy_here(self._place(user, sha256), path, sha256)
        os.utime(path)
        return super().read(user, sha256)

    def put(self, user: str, data: bytes) -> str:
        sha256 = super().put(user, data)
        self._send(user, sha256)
        return sha256

    def _finish(self, part: Path, descriptor: int, user: str, sha256: str) -> None:
        super()._finish(part, descriptor, user, sha256)
        self._send(user, sha256)

    def _send(self, user: str, sha256: str) -> None:
        """A name appears there, too, only when all of it has arrived: it is moved to it."""
        place = self._place(user, sha256)
        if self._far.exists(place):
            return
        arriving = f"{self._top}/{user}/arriving/{secrets.token_hex(8)}"
        for folder in (arriving, place):
            self._far.makedirs(folder.rpartition("/")[0], exist_ok=True)
        self._far.put_file(str(self.path(user, sha256)), arriving)
        self._far.mv(arriving, place)

    def _copy_here(self, place: str, path: Path, sha256: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part-{secrets.token_hex(8)}")
        try:
            self._far.get_file(place, str(part))
            with part.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    raise ServiceError(f"the blob {sha256[:12]}… came back changed from its place")
                publish(part, path, file.fileno())
        finally:
            part.unlink(missing_ok=True)

    def forget_uploads(self, older_than: float = _COPIES_KEPT) -> None:
        """Old uploads, and copies that nobody looked at for so long."""
        super().forget_uploads(older_than)
        for copy in self.folder.glob("*/??/*"):
            if time.time() - copy.stat().st_mtime > older_than:
                copy.unlink(missing_ok=True)
