"""Votes of a warp and bounds of a launch, with twins for the CUDA simulator, which knows neither.

The twin of a vote is its specification: 32 threads of consecutive numbers meet, and each receives all
votes. All 32 must come, as on the card.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numba import config, cuda

LANES = 32
SIMULATED = bool(config.ENABLE_CUDASIM)  # type: ignore[attr-defined]  # made at run time
_PATIENCE_SECONDS = 60.0


def kernel(threads: int, blocks: int = 1) -> Any:
    """Decorator of a kernel whose blocks have at most ``threads`` threads; ``blocks`` of them fit a
    multiprocessor at a time, which bounds the registers of a thread."""
    return cuda.jit if SIMULATED else cuda.jit(launch_bounds=(threads, blocks))


class _Warp:
    """Where the 32 threads of one simulated warp meet: the last to come lets the others go."""

    def __init__(self) -> None:
        self.votes: list[bool] = [False] * LANES
        self.word = np.uint32(0)
        self.gates = [threading.Lock() for _ in range(LANES)]
        for gate in self.gates:
            gate.acquire()
        self.came = 0
        self.lock = threading.Lock()

    def vote(self, lane: int, predicate: bool) -> np.uint32:
        self.votes[lane] = predicate
        with self.lock:
            self.came += 1
            last = self.came == LANES
        if not last:
            if not self.gates[lane].acquire(timeout=_PATIENCE_SECONDS):
                raise RuntimeError(f"lane {lane} waited in vain: not all lanes of its warp came to the vote")
            return self.word
        self.came = 0
        self.word = np.uint32(sum(1 << r for r in range(LANES) if self.votes[r]))
        # A lane that goes on changes its own vote only, and the next word waits for all of them.
        word = self.word
        for other, gate in enumerate(self.gates):
            if other != lane:
                gate.release()
        return word


_LOCK = threading.Lock()


def _ballot_simulated(predicate: Any) -> np.uint32:
    thread: Any = threading.current_thread()
    number, lane = divmod(thread.thread_id, LANES)
    with _LOCK:
        warps = thread._manager.__dict__.setdefault("isinglass_warps", {})
        warp: _Warp = warps.get(number) or warps.setdefault(number, _Warp())
    return warp.vote(lane, bool(predicate))


@cuda.jit(device=True)
def _ballot(predicate):
    return np.uint32(cuda.ballot_sync(0xFFFFFFFF, predicate))


ballot = _ballot_simulated if SIMULATED else _ballot
"""uint32: bit r is the predicate of lane r; to be called by all lanes of a warp."""
