"""``isinglass doctor``: what this machine is, and whether the kernels are right on it."""

from __future__ import annotations

import platform
import sys
import time
from importlib.metadata import version

import numpy as np
import typer

_CARD_CHECK_SPINS, _SIMULATED_CHECK_SPINS = 700, 34


def doctor() -> None:
    """Check this machine: versions, cores, memory, vector width, cards; each kernel against its oracle."""
    import llvmlite.binding

    from isinglass.control import available_threads
    from isinglass.memory import available_bytes
    from isinglass.run_info import processor

    print(f"isinglass {version('isinglass')}, Python {platform.python_version()}, {platform.platform()}")
    print(", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "llvmlite", "dimod", "scipy")))
    free = available_bytes()
    memory = "unknown" if free is None else f"{free / 1e9:.3g} GB"
    print(f"cores {available_threads()}, free memory {memory}")
    features = llvmlite.binding.get_host_cpu_features()
    wide = [f for f in ("avx2", "avx512bw", "avx512vpopcntdq", "neon", "sve") if features.get(f)]
    print(f"processor {processor()}: {', '.join(wide) or 'no wide vectors known'}")
    failures = _check_kernels() + _check_cards()
    if failures:
        print(f"{failures} checks failed: answers on this machine are not to be trusted", file=sys.stderr)
        raise typer.Exit(1)
    print("every kernel agrees with its oracle")


def _check_kernels() -> int:
    """Small problems through each storage, with the same samples, and each solver, with the same minimum."""
    from isinglass.problems.compile import compile
    from isinglass.solvers.registry import SOLVERS
    from isinglass.solving import solve

    draw = np.random.default_rng(1)
    matrix = np.triu(draw.choice([-1.0, 1.0], (18, 18)), 1)
    exact = float(solve(matrix, kind="ising", solver="exact").first.energy)
    samples, failures = [], 0
    for storage in ("sparse", "dense", "packed"):
        for reads in (1, 40):
            began = time.perf_counter()
            problem = compile(matrix, kind="ising", storage=storage)
            result = solve(problem, solver="simulated_annealing", num_reads=reads, annealing_time=200, seed=5)
            samples.append(result.record.sample[0])
            same = bool((samples[0] == samples[-1]).all())
            right = bool(result.record.energy.min() >= exact) and (
                reads == 1 or float(result.record.energy.min()) == exact
            )
            failures += not (same and right)
            seconds = time.perf_counter() - began
            verdict = "ok" if same and right else "WRONG"
            print(f"  annealing, {storage:<6} {reads:>2} reads  {verdict}  ({seconds:.2f} s)")
    for name in SOLVERS:
        began = time.perf_counter()
        found = float(solve(matrix, kind="ising", solver=name, seed=5).first.energy)
        # A descent stops at the next local minimum; nothing may fall below the ground state.
        right = found >= exact if name == "steepest_descent" else found == exact
        failures += not right
        print(f"  {name:<21} {'ok' if right else 'WRONG'}  ({time.perf_counter() - began:.2f} s)")
    return failures


def _check_cards() -> int:
    """The cards, what drives them, and each of their kernels; no card is no failure."""
    from isinglass.errors import IsinglassError
    from isinglass.kernels.cuda.opening import describe_cards, open_cards

    try:
        cards = open_cards()
    except IsinglassError as error:
        print(f"no card: {error}")
        return 0
    try:
        print("\n".join(describe_cards(cards)))
    except IsinglassError as error:
        print(f"  cards                 WRONG {error}")
        return 1
    from isinglass.gpu_check import check_cards

    failures = 0
    for check in check_cards(cards, _CARD_CHECK_SPINS if cards.real else _SIMULATED_CHECK_SPINS):
        failures += not check.passed
        verdict = "ok" if check.passed else f"WRONG {check.trouble}"
        print(f"  {check.name:<21} {verdict}  ({check.seconds:.2f} s)")
    return failures
