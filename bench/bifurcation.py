"""Simulated bifurcation against the simulated-bifurcation package (PyTorch), equal parameters, one core.

    python bench/bifurcation.py [--k2000 FILE] [--gset FOLDER] [--reads N] [--steps N] [--solve]

Equal are c0, time step, steps and reads; the peer's early stop is off. ``us`` is microseconds of processor
time per step and replica, start to answer, ``ratio`` the peer's over ours. Without files random problems of
the same size stand in. ``--solve`` adds the time to 99 % success of each variant at its own step counts:
TTS = processor seconds per read x ln 0.01 / ln(1 - p), p the share of reads that reached the best known
cut; ballistic and generalised reads run 16 side by side, so the first answer takes 16 reads' time.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

import isinglass
from isinglass.problems.edges_of import edge_list_of
from isinglass.problems.given import EdgeList
from peers import call, peer_python

PEER = "simulated-bifurcation==2.0.0"
BEST_CUTS = {"K2000": 33337, "G1": 11624, "G22": 13359, "G43": 6660}
SOLVE = [
    ("K2000", "discrete", 8000, 64, {"time_step": 1.0}),
    ("K2000", "generalized", 20_000, 32, {"control": 0.2, "time_step": 1.25}),
    ("G1", "generalized", 5000, 64, {"control": 0.7}),
    ("G1", "discrete", 5000, 64, {}),
    ("G22", "discrete", 20_000, 32, {}),
    ("G43", "discrete", 20_000, 64, {}),
]


def instances(k2000: Path | None, gset: Path | None) -> dict[str, EdgeList]:
    stand_ins: dict[str, tuple[str, dict[str, Any]]] = {
        "K2000": ("sk", {"n": 2000}), "G1": ("gnp", {"n": 800, "p": 0.06}),
        "G22": ("gnp", {"n": 2000, "p": 0.01}), "G43": ("gnp", {"n": 1000, "p": 0.02}),
    }  # fmt: skip
    found = {}
    for name, (kind, parameters) in stand_ins.items():
        path = k2000 if name == "K2000" else gset / f"{name}.txt.gz" if gset else None
        given = isinglass.generate(kind, seed=1, **parameters) if path is None else isinglass.read_file(path)
        found[name] = edge_list_of(given)
    return found


def ours(problem: Any, reads: int, steps: int, **parameters: Any) -> tuple[Any, float]:
    """(result, processor seconds) on one thread, the kernel loaded before."""
    settings = {"solver": "simulated_bifurcation", "num_reads": reads, "num_threads": 1, "seed": 1}
    isinglass.solve(problem, steps=2, **settings, **parameters)
    began = time.process_time()
    result = isinglass.solve(problem, steps=steps, **settings, **parameters)
    return result, time.process_time() - began


def compare(name: str, given: EdgeList, reads: int, steps: int) -> float:
    ratios = []
    problem = isinglass.compile(given)
    for variant in ("ballistic", "discrete"):
        result, seconds = ours(problem, reads, steps, variant=variant)
        peer = call(
            "bifurcate", row=given.row, col=given.col, value=given.value.astype(np.float64),
            n=given.num_variables, reads=reads, steps=steps, mode=variant,
            time_step=result.info["time_step"], seed=1,
        )  # fmt: skip
        scale = 1e6 / steps / reads
        ratios.append(peer["seconds"] / seconds)
        cut = (np.sum(given.value) - ising_energies(given, result.record.sample)) / 2
        peer_cut = (np.sum(given.value) - peer["energies"]) / 2
        print(f"{name:<6} {result.info['storage']:<7} {variant:<10} {result.info['time_step']:6.3f}  "
              f"{peer['seconds'] * scale:8.2f} {seconds * scale:8.2f} {ratios[-1]:6.1f}x   mean cut "
              f"{peer_cut.mean():.1f} | {cut.mean():.1f}, best {peer_cut.max():.0f} | {cut.max():.0f}",
              flush=True)  # fmt: skip
    return float(np.prod(ratios))


def ising_energies(given: EdgeList, states: np.ndarray) -> np.ndarray:
    states = states.astype(np.float64)
    return (states[:, given.row] * states[:, given.col]) @ given.value.astype(np.float64)


def time_to_solution(
    given: EdgeList, name: str, variant: str, steps: int, reads: int, **parameters: Any
) -> None:
    result, seconds = ours(isinglass.compile(given), reads, steps, variant=variant, **parameters)
    cuts = (np.sum(given.value) - ising_energies(given, result.record.sample)) / 2
    hits = int((cuts >= BEST_CUTS[name]).sum())
    # All reads at the target: count one as missed, so that the figure is finite.
    p = min(hits, reads - 0.5) / reads
    tts = seconds / reads * max(1.0, np.log(0.01) / np.log(1 - p)) if hits else np.inf
    print(f"{name:<6} {variant:<11} steps {steps:<6} {parameters}: {hits} of {reads} reads reach "
          f"{BEST_CUTS[name]}, best {cuts.max():.0f}, mean {cuts.mean():.1f}, "
          f"{1e3 * seconds / reads:.0f} ms a read, {seconds:.1f} s, TTS99 {tts:.2f} s",
          flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--k2000", type=Path)
    parser.add_argument("--gset", type=Path)
    parser.add_argument("--reads", type=int, default=16)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--solve", action="store_true")
    options = parser.parse_args()
    subprocess.run([peer_python(), "-m", "pip", "install", "-q", PEER], check=True)
    found = instances(options.k2000, options.gset)
    print(
        f"{'':<6} storage {'variant':<10} {'dt':>6}  {'peer us':>8} {'ours us':>8} {'ratio':>7}   peer | ours"
    )
    products = [compare(name, given, options.reads, options.steps) for name, given in found.items()]
    print(f"geometric mean {np.exp(np.log(products).mean() / 2):.1f}x")
    for name, variant, steps, reads, parameters in SOLVE if options.solve else []:
        if (options.k2000 if name == "K2000" else options.gset) is not None:
            time_to_solution(found[name], name, variant, steps, reads, **parameters)


if __name__ == "__main__":
    main()
