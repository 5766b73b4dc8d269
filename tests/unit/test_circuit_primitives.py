"""Qiskit's primitives over our runners against Qiskit's own."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp

from isinglass.circuits import ParallelSimulator
from isinglass.circuits.primitives import EstimatorV2, SamplerV2
from isinglass.errors import ParameterError


def ansatz() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    for k in range(3):
        circuit.ry(Parameter(f"a{k}"), k)
    circuit.cx(0, 1)
    circuit.rzz(Parameter("b"), 1, 2)
    circuit.sx(2)
    return circuit


OBSERVABLES = [
    [SparsePauliOp.from_list([("IIZ", 1.0), ("XYI", -0.5), ("III", 0.2)])],
    [SparsePauliOp.from_list([("ZZI", 0.3), ("XXX", 2.0)])],
]
VALUES = np.random.default_rng(1).normal(size=(4, 4))


def test_estimator_is_qiskits() -> None:
    ours = EstimatorV2().run([(ansatz(), OBSERVABLES, VALUES), (ansatz(), "ZIX", VALUES[0])]).result()
    exact = (
        StatevectorEstimator().run([(ansatz(), OBSERVABLES, VALUES), (ansatz(), "ZIX", VALUES[0])]).result()
    )
    assert ours[0].data.evs.shape == (2, 4)
    for mine, theirs in zip(ours, exact, strict=True):
        np.testing.assert_allclose(mine.data.evs, theirs.data.evs, atol=1e-12)
        assert not mine.data.stds.any()


def test_estimator_by_shots_keeps_its_precision() -> None:
    estimator = EstimatorV2(ParallelSimulator(qiskit_backend="aer_simulator", seed=2))
    found = estimator.run([(ansatz(), OBSERVABLES, VALUES)], precision=0.05).result()[0].data
    exact = EstimatorV2().run([(ansatz(), OBSERVABLES, VALUES)]).result()[0].data.evs
    # Eight values within 5 standard errors each.
    assert (np.abs(found.evs - exact) < 5 * found.stds).all() and (found.stds <= 0.0501).all()
    with pytest.raises(ParameterError, match="precision"):
        estimator.run([(ansatz(), OBSERVABLES, VALUES)], precision=0).result()


def test_sampler_fills_registers_in_qiskits_order() -> None:
    theta = Parameter("theta")
    a, b = ClassicalRegister(2, "a"), ClassicalRegister(1, "b")
    circuit = QuantumCircuit(QuantumRegister(3), a, b)
    circuit.rx(theta, 0)
    circuit.cx(0, 2)
    circuit.measure([0, 1, 2], [0, 1, 2])
    result = SamplerV2(ParallelSimulator(seed=1)).run([(circuit, [[0.0], [np.pi]])], shots=30).result()[0]
    assert result.data.a.shape == (2,) and result.data.a.num_shots == 30
    assert result.data.a.get_counts(0) == {"00": 30} and result.data.a.get_counts(1) == {"01": 30}
    assert result.data.b.get_counts(1) == {"1": 30}
    # Shots of the registers belong together and come in no order.
    half = SamplerV2(ParallelSimulator(seed=1)).run([(circuit, [np.pi / 2])], shots=1000).result()[0].data
    first, last = half.a.array.ravel() & 1, half.b.array.ravel()
    assert (first == last).all()
    # Binomial(500, about half): 5 sigma.
    assert abs(first[:500].mean() - 0.5) < 5 * 0.5 / np.sqrt(500)


def test_sampler_runs_what_only_qiskit_can_say() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    counts = SamplerV2(default_shots=200).run([circuit]).result()[0].data.c.get_counts()
    assert set(counts) == {"00", "11"} and sum(counts.values()) == 200


def test_real_optimisers_of_qiskit_programs() -> None:
    """A hand-written VQE step: gradients by parameter shift agree with differences."""
    values = VALUES[0]
    estimator = EstimatorV2()
    shifted = np.array([values + s * np.eye(4)[0] * np.pi / 2 for s in (1, -1)])
    near = np.array([values + s * np.eye(4)[0] * 1e-5 for s in (1, -1)])
    evs = estimator.run([(ansatz(), "XYZ", np.concatenate([shifted, near]))]).result()[0].data.evs
    assert (evs[0] - evs[1]) / 2 == pytest.approx((evs[2] - evs[3]) / 2e-5, abs=1e-6)
