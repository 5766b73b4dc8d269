"""Expectation values of observables on any runner.

A runner that knows expectation values is asked for them. From others they come by shots: the strings
are grouped so that one circuit measures a whole group (qubit-wise commuting), each circuit is
turned to its group's basis, and shots are shared out among groups:

* "uniform": the same number for each;
* "weighted": in proportion to the sum of the group's |coefficients|;
* "variance": a tenth of the shots, uniform, finds each group's standard deviation; the others go in
  proportion to it (Neyman allocation). The first tenth is not used twice, so that the values stay unbiased.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from isinglass.circuits.batch import Circuit, CircuitBatch
from isinglass.circuits.gate_list import GateList
from isinglass.circuits.parallel_simulator import ParallelSimulator
from isinglass.circuits.pauli_sums import Observable, PauliSum, basis, group, masks
from isinglass.circuits.reading import Reader
from isinglass.circuits.readout import ReadoutErrors
from isinglass.circuits.runner import CircuitRunner, whole_number
from isinglass.circuits.shot_distribution import PILOT_SHARE, SHOT_DISTRIBUTIONS, share
from isinglass.control import Cancel, Progress, RunControl
from isinglass.errors import ParameterError


class Expectation(NamedTuple):
    """A value and its standard error: 0 where it is exact."""

    value: float
    std_error: float
    shots: int
    """Shots that the value is a mean of; 0 where it is exact."""
    terms: Mapping[str, float] = MappingProxyType({})
    """Pauli string, as long as the circuit is wide -> its value; empty where they are not told apart."""


class _Moments(NamedTuple):
    """Of the group's part of the observable over the shots of one circuit."""

    mean: float
    variance: float
    """Of one shot."""
    shots: int
    of_terms: list[float]
    """Mean of each string, without its coefficient."""


@dataclass
class _Group:
    """Strings that one circuit measures."""

    letters: str
    strings: list[str]
    terms: list[tuple[int, float]]
    """(mask of qubits whose parity counts, coefficient)."""
    readout: ReadoutErrors | None = None

    def moments(self, counts: Mapping[str, int]) -> _Moments:
        times = np.array(list(counts.values()), float)
        parities = np.array([self.parities(int(key, 2)) for key in counts])
        values = parities @ np.array([c for _, c in self.terms])
        shots = times.sum()
        mean = float(values @ times / shots)
        spread = float((values - mean) ** 2 @ times)
        return _Moments(mean, spread / max(1.0, shots - 1), int(shots), (times @ parities / shots).tolist())

    def parities(self, outcome: int) -> list[float]:
        """Each string's value for one shot; bit k of ``outcome`` is qubit k."""
        if self.readout is not None:
            return [self.readout.parity(outcome, mask) for mask, _ in self.terms]
        return [-1.0 if (outcome & mask).bit_count() & 1 else 1.0 for mask, _ in self.terms]

    def spread(self, moments: _Moments) -> float:
        """Standard deviation of one shot, raised by what few shots may have missed."""
        return math.sqrt(moments.variance + sum(abs(c) for _, c in self.terms) ** 2 / moments.shots)


def expectation(
    circuit: Circuit, observable: Observable, runner: CircuitRunner | None = None, *,
    shots: int | None = None, shot_distribution: str = "uniform", exact: bool | None = None,
    readout: ReadoutErrors | None = None, progress: Callable[[Progress], None] | None = None,
    cancel: Cancel | None = None, time_limit: float | None = None,
) -> Expectation:  # fmt: skip
    """The expectation value of an observable after a circuit; arguments as in ``expectation_values``."""
    return expectation_values(
        {"circuit": circuit}, observable, runner, shots=shots, shot_distribution=shot_distribution,
        exact=exact, readout=readout, progress=progress, cancel=cancel, time_limit=time_limit,
    )["circuit"]  # fmt: skip


def expectation_values(
    circuits: Mapping[str, Circuit] | Sequence[Circuit] | Sequence[tuple[str, Circuit]],
    observable: Observable,
    runner: CircuitRunner | None = None,
    *,
    shots: int | None = None,
    shot_distribution: str = "uniform",
    exact: bool | None = None,
    readout: ReadoutErrors | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Cancel | None = None,
    time_limit: float | None = None,
) -> dict[str, Expectation]:
    """Label -> expectation value of one observable after each circuit, measurements at its end left out.

    Args:
        circuits: as for ``CircuitRunner.submit_circuits``.
        observable: ``{"ZZI": 0.5, "XII": -1.0}``, the leftmost letter for qubit 0, or a Qiskit
            ``SparsePauliOp`` (which has it rightmost). Qubits that a string does not reach get I.
        runner: what to run on; None for a ``ParallelSimulator``.
        shots: shots of each circuit over all groups; None for the runner's number for each group.
        shot_distribution: "uniform", "weighted" or "variance"; see the module's docstring.
        exact: True: only without shots; False: by shots everywhere; None: exact where the runner can and
            ``shots`` is None.
        readout: readout errors to be inverted (``ReadoutErrors.measure``); values are then by shots, and
            their standard errors leave out those of ``readout`` itself.
        progress: called about ten times a second with a ``Progress``; ``reads_done`` are circuits.
        cancel: a ``threading.Event``, or anything with ``is_set()``.
        time_limit: seconds from this call.

    Raises:
        ParameterError: an observable that is none, too few shots, ``exact`` on a runner that cannot or with
            ``readout``, or ``readout`` of fewer qubits.
        CircuitError: a circuit that measures or resets before its end; what the runner raises; "not run: ..."
            where ``cancel`` or ``time_limit`` came before the last circuit that a value needs.
    """
    runner = ParallelSimulator() if runner is None else runner
    if shot_distribution not in SHOT_DISTRIBUTIONS:
        raise ParameterError(
            f"shot_distribution={shot_distribution!r} is not one of {', '.join(SHOT_DISTRIBUTIONS)}"
        )
    if exact and not runner.supports_expval:
        raise ParameterError(f"{type(runner).__name__} gives counts only: leave exact out")
    if readout is not None:
        if exact:
            raise ParameterError("exact values have no readout errors: give exact or readout")
        exact = False
    control = runner.control(time_limit, progress, cancel)
    batch = CircuitBatch.of(circuits)
    reader = Reader()
    lists = {
        label: GateList.of(circuit, reader)
        for label, circuit in zip(batch.labels, batch.circuits, strict=True)
    }
    return values_of(lists, observable, runner, control, shots, shot_distribution, exact, readout)


