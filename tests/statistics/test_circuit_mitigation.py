"""Mitigation on simulated noise: closer to the exact value than without it."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit_aer import noise

from isinglass.circuits import ParallelSimulator, ReadoutErrors, expectation, zero_noise
from isinglass.errors import CircuitError, ParameterError
from tests.oracle.test_circuit_states import text_of

TEXT = text_of([("ry", (0.5,), (0,)), ("cx", (), (0, 1)), ("cx", (), (1, 2)), ("rz", (0.3,), (2,))], 3)


def depolarizing(rate: float, seed: int) -> ParallelSimulator:
    model = noise.NoiseModel()
    model.add_all_qubit_quantum_error(noise.depolarizing_error(rate, 2), ["cx"])
    return ParallelSimulator(noise_model=model, seed=seed, shots=40000)


@pytest.mark.parametrize("folding", ["global", "local"])
def test_zero_noise_extrapolation_undoes_depolarizing_noise(folding: str) -> None:
    """ZIZ passes two CX, so it decays as (1 - rate)^(2 scale): an exponential exactly."""
    exact = expectation(TEXT, "ZIZ").value
    found = zero_noise(
        TEXT, "ZIZ", depolarizing(0.05, seed=4), (1, 3, 5), folding=folding, extrapolation="exponential"
    )
    # 5 sigma of a value of +-1 with 40000 shots.
    decayed = [exact * 0.95 ** (2 * scale) for scale in found.scales]
    assert np.abs(np.array(found.values) - decayed).max() < 5 / np.sqrt(40000)
    assert abs(found.value - exact) < 5 * found.std_error
    assert found.std_error < abs(found.values[0] - exact) / 5


def test_executors_get_what_was_given() -> None:
    seen = []

    def executor(circuit: object) -> float:
        seen.append(circuit)
        return 1.0 - 0.1 * len(seen)

    found = zero_noise(TEXT, None, executor, (1, 2, 3))
    assert all(isinstance(circuit, str) for circuit in seen)
    assert found.value == pytest.approx(1 - 0.1 * (1 - found.scales[0]), abs=0.05)
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    assert zero_noise(circuit, None, lambda one: float(one.size()), (1, 3)).values == (2, 4)
    with pytest.raises(ParameterError):
        zero_noise(TEXT, "ZZZ", executor)
    with pytest.raises(ParameterError):
        zero_noise(TEXT, None, ParallelSimulator())
    with pytest.raises(ParameterError):
        zero_noise(TEXT, "ZZZ", ParallelSimulator(), folding="sideways")


def test_readout_errors_are_measured_and_inverted() -> None:
    model = noise.NoiseModel()
    rates = [(0.02, 0.08), (0.05, 0.01), (0.1, 0.03)]
    for qubit, (up, down) in enumerate(rates):
        model.add_readout_error(noise.ReadoutError([[1 - up, up], [down, 1 - down]]), [qubit])
    runner = ParallelSimulator(noise_model=model, seed=6, shots=40000)
    errors = ReadoutErrors.measure(runner, 3)
    # 5 sigma of a binomial share of at most 0.1.
    assert np.abs(np.array(errors.one_for_zero) - [up for up, _ in rates]).max() < 5 * np.sqrt(0.09 / 40000)
    assert np.abs(np.array(errors.zero_for_one) - [down for _, down in rates]).max() < 5 * np.sqrt(
        0.09 / 40000
    )
    observable = {"ZIZ": 1.0, "XXX": 0.5, "ZII": -0.3}
    exact = expectation(TEXT, observable).value
    plain = expectation(TEXT, observable, runner)
    inverted = expectation(TEXT, observable, runner, readout=errors)
    # The calibration errs about as much as the shots: 5 sqrt(2) sigma.
    assert abs(inverted.value - exact) < 7.1 * inverted.std_error < abs(plain.value - exact)


def test_corrected_counts() -> None:
    errors = ReadoutErrors((0.1, 0.2), (0.05, 0.0))
    # True state 01 (qubit 0 is 1): qubit 0 read as 1 with 0.95, qubit 1 as 1 with 0.2.
    read = {"00": 40, "01": 760, "10": 10, "11": 190}
    assert errors.corrected(read) == pytest.approx({"01": 1000})
    swapped = {key[::-1]: count for key, count in read.items()}
    assert errors.corrected(swapped, qubits=[1, 0]) == pytest.approx({"10": 1000})
    for counts in ({}, {"0 1": 3}, {"0": 1, "01": 2}, {"000": 1}):
        with pytest.raises(ParameterError):
            errors.corrected(counts)
    with pytest.raises(CircuitError, match="depend"):
        ReadoutErrors((0.5,), (0.5,))
    with pytest.raises(ParameterError, match="probabilities"):
        ReadoutErrors((-0.5,), (0.5,))
    with pytest.raises(ParameterError, match="known"):
        expectation(TEXT, "ZZZ", readout=errors)
    with pytest.raises(ParameterError, match="exact"):
        expectation(TEXT, "ZZZ", readout=errors, exact=True)
