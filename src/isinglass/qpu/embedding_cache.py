"""Found embeddings, kept by the hashes of both graphs: in this process, and in a folder if one is given."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

from isinglass.qpu.working_graph import WorkingGraph

Chains = list[list[int]]

_KEPT: dict[str, tuple[Chains, str]] = {}
_MOST_KEPT = 256


def key_of(source_digest: str, graph: WorkingGraph, method: str, seed: int) -> str:
    """The graphs in full, not their short ids."""
    chip = hashlib.sha256(graph.qubits.tobytes() + graph.couplers.tobytes()).hexdigest()
    return hashlib.sha256(f"{source_digest} {chip} {method} {seed}".encode()).hexdigest()


def recall(key: str, folder: Path | None) -> tuple[Chains, str] | None:
    """(chains, method) kept under the key, or None."""
    if key in _KEPT:
        return _KEPT[key]
    path = None if folder is None else folder / f"{key}.json"
    if path is None or not path.exists():
        return None
    try:
        stored = json.loads(path.read_text())
        return [list(map(int, chain)) for chain in stored["chains"]], str(stored["method"])
    except (ValueError, KeyError, TypeError):
        return None  # not whole: found anew


def remember(key: str, chains: Chains, method: str, folder: Path | None) -> None:
    """Keep an embedding; of those in this process the oldest makes room."""
    if len(_KEPT) >= _MOST_KEPT:
        _KEPT.pop(next(iter(_KEPT)))
    _KEPT[key] = chains, method
    if folder is not None:
        # Written aside and renamed, so that another process sees all of it or nothing.
        fresh = folder / f"{key}.{time.monotonic_ns()}.tmp"
        fresh.write_text(json.dumps({"chains": chains, "method": method}))
        fresh.replace(folder / f"{key}.json")
