"""QAOA: known optima, the state against matrices, every kind of problem and bad arguments."""

from __future__ import annotations

import threading
from itertools import product
from typing import Any

import dimod
import networkx as nx
import numpy as np
import pytest

import isinglass
from isinglass.circuits import ParallelSimulator, qaoa
from isinglass.circuits.qaoa_circuits import QaoaCircuit
from isinglass.control import Progress
from isinglass.errors import CircuitError, OutOfMemoryError, ParameterError
from isinglass.problems.compile import compile
from tests.circuit_oracle import X, on

K33 = nx.complete_bipartite_graph(3, 3)


def test_one_layer_reaches_the_known_optimum() -> None:
    """Triangle-free 3-regular graphs: 0.6924 of the edges in the mean (Farhi et al., eq. 39 ff)."""
    best = 0.5 + 0.5 * np.sqrt(1 / 3) * (2 / 3)  # 1/2 + 1/2 sin cos^2 at tan^2 = 1/2
    found = qaoa(K33, kind="maxcut", seed=1, shots=500)
    assert (9 - found.info["expectation"]) / 2 == pytest.approx(9 * best, abs=1e-3)
    assert found.first.cut == 9 and found.record.num_occurrences.sum() == 500
    deeper = qaoa(K33, 3, kind="maxcut", seed=1)
    assert deeper.info["expectation"] < found.info["expectation"] - 1


def test_mean_energy_against_matrices() -> None:
    """exp of the whole Hamiltonians, by their eigenvectors."""
    rng = np.random.default_rng(0)
    n, h, matrix = 3, rng.normal(size=3), np.triu(rng.normal(size=(3, 3)), 1)
    problem = ({i: h[i] for i in range(n)}, {(i, j): matrix[i, j] for i in range(n) for j in range(i + 1, n)})
    spins = 1 - 2 * np.array([[1 - (z >> q & 1) for q in range(n)] for z in range(1 << n)])
    energy = spins @ h + np.einsum("zi,ij,zj->z", spins, matrix, spins)
    gammas, betas = [0.3, -0.8], [0.5, 0.2]
    mixer, vectors = np.linalg.eigh(sum(on({q: X}, n) for q in range(n)))
    state = np.full(1 << n, (1 << n) ** -0.5, complex)
    for gamma, beta in zip(gammas, betas, strict=True):
        state = vectors @ (np.exp(1j * beta * mixer) * (vectors.T @ (np.exp(-1j * gamma * energy) * state)))
    found = qaoa(problem, 2, angles=(gammas, betas), seed=3, shots=20000)
    assert found.info["expectation"] == pytest.approx(np.abs(state) ** 2 @ energy, abs=1e-9)
    for sample in found.data():
        z = sum((sample.sample[q] > 0) << q for q in range(n))
        assert sample.energy == pytest.approx(energy[z])
        p = abs(state[z]) ** 2
        # 5 sigma of a binomial count.
        assert abs(sample.num_occurrences - 20000 * p) < 5 * np.sqrt(20000 * p) + 1


@pytest.mark.parametrize("backend", [None, "aer_simulator"])
def test_qubo_with_labels_on_exact_and_counting_runners(backend: str | None) -> None:
    model = dimod.BinaryQuadraticModel(
        {"a": -1, "b": 2, "c": 0}, {("a", "b"): -3, ("b", "c"): 1}, 0.5, "BINARY"
    )
    found = qaoa(model, 2, ParallelSimulator(qiskit_backend=backend), seed=2, shots=200, max_evaluations=20)
    lowest = min(model.energy(dict(zip("abc", bits, strict=True))) for bits in product((0, 1), repeat=3))
    assert found.first.energy == lowest and found.vartype is dimod.BINARY
    assert all(model.energy(row.sample) == row.energy for row in found.data())
    assert found.info["evaluations"] <= 20
    again = qaoa(model, 2, ParallelSimulator(qiskit_backend=backend), seed=2, shots=200, max_evaluations=20)
    assert np.array_equal(again.record, found.record) and again.info["gammas"] == found.info["gammas"]


