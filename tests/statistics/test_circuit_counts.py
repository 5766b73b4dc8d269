"""Counts against exact distributions and against Aer; seeds are fixed, bounds derived."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit_aer import AerSimulator
from qiskit_aer import noise as aer
from scipy.stats import chi2

from isinglass.circuits import ParallelSimulator
from tests.circuit_oracle import state_of

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'


def chi_square_fits(counts: dict[str, int], probabilities: np.ndarray) -> bool:
    """Pearson's test at the level 1e-4, outcomes with an expected count below 5 taken together."""
    shots = sum(counts.values())
    seen = np.zeros(len(probabilities))
    for key, count in counts.items():
        seen[int(key.replace(" ", ""), 2)] += count
    expected = shots * probabilities
    assert seen[expected < 1e-9].sum() == 0
    large = expected >= 5
    terms = (seen[large] - expected[large]) ** 2 / expected[large]
    rest = expected[~large].sum()
    total = terms.sum() + ((seen[~large].sum() - rest) ** 2 / rest if rest > 1e-9 else 0)
    freedom = max(1, large.sum() - (rest <= 1e-9))
    return bool(total < chi2.isf(1e-4, freedom))


def random_gates(n: int, count: int, seed: int) -> list[tuple[str, tuple[float, ...], tuple[int, ...]]]:
    random = np.random.default_rng(seed)
    gates = []
    for _ in range(count):
        name = str(random.choice(["ry", "u3", "cx", "rzz", "h", "t", "ccx", "swap"]))
        angles = tuple(random.uniform(-3, 3, {"ry": 1, "u3": 3, "rzz": 1}.get(name, 0)).tolist())
        width = {"cx": 2, "rzz": 2, "swap": 2, "ccx": 3}.get(name, 1)
        gates.append((name, angles, tuple(random.permutation(n)[:width].tolist())))
    return gates


def text_of(gates: list[tuple[str, tuple[float, ...], tuple[int, ...]]], n: int, end: str) -> str:
    lines = [f"qreg q[{n}];"]
    for name, angles, places in gates:
        values = f"({','.join(map(repr, angles))})" if angles else ""
        lines.append(f"{name}{values} {','.join(f'q[{q}]' for q in places)};")
    return HEAD + "\n".join(lines) + end


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("precision", ["double", "single"])
def test_counts_follow_the_state(seed: int, precision: str) -> None:
    gates = random_gates(6, 40, seed)
    text = text_of(gates, 6, "creg c[6]; measure q -> c;")
    counts = ParallelSimulator(shots=20000, seed=seed, precision=precision).submit_circuits([text])[0][
        "results"
    ]
    assert chi_square_fits(counts, np.abs(state_of(gates, 6)) ** 2)


def test_some_qubits_in_another_order() -> None:
    gates = random_gates(5, 30, 9)
    text = text_of(
        gates, 5, "creg a[2]; creg b[1]; measure q[4] -> a[0]; measure q[1] -> a[1]; measure q[0] -> b[0];"
    )
    counts = ParallelSimulator(shots=20000, seed=1).submit_circuits([text])[0]["results"]
    tensor = (np.abs(state_of(gates, 5)) ** 2).reshape((2,) * 5)
    # Axes are qubits 4, 3, 2, 1, 0; the key reads b[0] a[1] a[0], which are qubits 0, 1, 4.
    assert chi_square_fits(counts, tensor.sum(axis=(1, 2)).transpose(2, 1, 0).ravel())


def test_the_same_distribution_as_aer_with_everything_in_the_middle() -> None:
    """Two samples of a circuit with measurements, resets and conditions between its gates."""
    gates = random_gates(4, 25, 3)
    body = text_of(gates[:12], 4, "creg a[2]; creg b[2];\n")
    body += "measure q[0] -> a[0]; ry(0.7) q[0]; reset q[1]; if (a==1) u3(0.3,0.4,0.5) q[2]; cx q[2],q[3];\n"
    body += "measure q[2] -> a[1]; if (a==3) reset q[0]; h q[2]; measure q[0] -> b[0]; "
    body += "if (b==1) measure q[2] -> b[1];"
    own, aer = (
        ParallelSimulator(shots=20000, seed=5, qiskit_backend=name).submit_circuits([body])[0]
        for name in ("auto", "aer_simulator")
    )
    assert own["metadata"]["engine"] == "state vector, branching"
    # Homogeneity of two samples of equal size: sum (x - y)^2 / (x + y) ~ chi^2(keys - 1).
    keys = sorted(own["results"].keys() | aer["results"].keys())
    pairs = np.array([[side["results"].get(key, 0) for side in (own, aer)] for key in keys], float)
    pairs = np.vstack([pairs[pairs.sum(1) >= 10], pairs[pairs.sum(1) < 10].sum(0)])
    pairs = pairs[pairs.sum(1) > 0]
    statistic = ((pairs[:, 0] - pairs[:, 1]) ** 2 / pairs.sum(1)).sum()
    assert len(pairs) > 6 and statistic < chi2.isf(1e-4, len(pairs) - 1)


