"""ParallelSimulator as its guides use it."""

from __future__ import annotations

import importlib
import subprocess
import sys

import numpy as np
import pytest

from isinglass.circuits import ParallelSimulator, sweep
from isinglass.circuits.reading import Reader
from isinglass.errors import CircuitError, OutOfMemoryError, ParameterError

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
BELL = HEAD + "qreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n"


def qaoa(n: int, angles: tuple[float, float]) -> str:
    ring = "".join(
        f"cx q[{k}],q[{(k + 1) % n}]; rz({angles[0]!r}) q[{(k + 1) % n}]; cx q[{k}],q[{(k + 1) % n}];"
        for k in range(n)
    )
    return f"{HEAD}qreg q[{n}]; creg c[{n}]; h q; {ring} rx({angles[1]!r}) q; measure q -> c;"


def test_both_spellings() -> None:
    guide = ParallelSimulator(shots=10000, n_processes=8, qiskit_backend="auto", seed=42)
    older = ParallelSimulator(8, 10000, 42, None)
    later = ParallelSimulator(shots=10000)
    later.set_seed(42)
    results = [runner.submit_circuits({"bell": BELL}) for runner in (guide, older, later)]
    assert results[0] == results[1] == results[2]
    assert guide.simulation_seed == 42 and guide.shots == 10000 and ParallelSimulator().shots == 5000
    with pytest.raises(ParameterError, match="differ"):
        ParallelSimulator(seed=1, simulation_seed=2)
    with pytest.raises(TypeError):
        ParallelSimulator(sead=1)


def test_without_a_seed_each_submission_is_new_and_says_how() -> None:
    runner = ParallelSimulator(shots=1000)
    first, second = (runner.submit_circuits({"b": BELL})[0] for _ in range(2))
    assert first["metadata"]["seed"] != second["metadata"]["seed"]
    again = ParallelSimulator(shots=1000, seed=first["metadata"]["seed"]).submit_circuits({"b": BELL})[0]
    assert again == first


@pytest.mark.parametrize("n", [6, 17, 20])
def test_chunks_and_threads_change_nothing(n: int) -> None:
    """One block; several passes; all threads on one circuit."""
    random = np.random.default_rng(n)
    count = {6: 40, 17: 6, 20: 2}[n]
    circuits = {f"c{k}": qaoa(n, tuple(random.uniform(-2, 2, 2).tolist())) for k in range(count)}
    whole = ParallelSimulator(shots=300, seed=9, n_processes=2).submit_circuits(circuits)
    single = ParallelSimulator(shots=300, seed=9, n_processes=1)
    parts = [single.submit_circuits({label: text})[0] for label, text in reversed(circuits.items())]
    assert whole == parts[::-1]


@pytest.mark.parametrize(
    "name", ["FakeManilaV2", "fake_manila", "aer_simulator_matrix_product_state", "qasm_simulator"]
)
def test_names_of_backends(name: str) -> None:
    counts = ParallelSimulator(shots=400, qiskit_backend=name, seed=1).submit_circuits({"b": BELL})[0][
        "results"
    ]
    assert sum(counts.values()) == 400 and counts["00"] > 120 and counts["11"] > 120
    assert (len(counts) > 2) == ("anila" in name)


def test_objects_as_backends() -> None:
    from qiskit.providers.fake_provider import GenericBackendV2
    from qiskit_aer import AerSimulator

    for backend in (GenericBackendV2(3, seed=1), AerSimulator(method="density_matrix")):
        entry = ParallelSimulator(shots=100, qiskit_backend=backend, seed=1).submit_circuits({"b": BELL})[0]
        assert sum(entry["results"].values()) == 100
    with pytest.warns(UserWarning, match="noise_model"):
        ParallelSimulator(qiskit_backend="FakeManilaV2", noise_model=object())
    for wrong in ("FakeManilla", "aer_simulator_vector", 3):
        with pytest.raises(ParameterError, match="qiskit_backend"):
            ParallelSimulator(qiskit_backend=wrong)


def test_too_wide_for_a_device_stays_under_its_label() -> None:
    wide = qaoa(8, (0.5, 0.25))
    results = ParallelSimulator(shots=10, qiskit_backend="FakeManilaV2", seed=1).submit_circuits(
        {"w": wide, "b": BELL}
    )
    assert "error" in results[0] and sum(results[1]["results"].values()) == 10
    with pytest.raises(OutOfMemoryError, match="GB"):
        ParallelSimulator().submit_circuits({"w": qaoa(48, (0.5, 0.25))})


