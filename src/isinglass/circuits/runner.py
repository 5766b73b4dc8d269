"""The contract of everything that runs circuits, and how to write one more.

A runner takes labelled circuits as OpenQASM text and gives back counts. To write one:

1. Subclass ``CircuitRunner`` and write ``run(batch, control)``. It gets a checked ``CircuitBatch`` and
   returns one ``Outcome`` for each circuit, in the batch's order: counts of ``batch.shots`` shots, or the
   error that kept it from running. One bad circuit must not cost the others their results, so put errors
   into outcomes.
2. Look at ``control`` (isinglass.control.RunControl): hand work to ``control.run`` as (circuits, task)
   pairs, or use ``one_by_one``, which counts circuits, tells of them and stops between them. Leave ``None``
   in place of circuits that did not run.
3. If the runner knows expectation values, let ``supports_expval`` be True and answer
   ``batch.observables`` with a dict of Pauli string -> value instead of counts.
4. Add it to the fixture of ``tests/contract/test_circuit_runners.py``, which asks all this of it.

``submit_circuits`` and what it calls (do not override them) check what they are given, track depths, pass on
cancellation and progress, and make the list that callers get. Whoever needs several submissions for one
answer makes one ``control`` for all of them. Bit order of counts: ``isinglass.circuits.counts``.
"""

from __future__ import annotations

import statistics
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from isinglass.circuits.batch import Circuit, CircuitBatch
from isinglass.circuits.depth import depth_of
from isinglass.control import Cancel, Progress, RunControl, check_positive
from isinglass.errors import CircuitError, ParameterError


@dataclass
class Outcome:
    """What came of one circuit: ``results`` or an ``error``."""

    results: dict[str, int] | dict[str, float] | None = None
    """Bit string -> count, or Pauli string -> expectation value."""
    error: Exception | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    """How it was run: ``engine``, ``seed``, ..."""


class CircuitResult(dict[str, Any]):
    """``{"label": ..., "results": ..., "metadata": ...}``, or with ``"error"`` (a text) in place of results.

    Asking a failed circuit for its ``"results"`` raises its error.
    """

    def __init__(self, label: str, outcome: Outcome) -> None:
        super().__init__(label=label)
        self.exception = outcome.error
        """The error itself; None for a circuit that ran."""
        if outcome.error is None:
            self["results"] = outcome.results
        else:
            self["error"] = str(outcome.error)
        self["metadata"] = outcome.metadata

    def __missing__(self, key: str) -> Any:
        if key == "results" and self.exception is not None:
            raise self.exception
        raise KeyError(key)


