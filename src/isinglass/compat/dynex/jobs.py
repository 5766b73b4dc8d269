"""A job as this room sees it: its id, and which of its reads the client is sent.

The service has no word for ``rank``, so the id that the client gets carries it: ``<id>`` or ``<id>-<rank>``.
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

_ID = re.compile(r"([0-9a-z]{26})(?:-([1-9][0-9]{0,9}))?")
_MOST_TEXTS = 1000
"""Envelopes of one shot, where one holds one read."""


def client_id(job: str, rank: int) -> str:
    """The id as the client gets it."""
    return job if rank == 1 else f"{job}-{rank}"


def split_id(client: str) -> tuple[str, int]:
    """(id, rank); UnknownJobError where it is none of ours."""
    match = _ID.fullmatch(client)
    if match is None:
        raise UnknownJobError(f"there is no job {client[:40]!r}")
    return match[1], int(match[2] or 1)


@dataclass(frozen=True)
class Told:
    """How a job's shots are told.

    CPU and GPU: a shot is an envelope, its text the ``rank``-th best read; its batch all reads of a single shot, of
    several the ``rank`` best each, for the client counts solutions and would have enough too soon. QPU: the only
    shot's batch has all reads; as text there is an envelope for each shot that the client asked for. A circuit's reads
    are all sent.
    """

    client: str
    rank: int
    status: Mapping[str, Any]
    offset: float
    batches: bool
    """Does the client understand them."""

    @property
    def backend(self) -> str:
        return str(self.status["spec"]["backend"])

    def envelopes(self, shot: int, content: bytes) -> list[SolutionEnvelope]:
        """What a shot left, as envelopes, always with the same names."""
        if not self.batches:
            return [envelope(self.client, name, text) for name, text in self.texts(shot, content)]
        bits, energies, _ = self._reads(result_of(content))
        return [envelope(self.client, self._name(energies[0], shot, 0), batch_of(bits, energies), BATCH)]

    def texts(self, shot: int, content: bytes) -> list[tuple[str, bytes]]:
        """(name, text) of each read that is sent as text."""
        bits, energies, sent = self._reads(result_of(content))
        return [(self._name(energies[k], shot, k), text_of(bits[k])) for k in sent]

    def _name(self, energy: Any, shot: int, read: int) -> str:
        steps = self.status["spec"]["parameters"].get("annealing_time")
        return name_of(steps, float(energy) - self.offset, shot, read)

    def _reads(self, found: Any) -> tuple[np.ndarray, np.ndarray, range]:
        """(0/1 [reads, n] best first, energies, the reads to send as text)."""
        spec = self.status["spec"]
        if spec["type"] == JobType.CIRCUITS:
            entry = found[0]
            if entry.exception is not None:
                raise entry.exception
            wires = len(next(iter(entry["results"])).split()[0])
            phases = entry["label"] == LABELS[1]
            bits = samples_of(entry["results"], wires, phases, most_reads(3 * wires))
            return bits, np.zeros(len(bits)), range(min(len(bits), _MOST_TEXTS))
        order = np.argsort(found.record.energy, kind="stable")
        single = self.status["shots"] == 1
        order = order[: most_reads(len(found.variables)) if single else self.rank]
        first = min(self.rank, len(order)) - 1
        several = int(spec["parameters"].get("shots", 1)) if self.backend == "qpu" else 1
        texts = range(min(several, len(order))) if several > 1 else range(first, first + 1)
        return found.record.sample[order], found.record.energy[order], texts
