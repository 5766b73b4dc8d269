"""The backends guide of Divi: its Python blocks, with ``divi.backends`` in import lines changed alone.

Blocks use each other's names, so each runs where those of the blocks before it stand. "submit" and "batches"
have circuits that are names of nothing in the guide; here they are circuits. None is left out.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from isinglass.errors import ConflictError

REAL_SLEEP = time.sleep

SNIPPETS = {
    "basic": """
from divi.backends import ParallelSimulator

# Basic simulator
backend = ParallelSimulator()

# Configured simulator
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
    from isinglass.compat.divi import ParallelSimulator

    names: dict[str, Any] = {"ParallelSimulator": ParallelSimulator, "os": os}
    exec(here(SNIPPETS[name]), names)
    backend = names["backend"]
    results = backend.submit_circuits({"circuit_1": CIRCUIT, "circuit_2": CIRCUIT})
    assert [entry["label"] for entry in results] == ["circuit_1", "circuit_2"]
    for entry in results:
        assert sum(entry["results"].values()) == backend.shots
        assert entry["results"]["00"] + entry["results"]["11"] > 0.8 * backend.shots
        assert (len(entry["results"]) == 2) == (name != "noisy")


def here(snippet: str) -> str:
    return snippet.replace("from divi.backends import", "from isinglass.compat.divi import")


SERVICE = {
    "service": """
from divi.backends import QoroService, JobType

# Initialize service
service = QoroService()

# Test connection
service.test_connection()
""",
    "submit": """
# Prepare circuits
circuits = {
    "circuit_1": qasm_string_1,
    "circuit_2": qasm_string_2
}

# Submit jobs
job_ids = service.submit_circuits(
    circuits,
    job_type=JobType.SIMULATE
)

# Monitor execution
service.poll_job_status(job_ids, loop_until_complete=True)

# Retrieve results
results = service.get_job_results(job_ids)
""",
    "types": """
from divi.backends import JobType

# Standard simulation jobs
job_ids = service.submit_circuits(circuits, job_type=JobType.SIMULATE)

# Execution jobs
job_ids = service.submit_circuits(circuits, job_type=JobType.EXECUTE)

# Estimation jobs
job_ids = service.submit_circuits(circuits, job_type=JobType.ESTIMATE)
""",
    "timeout": """
import time

start_time = time.time()
timeout = 300  # 5 minutes

while time.time() - start_time < timeout:
    status = service.get_job_status(job_ids)
    if all(s == JobStatus.COMPLETED for s in status):
        break
    time.sleep(10)
else:
    print("Job timeout - consider splitting into smaller batches")
""",
    "failures": """
try:
    results = service.get_job_results(job_ids)
except JobFailedError as e:
    print(f"Job failed: {e}")
    # Retry with smaller batches for large circuits
    if len(circuits) > 20:
        batch_size = 10
        for i in range(0, len(circuits), batch_size):
            batch = dict(list(circuits.items())[i:i+batch_size])
            job_ids = service.submit_circuits(batch)
""",
    "connection": """
try:
    service = QoroService()
    service.test_connection()
except ConnectionError as e:
    print(f"Connection failed: {e}")
    # Fall back to local simulator
    backend = ParallelSimulator()
""",
    "batches": """
# Batch circuit submission
service = QoroService()

# Submit multiple circuits at once
large_circuit_batch = {f"circuit_{i}": circuit for i, circuit in enumerate(circuits)}
job_ids = service.submit_circuits(large_circuit_batch)

# For large circuit batches, consider submitting in smaller groups
if len(circuits) > 20:
    # Split into smaller batches if needed
    batch_size = 10
    for i in range(0, len(circuits), batch_size):
        batch = dict(list(circuits.items())[i:i+batch_size])
        job_ids = service.submit_circuits(batch)
""",
}