def values_of(
    lists: dict[str, GateList], observable: Observable, runner: CircuitRunner, control: RunControl,
    shots: int | None = None, shot_distribution: str = "uniform", exact: bool | None = None,
    readout: ReadoutErrors | None = None,
) -> dict[str, Expectation]:  # fmt: skip
    """``expectation_values`` of circuits that have been read."""
    given = PauliSum.of(observable)
    by_width = {n: given.widened(n) for n in {gates.qubits for gates in lists.values()}}
    found: dict[str, Expectation] = {}
    for n, total in by_width.items():
        these = {label: gates for label, gates in lists.items() if gates.qubits == n}
        if not total.terms:
            found |= dict.fromkeys(these, Expectation(total.constant, 0.0, 0))
        elif exact or (exact is None and shots is None and runner.supports_expval):
            found |= _exactly(these, total, runner, control)
        else:
            found |= _by_shots(these, total, runner, control, shots, shot_distribution, readout)
    return {label: found[label] for label in lists}


def _exactly(
    circuits: dict[str, GateList], observable: PauliSum, runner: CircuitRunner, control: RunControl
) -> dict[str, Expectation]:
    texts = {label: gates.qasm() for label, gates in circuits.items()}
    found: dict[str, Expectation] = {}
    for entry in runner.submit(texts, control, observables=list(observable.terms)):
        values = entry["results"]
        total = math.fsum(c * values[string] for string, c in observable.terms.items())
        found[entry["label"]] = Expectation(observable.constant + total, 0.0, 0, values)
    return found


def _by_shots(
    circuits: dict[str, GateList], observable: PauliSum, runner: CircuitRunner, control: RunControl,
    shots: int | None, law: str, readout: ReadoutErrors | None,
) -> dict[str, Expectation]:  # fmt: skip
    if readout is not None:
        readout.check_width(observable.qubits)
    groups = []
    for members in group(observable.terms):
        terms = [(masks(s)[0] | masks(s)[1], observable.terms[s]) for s in members]
        groups.append(_Group(basis(members), members, terms, readout))
    total = runner.shots * len(groups) if shots is None else whole_number("shots", shots)
    uniform = [1.0] * len(groups)
    if law == "variance" and len(groups) > 1:
        pilot = max(2 * len(groups), round(PILOT_SHARE * total))
        if total - pilot < len(groups):
            raise ParameterError(
                f"shots={total} are too few to learn variances of {len(groups)} groups: give at least "
                f"{3 * len(groups)}"
            )
        trial = {label: share(pilot, uniform) for label in circuits}
        seen = _moments(circuits, groups, trial, runner, control, "pilot")
        shares = {
            label: share(
                total - pilot, [one.spread(parts) for one, parts in zip(groups, seen[label], strict=True)]
            )
            for label in circuits
        }
    else:
        sizes = [sum(abs(c) for _, c in one.terms) for one in groups]
        shares = dict.fromkeys(circuits, share(total, sizes if law == "weighted" else uniform))
    moments = _moments(circuits, groups, shares, runner, control, "group")
    return {
        label: Expectation(
            observable.constant + math.fsum(part.mean for part in parts),
            math.sqrt(math.fsum(part.variance / part.shots for part in parts)),
            sum(part.shots for part in parts),
            {
                string: value
                for one, part in zip(groups, parts, strict=True)
                for string, value in zip(one.strings, part.of_terms, strict=True)
            },
        )
        for label, parts in moments.items()
    }


def _moments(
    circuits: dict[str, GateList], groups: list[_Group], shares: dict[str, list[int]], runner: CircuitRunner,
    control: RunControl, word: str,
) -> dict[str, list[_Moments]]:  # fmt: skip
    """``_Group.moments`` of every circuit and group; circuits with equal shots go in one submission."""
    by_shots: dict[int, list[tuple[str, int]]] = {}
    for label, counts in shares.items():
        for k, count in enumerate(counts):
            by_shots.setdefault(count, []).append((label, k))
    found: dict[tuple[str, int], _Moments] = {}
    for count, places in by_shots.items():
        # Labels choose the random stream, so each circuit, group and round has its own.
        texts = {f"{label}/{word} {k}": circuits[label].measuring(groups[k].letters) for label, k in places}
        for place, entry in zip(places, runner.submit(texts, control, shots=count), strict=True):
            found[place] = groups[place[1]].moments(entry["results"])
    return {label: [found[label, k] for k in range(len(groups))] for label in circuits}
