"""The pictures of docs/qpu-physics.md.

    python docs/figures/qpu_physics.py

Writes PNG files beside itself in about a minute. pegasus_lanl.txt, read for the last one, is what
bench/pegasus_lanl.py printed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import isinglass
from isinglass.control import RunControl
from isinglass.qpu import dynamics, schedule
from isinglass.qpu.calibrated import physics_named
from isinglass.qpu.freeze_out import effective_beta
from isinglass.qpu.noise import Noise
from isinglass.qpu.physics import DYNAMICS, Physics
from isinglass.qpu.program import Program

HERE = Path(__file__).parent
SIZE = (5.6, 3.6)
ADVANTAGE = physics_named("Advantage_system4")


def chimera_glass(side: int, seed: int) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """(n, row, col, J = +-1) on a square of side x side cells of K_4,4."""
    cell = 8 * np.arange(side * side).reshape(side, side)
    u, v = np.meshgrid(np.arange(4), np.arange(4, 8))
    pairs = [(cell.ravel()[:, None] + u.ravel(), cell.ravel()[:, None] + v.ravel())]
    for k in range(4):
        pairs.append((cell[:-1].ravel() + k, cell[1:].ravel() + k))
        pairs.append((cell[:, :-1].ravel() + 4 + k, cell[:, 1:].ravel() + 4 + k))
    row, col = (np.concatenate([pair[end].ravel() for pair in pairs]) for end in (0, 1))
    return 8 * side * side, row, col, np.random.default_rng(seed).choice([-1.0, 1.0], row.size)


def program_of(
    h: np.ndarray, couplings: tuple[np.ndarray, np.ndarray, np.ndarray], reads: int, time: float = 20.0,
    waveform: np.ndarray | None = None, state: np.ndarray | None = None,
) -> Program:  # fmt: skip
    """Of qubits 0 to k - 1."""
    points = np.array([[0.0, 0.0], [time, 1.0]]) if waveform is None else waveform
    row, col, J = couplings
    return Program(
        np.arange(h.size, dtype=np.int32), h, row.astype(np.int32), col.astype(np.int32), J, points, False,
        np.array([[0.0, 1.0], [points[-1, 0], 1.0]]), np.zeros(h.size), np.zeros(h.size), state, True, reads,
        points[-1, 0] + 140.0, 1000.0, True,
    )  # fmt: skip


def run(physics: Physics, *program: Any, **further: Any) -> np.ndarray:
    """float64[reads, k]: the answers to ``program_of`` the same arguments."""
    return dynamics.run(program_of(*program, **further), physics, 1, RunControl()).astype(float)


def energies(spins: np.ndarray, couplings: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    row, col, J = couplings
    return (spins[:, row] * spins[:, col]) @ J


def ground_state(n: int, couplings: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple[float, np.ndarray]:
    row, col, J = couplings
    edges = {(int(i), int(j)): float(value) for i, j, value in zip(row, col, J, strict=True)}
    best = isinglass.solve((np.zeros(n), edges), solver="parallel_tempering", seed=1).first
    return float(best.energy), np.array([best.sample[i] for i in range(n)], np.int8)


def save(name: str) -> None:
    plt.tight_layout()
    plt.savefig(HERE / f"{name}.png", dpi=110)
    plt.close()


def schedules() -> None:
    _, axes = plt.subplots(1, 2, figsize=(8.4, 3.6))
    s = np.linspace(0, 1, 201)
    for name in ("DW_2000Q_6", "Advantage_system4", "Advantage2_system1"):
        for axis in axes:
            A, B = schedule.load(name).at(s)
            (line,) = axis.plot(s, B, label=name)
            axis.plot(s, A, "--", color=line.get_color())
    axes[1].set(yscale="log", ylim=(1e-4, 20), title="the same, logarithmic")
    axes[0].set(ylabel="GHz", title="A(s) dashed, B(s) solid")
    thermal = ADVANTAGE.temperature_ghz
    axes[1].axhline(thermal, color="gray", linewidth=0.8)
    axes[1].text(0.02, thermal * 1.15, f"kT at {ADVANTAGE.temperature_mk:.0f} mK", color="gray", fontsize=8)
    for axis in axes:
        axis.set_xlabel("s")
    axes[0].legend(fontsize=8)
    save("qpu_schedules")


def success() -> None:
    times = np.array([0.5, 1, 2, 5, 10, 20, 50, 100])
    plt.figure(figsize=SIZE)
    for side in (3, 4, 6):
        found = np.zeros((6, times.size))
        for instance, shares in enumerate(found):
            n, *parts = chimera_glass(side, instance)
            couplings = tuple(parts)
            lowest, _ = ground_state(n, couplings)
            for k, t in enumerate(times):
                shares[k] = (
                    energies(run(ADVANTAGE, np.zeros(n), couplings, 64, t), couplings) <= lowest
                ).mean()
        plt.plot(times, found.mean(axis=0), "o-", label=f"C{side}, {n} qubits")
    plt.gca().set(xscale="log", xlabel="annealing time, µs", ylabel="share of reads in the ground state")
    plt.ylim(bottom=0)
    plt.legend(fontsize=8)
    plt.title("±1 glasses on Chimera (six of each size), emulated Advantage_system4", fontsize=9)
    save("qpu_success")


def reverse() -> None:
    n, *parts = chimera_glass(6, 6)
    couplings = tuple(parts)
    lowest, _ = ground_state(n, couplings)
    quick = run(ADVANTAGE, np.zeros(n), couplings, 64, 0.5)
    level = energies(quick, couplings)
    state = quick[np.argsort(level)[32]].astype(np.int8)
    began = float(energies(state[None].astype(float), couplings)[0])
    depths = np.linspace(0.15, 0.95, 17)
    overlap, gap = [], []
    for s in depths:
        points = np.array([[0, 1.0], [1, s], [21, s], [22, 1.0]])
        spins = run(ADVANTAGE, np.zeros(n), couplings, 64, waveform=points, state=state)
        overlap.append(np.abs(spins @ state).mean() / n)
        gap.append((energies(spins, couplings) - lowest).mean())
    _, axis = plt.subplots(figsize=SIZE)
    axis.plot(depths, gap, "o-", color="tab:blue", label="energy above the ground state")
    axis.axhline(began - lowest, color="tab:blue", linestyle=":", label="of the state it began with")
    axis.set(xlabel="s at the pause (20 µs)", ylabel="mean energy above the ground state", ylim=(0, None))
    axis.legend(fontsize=8, loc="lower right")
    other = axis.twinx()
    other.plot(depths, overlap, "s--", color="tab:orange")
    other.set(ylabel="overlap with the first state (orange)", ylim=(0, 1.05))
    axis.set_title(f"Reverse anneals of a C6 glass, {n} qubits", fontsize=10)
    save("qpu_reverse")


def freeze_out() -> None:
    h, copies, reads = np.linspace(0.02, 0.6, 16), 40, 32
    none = (np.zeros(0), np.zeros(0), np.zeros(0))
    first = 2 * np.arange(h.size * copies)
    pairs = (first, first + 1, np.repeat(h, copies))
    _, (single, double) = plt.subplots(1, 2, figsize=(8.4, 3.6), sharey=True)
    for name, marker in zip(DYNAMICS, "oxs^", strict=True):
        physics = replace(ADVANTAGE, dynamics=name, noise=Noise.none())
        spins = run(physics, np.repeat(h, copies), none, reads, 5.0)
        two = run(physics, np.zeros(2 * first.size), pairs, reads, 5.0)
        two = two[:, ::2] * two[:, 1::2]
        for axis, value in ((single, spins), (double, two)):
            mean = -value.reshape(reads, h.size, copies).mean((0, 2))
            axis.plot(h, mean, marker, markersize=5, markerfacecolor="none", label=name)
    beta = effective_beta(program_of(h, none, 1), ADVANTAGE)
    for axis in (single, double):
        axis.plot(h, np.tanh(beta * h), "k-", linewidth=0.8, label=f"tanh(h / T), T = {1 / beta:.3f}")
        axis.plot(h, np.tanh(h / 0.198), "k:", linewidth=0.8, label="published: T = 0.198")
    single.set(xlabel="h", ylabel="-<s> of single qubits")
    double.set(xlabel="J", ylabel="-<s s'> of pairs")
    single.legend(fontsize=8)
    plt.suptitle("Freeze-out: what qubits remember of the temperature", fontsize=10)
    save("qpu_freeze_out")


def real_machine() -> None:
    real, ours = defaultdict(list), defaultdict(list)
    for line in (HERE / "pegasus_lanl.txt").read_text().splitlines():
        words = line.split()
        if words and words[0].startswith("P16"):
            time, figures = float(words[1]), [float(word) for word in words[2:6]]
            real[time].append(figures[:2])
            ours[time].append(figures[2:])
    times = sorted(real)
    _, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), sharey=True)
    for which, (axis, title) in enumerate(zip(axes, ("lowest", "median of the 50 lowest"), strict=True)):
        a, b = (np.array([[pair[which] for pair in table[t]] for t in times]) for table in (real, ours))
        # Each instance has its own scale: all in percent above the lowest that the real machine found.
        best = np.array([[pair[0] for pair in real[t]] for t in times]).min(axis=0)
        a, b = (100 * (best - x) / best for x in (a, b))
        axis.fill_between(times, a.mean(1) - 0.2, a.mean(1) + 0.2, alpha=0.15, label="±0.2 %")
        axis.errorbar(times, a.mean(1), a.std(1), fmt="o-", capsize=3, label="Advantage_system4.1")
        axis.errorbar(np.array(times) * 1.1, b.mean(1), b.std(1), fmt="s--", capsize=3, label="emulated")
        axis.set(xscale="log", xlabel="annealing time, µs", title=f"{title} of 5120 reads")
    axes[0].set_ylabel("% above the best of the real machine")
    axes[0].legend(fontsize=8)
    save("qpu_real_machine")


if __name__ == "__main__":
    for picture in (schedules, success, reverse, freeze_out, real_machine):
        picture()
