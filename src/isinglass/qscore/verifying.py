"""Is it true? Every graph made again, every answer counted again. A stranger can run it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from isinglass.errors import FileFormatError, IsinglassError, VerificationError
from isinglass.qscore.graphs import fingerprint, graph
from isinglass.qscore.instances import Instance, decode
from isinglass.qscore.limits import check_size, credible
from isinglass.qscore.rows import ROWS, Row


@dataclass(frozen=True)
class Verification:
    """What came of checking a file."""

    rows: int
    """Rows looked at."""
    graphs: int
    """Graphs made again."""
    faults: list[str]
    """A sentence for each fault; empty if all is true."""


def verify(
    path: str | Path, *, convention: str = "atos", progress: Callable[[str], None] | None = None
) -> Verification:
    """Check a file of rows: ids, graphs, answers, bounds, times and means.

    For each row the graph is made from its seed and compared with the hash of its edge bits, the answer is
    counted on it and compared with what the row claims, and the cut with the graph's spectral bound. An
    answer within the time limit must say so. The mean beta of each size must be one that cuts can have.
    Times themselves cannot be checked after the fact: they are the word of who ran it.

    Raises FileFormatError for a file that is not one of rows, or whose ids do not fit.
    """
    source = Path(path)
    if not source.is_file():
        raise FileFormatError(source, "there is no such file of rows")
    rows = list(ROWS.read(source).values())
    tell = progress or (lambda line: None)
    faults: list[str] = []
    made = 0
    for k, row in enumerate(rows):
        made += bool(row.outcome.edges_sha256)
        found = list(_faults_of(row))
        faults += [f"{_name_of(row)}: {fault}" for fault in found]
        tell(f"{k + 1} of {len(rows)}  {_name_of(row)}  {'; '.join(found) or 'true'}")
    faults += _faults_of_means(rows, convention)
    return Verification(len(rows), made, faults)


def _name_of(row: Row) -> str:
    task = row.task
    return f"{task.variant} n {task.n} graph {task.graph_seed} by {task.backend} {task.facts}"


def _faults_of(row: Row) -> Iterator[str]:
    task, outcome = row.task, row.outcome
    if outcome.status == "ok" and outcome.seconds > task.time_limit:
        yield f"{outcome.seconds} s are more than the time limit of {task.time_limit} s"
    if outcome.status.startswith("failed"):
        if outcome.found != -1 or outcome.answer:
            yield "a run that failed has an answer"
    elif outcome.status not in ("ok", "late"):
        yield f"status {outcome.status!r} is none of ok, late, failed"
    if not outcome.edges_sha256:
        if outcome.found != -1:
            yield "an answer without a graph"
        return
    try:
        instance = Instance(graph(task.n, task.graph_seed, task.generator), task.variant)
    except IsinglassError as error:
        yield f"the graph cannot be made: {error}"
        return
    if instance.edges != outcome.edges:
        yield f"the graph has {instance.edges} edges, not {outcome.edges}"
    if fingerprint(instance.graph) != outcome.edges_sha256:
        yield "the graph has another hash"
    if outcome.found == -1:
        return
    try:
        found = instance.size_of(decode(outcome.answer, task.n))
        if found != outcome.found:
            yield f"the answer is worth {found}, not {outcome.found}"
        credible(instance, outcome.found)
    except (ValueError, VerificationError) as error:
        yield str(error)


def _faults_of_means(rows: Sequence[Row], convention: str) -> list[str]:
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        task = row.task
        groups[task.variant, task.n, task.backend, task.facts, task.time_limit, task.machine].append(row)
    faults = []
    for group in groups.values():
        try:
            check_size(group, convention)
        except VerificationError as error:
            faults.append(str(error))
    return faults
