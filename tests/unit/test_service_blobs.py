"""Content by its hash: here, and in a place that several servers share."""

from __future__ import annotations

import hashlib
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from isinglass.errors import ConflictError, ParameterError, ServiceError
from isinglass.jobs.wire import PIECE_BYTES
from isinglass.service.blobs import Blobs
from isinglass.service.far_blobs import FarBlobs

LARGE = np.random.default_rng(1).bytes(PIECE_BYTES + 5)


FAR = os.environ.get("ISINGLASS_BLOBS")
"""fsspec URL of one more place; tests/system/test_service_object_store.py gives one."""


@pytest.fixture(params=["here", "file", "memory", *([] if FAR is None else ["given"])])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Blobs, Blobs]:
    """The blobs of two servers."""
    if request.param == "here":
        return Blobs(tmp_path / "a"), Blobs(tmp_path / "a")
    places = {
        "file": f"file://{tmp_path}/far", "memory": f"memory://{tmp_path.name}/far",
        "given": f"{FAR}/{tmp_path.name}",
    }  # fmt: skip
    url = places[request.param]
    return FarBlobs(url, tmp_path / "a"), FarBlobs(url, tmp_path / "b")


def test_what_one_server_puts_the_other_reads(pair: tuple[Blobs, Blobs]) -> None:
    one, two = pair
    name = one.put("ann", LARGE)
    assert name == hashlib.sha256(LARGE).hexdigest() == one.put("ann", LARGE)
    for blobs in (one, two):
        assert blobs.size("ann", name) == len(LARGE) == blobs.arrived("ann", name, len(LARGE))
        assert blobs.read("ann", name).tobytes() == LARGE
        assert blobs.size("bob", name) is None and blobs.arrived("bob", name, len(LARGE)) == 0


def test_uploads_are_whole_or_not_there(pair: tuple[Blobs, Blobs]) -> None:
    one, two = pair
    name, size = hashlib.sha256(LARGE).hexdigest(), len(LARGE)
    assert one.append("ann", name, size, 0, LARGE[:PIECE_BYTES]) == PIECE_BYTES
    assert two.size("ann", name) is None
    with pytest.raises(ConflictError):
        one.append("ann", name, size, 0, LARGE[:PIECE_BYTES])
    assert one.append("ann", name, size, PIECE_BYTES, LARGE[PIECE_BYTES:]) == size
    assert two.read("ann", name).tobytes() == LARGE
    wrong = "ab" * 32
    one.append("ann", wrong, size, 0, LARGE[:PIECE_BYTES])
    with pytest.raises(ParameterError, match="SHA-256"):
        one.append("ann", wrong, size, PIECE_BYTES, LARGE[PIECE_BYTES:])
    assert one.size("ann", wrong) is two.size("ann", wrong) is None
    with pytest.raises(ParameterError, match="64 hexadecimal"):
        one.size("ann", "../../x")


def test_blobs_are_listed_used_and_removed(pair: tuple[Blobs, Blobs]) -> None:
    one, two = pair
    began = time.time() - 2.0
    names = {one.put(user, data): user for user, data in (("ann", LARGE), ("bob", b"b"))}
    one.append("ann", "ab" * 32, PIECE_BYTES + 1, 0, LARGE[:PIECE_BYTES])
    two.touch("bob", one.put("bob", b"b"))
    listed = list(two.all())
    assert {blob.sha256: blob.user for blob in listed} == names
    assert sorted(blob.size for blob in listed) == [1, len(LARGE)]
    assert all(began <= blob.used <= time.time() + 2.0 for blob in listed)
    for name, user in names.items():
        one.remove(user, name)
        one.remove(user, name)
        two.touch(user, name) if isinstance(two, FarBlobs) else None
        assert one.size(user, name) is two.size(user, name) is None
        assert one.put(user, LARGE if user == "ann" else b"b") == name and two.size(user, name)


def test_copies_are_checked_and_forgotten(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/far"
    one, two = FarBlobs(url, tmp_path / "a"), FarBlobs(url, tmp_path / "b")
    name = one.put("ann", b"content")
    one.forget_uploads(older_than=-1.0)
    assert not list((tmp_path / "a").glob("*/??/*")) and one.read("ann", name).tobytes() == b"content"
    (tmp_path / "far" / "ann" / name[:2] / name).write_bytes(b"changed")
    with pytest.raises(ServiceError, match="changed"):
        two.read("ann", name)
    assert not list((tmp_path / "b").glob("*/??/*"))


def test_a_url_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="--blobs nowhere://x"):
        FarBlobs("nowhere://x", tmp_path)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Files of this process grow no further: a write is cut short there, as on a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("missing", [1, 5000, 100_000])
def test_a_disk_that_fills_up_within_a_write_leaves_nothing_half(tmp_path: Path, missing: int) -> None:
    """The end of a write that was cut short waits in a buffer: it is missed before the name appears."""
    blobs, data = Blobs(tmp_path), LARGE[: 1 << 20]
    name = hashlib.sha256(data).hexdigest()
    with room_for(len(data) - missing), pytest.raises(OSError):
        blobs.put("ann", data)
    assert blobs.size("ann", name) is None and not list(tmp_path.glob("ann/*/*"))
    whole = hashlib.sha256(LARGE).hexdigest()
    with room_for(PIECE_BYTES - missing), pytest.raises(OSError):
        blobs.append("ann", whole, len(LARGE), 0, LARGE[:PIECE_BYTES])
    # What nobody can go on with gives its room back.
    (part,) = tmp_path.glob("ann/uploads/*")
    assert part.stat().st_size == 0
    assert blobs.append("ann", whole, len(LARGE), 0, LARGE[:PIECE_BYTES]) == PIECE_BYTES
    assert blobs.put("ann", data) == name and blobs.read("ann", name).tobytes() == data
