"""Which of a job's reads the client is sent, and in which form.

CPU and GPU: a shot is an envelope. Its text is the ``rank``-th best read; its batch has all reads of a single
shot, of several the ``rank`` best each, for the client counts solutions and would have enough too soon. QPU:
the only shot's batch has all reads; as text there is an envelope for each shot that was asked for. A
circuit's reads are all sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isinglass.compat.dynex.circuit_model import LABELS, samples_of
from isinglass.compat.dynex.envelopes import BATCH, batch_of, envelope, most_reads, name_of, text_of
from isinglass.compat.dynex.v2.sdk_pb2 import SolutionEnvelope
from isinglass.errors import UnknownJobError
from isinglass.jobs.results import result_of
from isinglass.jobs.spec import JobType

_ID = re.compile(r"[0-9a-z]{26}")
_MOST_TEXTS = 1000
"""Envelopes of one shot, where one holds one read."""


def checked_id(job: str) -> str:
    """A job's id; UnknownJobError for what is none."""
    if _ID.fullmatch(job) is None:
        raise UnknownJobError(f"there is no job {job[:40]!r}")
    return job


@dataclass(frozen=True)
class Answers:
    """The answers of one job, for one client."""

    status: Mapping[str, Any]
    batches: bool
    """Does the client understand them."""

    @property
    def spec(self) -> Mapping[str, Any]:
        return self.status["spec"]  # type: ignore[no-any-return]  # JSON

    def envelopes(self, shot: int, content: np.ndarray) -> list[SolutionEnvelope]:
        """What a shot left, as envelopes, always with the same names."""
        if not self.batches:
            return [envelope(self.status["id"], name, text) for name, text in self.texts(shot, content)]
        bits, energies, _ = self._reads(result_of(content))
        name = self._name(energies[0], shot, 0)
        return [envelope(self.status["id"], name, batch_of(bits, energies), BATCH)]

    def texts(self, shot: int, content: np.ndarray) -> list[tuple[str, bytes]]:
        """(name, text) of each read that is sent as text."""
        bits, energies, sent = self._reads(result_of(content))
        return [(self._name(energies[k], shot, k), text_of(bits[k])) for k in sent]

    def _name(self, energy: Any, shot: int, read: int) -> str:
        steps = self.spec["parameters"].get("annealing_time", 0)
        return name_of(steps, float(energy) - self.spec["echo"]["offset"], shot, read)

    def _reads(self, found: Any) -> tuple[np.ndarray, np.ndarray, range]:
        """(0/1 [reads, n] best first, energies, the reads to send as text)."""
        if self.spec["type"] == JobType.CIRCUITS:
            return self._measurements(found[0])
        rank = int(self.spec["echo"]["rank"])
        order = np.argsort(found.record.energy, kind="stable")
        order = order[: most_reads(len(found.variables)) if self.status["shots"] == 1 else rank]
        if self.spec["backend"] == "qpu":
            sent = range(min(int(self.spec["parameters"].get("shots", 1)), len(order)))
        else:
            last = min(rank, len(order))
            sent = range(last - 1, last)
        return found.record.sample[order], found.record.energy[order], sent

    def _measurements(self, entry: Any) -> tuple[np.ndarray, np.ndarray, range]:
        if entry.exception is not None:
            raise entry.exception
        wires = len(next(iter(entry["results"])).split()[0])
        bits = samples_of(entry["results"], wires, entry["label"] == LABELS[1], most_reads(3 * wires))
        return bits, np.zeros(len(bits)), range(min(len(bits), _MOST_TEXTS))
