"""Depths of submitted circuits."""

from __future__ import annotations

from isinglass.circuits.batch import CircuitBatch
from isinglass.circuits.reading import Reader
from isinglass.errors import CircuitError


def depth_of(batch: CircuitBatch) -> list[int]:
    """Depth of each circuit as Qiskit counts it; circuits that cannot be read are left out."""
    reader = Reader()
    depths = []
    known: dict[str, int] = {}
    for circuit in batch.circuits:
        try:
            read = reader.read(circuit)
        except CircuitError:
            continue
        if read.structure not in known:
            known[read.structure] = read.qiskit.depth() if read.program is None else read.program.depth()
        depths.append(known[read.structure])
    return depths
