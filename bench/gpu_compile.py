"""Every kernel for cards, compiled and linked for an H100 on a machine without one.

    python bench/gpu_compile.py [--only WORD ...]

Prints each kernel of ``isinglass.kernels.cuda`` with the registers of a thread, the bytes of its stack and
the bytes of static shared memory of a block, as ptxas counts them; a line for each kind of arguments that
it is launched with. Those are not written here: another process solves small problems in numba's simulator
and notes what is launched (nothing runs). Exits with 1 where a kernel does not compile, does not link or is
launched by nothing. Needs what the extra "gpu" installs.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from operator import attrgetter
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

COMPUTE_CAPABILITY = (9, 0)
LINKING = ["-arch=sm_90a", "-lto", "-verbose"]
"""As numba links what it launches, which is at link time too that it optimises."""
RESERVED = 1024
"""Bytes of shared memory that a card keeps of each block with some; the linker counts them too."""
Signature = tuple[tuple[str, int, str], ...]
"""Of each argument: dtype, axes, layout ("C" or "A")."""
Signatures = dict[str, list[Signature]]
"""Those that a kernel is launched with."""


def _kernels() -> Iterator[tuple[str, Any]]:
    """(module.name, kernel) in the simulator, a kernel once."""
    from numba.cuda.simulator.kernel import FakeCUDAKernel

    import isinglass.kernels.cuda as room

    for found in pkgutil.iter_modules(room.__path__):
        module = importlib.import_module(f"{room.__name__}.{found.name}")
        for name, value in vars(module).items():
            # A NamedTuple of kernels, such as bifurcate_matrix.WHOLE.
            parts = getattr(value, "_fields", ()) if isinstance(value, tuple) else ()
            for attribute in [f"{name}.{part}" for part in parts] or [name]:
                kernel = attrgetter(attribute)(module)
                own = isinstance(kernel, FakeCUDAKernel) and kernel.__module__ == module.__name__
                if own and not kernel._device:
                    yield f"{found.name}.{attribute}", kernel


def _signature(arguments: tuple[Any, ...]) -> Signature:
    def one(value: Any) -> tuple[str, int, str]:
        if not hasattr(value, "flags"):
            return np.asarray(value).dtype.name, 0, "C"
        return np.dtype(value.dtype).name, value.ndim, "C" if value.flags["C_CONTIGUOUS"] else "A"

    return tuple(one(value) for value in arguments)


def record() -> Signatures:
    """In the simulator: every kernel, with what it is launched with."""
    from isinglass.kernels.cuda import gemm
    from isinglass.kernels.cuda.card import Work
    from isinglass.kernels.cuda.matrix_forms import MatrixOnCard

    names = {id(kernel): name for name, kernel in _kernels()}
    noted: Signatures = {name: [] for name in names.values()}
    launches: list[Any] = []

    def note(work: Work, kernel: Any, grid: Any, block: Any, *arguments: Any, shared: int = 0) -> None:
        launches.append(kernel)
        signatures, signature = noted[names[id(kernel)]], _signature(arguments)
        if signature not in signatures:
            signatures.append(signature)

    Work.launch = note  # type: ignore[method-assign]  # launches are noted, not made
    # Of what nobody wrote there are no products.
    gemm._gemm_ex_simulated = lambda *_: None
    MatrixOnCard.check = lambda *_: None  # type: ignore[method-assign]  # nothing was computed
    _launch_everything(launches)
    return noted


def _launch_everything(launches: list[Any]) -> None:
    """Each solver that has kernels, on problems of each storage and number, and what needs more than that."""
    from isinglass.gpu_check import rotor_glass
    from isinglass.kernels.cuda.card import Card
    from isinglass.kernels.cuda.opening import open_cards
    from isinglass.solvers.registry import DEFAULT_SOLVER, SOLVERS

    problems = list(_problems())
    # As an H100 has them: then all blocks share a large sparse problem.
    with patch.object(Card, "multiprocessors", 132), patch.object(Card, "shared_bytes", 227 << 10):
        for name, solver in SOLVERS.items():
            for problem in problems:
                if name != DEFAULT_SOLVER and problem.storage in solver.batched:
                    _launch(solver, problem, launches)
        rows, h, flux, schedule, rotors, keys = rotor_glass(14, 2, 2)
        flag, row = np.zeros(8, np.int64), np.array([0.0, np.inf, -np.inf, 0.0])
        open_cards().anneal_rotors(rows, h, flux, schedule, rotors, keys, 2, flag, row)
    with patch.object(Card, "has_bfloat16", False):
        for problem in problems:
            if problem.storage != "sparse":
                _launch(SOLVERS["simulated_bifurcation"], problem, launches)
    # Too little for a replica, so its couplings are streamed.
    with patch.object(Card, "shared_bytes", 0):
        packed = next(problem for problem in problems if problem.storage == "packed")
        _launch(SOLVERS["simulated_annealing"], packed, launches)


def _problems() -> Iterator[Any]:
    """Compiled, of each storage and each kind of number that it has."""
    import scipy.sparse

    import isinglass

    draw = np.random.default_rng(1)
    signs = draw.choice([-1.0, 1.0], (40, 40))
    small, large = (draw.integers(-size, size, (40, 40)) for size in (9, 2_000_000))
    real = draw.normal(size=(40, 40))
    for storage, tables in {
        "packed": (signs, np.where(signs > 0, 0.3, -1.7)),
        "dense": (small, real),
        "sparse": (signs, large, real),
    }.items():
        for table in tables:
            yield isinglass.compile(np.triu(table, 1), kind="ising", storage=storage)
    # So large that all blocks share them.
    for table in (signs, large):
        bonds = np.resize(table, 19_999).astype(float)
        chain = scipy.sparse.diags_array(bonds, offsets=1, shape=(20_000, 20_000))
        yield isinglass.compile(chain, kind="ising", storage="sparse")


def _launch(solver: Any, problem: Any, launches: list[Any]) -> None:
    """Short runs of all variants."""
    from isinglass.control import RunControl
    from isinglass.kernels.cuda.opening import open_cards

    given = {"num_reads": 2, "seed": 1, "annealing_time": 2, "sweeps": 2, "steps": 2, "num_temperatures": 2}
    own = {name: value for name, value in given.items() if name in solver.parameters}
    with_variants = "variant" in solver.parameters
    for more in [{"variant": v} for v in ("discrete", "generalized")] if with_variants else [{}]:
        values, cancel = solver.resolve({**own, **more}), _Enough(launches)
        solver.run(problem, values, RunControl(num_threads=1, cancel=cancel, batch=open_cards()))


class _Enough:
    """Ends a ladder, which waits for sweeps that nobody makes."""

    def __init__(self, launches: list[Any]) -> None:
        self.launches, self.most = launches, len(launches) + 100

    def is_set(self) -> bool:
        return len(self.launches) > self.most


def _types(signature: Signature) -> tuple[Any, ...]:
    from numba import from_dtype, types

    def one(kind: str, axes: int, layout: str) -> Any:
        number = from_dtype(np.dtype(kind))
        return types.Array(number, axes, layout) if axes else number

    return tuple(one(*argument) for argument in signature)


def compiled(kernel: Any, signature: Signature) -> bytes:
    """What numba gives to the linker of a launch."""
    from numba import cuda

    code, _ = cuda.compile(
        kernel.py_func, _types(signature), device=False, cc=COMPUTE_CAPABILITY, abi="numba", output="ltoir",
        launch_bounds=kernel.targetoptions["launch_bounds"],
    )  # fmt: skip
    return bytes(code)


def linked(code: bytes) -> str:
    """What the linker says; its error is one of ``nvjitlink``."""
    from cuda.bindings import nvjitlink
    from numba.cuda.cudadrv.libs import get_cudalib

    handle = nvjitlink.create(len(LINKING), LINKING)
    try:
        nvjitlink.add_data(handle, nvjitlink.InputType.LTOIR, code, len(code), "kernel")
        # Meetings of the grid are in it.
        library = get_cudalib("cudadevrt", static=True)
        nvjitlink.add_file(handle, nvjitlink.InputType.LIBRARY, library)
        nvjitlink.complete(handle)
        log = bytearray(nvjitlink.get_info_log_size(handle))
        nvjitlink.get_info_log(handle, log)
    finally:
        nvjitlink.destroy(handle)
    return log.decode()


def _counts(log: str) -> tuple[int, int, int]:
    """(registers, bytes of stack, bytes of static shared memory) of the kernel, from the linker's words."""
    entry = re.search(r"Compiling entry function '(\S+)'", log)
    assert entry, log
    words = r"':\s*info\s*: used (\d+) registers.*?(\d+) stack, (\d+) bytes smem"
    found = re.search(re.escape(entry[1]) + words, log)
    assert found, log
    registers, stack, shared = map(int, found.groups())
    return registers, stack, max(0, shared - RESERVED)


