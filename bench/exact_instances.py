"""Which instances are certified within a time limit, on one thread.

    python bench/exact_instances.py LIMIT_SECONDS FILE...

One line a file: variables, couplings, storage, certified, energy, lower bound, seconds, method, width, nodes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

import isinglass


def problem_of(path: str) -> Any:
    """A file isinglass reads, or Biq Mac's ``*.sparse.gz``: x^T Q x of a symmetric Q."""
    if not path.endswith(".sparse.gz"):
        return path
    i, j, q = np.loadtxt(path, skiprows=1, unpack=True)
    i, j, off = i.astype(int) - 1, j.astype(int) - 1, i != j
    both = (np.r_[i, j[off]], np.r_[j, i[off]])
    return scipy.sparse.csr_array((np.r_[q, q[off]], both))


def main(limit: float, paths: list[str]) -> None:
    for path in paths:
        began = time.perf_counter()
        result = isinglass.solve(problem_of(path), solver="exact", time_limit=limit, num_threads=1, seed=1)
        seconds = time.perf_counter() - began
        info = result.info
        print(
            Path(path).name, info["variables"], info["interactions"], info["storage"],
            "certified" if info["certified"] else "open", f"{result.first.energy:.10g}",
            f"{info['lower_bound']:.10g}", f"{seconds:.2f}s", info["method"], info.get("treewidth", "-"),
            info.get("nodes", "-"), {k: v for k, v in info["presolve"].items() if v}, flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