def test_lone_spins_and_time_limits() -> None:
    assert qaoa(({0: 1.0, 1: 0.0}, {}), seed=1).first.sample[0] == -1
    found = qaoa(K33, 2, kind="maxcut", time_limit=1e-9)
    assert found.stop_reason.startswith("time limit") and found.info["evaluations"] == 0


def test_cancel_and_progress() -> None:
    seen: list[Progress] = []
    event = threading.Event()

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if progress.reads_done >= 10:
            event.set()

    found = qaoa(K33, 2, kind="maxcut", seed=1, progress=watch, cancel=event)
    assert found.stop_reason.startswith("cancelled") and 5 < found.info["evaluations"] < 20
    assert seen[-1].best_energy == found.info["expectation"] and found.record.num_occurrences.sum() == 1000


def test_as_a_backend_of_solve() -> None:
    """One straight way: the same answer, and the info that every result has."""
    arguments: dict[str, Any] = {"kind": "maxcut", "depth": 2, "seed": 1, "shots": 100}
    found = isinglass.solve(K33, backend="circuit", **arguments)
    assert np.array_equal(found.record, qaoa(K33, **arguments).record)
    on_cpu = isinglass.solve(K33, kind="maxcut", solver="simulated_annealing", seed=1)
    of_the_solver = {"annealing_time", "beta_range", "reads_run"}
    assert set(on_cpu.info) - of_the_solver <= set(found.info)
    assert set(found.info["timing"]) == set(on_cpu.info["timing"])
    assert found.first.energy == on_cpu.first.energy and found.first.cut == on_cpu.first.cut
    named = isinglass.solve(K33, backend="circuit", runner="aer_simulator", max_evaluations=3, **arguments)
    assert named.info["engine"].startswith("aer") and named.info["evaluations"] == 3


@pytest.mark.parametrize(
    ("problem", "arguments", "error", "words"),
    [
        (nx.complete_graph(60), {}, OutOfMemoryError, "the state of 60 qubits .* needs 1.84e.10 GB"),
        (nx.path_graph(2000), {}, OutOfMemoryError, r"needs 2\^2004 bytes"),
        (nx.complete_graph(6), {"runner": "FakeManilaV2"}, CircuitError, "6 qubits .* FakeManilaV2 has 5"),
        (K33, {"dept": 2}, ParameterError, "did you mean 'depth'"),
        (K33, {"runner": 3}, ParameterError, "neither a CircuitRunner"),
        (K33, {"solver": "exact"}, ParameterError, "solver='exact' is for backends 'cpu' and 'gpu'"),
        (K33, {"target_cut": 9}, ParameterError, "target_cut"),
        (K33, {"num_threads": 0}, ParameterError, "num_threads"),
        (dimod.ConstrainedQuadraticModel(), {}, ParameterError, "takes no constraints"),
    ],
)  # fmt: skip
def test_what_the_backend_refuses(
    problem: Any, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        isinglass.solve(problem, backend="circuit", kind="maxcut", **arguments)


@pytest.mark.parametrize(
    "arguments",
    [{"depth": 0}, {"shots": 0}, {"max_evaluations": 0}, {"time_limit": -1}, {"angles": ([1], [2, 3])},
     {"angles": ([float("nan")], [1])}, {"angles": 3}],
)  # fmt: skip
def test_bad_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        qaoa(K33, kind="maxcut", **arguments)
    with pytest.raises(ParameterError, match="no variables"):
        qaoa(({}, {}))


def test_observable_is_the_energy() -> None:
    circuit = QaoaCircuit(compile({(0, 0): 1.0, (0, 1): -2.0}))
    for bits in product((0, 1), repeat=2):
        terms = [
            c * np.prod([1 - 2 * bit for bit, letter in zip(bits, string, strict=True) if letter == "Z"])
            for string, c in circuit.observable().items()
        ]
        assert circuit.problem.offset + sum(terms) == bits[0] - 2 * bits[0] * bits[1]
