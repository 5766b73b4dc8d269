"""Other people's solvers, measured beside ours: their settings, and how they are reached.

A peer is called again and again with new seeds until its best state reaches the target or the limit has
passed, each call in the form that its own documentation shows. Only its sampling calls count; its problem
object is built beforehand. Every setting in ``SETTINGS`` is measured and the best of them taken instance by
instance, which favours the peer: our solvers run with one setting.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from isinglass.benchmark import peer_worker
from isinglass.control import available_threads
from isinglass.errors import IsinglassError, ParameterError, nearest
from isinglass.problems.given import EdgeList

_ANNEALS = (
    {"num_reads": 16, "num_sweeps": 100},
    {"num_reads": 1, "num_sweeps": 1000},
    {"num_reads": 1, "num_sweeps": 10_000},
)

SETTINGS: dict[str, tuple[dict[str, Any], ...]] = {
    "dwave-sa": _ANNEALS,
    # Stopped at the target by its energy_threshold; one search to the limit, or restarts.
    "dwave-tabu": ({"seconds": 0.1}, {"seconds": 1.0}, {"seconds": 3600.0}),
    "openjij-sa": _ANNEALS,
    "openjij-sqa": ({"num_reads": 1, "num_sweeps": 100}, {"num_reads": 1, "num_sweeps": 1000}),
    "simulated-bifurcation": (
        {"mode": "ballistic", "agents": 128, "max_steps": 1000},
        {"mode": "discrete", "agents": 128, "max_steps": 1000},
        {"mode": "discrete", "agents": 128, "max_steps": 10_000},
    ),
}
"""By peer: what is passed to its call, and for tabu the ``seconds`` of each search."""

_PATIENCE = 20.0
_STARTING_SECONDS = 120.0
"""A peer that is silent for the first times the limit plus the second is given up."""


class Peer:
    """One peer, in this process or in another environment's; a context that ends its process.

    Args:
        name: a key of ``SETTINGS``.
        python: interpreter of the environment that has the peer; None for this process.
        threads: asked of OpenMP and torch in the peer's own process; None for all cores.

    Raises:
        ParameterError: no such peer; it is not installed; the interpreter does not start.
    """

    def __init__(self, name: str, python: Path | None = None, threads: int | None = None) -> None:
        if name not in SETTINGS:
            raise ParameterError(
                f"peer={name!r} is not one of {', '.join(SETTINGS)}{nearest(name, SETTINGS)}"
            )
        self.name = name
        self._process: subprocess.Popen[str] | None = None
        if python is None:
            self._require_here()
        else:
            self._start(python, threads or available_threads())
        said = self._ask({}, _STARTING_SECONDS)
        if "error" in said:
            self._end()
            raise ParameterError(f"peer {name} cannot be used: {said['error']}; {self._remedy()}")
        self.version: str = said["version"]
        self._folder = tempfile.TemporaryDirectory()
        self._problem: EdgeList | None = None

    def run(
        self, problem: EdgeList, settings: dict[str, Any], seed: int, target: float, time_limit: float
    ) -> dict[str, Any]:
        """Call the peer until ``target`` (an energy) or the limit: peer_worker.py says what comes back.

        ``state`` comes as int8[n] of -1/+1. IsinglassError where the peer fails or never answers.
        """
        request = {
            "problem": str(self._written(problem)), "settings": settings, "seed": seed,
            "target": target, "time_limit": time_limit,
        }  # fmt: skip
        said = self._ask(request, _PATIENCE * time_limit + _STARTING_SECONDS)
        if "error" in said:
            raise IsinglassError(f"peer {self.name} with {settings}: {said['error']}")
        said["state"] = np.array([1 if bit == "1" else -1 for bit in said["state"]], np.int8)
        return said

    def _written(self, problem: EdgeList) -> Path:
        path = Path(self._folder.name) / "problem.npz"
        if problem is self._problem:
            return path
        self._problem = problem
        linear = np.zeros(problem.num_variables) if problem.linear is None else problem.linear
        np.savez(
            path, row=problem.row, col=problem.col, value=problem.value.astype(np.float64), linear=linear,
            offset=problem.offset, vartype=problem.vartype,
        )  # fmt: skip
        return path

    def _require_here(self) -> None:
        module = peer_worker.PEERS[self.name].module
        parent = module.split(".")[0]
        if importlib.util.find_spec(parent) is None or importlib.util.find_spec(module) is None:
            raise ParameterError(f"peer {self.name} is not installed here; {self._remedy()}")

    def _remedy(self) -> str:
        return (
            f"pip install {peer_worker.PEERS[self.name].package}, here or in an environment of its own whose "
            "interpreter --peer-python names"
        )

    def _start(self, python: Path, threads: int) -> None:
        count = str(threads)
        limits = {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count}
        try:
            self._process = subprocess.Popen(
                [str(python), "-I", peer_worker.__file__],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                env={**os.environ, **limits},
            )  # fmt: skip
        except OSError as error:
            raise ParameterError(f"peer_python={str(python)!r} does not start: {error.strerror}") from None

    def _ask(self, request: dict[str, Any], patience: float) -> dict[str, Any]:
        whole = {"peer": self.name, **request}
        if self._process is None:
            try:
                return peer_worker.answer(whole)
            except Exception as error:
                return {"error": f"{type(error).__name__}: {error}"}
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(whole) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return {"error": "its process has ended"}
        if not select.select([self._process.stdout], [], [], patience)[0]:
            self._process.kill()
            return {"error": f"no answer in {patience:.0f} s"}
        line = self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line) if line else {"error": "its process has ended"}
        return said

    def close(self) -> None:
        """End the peer's process and remove its files."""
        self._end()
        self._folder.cleanup()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