def _row(name: str, signature: Signature) -> str:
    module, _, attribute = name.partition(".")
    kernel = attrgetter(attribute)(importlib.import_module(f"isinglass.kernels.cuda.{module}"))
    registers, stack, shared = _counts(linked(compiled(kernel, signature)))
    return f"{registers:>9} {stack:>6} {shared:>7}"


def _kinds(signatures: list[Signature]) -> list[str]:
    """What tells the signatures of one kernel apart: the dtypes that are not the same in all of them."""
    differ = [len(set(arguments)) > 1 for arguments in zip(*signatures, strict=True)]
    return [
        " ".join(dict.fromkeys(kind for (kind, *_), here in zip(one, differ, strict=True) if here))
        for one in signatures
    ]


def _recorded() -> Signatures:
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    command = [sys.executable, __file__, "--record"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    noted: dict[str, list[list[Any]]] = json.loads(done.stdout)
    return {name: [tuple(map(tuple, one)) for one in signatures] for name, signatures in noted.items()}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=[""], help="kernels with one of these in their name")
    parser.add_argument("--record", action="store_true", help="only print, as JSON, what is launched")
    given = parser.parse_args(arguments)
    if given.record:
        print(json.dumps(record()))
        return 0
    from numba.cuda import dispatcher

    # Device functions are compiled for the card that is there.
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=COMPUTE_CAPABILITY, id=0)
    failed = 0
    print(f"{'kernel':<44} registers  stack  shared")
    for name, signatures in _recorded().items():
        if not any(word in name for word in given.only):
            continue
        if not signatures:
            failed += 1
            print(f"{name:<44} FAILED: nothing launches it")
        for kind, signature in zip(_kinds(signatures), signatures, strict=True):
            try:
                row = _row(name, signature)
            except Exception as error:
                failed += 1
                row = f"FAILED: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
            print(f"{f'{name} {kind}':<44} {row}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
