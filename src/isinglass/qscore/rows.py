"""One graph, one row: which graph, who answered, what the answer was (rows.py keeps them in files)."""

from __future__ import annotations

from dataclasses import dataclass

from isinglass import rows


@dataclass(frozen=True)
class Task:
    """Everything that affects the answer; all of it goes into the id."""

    variant: str
    """ "max-cut" or "max-clique"."""
    n: int
    graph_seed: int
    """Seed of the graph and of the backend's random numbers."""
    generator: str
    backend: str
    facts: str
    """JSON object: solver, threads, parameters."""
    time_limit: float
    machine: str
    """JSON object: processor, cores, memory."""
    versions: str
    """JSON object: packages."""


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    status: str
    """ "ok", "late" (an answer, but after the time limit) or "failed: ..."."""
    seconds: float
    """From handing over the problem to the answer; compiling kernels on a first run is left out."""
    generation_seconds: float
    """Making the graph and the form of it that is handed over."""
    edges: int
    edges_sha256: str
    """See graphs.fingerprint."""
    found: int
    """Edges cut or size of the clique, recomputed from the answer; -1 for none."""
    answer: str
    """See instances.encode."""


Row = rows.Row[Task, Outcome]
ROWS = rows.RowFormat(Task, Outcome)
"""Files of these rows: ``read``, ``append``, ``merge``."""
