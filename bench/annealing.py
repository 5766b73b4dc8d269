"""Equal sweeps, reads and beta range against dwave-samplers' annealer, side by side in one run.

    python bench/annealing.py [--gset FOLDER] [--quick]

With a folder of G-set files (G22.txt.gz, ...) those graphs are used; without it random graphs of the
same size stand in. Ratios: the peer's seconds over ours, whole calls from a dimod BQM and the sampling
phases alone. ``mean`` is the mean energy of the reads with its standard error.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import dimod
import numpy as np

import isinglass
from isinglass.problems.edges_of import edge_list_of
from isinglass.problems.given import EdgeList
from peers import call

SPARSE_GOAL, SPARSE_FLOOR, PACKED_GOAL = 15.0, 8.0, 100.0


def instances(gset: Path | None, quick: bool) -> list[tuple[str, EdgeList, int, int]]:
    """(name, edges, reads, sweeps)."""
    rows: list[tuple[str, EdgeList, int, int]] = []
    stand_ins = {"G22": ("gnp", {"n": 2000, "p": 0.01}), "G43": ("gnp", {"n": 1000, "p": 0.02}),
                 "G55": ("gnp", {"n": 5000, "p": 0.001})}  # fmt: skip
    for name, (kind, parameters) in stand_ins.items():
        if gset is not None:
            given = isinglass.read_file(gset / f"{name}.txt.gz")
        else:
            given = edge_list_of(isinglass.generate(kind, seed=1, **parameters))
        rows.append((name, given, 64, 1000))
    torus = isinglass.generate("lattice_2d", length=100, seed=1)
    regular = isinglass.generate("random_regular", n=100_000, degree=3, seed=1)
    rows += [("torus 100x100", torus, 64, 500), ("3-regular 10^5", regular, 64, 100)]
    graph = call("pegasus", m=16)
    signs = np.random.default_rng(1).choice([-1.0, 1.0], len(graph["row"]))
    glass = EdgeList(graph["n"], graph["row"], graph["col"], signs)
    rows.append(("Pegasus P16 glass", glass, 64, 500))
    rows.append(("K2000", edge_list_of(isinglass.generate("sk", n=2000, seed=1)), 32, 500))
    rows.append(("G(2000,1/2)", edge_list_of(isinglass.generate("gnp", n=2000, p=0.5, seed=1)), 32, 500))
    return [(a, b, max(2, c // 4), d // 4) for a, b, c, d in rows] if quick else rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gset", type=Path)
    parser.add_argument("--quick", action="store_true", help="a sixteenth of the work")
    options = parser.parse_args()
    print(f"{'instance':<18} {'storage':<7} {'reads':>5} {'sweeps':>6}  {'peer s':>8} {'ours s':>8} "
          f"{'ratio':>7} {'sampling':>8}   mean energy, peer | ours  (worse by, in errors)")  # fmt: skip
    ratios: dict[str, list[float]] = {"sparse": [], "packed": [], "dense": []}
    for name, given, reads, sweeps in instances(options.gset, options.quick):
        edges = (given.row, given.col, given.value.astype(np.float64))
        bqm = dimod.BQM.from_numpy_vectors(np.zeros(given.num_variables), edges, 0.0, "SPIN")
        isinglass.solve(bqm, solver="simulated_annealing", num_reads=reads, annealing_time=2, seed=1)
        peer = call(
            "anneal", row=given.row, col=given.col, value=edges[2],
            n=given.num_variables, reads=reads, sweeps=sweeps, seed=1,
        )  # fmt: skip
        began = time.perf_counter()
        ours = isinglass.solve(
            bqm, solver="simulated_annealing", num_reads=reads, annealing_time=sweeps,
            beta_range=peer["beta_range"], seed=1,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        energy = ours.record.energy
        error = float(energy.std(ddof=1) / np.sqrt(reads))
        storage = ours.info["storage"]
        ratio, sampling = peer["seconds"] / seconds, peer["sampling"] / ours.timing["solve"]
        ratios[storage].append(sampling)
        worse = (energy.mean() - peer["mean"]) / max(1e-9, float(np.hypot(peer["error"], error)))
        print(f"{name:<18} {storage:<7} {reads:>5} {sweeps:>6}  {peer['seconds']:8.2f} {seconds:8.3f} "
              f"{ratio:6.1f}x {sampling:7.1f}x   {peer['mean']:.1f} ± {peer['error']:.1f} | "
              f"{energy.mean():.1f} ± {error:.1f}  ({worse:+.1f})", flush=True)  # fmt: skip
    sparse = np.array(ratios["sparse"])
    print(f"\nsparse: geometric mean {np.exp(np.log(sparse).mean()):.1f}x (goal {SPARSE_GOAL}x), "
          f"smallest {sparse.min():.1f}x (goal {SPARSE_FLOOR}x)")  # fmt: skip
    print(f"packed: smallest {min(ratios['packed']):.0f}x (goal {PACKED_GOAL:.0f}x)")


if __name__ == "__main__":
    main()
