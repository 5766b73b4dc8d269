"""Zero-noise extrapolation: an expectation value at several noise scales, extrapolated to none.

Temme, Bravyi, Gambetta, PRL 119, 180509 (2017); Giurgica-Tiron et al., arXiv:2005.10921.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from isinglass.circuits.batch import Circuit, CircuitBatch
from isinglass.circuits.expectations import expectation_values
from isinglass.circuits.extrapolation import extrapolate
from isinglass.circuits.folding import FOLDINGS
from isinglass.circuits.gate_list import GateList
from isinglass.circuits.pauli_sums import Observable, PauliSum
from isinglass.circuits.reading import Reader, bound_circuit
from isinglass.circuits.runner import CircuitRunner, Outcome, one_by_one
from isinglass.control import Cancel, Progress, RunControl
from isinglass.errors import ParameterError


@dataclass(frozen=True)
class ZeroNoise:
    """An extrapolated value and what it came from."""

    value: float
    std_error: float
    """From shots alone; the error of the extrapolation is not known."""
    scales: tuple[float, ...]
    """Noise scales reached: whole gates are folded, so they differ a little from those asked for."""
    values: tuple[float, ...]


def zero_noise(
    circuit: Circuit, observable: Observable | None, runner: CircuitRunner | Callable[[Any], float],
    scale_factors: Sequence[float] = (1, 3, 5), *, folding: str = "global", extrapolation: str = "linear",
    degree: int = 2, asymptote: float | None = None, shots: int | None = None,
    progress: Callable[[Progress], None] | None = None, cancel: Cancel | None = None,
    time_limit: float | None = None,
) -> ZeroNoise:  # fmt: skip
    """The expectation value of an observable without noise, estimated from noisy ones.

    Args:
        circuit: measured at its end or not at all.
        observable: as in ``expectation``; None with an executor, which knows its own.
        runner: a runner, or an executor: a function that takes a circuit (text or Qiskit circuit, as
            ``circuit``) with its measurements and returns the noisy value.
        scale_factors: noise scales, each >= 1, at least two.
        folding: "global" folds the whole circuit, "local" each gate.
        extrapolation, degree, asymptote: as in ``extrapolate``; None stands for the observable's constant.
        shots: for each scale, over all groups of the observable.
        progress, cancel, time_limit: as in ``expectation_values``; an executor is stopped between its calls.

    Raises:
        ParameterError: a bad argument. CircuitError: a circuit that measures before its end.
    """
    if folding not in FOLDINGS:
        raise ParameterError(f"folding={folding!r} is not one of {', '.join(FOLDINGS)}")
    gates = GateList.of(circuit)
    folded = [FOLDINGS[folding](gates, scale) for scale in scale_factors]
    scales = tuple(scale for _, scale in folded)
    texts = [one.qasm() for one, _ in folded]
    if isinstance(runner, CircuitRunner):
        if observable is None:
            raise ParameterError("a runner needs an observable: only an executor knows its own")
        means = expectation_values(
            texts, observable, runner, shots=shots, exact=False, progress=progress, cancel=cancel,
            time_limit=time_limit,
        ).values()  # fmt: skip
        values, errors = tuple(one.value for one in means), [one.std_error for one in means]
        asymptote = PauliSum.of(observable).constant if asymptote is None else asymptote
    else:
        if observable is not None or shots is not None:
            raise ParameterError("an executor knows its observable and shots: leave them out")
        as_given = (
            texts if isinstance(circuit, str) else [bound_circuit(Reader().read(text)) for text in texts]
        )
        watched = _Executor(runner)
        found = watched.submit(as_given, watched.control(time_limit, progress, cancel))
        values, errors = tuple(entry["results"]["value"] for entry in found), [0.0] * len(texts)
    value, error = extrapolate(
        scales, values, extrapolation, degree=degree, asymptote=asymptote or 0.0, std_errors=errors
    )
    return ZeroNoise(value, error, scales, values)


class _Executor(CircuitRunner):
    """A user's function of a circuit, called for one circuit at a time."""

    def __init__(self, function: Callable[[Any], float]) -> None:
        super().__init__(n_processes=1)
        self._function = function

    def run(self, batch: CircuitBatch, control: RunControl) -> Sequence[Outcome | None]:
        return one_by_one(batch, control, lambda _, one: Outcome({"value": float(self._function(one))}))
