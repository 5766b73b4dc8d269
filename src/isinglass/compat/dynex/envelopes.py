"""Answers as the client takes them: one envelope a shot, text or a batch of all reads."""

from __future__ import annotations

import base64
import hashlib
import math
from typing import Any

import numpy as np

from isinglass.compat.dynex.v2.sdk_pb2 import SampleSetBatch, SolutionEnvelope
from isinglass.jobs.wire import fold

BATCH = "sampleset-batch-v1"
_FOLD_FROM = 64 << 10
"""Bytes of a payload from which it is compressed."""
_MOST_VALUES = 1 << 23
"""Of all reads in one batch: the client unpacks each in Python and takes no message beyond 50 MiB."""


def text_of(bits: np.ndarray) -> bytes:
    """One line of int8[n]: "1.0, " for 1, "-1.0, " for 0. The client knows a line by its commas."""
    return bits.astype(np.uint8).tobytes().replace(b"\x01", b"1.0, ").replace(b"\x00", b"-1.0, ") + b"\n"


def batch_of(bits: np.ndarray, energies: np.ndarray) -> bytes:
    """A SampleSetBatch of 0/1 [reads, n] and their energies, offset included."""
    packed = np.packbits(bits.astype(np.uint8), axis=1, bitorder="little")
    batch: bytes = SampleSetBatch(
        num_variables=bits.shape[1], packed_voltages=packed.tobytes(), energies=energies, locs=[0] * len(bits)
    ).SerializeToString()
    return batch


def most_reads(variables: int) -> int:
    """How many reads a batch has room for."""
    return max(1, _MOST_VALUES // max(1, variables))


def envelope(job: str, name: str, payload: bytes, form: str = "") -> SolutionEnvelope:
    """A payload, inline; compressed where that is worth it."""
    data = fold(payload) if len(payload) >= _FOLD_FROM else payload
    return SolutionEnvelope(
        job_id=job, kind="inline", data=base64.b64encode(data).decode(), name=name, size=len(payload),
        compressed_size=len(data), compression="" if data is payload else "zstd",
        checksum=hashlib.sha256(payload).hexdigest(), valid=True, format=form,
    )  # fmt: skip


def name_of(steps: Any, energy: float, shot: int, read: int = 0) -> str:
    """chips, steps, loc, energy without the offset, which the client reads off it; and what is unique."""
    # A name that is too long is taken for data.
    shown = energy if math.isfinite(energy) and abs(energy) < 1e50 else 0.0
    return f"1_{int(steps or 0)}_0_{shown:.6f}_sol_{shot}_{read}"
