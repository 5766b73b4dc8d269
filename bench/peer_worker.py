"""Runs inside the peers' environment; see peers.py."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def anneal(arrays: Any, n: int, reads: int, sweeps: int, seed: int) -> dict[str, Any]:
    """dwave-samplers' SimulatedAnnealingSampler at its own default beta range."""
    import dimod
    from dwave.samplers import SimulatedAnnealingSampler

    edges = (arrays["row"], arrays["col"], arrays["value"])
    bqm = dimod.BQM.from_numpy_vectors(np.zeros(n), edges, 0.0, "SPIN")
    began = time.perf_counter()
    result = SimulatedAnnealingSampler().sample(bqm, num_reads=reads, num_sweeps=sweeps, seed=seed)
    seconds = time.perf_counter() - began
    energy = result.record.energy
    return {
        "seconds": seconds,
        "sampling": result.info["timing"]["sampling_ns"] / 1e9,
        "beta_range": [float(b) for b in result.info["beta_range"]],
        "mean": float(energy.mean()),
        "error": float(energy.std(ddof=1) / np.sqrt(reads)),
        "best": float(energy.min()),
    }


def pegasus(arrays: Any, m: int, out: str) -> dict[str, Any]:
    """Edges of the ideal Pegasus graph P_m, nodes renumbered."""
    import dwave_networkx as dnx
    import networkx as nx

    graph = nx.convert_node_labels_to_integers(dnx.pegasus_graph(m))
    edges = np.array(graph.edges)
    np.savez(Path(out) / "out.npz", row=edges[:, 0], col=edges[:, 1])
    return {"n": graph.number_of_nodes()}


def bifurcate(
    arrays: Any, n: int, reads: int, steps: int, mode: str, time_step: float, seed: int, out: str
) -> dict[str, Any]:
    """simulated-bifurcation's Ising model on one thread, pressure rising to 1 over all steps."""
    import simulated_bifurcation as sb
    import torch
    from simulated_bifurcation.core import Ising

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    J = np.zeros((n, n), np.float32)
    J[arrays["row"], arrays["col"]] = arrays["value"]
    J += J.T
    sb.set_env(time_step=time_step, pressure_slope=1 / (time_step * steps))
    model = Ising(torch.from_numpy(-J))
    settings = {"agents": reads, "mode": mode, "verbose": False, "early_stopping": False}
    model.minimize(max_steps=2, **settings)
    began = time.process_time()
    spins = model.minimize(max_steps=steps, **settings).numpy()
    seconds = time.process_time() - began
    np.savez(Path(out) / "out.npz", energies=0.5 * np.einsum("ir,ir->r", spins, J @ spins))
    return {"seconds": seconds}


def path_integral(arrays: Any, n: int, reads: int, seed: int) -> dict[str, Any]:
    """dwave-samplers' PathIntegralAnnealingSampler, one sweep at each of the fields given."""
    import dimod
    from dwave.samplers import PathIntegralAnnealingSampler

    edges = (arrays["row"], arrays["col"], arrays["value"])
    bqm = dimod.BQM.from_numpy_vectors(np.zeros(n), edges, 0.0, "SPIN")
    fields = {"Hp_field": arrays["problem_field"], "Hd_field": arrays["driver_field"]}
    result = PathIntegralAnnealingSampler().sample(
        bqm, num_reads=reads, beta_schedule_type="custom", num_sweeps_per_beta=1, seed=seed, **fields
    )
    energy = result.record.energy
    return {
        "sampling": result.info["timing"]["sampling_ns"] / 1e9,
        "mean": float(energy.mean()),
        "error": float(energy.std(ddof=1) / np.sqrt(reads)),
    }


if __name__ == "__main__":
    command, folder, plain = sys.argv[1:]
    arguments = json.loads(plain)
    loaded = np.load(Path(folder) / "arrays.npz")
    if command not in ("anneal", "path_integral"):
        arguments["out"] = folder
    commands = {"anneal": anneal, "pegasus": pegasus, "bifurcate": bifurcate, "path_integral": path_integral}
    print(json.dumps(commands[command](loaded, **arguments)))
