"""Every Python block of Divi's backends guide, as it is printed there, in its order.

Blocks use names of each other, so each runs where those of the blocks before it stand. ``os`` is imported by
none and given; so are circuits, which are names of nothing (``qasm_string_1``, ``qasm_string_2``, for BATCHES
a list ``circuits``, for it enumerates them), ``JobStatus`` and ``JobFailedError``.

With our names all of them run. With qoro-divi 0.3.5, the release of the guide's days, these never could:

* CONFIGURED: ``seed=`` is no parameter of its ParallelSimulator (the statement that follows runs).
* FAILURES, where a job did fail, and TIMEOUT: ``JobFailedError`` and ``get_job_status`` are not there.
* The backends of BASIC and OPTIMIZED are made, and simulate nothing: it takes no names but "auto".
* BATCHES above 20 circuits: what has ``items()`` is not what it enumerated.
"""

import ast

BASIC = """
from divi.backends import ParallelSimulator

# Basic simulator
backend = ParallelSimulator()

# Configured simulator
backend = ParallelSimulator(
    shots=1000,
    n_processes=4,
    qiskit_backend="qasm_simulator"
)
"""
CONFIGURED = """
# High-performance configuration
backend = ParallelSimulator(
    shots=10000,           # Number of measurement shots
    n_processes=8,        # Number of parallel processes
    qiskit_backend="auto", # Auto-select best simulator
    seed=42               # Random seed for reproducibility
)

# Noisy simulation
from qiskit_ibm_runtime.fake_provider import FakeManilaV2
backend = ParallelSimulator(
    shots=5000,
    qiskit_backend=FakeManilaV2(),  # Use fake backend with noise
    n_processes=2
)
"""
SERVICE = """
from divi.backends import QoroService, JobType

# Initialize service
service = QoroService()

# Test connection
service.test_connection()
"""
SUBMIT = """
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
"""
TYPES = """
from divi.backends import JobType

# Standard simulation jobs
job_ids = service.submit_circuits(circuits, job_type=JobType.SIMULATE)

# Execution jobs
job_ids = service.submit_circuits(circuits, job_type=JobType.EXECUTE)

# Estimation jobs
job_ids = service.submit_circuits(circuits, job_type=JobType.ESTIMATE)
"""
OPTIMIZED = """
# Optimize for speed
backend = ParallelSimulator(
    n_processes=min(8, os.cpu_count()),  # Use available cores
    shots=1000,                          # Balance accuracy vs speed
    qiskit_backend="qasm_simulator"      # Fastest simulator
)

# Optimize for accuracy
backend = ParallelSimulator(
    shots=10000,                         # More shots for better statistics
    n_processes=2,                       # Fewer processes for stability
    qiskit_backend="statevector_simulator"  # Exact simulation
)
"""
BATCHES = """
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
"""
CONNECTION = """
try:
    service = QoroService()
    service.test_connection()
except ConnectionError as e:
    print(f"Connection failed: {e}")
    # Fall back to local simulator
    backend = ParallelSimulator()
"""
FAILURES = """
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
"""
TIMEOUT = """
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
"""


def statements(block: str) -> list[str]:
    """The statements of a block one by one: some make a backend and then another."""
    return [ast.get_source_segment(block, node) or "" for node in ast.parse(block).body]
