"""One run of the benchmark, one row: what was run and what came of it (rows.py keeps them in files)."""

from __future__ import annotations

from dataclasses import dataclass

from isinglass import rows


@dataclass(frozen=True)
class Task:
    """Everything that affects a run; all of it goes into the id."""

    family: str
    instance: str
    objective: str
    """Words of the table of best values."""
    content: str
    """SHA-256 of the instance's file."""
    best_known: float
    """The target, in the objective's own units and sense."""
    solver: str
    """A solver's name, or a peer's."""
    parameters: str
    """JSON object, keys sorted."""
    seed: int
    time_limit: float
    threads: int
    versions: str
    """JSON object: packages and the processor."""


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    n: int
    hit: bool
    seconds: float
    """From handing over the problem in memory to the result; a peer's sampling calls only."""
    build_seconds: float
    """Compiling the problem (part of ``seconds``), or building a peer's native one (not part of it)."""
    trace_seconds: float
    """When the trace first showed the target; nan without a hit or a trace."""
    best: float
    """Best value of the objective found; nan for none."""
    gap: float
    """(best - best_known) / |best_known|, turned so that more is worse."""


Row = rows.Row[Task, Outcome]
ROWS = rows.RowFormat(Task, Outcome)
"""Files of these rows: ``read``, ``append``, ``merge``."""
