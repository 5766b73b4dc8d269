"""Circuits wider than a device, cut into pieces that fit (extra: cutting).

Gate and wire cuts of qiskit-addon-cutting: each cut becomes a weighted sum of circuits without it (Mitarai,
Fujii, NJP 23, 023021, 2021; Peng et al., PRL 125, 150504, 2020). Exact in the mean; the shots needed
grow with the sampling overhead, 9 for each cut CX and 16 for each cut wire, multiplied.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from isinglass.circuits.batch import Circuit
from isinglass.circuits.counts import Counts, bits_of_key, counts_of_bits
from isinglass.circuits.expectations import Expectation
from isinglass.circuits.gate_list import GateList
from isinglass.circuits.parallel_simulator import ParallelSimulator
from isinglass.circuits.pauli_sums import Observable, PauliSum
from isinglass.circuits.qiskit_circuits import qiskit_module, to_program
from isinglass.circuits.reading import Reader, bound_circuit
from isinglass.circuits.runner import CircuitRunner, whole_number
from isinglass.control import Cancel, Progress, RunControl
from isinglass.errors import CircuitError, MissingExtraError, ParameterError
from isinglass.memory import require

_OUTCOMES, _SIGNS = "observable_measurements", "qpd_measurements"


@dataclass(frozen=True)
class CutCircuit:
    """A circuit and its pieces, made by ``cut``."""

    gates: GateList
    overhead: float
    """How many times the shots of the whole circuit the same precision takes."""
    whole: Any
    final: Any
    """Qiskit circuits before and after the cuts."""

    @classmethod
    def of(cls, circuit: Circuit, max_qubits: int, *, seed: int = 0) -> CutCircuit:
        """Cut automatically into pieces of at most ``max_qubits``; CircuitError where no cuts are found."""
        width = whole_number("max_qubits", max_qubits)
        cutting = _cutting("qiskit_addon_cutting")
        gates = GateList.of(circuit)
        plain = replace(gates, cregs=(), measured=()).qasm()
        whole = bound_circuit(Reader().read(plain))
        if any(len(gate.qubits) > 2 and gate.name != "barrier" for gate in gates.gates):
            whole = qiskit_module("qiskit").transpile(whole, basis_gates=["u", "cx"], optimization_level=0)
        found = qiskit_module("qiskit").QuantumCircuit(*whole.qregs)
        for one in whole.data:
            if one.operation.name != "barrier":
                found.append(one)
        try:
            final, facts = cutting.find_cuts(
                found, cutting.OptimizationParameters(seed=seed), cutting.DeviceConstraints(width)
            )
        except (ValueError, AttributeError) as error:
            raise CircuitError(f"no cuts into pieces of {width} qubits were found: {error}") from error
        return cls(gates, float(facts["sampling_overhead"]), found, cutting.cut_wires(final))

    def experiments(self, strings: list[str]) -> _Experiments:
        """All circuits that the strings (leftmost letter for qubit 0) need."""
        cutting = _cutting("qiskit_addon_cutting")
        grouping = _cutting("qiskit_addon_cutting.utils.observable_grouping")
        paulis = qiskit_module("qiskit.quantum_info").PauliList([string[::-1] for string in strings])
        wider = cutting.expand_observables(paulis, self.whole, self.final)
        problem = cutting.partition_problem(circuit=self.final, observables=wider)
        circuits, coefficients = cutting.generate_cutting_experiments(
            problem.subcircuits, problem.subobservables, np.inf
        )
        groups = {k: grouping.ObservableCollection(part) for k, part in problem.subobservables.items()}
        return _Experiments(circuits, [float(c) for c, _ in coefficients], problem.subobservables, groups)


@dataclass(frozen=True)
class _Experiments:
    """Circuits by piece; circuit ``i * groups + k`` of a piece is for coefficient i and group k."""

    circuits: dict[Any, list[Any]]
    coefficients: list[float]
    strings: dict[Any, Any]
    groups: dict[Any, Any]

    def run(self, runner: CircuitRunner, shots: int | None, control: RunControl) -> dict[Any, list[_Shots]]:
        labelled = {f"piece {p}, {k}": c for p, part in self.circuits.items() for k, c in enumerate(part)}
        entries = iter(runner.submit(labelled, control, shots=shots))
        return {p: [_shots(c, next(entries)["results"]) for c in part] for p, part in self.circuits.items()}


@dataclass(frozen=True)
class _Shots:
    """Distinct outcomes of one experiment."""

    outcomes: np.ndarray
    """int64: bit k is bit k of the register of observables."""
    signs: np.ndarray
    times: np.ndarray

    def parities(self, masks: list[int]) -> np.ndarray:
        """float64[outcomes, masks]: sign times parity."""
        ones = np.array([[(o & m).bit_count() & 1 for m in masks] for o in self.outcomes.tolist()])
        return np.asarray(self.signs[:, None] * (1.0 - 2.0 * ones))

    def mean(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(self.times @ values / self.times.sum())


def _shots(circuit: Any, counts: Counts) -> _Shots:
    program = to_program(circuit)
    assert program is not None
    places = {r.name: range(r.first, r.first + r.size) for r in program.cregs}
    bits = np.array([bits_of_key(key, program.cregs) for key in counts], np.int64)
    outcome = bits[:, list(places.get(_OUTCOMES, ()))]
    signs = 1 - 2 * (bits[:, list(places.get(_SIGNS, ()))].sum(axis=1) & 1)
    weights = np.int64(1) << np.arange(outcome.shape[1])
    return _Shots(outcome @ weights, signs, np.array(list(counts.values()), float))


def cut_expectation(
    circuit: Circuit, observable: Observable, max_qubits: int, runner: CircuitRunner | None = None, *,
    shots: int | None = None, seed: int = 0, progress: Callable[[Progress], None] | None = None,
    cancel: Cancel | None = None, time_limit: float | None = None,
) -> Expectation:  # fmt: skip
    """The expectation value of an observable from pieces of at most ``max_qubits`` qubits.

    Args:
        circuit: gates, measured at the end or not at all.
        observable: as in ``expectation``.
        max_qubits: the widest piece, 1 up.
        runner: what runs the pieces; it must know measurements and resets in mid-circuit. None for a
            ``ParallelSimulator``.
        shots: of each piece's circuits; None for the runner's number.
        seed: of the search for cuts, which counts towards ``time_limit`` but is not stopped by it.
        progress, cancel, time_limit: as in ``expectation_values``.

    Raises:
        CircuitError: no cuts were found, or a stop came before the last piece.
        MissingExtraError: qiskit-addon-cutting is not installed.
    """
    runner = ParallelSimulator() if runner is None else runner
    control = runner.control(time_limit, progress, cancel)
    cut = CutCircuit.of(circuit, max_qubits, seed=seed)
    total = PauliSum.of(observable).widened(cut.gates.qubits)
    if not total.terms:
        return Expectation(total.constant, 0.0, 0)
    weights = np.array(list(total.terms.values()))
    experiments = cut.experiments(list(total.terms))
    shown = experiments.run(runner, shots, control)
    value = variance = 0.0
    for i, coefficient in enumerate(experiments.coefficients):
        means = {
            piece: _means(experiments, piece, shown[piece], i, len(weights)) for piece in experiments.circuits
        }
        value += coefficient * float(weights @ np.prod([mean for mean, _ in means.values()], axis=0))
        for piece, (_, parts) in means.items():
            others = [mean for other, (mean, _) in means.items() if other != piece]
            slopes = coefficient * weights * np.prod(others, axis=0)
            for shots_of_it, tables in parts:
                one = tables @ slopes
                mean = shots_of_it.mean(one)
                spread = float(shots_of_it.mean((one - mean) ** 2))
                variance += spread / max(1.0, float(shots_of_it.times.sum()) - 1)
    spent = int(sum(one.times.sum() for part in shown.values() for one in part))
    return Expectation(total.constant + value, math.sqrt(variance), spent)


def _means(
    experiments: _Experiments, piece: Any, shown: list[_Shots], i: int, terms: int
) -> tuple[np.ndarray, list[tuple[_Shots, np.ndarray]]]:
    """(mean of each term on this piece, for each group: shots and their part of each term)."""
    collection = experiments.groups[piece]
    part = experiments.strings[piece]
    found = []
    for k, group in enumerate(collection.groups):
        shots = shown[i * len(collection.groups) + k]
        values = shots.parities(list(group.pauli_bitmasks))
        table = np.zeros((len(values), terms))
        for term in range(terms):
            places = collection.lookup[part[term]]
            for group_number, member in places:
                if group_number == k:
                    table[:, term] += values[:, member] / len(places)
        found.append((shots, table))
    return np.sum([shots.mean(table) for shots, table in found], axis=0), found


def cut_counts(
    circuit: Circuit, max_qubits: int, runner: CircuitRunner | None = None, *, shots: int | None = None,
    seed: int = 0, progress: Callable[[Progress], None] | None = None, cancel: Cancel | None = None,
    time_limit: float | None = None,
) -> dict[str, float]:  # fmt: skip
    """The distribution of a circuit's outcomes from its pieces: bit string -> quasi-probability.

    Arguments as in ``cut_expectation``. The numbers sum to about 1 and some are a little negative, as
    shots are few; memory 8 * 2^qubits bytes.

    Raises:
        CircuitError: no cuts were found, or the circuit measures nothing.
    """
    runner = ParallelSimulator() if runner is None else runner
    control = runner.control(time_limit, progress, cancel)
    cut = CutCircuit.of(circuit, max_qubits, seed=seed)
    n = cut.gates.qubits
    if not cut.gates.measured:
        raise CircuitError("the circuit measures nothing: add 'creg c[n];' and 'measure q -> c;'")
    require(16 << n, f"the distribution of {n} qubits")
    if n > 62:
        raise ParameterError(f"distributions of {n} qubits are too many numbers: ask for expectation values")
    experiments = cut.experiments(["Z" * n])
    shown = experiments.run(runner, shots, control)
    orders = list(_orders(cut, experiments))
    joint = np.zeros(1 << n)
    for i, coefficient in enumerate(experiments.coefficients):
        parts = []
        for piece, order in zip(experiments.circuits, orders, strict=True):
            one = shown[piece][i]
            # A piece that ends without a qubit of the circuit still measures one, which says nothing.
            outcomes = one.outcomes if order else np.zeros_like(one.outcomes)
            signed = np.bincount(outcomes, one.signs * one.times, minlength=1 << len(order))
            parts.append(signed / one.times.sum())
        # The first piece's qubits are the lowest bits.
        joint += coefficient * reduce(lambda low, high: np.outer(high, low).ravel(), parts)
    places = {qubit: k for k, qubit in enumerate(q for order in orders for q in order)}
    seen = np.flatnonzero(np.abs(joint) > 1e-12)
    bits = np.zeros((len(seen), sum(r.size for r in cut.gates.cregs)), np.uint8)
    for qubit, clbit in cut.gates.measured:
        bits[:, clbit] = seen >> places[qubit] & 1
    return dict(counts_of_bits(bits, joint[seen], cut.gates.cregs))


def _orders(cut: CutCircuit, experiments: _Experiments) -> Iterator[list[int]]:
    """For each piece, the circuit's qubits in the order of the bits that it measures."""
    cutting = _cutting("qiskit_addon_cutting")
    n = cut.gates.qubits
    alone = qiskit_module("qiskit.quantum_info").PauliList(
        ["I" * (n - 1 - q) + "Z" + "I" * q for q in range(n)]
    )
    wider = cutting.expand_observables(alone, cut.whole, cut.final)
    strings = cutting.partition_problem(circuit=cut.final, observables=wider).subobservables
    for piece in experiments.circuits:
        at = {int(np.flatnonzero(pauli.z)[0]): q for q, pauli in enumerate(strings[piece]) if pauli.z.any()}
        yield [at[place] for place in sorted(at)]


def _cutting(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError("qiskit-addon-cutting", "cutting", "cutting circuits") from error
