"""The backends guide of Divi, its snippets about local simulators, with only the import line changed."""

from __future__ import annotations

import os
from typing import Any

import pytest

SNIPPETS = {
    "basic": """
backend = ParallelSimulator()
backend = ParallelSimulator(
    shots=1000,
    n_processes=4,
    qiskit_backend="qasm_simulator"
)
""",
    "configured": """
backend = ParallelSimulator(
    shots=10000,           # Number of measurement shots
    n_processes=8,        # Number of parallel processes
    qiskit_backend="auto", # Auto-select best simulator
    seed=42               # Random seed for reproducibility
)
""",
    "noisy": """
from qiskit_ibm_runtime.fake_provider import FakeManilaV2
backend = ParallelSimulator(
    shots=5000,
    qiskit_backend=FakeManilaV2(),  # Use fake backend with noise
    n_processes=2
)
""",
    "fast": """
backend = ParallelSimulator(
    n_processes=min(8, os.cpu_count()),  # Use available cores
    shots=1000,                          # Balance accuracy vs speed
    qiskit_backend="qasm_simulator"      # Fastest simulator
)
""",
    "accurate": """
backend = ParallelSimulator(
    shots=10000,                         # More shots for better statistics
    n_processes=2,                       # Fewer processes for stability
    qiskit_backend="statevector_simulator"  # Exact simulation
)
""",
}
CIRCUIT = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2]; creg c[2];
h q[0]; cx q[0],q[1]; measure q -> c;
"""


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet(name: str) -> None:
    from isinglass.circuits import ParallelSimulator

    names: dict[str, Any] = {"ParallelSimulator": ParallelSimulator, "os": os}
    exec(SNIPPETS[name], names)
    backend = names["backend"]
    results = backend.submit_circuits({"circuit_1": CIRCUIT, "circuit_2": CIRCUIT})
    assert [entry["label"] for entry in results] == ["circuit_1", "circuit_2"]
    for entry in results:
        assert sum(entry["results"].values()) == backend.shots
        assert entry["results"]["00"] + entry["results"]["11"] > 0.8 * backend.shots
        assert (len(entry["results"]) == 2) == (name != "noisy")
