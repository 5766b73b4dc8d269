"""What the rows say: one summary for each instance and solver, ratios to the peers, and how it is shown."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.benchmark.objectives import objective_of
from isinglass.benchmark.rows import Row
from isinglass.benchmark.time_to_target import TimeToTarget, time_to_target

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Summary:
    """All runs of one solver on one instance; of a peer, those of its best setting."""

    family: str
    instance: str
    n: int
    best_known: float
    solver: str
    parameters: str
    time: TimeToTarget
    best: float
    gap: float
    """Mean over the runs of the gap at their end; 0 for a run that hit."""
    better: bool
    """True where a run found a better value than the best known."""


@dataclass(frozen=True)
class Ratio:
    """How much longer a peer takes than a solver of ours: the geometric mean over instances."""

    solver: str
    peer: str
    factor: float
    """TTS99 of the peer over ours where both have one; nan where that is no instance."""
    instances: int
    only_ours: int
    """Instances on which the peer never reached the target and we did."""
    only_theirs: int


class Report:
    """Rows and what follows from them.

    ``rows``: all of them, each with its strong id. ``missing``: instances of the table without a file.
    ``failures``: sentences about runs that could not be done.
    """

    def __init__(
        self, rows: Sequence[Row], peers: Sequence[str], missing: Sequence[str], failures: Sequence[str]
    ) -> None:
        self.rows, self.missing, self.failures = list(rows), list(missing), list(failures)
        self.peers = tuple(peers)

    @property
    def summaries(self) -> list[Summary]:
        """By instance, in the order of the table; our solvers first."""
        groups: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
        for row in self.rows:
            task = row.task
            groups[task.family, task.instance, task.solver, task.parameters].append(row)
        best: dict[tuple[str, ...], Summary] = {}
        for rows in groups.values():
            one = _summary(rows)
            # Our solvers run with what they were given; of a peer's settings the best one counts.
            own = () if one.solver in self.peers else (one.parameters,)
            key = (one.family, one.instance, one.solver, *own)
            if key not in best or _merit(one) < _merit(best[key]):
                best[key] = one
        return list(best.values())

    @property
    def ratios(self) -> list[Ratio]:
        """Every solver of ours against every peer."""
        found = self.summaries
        ours = dict.fromkeys((s.solver, s.parameters) for s in found if s.solver not in self.peers)
        by_instance = {(s.family, s.instance, name_of(s, self.peers)): s.time.tts99 for s in found}
        result = []
        for solver, parameters in ours:
            name = solver if parameters == "{}" else f"{solver} {parameters}"
            for peer in self.peers:
                both = [
                    (mine, by_instance[family, instance, peer])
                    for (family, instance, who), mine in by_instance.items()
                    if who == name and (family, instance, peer) in by_instance
                ]
                result.append(_ratio(name, peer, both))
        return result

    def as_object(self) -> dict[str, Any]:
        """Plain data, for JSON: infinite and missing numbers are null."""
        answer: dict[str, Any] = _plain({
            "summaries": [asdict(s) | {"parameters": json.loads(s.parameters)} for s in self.summaries],
            "ratios": [asdict(r) for r in self.ratios],
            "rows": [
                {"strong_id": row.strong_id, **asdict(row.task), **asdict(row.outcome)}
                for row in self.rows
            ],
            "missing": self.missing,
            "failures": self.failures,
        })  # fmt: skip
        return answer

    def table(self) -> list[list[str]]:
        """Cells, the head first; ``markdown`` and the command line print them."""
        lines = [["instance", "n", "best known", "solver", "hits", "best", "gap", "TTS99 [95 %] (s)"]]
        for s in self.summaries:
            better = " (better)" if s.better else ""
            lines.append([
                s.instance, str(s.n), f"{s.best_known:.10g}", name_of(s, self.peers),
                f"{s.time.hits}/{s.time.runs}", f"{s.best:.10g}{better}", f"{s.gap:.2e}" if s.gap else "0",
                _seconds(s.time),
            ])  # fmt: skip
        return lines

    def ratio_lines(self) -> list[str]:
        """One sentence for each ratio."""
        lines = []
        for r in self.ratios:
            some = f"{r.factor:.3g} times ours (geometric mean over {r.instances})"
            some = some if r.instances else "no instance that both reached"
            lines.append(
                f"TTS99 of {r.peer} against {r.solver}: {some}; "
                f"targets reached only by us {r.only_ours}, only by the peer {r.only_theirs}"
            )
        return lines

    def markdown(self) -> str:
        """The table and the ratios as Markdown."""
        head, *lines = [f"| {' | '.join(cells)} |" for cells in self.table()]
        rule = "|" + " --- |" * len(self.table()[0])
        return "\n".join([head, rule, *lines, "", *(f"- {line}" for line in self.ratio_lines())]) + "\n"

    def plot(self) -> Figure:
        """TTS99 of ours against each peer's, and gaps at the deadline. Needs matplotlib (extra: plots)."""
        from isinglass.benchmark.plot import plot

        return plot(self)

    def write_json(self, path: str | Path) -> None:
        """``as_object`` as a file."""
        Path(path).write_text(json.dumps(self.as_object(), indent=1) + "\n")


def name_of(summary: Summary, peers: Sequence[str]) -> str:
    """A peer by its name (its best setting differs by instance), a solver with its parameters if any."""
    plain = summary.solver in peers or summary.parameters == "{}"
    return summary.solver if plain else f"{summary.solver} {summary.parameters}"


def _summary(rows: Sequence[Row]) -> Summary:
    task, outcomes = rows[0].task, [row.outcome for row in rows]
    values = [o.best for o in outcomes]
    highest = objective_of(task.objective, task.family).maximize
    return Summary(
        family=task.family,
        instance=task.instance,
        n=outcomes[0].n,
        best_known=task.best_known,
        solver=task.solver,
        parameters=task.parameters,
        time=time_to_target([o.seconds for o in outcomes], [o.hit for o in outcomes]),
        best=max(values) if highest else min(values),
        gap=float(np.mean([o.gap for o in outcomes])),
        better=any(o.gap < 0 for o in outcomes),
    )


def _merit(summary: Summary) -> tuple[float, float]:
    """Smaller is better: the time to target, then the gap."""
    return summary.time.tts99, summary.gap


def _ratio(name: str, peer: str, both: Sequence[tuple[float, float]]) -> Ratio:
    finite = [(a, b) for a, b in both if math.isfinite(a) and math.isfinite(b)]
    logs = [math.log(b / a) for a, b in finite]
    return Ratio(
        solver=name,
        peer=peer,
        factor=math.exp(sum(logs) / len(logs)) if logs else math.nan,
        instances=len(finite),
        only_ours=sum(math.isfinite(a) and not math.isfinite(b) for a, b in both),
        only_theirs=sum(math.isfinite(b) and not math.isfinite(a) for a, b in both),
    )


def _seconds(time: TimeToTarget) -> str:
    if not time.hits:
        return f"> {time.low:.3g}"
    return f"{time.tts99:.3g} [{time.low:.3g}, {time.high:.3g}]"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
