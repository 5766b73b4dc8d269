"""One engine in a process of its own: workloads in, seconds out. Imports nothing of isinglass for the peers.

python circuits_worker.py ENGINE WORKLOADS.json    then a name of a workload on each line of stdin
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from pathlib import Path

SHOTS = 1000


def own():
    from isinglass.circuits import ParallelSimulator

    runner = ParallelSimulator(shots=SHOTS, seed=1)
    return lambda texts: [entry["results"] for entry in runner.submit_circuits(texts)]


def own_single():
    from isinglass.circuits import ParallelSimulator

    runner = ParallelSimulator(shots=SHOTS, seed=1, precision="single")
    return lambda texts: [entry["results"] for entry in runner.submit_circuits(texts)]


def qulacs():
    from qulacs import QuantumCircuit, QuantumState

    line = re.compile(r"(\w+)(?:\(([-+.\de]+)\))? q\[(\d+)\](?:,q\[(\d+)\])?;")

    def run(text):
        n = int(re.search(r"qreg q\[(\d+)\]", text).group(1))
        circuit = QuantumCircuit(n)
        for name, angle, a, b in line.findall(text):
            if name == "cx":
                circuit.add_CNOT_gate(int(a), int(b))
            elif name in ("rx", "ry", "rz"):
                # Its rotations turn the other way.
                getattr(circuit, f"add_{name.upper()}_gate")(int(a), -float(angle))
            elif name in ("h", "x", "s", "t", "sdg", "tdg"):
                {
                    "h": circuit.add_H_gate, "x": circuit.add_X_gate, "s": circuit.add_S_gate,
                    "t": circuit.add_T_gate, "sdg": circuit.add_Sdag_gate, "tdg": circuit.add_Tdag_gate,
                }[name](int(a))  # fmt: skip
        state = QuantumState(n)
        circuit.update_quantum_state(state)
        return {format(z, f"0{n}b"): k for z, k in Counter(state.sampling(SHOTS)).items()}

    return lambda texts: [run(text) for text in texts]


def aer():
    from qiskit import qasm2
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(max_parallel_threads=1, seed_simulator=1)

    def run(texts):
        circuits = [qasm2.loads(text) for text in texts]
        result = simulator.run(circuits, shots=SHOTS).result()
        return [result.get_counts(k) for k in range(len(circuits))]

    return run


def aer_threads():
    from qiskit import qasm2
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(max_parallel_threads=2, max_parallel_experiments=2, seed_simulator=1)

    def run(texts):
        circuits = [qasm2.loads(text) for text in texts]
        result = simulator.run(circuits, shots=SHOTS).result()
        return [result.get_counts(k) for k in range(len(circuits))]

    return run


def maestro():
    import maestro as library

    return lambda texts: [library.simple_execute(text, shots=SHOTS)["counts"] for text in texts]


def qsim():
    import qsimcirq
    from cirq.contrib.qasm_import import circuit_from_qasm

    simulator = qsimcirq.QSimSimulator(qsimcirq.QSimOptions(cpu_threads=2, max_fused_gate_size=4), seed=1)

    def run(text):
        found = simulator.run(circuit_from_qasm(text), repetitions=SHOTS).measurements
        keys = sorted(found, key=lambda key: int(key.rpartition("_")[2]), reverse=True)
        return Counter("".join(map(str, row)) for row in zip(*(found[k][:, 0] for k in keys), strict=True))

    return lambda texts: [run(text) for text in texts]


def seed_era():
    from divi.backends import ParallelSimulator

    runner = ParallelSimulator(shots=SHOTS, n_processes=2)
    return lambda texts: [
        entry["results"] for entry in runner.submit_circuits({str(k): text for k, text in enumerate(texts)})
    ]


def main() -> None:
    engine, path = sys.argv[1:]
    began = time.perf_counter()
    run = globals()[engine]()
    workloads = json.loads(Path(path).read_text())
    imported = time.perf_counter() - began
    print("ready", flush=True)
    for name in map(str.strip, sys.stdin):
        texts = workloads[name]
        # Small first calls start workers and load kernels; W3's would take as long as the measurement.
        began = time.perf_counter()
        run(texts[:2] if len(texts) > 10 else [workloads["W1"][0]])
        warmed = time.perf_counter() - began
        began = time.perf_counter()
        counts = run(texts)
        seconds = time.perf_counter() - began
        ones = sum(key.count("1") * times for row in counts for key, times in row.items())
        print(json.dumps({
            "seconds": seconds, "import": imported, "warm": warmed, "mean": ones / (SHOTS * len(texts))
        }), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