class CircuitRunner(ABC):
    """Runs batches of circuits.

    Args:
        shots: measurements of each circuit, >= 1.
        track_depth: keep the depths of submitted circuits in ``depth_history``.
        n_processes: circuits in work at a time; None for as many as this process has cores.
    """

    def __init__(
        self, shots: int = 1000, *, track_depth: bool = False, n_processes: int | None = None
    ) -> None:
        self._shots = whole_number("shots", shots)
        self.n_processes = None if n_processes is None else whole_number("n_processes", n_processes)
        self.track_depth = track_depth
        self._depths: list[list[int]] = []

    @property
    def shots(self) -> int:
        """Measurements of each circuit."""
        return self._shots

    @property
    def supports_expval(self) -> bool:
        """Can this runner answer with expectation values?"""
        return False

    @property
    def is_async(self) -> bool:
        """Does ``submit_circuits`` return before the circuits have run?"""
        return False

    def set_seed(self, seed: int) -> None:
        """The seed of later submissions; runners without randomness of their own ignore it."""
        return None

    @abstractmethod
    def run(self, batch: CircuitBatch, control: RunControl) -> Sequence[Outcome | None]:
        """One outcome for each circuit, None for those that a stop kept from running."""

    def check_width(self, qubits: int) -> None:
        """Raise where no circuit of so many qubits can run here; runners that know of no limit accept all."""
        return None

    def control(
        self, time_limit: float | None = None, progress: Callable[[Progress], None] | None = None,
        cancel: Cancel | None = None, num_threads: int | None = None,
    ) -> RunControl:  # fmt: skip
        """What stops and watches submissions to this runner; the clock begins now."""
        check_positive("time_limit", time_limit)
        return RunControl(time_limit, progress, num_threads or self.n_processes, cancel=cancel)

    def submit_circuits(
        self,
        circuits: Mapping[str, Circuit] | Sequence[Circuit] | Sequence[tuple[str, Circuit]],
        *,
        observables: str | Sequence[str] | None = None,
        shots: int | None = None,
        cancellation_event: Cancel | None = None,
        progress: Callable[[Progress], None] | None = None,
        time_limit: float | None = None,
    ) -> list[CircuitResult]:
        """Run circuits; one result for each, in the order given.

        Args:
            circuits: label -> OpenQASM 2 or 3 text (or Qiskit circuit); or (label, text) pairs; or texts
                alone, which are labelled "0", "1", ...
            observables: Pauli strings, leftmost letter for qubit 0, to be answered instead of counts.
            shots: measurements of each circuit in place of the runner's own number; None for that.
            cancellation_event: a ``threading.Event``, or anything with ``is_set()``: once it is set, circuits
                that have not run are given up.
            progress: called about ten times a second with a ``Progress``; ``reads_done`` are circuits.
            time_limit: seconds after which circuits that have not run are given up.

        Raises:
            ParameterError: no circuits, labels twice, or a parameter out of range.
            CircuitError, OutOfMemoryError, ...: if no circuit could be run, the error of the first.
                Otherwise a circuit's error stands in its result.
        """
        return self.submit(
            circuits,
            self.control(time_limit, progress, cancellation_event),
            observables=observables,
            shots=shots,
        )

    def submit(
        self,
        circuits: Mapping[str, Circuit] | Sequence[Circuit] | Sequence[tuple[str, Circuit]],
        control: RunControl,
        *,
        observables: str | Sequence[str] | None = None,
        shots: int | None = None,
    ) -> list[CircuitResult]:
        """``submit_circuits`` under a control that may cover several submissions."""
        wanted = self._shots if shots is None else whole_number("shots", shots)
        return self.submit_batches([CircuitBatch.of(circuits, observables, wanted)], control)

    def submit_batches(self, batches: Sequence[CircuitBatch], control: RunControl) -> list[CircuitResult]:
        """Batches with observables or shots of their own, as one submission; results in their order."""
        if not self.supports_expval and any(batch.observables is not None for batch in batches):
            raise ParameterError(
                f"{type(self).__name__} gives counts, not expectation values: leave observables out"
            )
        if self.track_depth:
            self._depths.append([depth for batch in batches for depth in depth_of(batch)])
        outcomes = [outcome for batch in batches for outcome in self.run(batch, control)]
        unrun = CircuitError(f"not run: {control.stop_reason.partition(':')[0]}")
        ended = [Outcome(error=unrun) if outcome is None else outcome for outcome in outcomes]
        if all(outcome.error is not None for outcome in ended):
            if control.interrupted:
                raise KeyboardInterrupt
            raise ended[0].error  # type: ignore[misc]  # all of them have one
        labels = [label for batch in batches for label in batch.labels]
        return [CircuitResult(label, outcome) for label, outcome in zip(labels, ended, strict=True)]

    def submit_each(
        self, batch: CircuitBatch, wanted: Sequence[int | tuple[str, ...]], control: RunControl
    ) -> list[CircuitResult]:
        """One submission in which each circuit has shots or Pauli strings of its own; results in order."""
        parts: dict[int | tuple[str, ...], list[int]] = {}
        for index, one in enumerate(wanted):
            parts.setdefault(one, []).append(index)
        batches = []
        for one, indices in parts.items():
            labels, circuits = (tuple(what[k] for k in indices) for what in (batch.labels, batch.circuits))
            strings, shots = (None, one) if isinstance(one, int) else (one, self.shots)
            batches.append(CircuitBatch(labels, circuits, strings, shots))
        order = [index for indices in parts.values() for index in indices]
        found = dict(zip(order, self.submit_batches(batches, control), strict=True))
        return [found[k] for k in range(len(wanted))]

    @property
    def depth_history(self) -> list[list[int]]:
        """Depths of the circuits of each submission, as Qiskit counts them; circuits with errors left out."""
        return [list(depths) for depths in self._depths]

    def average_depth(self) -> float:
        """Mean over all circuits so far; 0 before the first."""
        depths = [depth for batch in self._depths for depth in batch]
        return statistics.fmean(depths) if depths else 0.0

    def std_depth(self) -> float:
        """Population standard deviation over all circuits so far; 0 before the first."""
        depths = [depth for batch in self._depths for depth in batch]
        return statistics.pstdev(depths) if depths else 0.0

    def clear_depth_history(self) -> None:
        self._depths.clear()


def whole_number(name: str, value: int) -> int:
    """``value`` as an int; ParameterError unless it is a whole number of at least 1."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < 1:
        raise ParameterError(f"{name}={value!r} is not a whole number of at least 1")
    return value.__index__()


def one_by_one(
    batch: CircuitBatch, control: RunControl, run: Callable[[str, Circuit], Outcome]
) -> list[Outcome | None]:
    """``run(label, circuit)`` of each circuit, ``control.num_threads`` at a time.

    None where a stop came first; what ``run`` raises becomes the circuit's error.
    """
    outcomes: list[Outcome | None] = [None] * len(batch.labels)

    def task(index: int) -> None:
        try:
            outcomes[index] = run(batch.labels[index], batch.circuits[index])
        except Exception as error:  # of one circuit: it must not cost the others their results
            outcomes[index] = Outcome(error=error)

    control.run([(1, partial(task, index)) for index in range(len(outcomes))])
    return outcomes