def test_service_snippets(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In this process: no service, no key."""
    from isinglass.compat.divi import JobFailedError, JobStatus, ParallelSimulator

    for name in ("ISINGLASS_ENDPOINT", "QORO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(time, "sleep", lambda seconds: REAL_SLEEP(min(seconds, 0.05)))
    names: dict[str, Any] = {
        "qasm_string_1": CIRCUIT, "qasm_string_2": CIRCUIT.replace("h q[0]", "x q[0]"),
        "JobFailedError": JobFailedError, "JobStatus": JobStatus, "ParallelSimulator": ParallelSimulator,
    }  # fmt: skip
    for name in ("service", "submit"):
        exec(here(SERVICE[name]), names)
    assert [entry["label"] for entry in names["results"]] == ["circuit_1", "circuit_2"]
    assert set(names["results"][0]["results"]) == {"00", "11"}
    assert names["results"][1]["results"] == {"11": 1000}
    for name in ("types", "timeout", "failures", "connection"):
        exec(here(SERVICE[name]), names)
    assert names["results"][0]["metadata"]["seconds"] > 0 and "backend" not in names
    # The block enumerates circuits, so they are a list here; splitting a list is what it cannot do.
    names["circuits"] = [CIRCUIT] * 3
    exec(here(SERVICE["batches"]), names)
    names["service"].poll_job_status(names["job_ids"], loop_until_complete=True)
    assert len(names["service"].get_job_results(names["job_ids"])) == 3
    # What the guide's fallbacks are for.
    names["circuits"] = {f"circuit {k}": CIRCUIT.replace("measure", "// measure") for k in range(21)}
    names["service"] = names["QoroService"]()
    names["job_ids"] = names["service"].submit_circuits(names["circuits"])
    names["service"].poll_job_status(names["job_ids"], loop_until_complete=True)
    exec(SERVICE["failures"], names)
    assert "Job failed" in capsys.readouterr().out
    monkeypatch.setenv("ISINGLASS_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("ISINGLASS_RETRY_COUNT", "0")
    monkeypatch.setenv("QORO_API_KEY", "isg_000000000000_" + "x" * 43)
    exec(SERVICE["connection"], names)
    assert "Connection failed" in capsys.readouterr().out and names["backend"].shots == 5000


def test_jobs_here() -> None:
    """Cancel, early results, expectation values, several jobs at once."""
    from isinglass.compat.divi import JobCancelledError, JobType, QoroService

    service = QoroService(shots=50, polling_interval=0.05)
    wide = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[24]; creg c[24]; '
    wide += "".join(f"h q[{k}]; t q[{k}];" for k in range(24)) * 30 + "measure q -> c;"
    job = service.submit_circuits({"wide": wide})
    with pytest.raises(ConflictError, match="COMPLETED"):
        service.get_job_results(job)
    service.cancel_job(job)
    assert service.poll_job_status(job, loop_until_complete=True) == "CANCELLED"
    with pytest.raises(JobCancelledError):
        service.get_job_results(job)
    value = service.submit_circuits({"a": CIRCUIT}, ham_ops="ZZ;XX")
    groups = service.submit_circuits([CIRCUIT] * 2, shot_groups=[[0, 1, 3], [1, 2, 4]])
    told: list[Any] = []
    assert service.poll_job_status([value, groups], True, on_complete=told.append) == "COMPLETED" == told[0]
    assert service.get_job_results(value)[0]["results"] == pytest.approx({"ZZ": 1, "XX": 1})
    assert [sum(entry["results"].values()) for entry in service.get_job_results(groups)] == [3, 4]
    assert value.is_async() and value.job_id == value and not value.with_results([]).is_async()
    with pytest.raises(ValueError, match="CIRCUIT_CUT has one circuit"):
        service.submit_circuits([CIRCUIT] * 2, job_type=JobType.CIRCUIT_CUT)
    with pytest.raises(ValueError):
        service.submit_circuits({})
    assert service.test_connection() and "qoro_maestro" in service.fetch_qpu_systems()
