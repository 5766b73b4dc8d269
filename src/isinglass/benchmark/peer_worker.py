"""The half of a peer that runs beside it: builds its own problem object and calls it until the target.

It imports nothing of isinglass, for it also runs as a script in another environment, which only has to hold
NumPy, dimod and the peer:

    python -I peer_worker.py

reads requests, one JSON object a line, and answers each with one JSON line. A request names the peer, its
settings, an ``.npz`` file with the problem, a seed, a target energy and a limit in seconds; with the name
alone it asks for the peer's version. The answer has ``seconds`` (sampling calls only), ``build_seconds``,
``calls`` and the best ``state``, or an ``error``.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
"""``row``, ``col``, ``value``, ``linear``, ``offset``, ``vartype``: the problem, to be minimised."""


def to_bqm(arrays: Arrays, vartype: Any) -> Any:
    import dimod

    pairs = (arrays["row"], arrays["col"], arrays["value"])
    given: Any = str(arrays["vartype"])
    bqm = dimod.BQM.from_numpy_vectors(arrays["linear"], pairs, float(arrays["offset"]), given)
    return bqm.change_vartype(vartype, inplace=True)


def best_of(sampleset: Any, n: int) -> np.ndarray:
    """bool[n]: the best state of an answer in dimod's form, in the order of the variables."""
    state = np.zeros(n, bool)
    where = np.array(list(sampleset.variables), dtype=np.int64)
    state[where] = sampleset.record.sample[int(np.argmin(sampleset.record.energy))] > 0
    return state


def energy_of(arrays: Arrays, state: np.ndarray) -> float:
    """In float64 from the problem as it came: a peer's own figure may be rounded."""
    x = state.astype(np.float64) if str(arrays["vartype"]) == "BINARY" else 2.0 * state - 1.0
    pairs = arrays["value"] @ (x[arrays["row"]] * x[arrays["col"]])
    return float(pairs + arrays["linear"] @ x + arrays["offset"])


class DwaveSA:
    package, module = "dwave-samplers", "dwave.samplers"

    def __init__(self, arrays: Arrays, settings: dict[str, Any]) -> None:
        from dwave.samplers import SimulatedAnnealingSampler

        self.bqm, self.n = to_bqm(arrays, "SPIN"), len(arrays["linear"])
        self.sampler, self.settings = SimulatedAnnealingSampler(), settings

    def sample(self, seed: int, target: float, left: float) -> Any:
        return self.sampler.sample(self.bqm, seed=seed, **self.settings)

    def best(self, answer: Any) -> np.ndarray:
        return best_of(answer, self.n)


class DwaveTabu(DwaveSA):
    def __init__(self, arrays: Arrays, settings: dict[str, Any]) -> None:
        from dwave.samplers import TabuSampler

        self.bqm, self.n = to_bqm(arrays, "BINARY"), len(arrays["linear"])
        self.sampler, self.settings = TabuSampler(), settings

    def sample(self, seed: int, target: float, left: float) -> Any:
        # The one peer that takes a target and stops at it.
        # It compares energies without the offset of the model.
        threshold = target - float(self.bqm.offset)
        timeout = max(1, int(1000 * min(left, self.settings["seconds"])))
        return self.sampler.sample(
            self.bqm, seed=seed, num_reads=1, timeout=timeout, energy_threshold=threshold
        )


class OpenJijSA:
    package, module = "openjij", "openjij"
    sampler_name = "SASampler"

    def __init__(self, arrays: Arrays, settings: dict[str, Any]) -> None:
        import openjij

        self.bqm, self.n = to_bqm(arrays, "SPIN"), len(arrays["linear"])
        self.sampler, self.settings = getattr(openjij, self.sampler_name)(), settings
        self.sparse = len(arrays["value"]) < 0.1 * self.n * self.n

    def sample(self, seed: int, target: float, left: float) -> Any:
        return self.sampler.sample(self.bqm, seed=seed, sparse=self.sparse, **self.settings)

    def best(self, answer: Any) -> np.ndarray:
        return best_of(answer, self.n)


class OpenJijSQA(OpenJijSA):
    sampler_name = "SQASampler"


class SimulatedBifurcation:
    package, module = "simulated-bifurcation", "simulated_bifurcation"

    def __init__(self, arrays: Arrays, settings: dict[str, Any]) -> None:
        import simulated_bifurcation
        import torch

        self.sb, self.torch, self.settings = simulated_bifurcation, torch, settings
        n = len(arrays["linear"])
        matrix = np.zeros((n, n), np.float32)
        np.add.at(matrix, (arrays["row"], arrays["col"]), arrays["value"])
        self.domain = "spin" if str(arrays["vartype"]) == "SPIN" else "binary"
        self.terms = (torch.from_numpy(matrix), torch.from_numpy(arrays["linear"].astype(np.float32)))
        self.offset = float(arrays["offset"])

    def sample(self, seed: int, target: float, left: float) -> Any:
        self.torch.manual_seed(seed)
        return self.sb.minimize(*self.terms, self.offset, domain=self.domain, verbose=False, **self.settings)

    def best(self, answer: Any) -> np.ndarray:
        return np.asarray(answer[0].numpy() > 0)


PEERS: dict[str, Any] = {
    "dwave-sa": DwaveSA,
    "dwave-tabu": DwaveTabu,
    "openjij-sa": OpenJijSA,
    "openjij-sqa": OpenJijSQA,
    "simulated-bifurcation": SimulatedBifurcation,
}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request; see the module's docstring."""
    kind = PEERS[request["peer"]]
    if "problem" not in request:
        import_module(kind.module)
        return {"version": version(kind.package)}
    with np.load(request["problem"]) as file:
        arrays = {name: file[name] for name in file.files}
    began = time.perf_counter()
    peer = kind(arrays, request["settings"])
    build_seconds = time.perf_counter() - began
    limit, target = request["time_limit"], request["target"]
    seconds, calls, best, state = 0.0, 0, np.inf, np.zeros(0, bool)
    while not calls or (seconds < limit and best > target):
        seed = (1_000_003 * request["seed"] + calls) % (1 << 31)
        began = time.perf_counter()
        result = peer.sample(seed, target, limit - seconds)
        seconds += time.perf_counter() - began
        calls += 1
        found = peer.best(result)
        energy = energy_of(arrays, found)
        if energy < best:
            best, state = energy, found
    bits = "".join("01"[int(up)] for up in state)
    return {"seconds": seconds, "build_seconds": build_seconds, "calls": calls, "state": bits}


def main() -> None:
    """Serve requests until the input ends."""
    # A peer that prints would spoil the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), file=answers, flush=True)


if __name__ == "__main__":
    main()
