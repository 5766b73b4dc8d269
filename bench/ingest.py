"""How fast and how lean problems come in.

    python bench/ingest.py

Each case runs in a process of its own: a SciPy CSR of 56 million edges, dense enough to be packed and
sparse (symmetric and upper triangular, whole and real weights), and a dimod BQM of 10 million interactions.
Memory is the process's peak, input included, over the size of the input's arrays.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import numpy as np


def csr(n: int, edges: int, symmetric: bool, whole: bool) -> Any:
    """A random CSR; built without a second copy, so that the peak is the compiler's."""
    import scipy.sparse as sp

    rng = np.random.default_rng(1)
    if n < 20_000:
        return _dense_csr(n, symmetric)
    # Each row i holds its `degree` next neighbours at a stride: sorted, simple, and easy to mirror.
    degree, stride = edges // n, 7
    near = np.arange(1, degree + 1) * stride
    rows = []
    for first in range(0, n, 1 << 16):
        i = np.arange(first, min(n, first + (1 << 16)))[:, None]
        right = (i + near).astype(np.int64)
        rows.append(right)
    index = np.concatenate(rows)
    keep = index < n
    counts = keep.sum(1)
    indices = index[keep].astype(np.int32)
    del rows, index, keep
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    data = rng.choice([-1.0, 1.0], len(indices)) if whole else rng.normal(size=len(indices))
    upper = sp.csr_array((data, indices, indptr), (n, n))
    return (upper + upper.T).tocsr() if symmetric else upper


def _dense_csr(n: int, symmetric: bool) -> Any:
    import scipy.sparse as sp

    rng = np.random.default_rng(1)
    bits = np.triu(rng.integers(0, 2, (n, n), dtype=np.int8), 1)
    if symmetric:
        bits |= bits.T
    counts = bits.sum(1, dtype=np.int64)
    indices = np.empty(int(counts.sum()), np.int32)
    at = 0
    for i in range(n):
        columns = np.flatnonzero(bits[i])
        indices[at : at + len(columns)] = columns
        at += len(columns)
    del bits
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return sp.csr_array((np.ones(len(indices)), indices, indptr), (n, n))


def matrix_case(n: int, symmetric: bool, whole: bool) -> None:
    import isinglass

    for warm in (csr(300_00, 300_00, True, whole), csr(400, 0, True, True)):
        isinglass.compile(warm, kind="maxcut")
    matrix = csr(n, 56_000_000, symmetric, whole)
    size = matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
    edges = matrix.nnz // (2 if symmetric else 1)
    before = _peak_reset()
    began = time.perf_counter()
    problem = isinglass.compile(matrix, kind="maxcut")
    seconds = time.perf_counter() - began
    peak = _peak()
    form = f"{'symmetric' if symmetric else 'upper'}, {'whole' if whole else 'real'}"
    print(f"CSR n {n}, {edges / 1e6:.1f} M edges, {form}: {seconds:.2f} s, {problem.storage}; "
          f"input {size / 1e9:.2f} GB, process before {before / 1e9:.2f}, "
          f"peak {peak / 1e9:.2f} GB = {peak / size:.2f}x input")  # fmt: skip


def bqm_case() -> None:
    import dimod

    import isinglass

    n, m = 1_000_000, 10_000_000
    rng = np.random.default_rng(1)
    row = rng.integers(0, n - 1, m)
    col = row + 1 + rng.integers(0, 1000, m)
    inside = col < n
    edges = (row[inside], col[inside], rng.choice([-1.0, 1.0], int(inside.sum())))
    bqm = dimod.BQM.from_numpy_vectors(np.zeros(n), edges, 0.0, "SPIN")
    isinglass.compile(dimod.BQM.from_ising({0: 1.0}, {(0, 1): 1.0}))
    began = time.perf_counter()
    problem = isinglass.compile(bqm)
    seconds = time.perf_counter() - began
    print(f"BQM of {bqm.num_interactions / 1e6:.2f} M interactions: {seconds:.2f} s, {problem}")


def _peak_reset() -> int:
    """Forget the peak so far (Linux); returns the memory in use now."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))


CASES = {
    "dense-symmetric": lambda: matrix_case(15_000, True, True),
    "dense-upper": lambda: matrix_case(15_000, False, True),
    "symmetric-whole": lambda: matrix_case(2_000_000, True, True),
    "symmetric-real": lambda: matrix_case(2_000_000, True, False),
    "upper-whole": lambda: matrix_case(2_000_000, False, True),
    "upper-real": lambda: matrix_case(2_000_000, False, False),
    "bqm": bqm_case,
}


def main() -> None:
    if len(sys.argv) == 2:
        CASES[sys.argv[1]]()
        return
    for name in CASES:
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    main()
