"""What a spin update costs in parallel tempering: beside annealing's, by temperature, and in cluster moves.

    python bench/tempering.py [--quick]

Nanoseconds of processor time for one visit of one spin of one replica, one thread, the lowest of five turns;
compare them within one run only. ``annealing``: as many reads as the ladder has replicas, over the
ladder's temperatures. ``same``: tempering at those temperatures, without cluster moves. ``as run``: rungs
moved to equal steps of the barrier, cluster moves as often as the solver makes them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

import isinglass
from isinglass.control import RunControl
from isinglass.kernels.cpu.sweep_packed import FLIPPED
from isinglass.solvers.anneals import Anneals
from isinglass.solvers.ladders import Ladder, LaneLadder, PackedLadder, ladder_for
from isinglass.solvers.rungs import default_beta_range, equalize
from isinglass.solvers.schedule import slack_scale
from isinglass.solvers.start import StartStates

TURNS, WARM_UP = 5, 200
RUNGS = {"sparse": 32, "packed": 16, "dense": 16}
TEMPERATURES = (60.0, 30.0, 20.0, 10.0, 5.0, 2.0, 0.5)


def ladder_of(problem: isinglass.CompiledProblem) -> Ladder:
    """A fresh ladder on its geometric rungs, the kernel loaded."""
    beta_range, rungs = default_beta_range(problem), RUNGS[problem.storage]
    ladder = ladder_for(problem, StartStates(problem, None, 1), 1, 0, beta_range, rungs, RunControl())
    advance(ladder, WARM_UP)
    return ladder


def settled(problem: isinglass.CompiledProblem) -> Ladder:
    """A ladder whose rungs are at equal steps of the barrier."""
    ladder = ladder_of(problem)
    ladder.redraw(equalize(ladder.beta, ladder.refused, len(ladder.beta)))
    advance(ladder, WARM_UP)
    return ladder


def advance(ladder: Ladder, sweeps: int, clusters: bool = True) -> float:
    """Nanoseconds a visit of ``sweeps``."""
    if isinstance(ladder, LaneLadder) and not clusters:
        ladder.cluster_every[:] = 0
    began = time.process_time()
    ladder.advance(sweeps, np.zeros(8, np.int64))
    visits = sweeps * ladder.replica_at.size * ladder.problem.num_variables
    return 1e9 * (time.process_time() - began) / visits


def lowest(*costs: Callable[[], float]) -> list[float]:
    """The lowest of ``TURNS`` turns of each; they take turns, so that a busy machine slows all."""
    return [float(best) for best in np.min([[cost() for cost in costs] for _ in range(TURNS)], axis=0)]


def beside_annealing(name: str, problem: isinglass.CompiledProblem, sweeps: int) -> None:
    same, as_run = ladder_of(problem), settled(problem)
    annealed = Anneals(problem, StartStates(problem, None, 1), 1, RunControl(num_threads=1))
    reads = same.replica_at.size
    temperatures = slack_scale(np.geomspace(same.beta[-1], same.beta[0], sweeps), 1.0)

    def annealing() -> float:
        began = time.process_time()
        annealed.round(reads, temperatures)
        return 1e9 * (time.process_time() - began) / (sweeps * reads * problem.num_variables)

    a, b, c = lowest(annealing, lambda: advance(same, sweeps, False), lambda: advance(as_run, sweeps))
    print(
        f"{name:<24} {problem.storage:<7} {a:9.2f} {b:7.2f} {c:7.2f}   {b / a:5.2f} {c / a:6.2f}", flush=True
    )


def by_temperature(problem: isinglass.CompiledProblem, sweeps: int) -> None:
    ladder = ladder_of(problem)
    assert isinstance(ladder, PackedLadder)
    for temperature in TEMPERATURES:
        ladder.beta = np.full(len(ladder.beta), 1.0 / temperature)
        advance(ladder, WARM_UP)
        (cost,) = lowest(lambda: advance(ladder, sweeps))
        flips = 64 * ladder.replicas[:, FLIPPED].mean() / problem.num_variables
        print(f"T = {temperature:<5g} {cost:6.2f} ns, {flips:5.2f} flips a word", flush=True)


def share_of_clusters(problem: isinglass.CompiledProblem, sweeps: int) -> None:
    one, other = settled(problem), settled(problem)
    without, with_clusters = lowest(lambda: advance(one, sweeps, False), lambda: advance(other, sweeps))
    print(f"torus 100x100, as run: {without:.2f} ns without cluster moves, {with_clusters:.2f} ns with them, "
          f"which is {100 * (1 - without / with_clusters):.0f} % of the time")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a fifth of the work")
    work = 1 if parser.parse_args().quick else 5
    sparse = isinglass.compile(isinglass.generate("gnp", n=2000, p=0.01, seed=1))
    packed = isinglass.compile(isinglass.generate("gnp", n=2000, p=0.5, seed=1))
    dense = isinglass.compile(isinglass.generate("sk_gaussian", n=1000, seed=1))
    print(f"{'':<24} storage annealing    same  as run   ratios to annealing")
    beside_annealing("G(2000,0.01), max-cut", sparse, 100 * work)
    beside_annealing("G(2000,1/2), max-cut", packed, 40 * work)
    beside_annealing("Gaussian, n = 1000", dense, 40 * work)
    print("\nG(2000,1/2), packed, all rungs at one temperature (energy unit: a coupling)")
    by_temperature(packed, 40 * work)
    print()
    share_of_clusters(isinglass.compile(isinglass.generate("lattice_2d", length=100, seed=1)), 20 * work)


if __name__ == "__main__":
    main()
