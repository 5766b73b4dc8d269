"""Qiskit's primitives over any circuit runner: ``SamplerV2`` and ``EstimatorV2``.

Needs Qiskit (extra: circuits). They take Qiskit circuits, parameter values and observables in Qiskit's order,
and broadcast them as Qiskit's own primitives do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from qiskit.primitives import (
    BaseEstimatorV2,
    BaseSamplerV2,
    BitArray,
    DataBin,
    PrimitiveJob,
    PrimitiveResult,
    PubResult,
    SamplerPubResult,
)
from qiskit.primitives.containers.estimator_pub import EstimatorPub, EstimatorPubLike
from qiskit.primitives.containers.sampler_pub import SamplerPub, SamplerPubLike

from isinglass.circuits.batch import Circuit
from isinglass.circuits.counts import Counts, Register, bits_of_key
from isinglass.circuits.expectations import values_of
from isinglass.circuits.gate_list import GateList
from isinglass.circuits.parallel_simulator import ParallelSimulator
from isinglass.circuits.pauli_sums import PauliSum
from isinglass.circuits.qiskit_circuits import to_program
from isinglass.circuits.reading import Reader
from isinglass.circuits.runner import CircuitRunner, whole_number
from isinglass.errors import CircuitError, ParameterError


class SamplerV2(BaseSamplerV2):
    """Shots of parametric circuits.

    Args:
        runner: what runs the circuits; None for a ``ParallelSimulator``.
        default_shots: of pubs that do not say; None for the runner's number.
    """

    def __init__(self, runner: CircuitRunner | None = None, *, default_shots: int | None = None) -> None:
        self.runner = ParallelSimulator() if runner is None else runner
        self.default_shots = (
            self.runner.shots if default_shots is None else whole_number("shots", default_shots)
        )

    def run(
        self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None
    ) -> PrimitiveJob[PrimitiveResult[SamplerPubResult]]:
        """A job whose ``result()`` has, for each pub, a ``BitArray`` for each classical register."""
        coerced = [SamplerPub.coerce(pub, shots or self.default_shots) for pub in pubs]
        job: PrimitiveJob[PrimitiveResult[SamplerPubResult]] = PrimitiveJob(self._run, coerced)
        job._submit()
        return job

    def _run(self, pubs: list[SamplerPub]) -> PrimitiveResult[SamplerPubResult]:
        return PrimitiveResult([self._run_pub(k, pub) for k, pub in enumerate(pubs)], metadata={"version": 2})

    def _run_pub(self, number: int, pub: SamplerPub) -> SamplerPubResult:
        bound = pub.parameter_values.bind_all(pub.circuit)
        circuits = {f"pub {number}, {k}": _text(circuit) for k, circuit in enumerate(bound.ravel())}
        entries = self.runner.submit_circuits(circuits, shots=pub.shots)
        registers = _registers(bound.ravel()[0])
        tables = [_shots(entry["results"], registers, k) for k, entry in enumerate(entries)]
        table = np.array(tables).reshape(*bound.shape, pub.shots, pub.circuit.num_clbits)
        data = {
            register.name: BitArray.from_bool_array(
                table[..., [pub.circuit.find_bit(bit).index for bit in register]], order="little"
            )
            for register in pub.circuit.cregs
        }
        return SamplerPubResult(DataBin(**data, shape=bound.shape), metadata={"shots": pub.shots})


class EstimatorV2(BaseEstimatorV2):
    """Expectation values of parametric circuits.

    Args:
        runner: what runs the circuits; None for a ``ParallelSimulator``. Runners that know expectation values
            give them exactly; from others come as many shots as the precision needs in the worst case.
        default_precision: standard error of pubs that do not say, > 0.
    """

    def __init__(self, runner: CircuitRunner | None = None, *, default_precision: float = 1 / 64) -> None:
        self.runner = ParallelSimulator() if runner is None else runner
        self.default_precision = default_precision

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob[PrimitiveResult[PubResult]]:
        """A job whose ``result()`` has ``data.evs`` and ``data.stds`` for each pub."""
        wanted = self.default_precision if precision is None else precision
        coerced = [EstimatorPub.coerce(pub, wanted) for pub in pubs]
        job: PrimitiveJob[PrimitiveResult[PubResult]] = PrimitiveJob(self._run, coerced)
        job._submit()
        return job

    def _run(self, pubs: list[EstimatorPub]) -> PrimitiveResult[PubResult]:
        return PrimitiveResult([self._run_pub(k, pub) for k, pub in enumerate(pubs)], metadata={"version": 2})

    def _run_pub(self, number: int, pub: EstimatorPub) -> PubResult:
        bound = pub.parameter_values.bind_all(pub.circuit)
        reader = Reader()
        lists = [GateList.of(circuit, reader) for circuit in bound.ravel()]
        which, observables = np.broadcast_arrays(
            np.arange(len(lists)).reshape(bound.shape), np.asarray(pub.observables)
        )
        evs, stds = np.zeros(which.shape), np.zeros(which.shape)
        together: dict[tuple[tuple[str, float], ...], list[Any]] = {}
        for place in np.ndindex(which.shape):
            observable: Any = observables[place]
            together.setdefault(tuple(observable.items()), []).append(place)
        for k, (terms, places) in enumerate(together.items()):
            total = PauliSum.of({label[::-1]: coefficient for label, coefficient in terms})
            circuits = {f"pub {number}, {k}, {which[place]}": lists[which[place]] for place in places}
            found = values_of(
                circuits,
                total,
                self.runner,
                self.runner.control(),
                self._shots(total, pub.precision),
                "weighted",
            )
            for place in places:
                one = found[f"pub {number}, {k}, {which[place]}"]
                evs[place], stds[place] = one.value, one.std_error
        data = DataBin(evs=evs, stds=stds, shape=which.shape)
        return PubResult(data, metadata={"target_precision": pub.precision})

    def _shots(self, observable: PauliSum, precision: float | None) -> int | None:
        """None for exact values."""
        if self.runner.supports_expval:
            return None
        if not precision:
            raise ParameterError(
                f"precision={precision!r}: {type(self.runner).__name__} gives counts only, so give one > 0"
            )
        # Shared out by size, a sum of size L has variance L^2 / shots at most. Each string may need a
        # circuit.
        size = sum(map(abs, observable.terms.values()))
        return max(len(observable.terms), math.ceil((size / precision) ** 2))


def _text(circuit: Any) -> Circuit:
    """OpenQASM 2, so that circuits that differ in angles are planned once; else the circuit itself."""
    try:
        return GateList.of(circuit).qasm()
    except CircuitError:
        if circuit.parameters:
            raise
        return circuit


def _registers(circuit: Any) -> tuple[Register, ...]:
    """The registers that keys of counts show."""
    program = to_program(circuit)
    if program is not None:
        return program.cregs
    return tuple(Register(r.name, len(r), circuit.find_bit(r[0]).index) for r in circuit.cregs)


def _shots(counts: Counts, registers: tuple[Register, ...], stream: int) -> np.ndarray:
    """bool[shots, clbits], in random order: outcomes come sorted, and a part of the shots must be fair."""
    rows = np.array([bits_of_key(key, registers) for key in counts], bool)
    table = np.repeat(rows, list(counts.values()), axis=0)
    return np.asarray(np.random.default_rng([len(table), stream]).permutation(table))
