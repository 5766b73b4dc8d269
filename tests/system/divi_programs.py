"""Unmodified Divi programs on our runner; run where qoro-divi is, by ``test_divi_programs.py``."""

from __future__ import annotations

import networkx as nx
import numpy as np
from divi.qprog import QAOA, VQE, GenericLayerAnsatz, ScipyMethod, ScipyOptimizer, SPSAOptimizer
from divi.qprog.problems import GraphPartitioningConfig, HamiltonianProblem, MaxCutProblem
from divi.qprog.workflows import PartitioningProgramEnsemble
from qiskit.circuit.library import CXGate, RYGate
from qiskit.quantum_info import SparsePauliOp

from isinglass.compat.divi import ParallelSimulator


def cobyla() -> ScipyOptimizer:
    return ScipyOptimizer(ScipyMethod.COBYLA)


def max_cut(force_sampling: bool) -> None:
    backend = ParallelSimulator(shots=2000, seed=1, force_sampling=force_sampling, track_depth=True)
    program = QAOA(
        MaxCutProblem(nx.cycle_graph(4)),
        n_layers=2,
        max_iterations=10,
        backend=backend,
        optimizer=cobyla(),
        seed=1,
    ).run()
    assert sorted(program.solution) in ([0, 2], [1, 3]), program.solution
    assert len(backend.depth_history) > 2 and backend.average_depth() > 2
    print("QAOA", "sampled" if force_sampling else "exact", program.best_loss, program.total_circuit_count)


def ground_state(**options: object) -> None:
    """Two coupled spins in a field; the lowest eigenvalue by NumPy."""
    hamiltonian = SparsePauliOp.from_list([("ZZ", 1.0), ("XI", 0.5), ("IX", 0.5), ("II", 0.25)])
    lowest = np.linalg.eigvalsh(hamiltonian.to_matrix())[0]
    backend = ParallelSimulator(shots=4000, seed=2, force_sampling="shot_distribution" in options)
    program = VQE(
        HamiltonianProblem(hamiltonian), ansatz=GenericLayerAnsatz([RYGate], CXGate, "linear"), n_layers=2,
        max_iterations=60, backend=backend, optimizer=cobyla(), seed=3, **options,
    ).run()  # fmt: skip
    assert lowest - 0.1 < program.best_loss < lowest + 0.2, (program.best_loss, lowest)
    print("VQE", options, program.best_loss, lowest)


def ensemble() -> None:
    graph = nx.random_regular_graph(3, 12, seed=1)
    problem = MaxCutProblem(graph, config=GraphPartitioningConfig(max_n_nodes_per_cluster=4))
    programs = PartitioningProgramEnsemble(
        problem,
        n_layers=1,
        backend=ParallelSimulator(shots=500, seed=1),
        optimizer=SPSAOptimizer(),
        max_iterations=3,
    )
    programs.create_programs()
    programs.run()
    side, _ = programs.aggregate_results()
    cut = nx.cut_size(graph, side)
    # Of 18 edges; a random bipartition cuts 9.
    assert len(programs.programs) > 1 and cut >= 12, (len(programs.programs), cut)
    print("ensemble", len(programs.programs), cut)


if __name__ == "__main__":
    max_cut(False)
    max_cut(True)
    ground_state()
    ground_state(shot_distribution="weighted")
    ensemble()
    print("all done")
