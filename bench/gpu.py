"""Every kernel of this machine's cards, in one command: checked, timed, and set against the processor.

    python bench/gpu.py [--instances FOLDER] [--only NAME ...] [--output FILE]
    python bench/gpu.py --simulator        (tiny sizes in the CUDA simulator: does it run end to end?)

On a machine without a card bench/gpu_compile.py compiles them all for one.

Prints one table. Kernel rows: the time of a sweep (or step) of all replicas, from two runs of different
length; the floor by the two numbers of the kernel's docstring (instructions over 2.9e13 a second, bytes over
3.35 TB/s: an H100's, by its data sheet); time over floor; and how many times as long the same work takes on
the processor, all threads. TTS rows: K2000.* and G22.* of FOLDER, 20 seeds, to the best known cut. The
Q-score row: G(700000, 1/2) in 60 s. Each row runs in a process of its own, with a time limit: one that fails
says why and the others go on. Rows are appended to --output as JSON lines as they end.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

INSTRUCTIONS, BYTES = 2.9e13, 3.35e12
"""A second, of an H100 SXM: lane instructions issued, memory."""
PRODUCTS = {"float32": 6.7e13, "bfloat16": 9.89e14, "int8": 1.979e15}
"""Operations of matrix products a second."""
ROW_SECONDS = 300
TARGETS = {"K2000": 33337, "G22": 13359}
Row = dict[str, Any]


def _seconds(
    problem: Any, solver: str, backend: str, length: str, sizes: tuple[int, int], **given: Any
) -> float:
    """Seconds of one sweep or step: the difference of two runs over that of their lengths."""
    import isinglass

    took = []
    for size in (sizes[0], *sizes):
        began = time.perf_counter()
        isinglass.solve(problem, solver=solver, backend=backend, seed=1, **{length: size}, **given)
        took.append(time.perf_counter() - began)
    return (took[2] - took[1]) / (sizes[1] - sizes[0])


def _kernel(
    problem: Any, solver: str, length: str, reads: int, floor: float, sizes: tuple[int, int], **given: Any
) -> Row:
    """Time against floor and processor; the processor gets as many reads as it has threads."""
    threads = os.cpu_count() or 1
    card = _seconds(problem, solver, "gpu", length, sizes, num_reads=reads, **given)
    few = min(reads, 64 if problem.storage == "sparse" else threads)
    short = (max(1, sizes[0] // 10), max(2, sizes[1] // 10))
    here = _seconds(problem, solver, "cpu", length, short, num_reads=few, **given)
    return {
        "problem": f"n={problem.num_variables} {problem.storage}, {reads} reads",
        "us a sweep": 1e6 * card, "floor us": 1e6 * floor, "over floor": card / floor,
        "processor over card": (here / few) / (card / reads),
    }  # fmt: skip


def _reads(storage: str, n: int) -> int:
    from isinglass.kernels.cuda.opening import open_cards

    return open_cards().reads_at_once(storage, n)


def _sparse(n: int, degree: float, **more: Any) -> Any:
    import isinglass

    return isinglass.compile(isinglass.generate("gnp", n=n, p=degree / n, seed=1), storage="sparse", **more)


def _dense(n: int) -> Any:
    import isinglass

    return isinglass.compile(isinglass.generate("gnp", n=n, p=0.5, seed=1), storage="packed")


def _sparse_floor(problem: Any, reads: int) -> float:
    n, entries = problem.num_variables, len(problem.couplings.indices)
    instructions = reads * (45 * n + 3 * entries)
    return max(instructions / INSTRUCTIONS, (8 * entries + 4 * n * reads / 32) / BYTES)


def _packed_floor(problem: Any, reads: int) -> float:
    """With an eighth of the visits flipping, about the mean of an anneal."""
    n = problem.num_variables
    return reads * (60 * n + 2 * n * n / 8) / INSTRUCTIONS


def checks(tiny: bool) -> Row:
    from isinglass.gpu_check import check_cards
    from isinglass.kernels.cuda.opening import describe_cards, open_cards

    cards = open_cards()
    found = [] if tiny else list(check_cards(cards, 700))
    wrong = [f"{c.name} {c.trouble}".strip() for c in found if not c.passed]
    return {
        "card": "; ".join(describe_cards(cards)),
        "checked": len(found),
        "wrong": ", ".join(wrong) or "none",
    }


def anneal_sparse(tiny: bool) -> Row:
    problem = _sparse(24 if tiny else 2000, 3 if tiny else 20)
    reads = 2 if tiny else _reads("sparse", 2000)
    sizes = (1, 2) if tiny else (200, 2000)
    return _kernel(
        problem, "simulated_annealing", "annealing_time", reads, _sparse_floor(problem, reads), sizes
    )


def anneal_sparse_large(tiny: bool) -> Row:
    problem = _sparse(24 if tiny else 1_000_000, 3)
    sizes = (1, 2) if tiny else (50, 500)
    return _kernel(problem, "simulated_annealing", "annealing_time", 32, _sparse_floor(problem, 32), sizes)


def anneal_packed(tiny: bool) -> Row:
    problem = _dense(40 if tiny else 2000)
    reads = 1 if tiny else _reads("packed", 2000)
    sizes = (1, 2) if tiny else (100, 1000)
    return _kernel(
        problem, "simulated_annealing", "annealing_time", reads, _packed_floor(problem, reads), sizes
    )


def anneal_packed_5000(tiny: bool) -> Row:
    problem = _dense(40 if tiny else 5000)
    reads = 1 if tiny else _reads("packed", 5000)
    sizes = (1, 2) if tiny else (50, 500)
    return _kernel(
        problem, "simulated_annealing", "annealing_time", reads, _packed_floor(problem, reads), sizes
    )


def anneal_tiles(tiny: bool) -> Row:
    n = 40 if tiny else 100_000
    problem = _dense(n)
    sizes = (1, 2) if tiny else (10, 60)
    return _kernel(problem, "simulated_annealing", "annealing_time", 1, n * n / 8 / BYTES, sizes)


def temper_sparse(tiny: bool) -> Row:
    problem = _sparse(24 if tiny else 2000, 3 if tiny else 20)
    floor = 2 * _sparse_floor(problem, 64)
    sizes = (1, 2) if tiny else (1000, 8000)
    return _kernel(problem, "parallel_tempering", "sweeps", 1, floor, sizes, num_temperatures=64)


def temper_packed(tiny: bool) -> Row:
    problem, rungs = _dense(34 if tiny else 2000), 2 if tiny else 24
    sizes = (1, 2) if tiny else (500, 4000)
    floor = _packed_floor(problem, rungs)
    return _kernel(problem, "parallel_tempering", "sweeps", 1, floor, sizes, num_temperatures=rungs)


def _bifurcate(tiny: bool, variant: str, product: float, bytes_a_number: int) -> Row:
    """``product``: seconds of that of one number with one number."""
    n, reads = (8, 1) if tiny else (2000, 1024)
    floor = max(product * n * n * reads, bytes_a_number * n * reads / BYTES)
    sizes = (2, 4) if tiny else (200, 1000)
    return _kernel(_dense(n), "simulated_bifurcation", "steps", reads, floor, sizes, variant=variant)


def bifurcate(tiny: bool) -> Row:
    """Positions in two digits."""
    return _bifurcate(tiny, "ballistic", 2 * 2 / PRODUCTS["int8"], 26)


def bifurcate_signs(tiny: bool) -> Row:
    """Signs of whole numbers, each state judged."""
    return _bifurcate(tiny, "discrete", 2 / PRODUCTS["int8"], 21 + 8)


def bifurcate_sparse(tiny: bool) -> Row:
    """Signs and compressed rows: a step is one kernel."""
    problem = _sparse(24 if tiny else 2000, 3 if tiny else 20)
    n, entries, reads = problem.num_variables, len(problem.couplings.indices), 1 if tiny else 1024
    floor = reads * max((30 * n + 4 * entries) / INSTRUCTIONS, 17 * n / BYTES)
    sizes = (2, 4) if tiny else (500, 5000)
    return _kernel(problem, "simulated_bifurcation", "steps", reads, floor, sizes, variant="discrete")


def products(tiny: bool) -> Row:
    """Products of a matrix with 1024 replicas in each form, against float32 in the same run."""
    from isinglass.kernels.cuda.bifurcate_matrix import HALF, SINGLE, WHOLE
    from isinglass.kernels.cuda.gemm import cublas
    from isinglass.kernels.cuda.grids import WIDE, grid_of
    from isinglass.kernels.cuda.matrix_forms import Form, MatrixOnCard
    from isinglass.kernels.cuda.opening import open_cards

    n, reads, times = (16, 1, 1) if tiny else (2000, 1024, 200)
    matrix = np.random.default_rng(1).choice(np.array([-1.0, 1.0], np.float32), (n, n))
    x = np.random.default_rng(2).uniform(-1, 1, (reads, n)).astype(np.float32)
    forms = {
        "float32": Form(SINGLE, np.float32, 1, 1),
        "int8": Form(WHOLE, np.int8, 1, 1, True),
        "int8 x 2": Form(WHOLE, np.int8, 1, 2, True),
        "bfloat16 x 2": Form(HALF, np.uint16, 1, 2),
        "2 x 2": Form(HALF, np.uint16, 2, 2),
    }
    row: Row = {"problem": f"n={n}, {reads} reads"}
    card = open_cards().cards[0]
    for name, form in forms.items():
        with card.work("multiplying") as work, cublas(work) as gemm:
            problem = MatrixOnCard.put(work, (matrix,), np.zeros(n), form)
            operand, sums = problem.operand_for(work, reads)
            given, signs = work.put(x), name == "int8"
            grid, grains = grid_of(operand.shape[1:]), np.float32(form.grains)
            work.launch(form.kernels.operand, grid, WIDE, given, signs, grains, operand)
            calls = problem.products(operand, sums, signs)
            for _ in range(2):
                work.wait()
                began = time.perf_counter()
                for arguments in times * calls:
                    gemm(*arguments)
                work.wait()
                seconds = (time.perf_counter() - began) / times
        peak = PRODUCTS["bfloat16" if form.kernels is HALF else name.split()[0]]
        floor = 2 * n * n * reads * len(calls) / peak
        row |= {f"{name} us": 1e6 * seconds, f"{name} over floor": seconds / floor}
    return row


def memcompute(tiny: bool) -> Row:
    problem = _sparse(10 if tiny else 20_000, 3 if tiny else 6)
    entries, reads = len(problem.couplings.indices), 1 if tiny else 512
    floor = max(reads * 20 * entries / INSTRUCTIONS, (6 * entries * reads + 4 * entries) / BYTES)
    return _kernel(problem, "memcomputing", "steps", reads, floor, (1, 2) if tiny else (50, 300))


def rotors(tiny: bool) -> Row:
    """Spin vectors, called as the emulated annealer calls them."""
    from isinglass.gpu_check import rotor_glass
    from isinglass.kernels.cpu.anneal_rotors import anneal_rotors
    from isinglass.kernels.cpu.rotor_lanes import LANES
    from isinglass.kernels.cuda.opening import open_cards

    n, reads, sizes = (14, 2, (1, 2)) if tiny else (5600, 1024, (50, 500))
    cards = open_cards()

    def seconds(batch: bool, count: int, sweeps: int) -> float:
        rows, h, flux, schedule, there, keys = rotor_glass(n, count, sweeps)
        flag, row = np.zeros(8, np.int64), np.array([0.0, np.inf, -np.inf, 0.0])
        began = time.perf_counter()
        if batch:
            cards.anneal_rotors(rows, h, flux, schedule, there, keys, count, flag, row)
        else:
            anneal_rotors(*rows, h, flux, *schedule, *there, keys, count, flag, row)
        return time.perf_counter() - began

    took = {}
    for batch, count in ((True, reads), (False, LANES)):
        seconds(batch, count, sizes[0])
        short, long = (seconds(batch, count, size) for size in sizes)
        took[batch] = (long - short) / (sizes[1] - sizes[0])
    floor = reads * n * (160 + 18) / INSTRUCTIONS
    return {
        "problem": f"n={n} degree 6, {reads} reads", "us a sweep": 1e6 * took[True], "floor us": 1e6 * floor,
        "over floor": took[True] / floor,
        "one thread over card": (took[False] / LANES) / (took[True] / reads),
    }  # fmt: skip


def time_to_target(name: str, folder: str, limit: float) -> Row:
    """TTS99 = ln(100) times the mean time to a hit, over 20 seeds; the problem is on the host already."""
    import isinglass

    path = next(Path(folder).glob(f"{name}.*"))
    problem = isinglass.compile(str(path), kind="maxcut")
    target = TARGETS[name]
    seconds, hits = 0.0, 0
    for seed in range(21):
        began = time.perf_counter()
        result = isinglass.solve(
            problem, backend="gpu", seed=seed, target_cut=TARGETS[name], time_limit=limit
        )
        if seed > 0:
            # Seed 0 compiled the kernels.
            seconds += time.perf_counter() - began
            hits += bool(result.record.cut.max() >= target)
    return {"problem": path.name, "hits of 20": hits, "TTS99 s": math.log(100) * seconds / max(hits, 1)}


def qscore(tiny: bool) -> Row:
    """beta after 60 s, the copy to the card included."""
    import isinglass
    from isinglass.qscore.score import beta

    n = 40 if tiny else 700_000
    problem = isinglass.compile(isinglass.generate("gnp", n=n, p=0.5, seed=1), storage="packed")
    limited = {"annealing_time": 2} if tiny else {"time_limit": 60.0}
    result = isinglass.solve(
        problem, backend="gpu", solver="simulated_annealing", num_reads=1, seed=1, **limited
    )
    score = beta(float(result.record.cut.max()), n)
    return {"problem": f"G({n}, 1/2)", "beta": score, "sweeps": str(result.info["annealing_time"])}


ROWS: dict[str, Callable[[bool], Row]] = {
    row.__name__: row
    for row in (
        checks, anneal_sparse, anneal_sparse_large, anneal_packed, anneal_packed_5000, anneal_tiles,
        temper_sparse, temper_packed, products, bifurcate, bifurcate_signs, bifurcate_sparse, memcompute,
        rotors, qscore,
    )
}  # fmt: skip


def _run(name: str, given: argparse.Namespace) -> Row:
    if name in TARGETS:
        return time_to_target(name, given.instances, 20.0)
    return ROWS[name](given.simulator)


def _in_process_of_its_own(name: str, arguments: list[str]) -> Row:
    command = [sys.executable, __file__, *arguments, "--row", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ROW_SECONDS)
    except subprocess.TimeoutExpired:
        return {"failed": f"took more than {ROW_SECONDS} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row


def _guarded(name: str, given: argparse.Namespace) -> Row:
    try:
        return _run(name, given)
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--instances", help="folder with K2000.* and G22.*")
    parser.add_argument("--only", nargs="*", choices=[*ROWS, *TARGETS], help="rows to run")
    parser.add_argument("--output", type=Path, help="append each row as a JSON line")
    parser.add_argument("--simulator", action="store_true", help="tiny sizes in the CUDA simulator")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.simulator:
        os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
        sys.setswitchinterval(1e-5)
    if given.row:
        print(json.dumps(_run(given.row, given)))
        return 0
    names = given.only or [*ROWS, *(TARGETS if given.instances else ())]
    failed = 0
    for name in names:
        began = time.perf_counter()
        row = _guarded(name, given) if given.simulator else _in_process_of_its_own(name, arguments)
        failed += "failed" in row or row.get("wrong", "none") != "none"
        if given.output:
            with given.output.open("a") as stream:
                stream.write(json.dumps({"row": name, **row}) + "\n")
        cells = (
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in row.items()
        )
        print(f"{name:<20} | {' | '.join(cells)} | {time.perf_counter() - began:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
