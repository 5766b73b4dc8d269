"""A file system of a few megabytes that only the processes started on it see, to be filled and freed again.

A tmpfs in a mount namespace of its own: root may make one, others where the kernel lets them be root in a
user namespace. The folder is the same path for who is inside; from outside it is reached by ``outside``.
"""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

_MOUNT = 'mount -t tmpfs -o size="$2",mode=700 isinglass "$1" && echo mounted && exec cat'
_PIECE = 1 << 16


class SmallDisk:
    """``size`` bytes at ``folder``; ``why_not``: what the kernel did not allow, None where all is well."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        # The namespace and all that lies there last as long as this process: until its input ends.
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", *user,
             "sh", "-c", _MOUNT, "sh", folder, str(size)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None and self._holder.stderr is not None
        mounted = self._holder.stdout.readline() == "mounted\n"
        self.why_not = None if mounted else self._holder.stderr.read().strip()
        where = ["--user", "--preserve-credentials"] if user else []
        self.inside = ("nsenter", "--target", str(self._holder.pid), *where, "--mount", "--")
        """Before a command, lets it run there."""
        self.outside = Path(f"/proc/{self._holder.pid}/root{folder}")

    def fill(self) -> None:
        """Use up every byte that is left, now and for as long as ``free`` was not called."""
        with (self.outside / "ballast").open("ab", buffering=0) as ballast:
            piece = _PIECE
            while piece:
                try:
                    ballast.write(bytes(piece))
                except OSError as error:
                    assert error.errno == errno.ENOSPC
                    piece //= 2

    def free(self) -> None:
        (self.outside / "ballast").unlink(missing_ok=True)

    def close(self) -> None:
        self._holder.communicate("")