def test_qiskit_circuits_and_wide_progress() -> None:
    from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

    seen = []
    circuit = QuantumCircuit(QuantumRegister(20), ClassicalRegister(20))
    circuit.h(0)
    circuit.t(0)
    circuit.mcx([0, 1], 2)
    circuit.x(19)
    circuit.measure_all()
    results = ParallelSimulator(shots=50, seed=1).submit_circuits([circuit, circuit], progress=seen.append)
    assert results[0]["metadata"]["engine"] == "state vector" and seen[-1].reads_done == 2
    # measure_all adds a register of its own.
    assert {key[:20] for key in results[1]["results"]} == {"1" + "0" * 19, "1" + "0" * 18 + "1"}
    for k in range(3):
        one = QuantumCircuit(2, 2)
        if k != 1:
            one.x(k // 2)
        one.measure([0, 1], [0, 1])
        entry = ParallelSimulator(shots=5, qiskit_backend="aer_simulator").submit_circuits([one])[0]
        assert entry["results"] == {["01", "00", "10"][k]: 5}


def test_sweeps() -> None:
    template = HEAD + "qreg q[1]; creg c[1]; rx(-β[0]*2) q[0]; ry(β[0]^2+β[01]) q[0]; measure q -> c;"
    circuits = sweep(template, ["β[0]", "β[01]"], {"a": [1e-7, -0.5], "b": [-3.0, 2]})
    assert "rx(-(-3.0)*2) q[0]; ry((-3.0)^2+(2.0)) q[0];" in circuits["b"]
    reader = Reader()
    a, b = (reader.read(text) for text in circuits.values())
    assert a.program is b.program is not None
    assert b.program.angles(b.slots[None])[0, 1:].tolist() == [6, 11]
    for names, sets in (
        (["β[0]"], {"a": [1, 2]}),
        (["gamma"], {"a": [1]}),
        ([], {}),
        (["β[0]"], {"a": [np.inf]}),
    ):
        with pytest.raises(ParameterError):
            sweep(template, names, sets)


def test_time_limit_keeps_what_has_run() -> None:
    circuits = {f"c{k}": qaoa(20, (0.1 * k, 0.2)) for k in range(200)}
    results = ParallelSimulator(shots=10, seed=1).submit_circuits(circuits, time_limit=0.5)
    assert "results" in results[0] and results[-1]["error"] == "not run: time limit reached"


def test_run_times() -> None:
    estimate = ParallelSimulator.estimate_run_time_batch
    assert estimate(precomputed_durations=[3, 2, 2, 1, 1, 1], n_qpus=2) == 5
    assert estimate(precomputed_durations=[3, 2, 2], n_qpus=7) == 3
    one = ParallelSimulator.estimate_run_time_single_circuit(BELL, "FakeManilaV2")
    # A measurement of Manila takes 5.4 microseconds, its gates less than one each.
    assert 5e-6 < one < 1e-5
    ParallelSimulator(shots=10).submit_circuits({"b": BELL})
    assert estimate([BELL] * 5, n_qpus=2, qiskit_backend="FakeManilaV2") == pytest.approx(3 * one)
    for wrong in ({"n_qpus": 0, "precomputed_durations": [1]}, {}, {"precomputed_durations": [-1.0]}):
        with pytest.raises(ParameterError):
            estimate(**wrong)
    with pytest.raises(CircuitError, match="fit"):
        ParallelSimulator.estimate_run_time_single_circuit(qaoa(8, (0.5, 0.5)), "FakeManilaV2")


def test_own_engine_needs_no_qiskit() -> None:
    code = f"""
import sys
sys.modules["qiskit"] = sys.modules["stim"] = None
from isinglass.circuits import ParallelSimulator
ParallelSimulator(shots=5).submit_circuits([{BELL!r}])
try:
    ParallelSimulator(qiskit_backend="aer_simulator")
except ImportError as error:
    assert "isinglass[circuits]" in str(error)
else:
    raise SystemExit(1)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_docstring_example() -> None:
    import doctest

    outcome = doctest.testmod(importlib.import_module("isinglass.circuits"))
    assert outcome.attempted == 3 and outcome.failed == 0


def test_threads_that_come_and_go_may_use_qiskit() -> None:
    """In a process of its own: where Qiskit was loaded by a thread that has ended, later ones crash it."""
    script = f"""
import threading
from isinglass.circuits import ParallelSimulator

def run():
    ParallelSimulator(qiskit_backend="FakeManilaV2", shots=10, seed=1).submit_circuits([{BELL!r}])

for _ in range(3):
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=120)
