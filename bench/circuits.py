"""Circuits a second, QASM text in to counts out, against other simulators in one run.

W1: QAOA p = 1 Max-Cut circuits on 10 qubits, one structure, other angles. W2: p = 2 on 16 qubits. W3: random
Clifford+T bricks, 22 qubits, depth 20. 1000 shots each; import and a warm-up excluded; medians of
interleaved repeats. Clifford: 1000 qubits, depth 100. Peers live in bench/.venv-circuit-peers
(pip install qulacs qoro-maestro qsimcirq ply qiskit qiskit-aer) and bench/.venv-circuit-seed-era
(qoro-divi==0.3.5); those that are not installed are left out.

    python bench/circuits.py [--repeats 3] [--bricks 10] [--engines own,qulacs,...] [--workloads W1,W2,W3]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import networkx as nx
import numpy as np

HERE = Path(__file__).parent
PEERS = HERE / ".venv-circuit-peers/bin/python"
SEED_ERA = HERE / ".venv-circuit-seed-era/bin/python"
ENGINES = {
    "own": (Path(sys.executable), {}),
    "own_single": (Path(sys.executable), {}),
    "qulacs": (PEERS, {"OMP_NUM_THREADS": "1"}),
    "aer": (PEERS, {"OMP_NUM_THREADS": "1"}),
    "aer_threads": (PEERS, {}),
    "maestro": (PEERS, {"OMP_NUM_THREADS": "1"}),
    "qsim": (PEERS, {}),
    "seed_era": (SEED_ERA, {}),
}
SLOW = {("seed_era", "W1"): 20, ("seed_era", "W2"): 5, ("qsim", "W1"): 10, ("qsim", "W2"): 5}
"""Engines that get this fraction of a workload's circuits: they would take minutes for all."""


def qaoa(n: int, layers: int, count: int) -> list[str]:
    random = np.random.default_rng(n)
    edges = sorted(nx.random_regular_graph(3, n, seed=1).edges)
    texts = []
    for _ in range(count):
        lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{n}];", f"creg c[{n}];"]
        lines += [f"h q[{k}];" for k in range(n)]
        for gamma, beta in random.uniform(-3, 3, (layers, 2)).tolist():
            for a, b in edges:
                lines += [f"cx q[{a}],q[{b}];", f"rz({gamma}) q[{b}];", f"cx q[{a}],q[{b}];"]
            lines += [f"rx({beta}) q[{k}];" for k in range(n)]
        lines += [f"measure q[{k}] -> c[{k}];" for k in range(n)]
        texts.append("\n".join(lines) + "\n")
    return texts


def bricks(n: int, depth: int, gates: list[str], seed: int) -> str:
    random = np.random.default_rng(seed)
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{n}];", f"creg c[{n}];"]
    for layer in range(depth):
        lines += [f"{name} q[{k}];" for k, name in enumerate(random.choice(gates, n))]
        lines += [f"cx q[{k}],q[{k + 1}];" for k in range(layer % 2, n - 1, 2)]
    return "\n".join(lines + [f"measure q[{k}] -> c[{k}];" for k in range(n)]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--bricks", type=int, default=10, help="circuits of W3")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--workloads", default="W1,W2,W3")
    options = parser.parse_args()
    workloads = {
        "W1": qaoa(10, 1, 1000),
        "W2": qaoa(16, 2, 100),
        "W3": [bricks(22, 20, ["h", "s", "sdg", "t", "tdg", "x"], k) for k in range(options.bricks)],
    }
    engines = [name for name in options.engines.split(",") if ENGINES[name][0].exists()]
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    for workload in options.workloads.split(","):
        race(workload, workloads, engines, options.repeats)
    clifford(options.repeats)


def race(workload: str, workloads: dict[str, list[str]], engines: list[str], repeats: int) -> None:
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in engines}
    with tempfile.TemporaryDirectory() as folder:
        workers = {}
        for name in engines:
            part = dict(workloads)
            part[workload] = part[workload][: -(-len(part[workload]) // SLOW.get((name, workload), 1))]
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(part))
            python, variables = ENGINES[name]
            workers[name] = len(part[workload]), subprocess.Popen(
                [python, HERE / "circuits_worker.py", name, path],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables},
            )  # fmt: skip
            # One after another: imports do not disturb each other or what is measured.
            assert workers[name][1].stdout
            workers[name][1].stdout.readline()
        for _ in range(repeats):
            for name, (_, worker) in list(workers.items()):
                assert worker.stdin and worker.stdout
                try:
                    worker.stdin.write(f"{workload}\n")
                    worker.stdin.flush()
                    line = worker.stdout.readline()
                except BrokenPipeError:
                    line = ""
                if not line:
                    print(f"{workload} {name}: failed")
                    del workers[name]
                    continue
                rows[name].append(json.loads(line))
        for _, worker in workers.values():
            assert worker.stdin
            worker.stdin.close()
            worker.wait()
    rates = {
        name: statistics.median(workers[name][0] / row["seconds"] for row in found)
        for name, found in rows.items()
        if name in workers
    }
    others = [rate for name, rate in rates.items() if not name.startswith("own")]
    for name, rate in rates.items():
        spread = sorted(workers[name][0] / row["seconds"] for row in rows[name])
        first = rows[name][0]
        ratio = f"{rate / max(others):7.2f} of the fastest peer" if others else ""
        print(
            f"{workload} {name:12s} {rate:9.2f} circuits/s [{spread[0]:.2f} to {spread[-1]:.2f}] {ratio}  "
            f"import {first['import']:.2f} s, first call {first['warm']:.2f} s, "
            f"mean weight {first['mean']:.3f}"
        )


def clifford(repeats: int) -> None:
    from isinglass.circuits import ParallelSimulator

    text = bricks(1000, 100, ["h", "s", "sdg", "x", "z"], 1)
    runner = ParallelSimulator(shots=1000, seed=1)
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        (entry,) = runner.submit_circuits([text])
        seconds.append(time.perf_counter() - began)
    engine = entry["metadata"]["engine"]
    print(f"Clifford 1000 qubits, depth 100, 1000 shots: {statistics.median(seconds):.3f} s on {engine}")


if __name__ == "__main__":
    main()