def test_teleportation() -> None:
    """The third bit is 1 with probability sin^2(theta/2), whatever the other two say."""
    theta, shots = 0.7, 20000
    text = f"""{HEAD}qreg q[3]; creg a[1]; creg b[1]; creg c[1];
    ry({theta}) q[0]; h q[1]; cx q[1],q[2]; cx q[0],q[1]; h q[0]; measure q[0] -> a[0]; measure q[1] -> b[0];
    if (b==1) x q[2]; if (a==1) z q[2]; measure q[2] -> c[0];"""
    counts = ParallelSimulator(shots=shots, seed=2).submit_circuits([text])[0]["results"]
    one = math.sin(theta / 2) ** 2
    chances = np.array([(one if z & 4 else 1 - one) / 4 for z in range(8)])
    assert chi_square_fits(counts, chances)


def test_ghz_and_fourier_transform() -> None:
    chain = "".join(f"cx q[{k}],q[{k + 1}];" for k in range(199))
    ghz = f"{HEAD}qreg q[200]; creg c[200]; h q[0]; {chain} measure q -> c;"
    n = 10
    turns = "".join(
        f"h q[{j}];" + "".join(f"cp(pi/{2 ** (j - k)}) q[{k}],q[{j}];" for k in reversed(range(j)))
        for j in reversed(range(n))
    )
    swaps = "".join(f"swap q[{k}],q[{n - 1 - k}];" for k in range(n // 2))
    # The transform of a wave of frequency 77 is the state 77.
    wave = "".join(f"h q[{k}]; p({2 * math.pi * 77 * 2**k / 2**n!r}) q[{k}];" for k in range(n))
    back = "".join(f"swap q[{k}],q[{n - 1 - k}];" for k in range(n // 2)) + "".join(
        "".join(f"cp(-pi/{2 ** (j - k)}) q[{k}],q[{j}];" for k in range(j)) + f"h q[{j}];" for j in range(n)
    )
    head = f"{HEAD}qreg q[{n}]; creg c[{n}];"
    results = ParallelSimulator(shots=4000, seed=3).submit_circuits(
        {
            "ghz": ghz,
            "transform": f"{head}{turns}{swaps} measure q -> c;",
            "wave": f"{head}{wave}{back} measure q -> c;",
        }
    )
    assert results[0]["metadata"]["engine"] == "stim"
    assert set(results[0]["results"]) == {"0" * 200, "1" * 200}
    assert abs(results[0]["results"]["0" * 200] - 2000) < 5 * math.sqrt(1000)
    assert chi_square_fits(results[1]["results"], np.full(1 << n, 1 / (1 << n)))
    assert results[2]["results"] == {format(77, f"0{n}b"): 4000}


def test_stim_agrees_with_the_state_vector() -> None:
    """A Clifford circuit with measurements and resets in the middle, on both engines."""
    body = "h q[0]; cx q[0],q[3]; s q[3]; measure q[0] -> c[5]; ry(pi/2) q[0]; "
    body += "reset q[3]; u2(0,pi) q[3]; cy q[3],q[1];"
    body += "rzz(pi/2) q[0],q[1]; rx(-pi/2) q[1]; cp(pi) q[1],q[0]; sx q[3]; "
    body += "u3(pi/2,-pi/2,pi) q[0]; iswap q[0],q[2];"
    text = f"{HEAD}qreg q[16]; creg c[6]; {body}" + "".join(f"measure q[{k}] -> c[{k}];" for k in range(4))
    own, stim = (
        ParallelSimulator(shots=20000, seed=4, qiskit_backend=name).submit_circuits([text])[0]
        for name in ("statevector_simulator", "auto")
    )
    assert (own["metadata"]["engine"], stim["metadata"]["engine"]) == ("state vector, branching", "stim")
    exact = np.zeros(64)
    for key, count in own["results"].items():
        exact[int(key, 2)] = count / 20000
    # All probabilities of a stabilizer state are equal powers of 1/2.
    support = exact > 0
    exact[support] = 1 / support.sum()
    assert support.sum() in (2, 4, 8, 16, 32)
    assert chi_square_fits(own["results"], exact) and chi_square_fits(stim["results"], exact)


def test_noise_is_that_of_the_density_matrix() -> None:
    """Counts with noise against exact probabilities of Aer's density matrix, 5 sigma each."""
    noise = aer.NoiseModel()
    noise.add_all_qubit_quantum_error(aer.depolarizing_error(0.05, 1), ["h", "ry"])
    noise.add_all_qubit_quantum_error(aer.depolarizing_error(0.1, 2), ["cx"])
    shots = 20000
    text = f"{HEAD}qreg q[3]; creg c[3]; h q[0]; cx q[0],q[1]; ry(0.5) q[2]; cx q[1],q[2]; measure q -> c;"
    runner = ParallelSimulator(shots=shots, seed=6, noise_model=noise)
    result = runner.submit_circuits([text])[0]
    assert result["metadata"]["engine"].startswith("aer")
    engine = runner.aer()
    read = runner.reader.read(text)
    circuit = engine.circuit(read, read.program.angles(read.slots[None])[0]).remove_final_measurements(
        inplace=False
    )
    circuit.save_density_matrix()
    exact_simulator = AerSimulator(noise_model=noise, method="density_matrix")
    exact = np.real(np.diag(exact_simulator.run(circuit).result().data()["density_matrix"]))
    for z, chance in enumerate(exact):
        sigma = math.sqrt(shots * chance * (1 - chance))
        assert abs(result["results"].get(format(z, "03b"), 0) - shots * chance) < 5 * sigma + 1
