"""Is a state of a nonlinear model worth what its worker says? It is evaluated again, in a process of its own.

The library that reads and evaluates such models is compiled code in front of bytes that anybody may send. So
it never runs in the server: a child process gets model and states, a limit of memory and one of time, and
says two numbers. What kills it costs the sender's shot and nobody else anything.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from isinglass.errors import IsinglassError, VerificationError
from isinglass.jobs.container import pack, unpack
from isinglass.nonlinear.evaluation import evaluate
from isinglass.problems.files import nl
from isinglass.problems.files.nl import NonlinearFile
from isinglass.results.nonlinear import NonlinearResult

_RELATIVE = 1e-9
_SECONDS = 60
"""Of the processor, beside what long models take to read."""
_BYTES_A_SECOND = 1_000_000
_MEMORY = 4 << 30
"""Addresses of the child, beside those of the model: Python and its libraries take half of it."""


def check_nonlinear(file: NonlinearFile, result: NonlinearResult) -> float:
    """The objective of a result that is true; VerificationError of any other."""
    if len(result.files) != 1:
        raise VerificationError(f"the result has {len(result.files)} states, not one")
    claimed, broken = float(result.objective[0]), int(result.violated[0])
    true, truly_broken = _evaluated_apart(file, result.files[0])
    # Written so that NaN is wrong, too.
    if not abs(claimed - true) <= _RELATIVE * (1.0 + abs(true)):
        raise VerificationError(f"the state claims the objective {claimed!r} and has {true!r}")
    if broken != truly_broken:
        raise VerificationError(f"the state claims to break {broken} constraints and breaks {truly_broken}")
    return true


def _evaluated_apart(file: NonlinearFile, states: bytes) -> tuple[float, int]:
    arrays = {
        name: np.frombuffer(data, np.uint8) for name, data in (("model", file.data), ("states", states))
    }
    seconds = _SECONDS + (len(file.data) + file.state_size) // _BYTES_A_SECOND
    memory = _MEMORY + 8 * (len(file.data) + file.state_size + len(states))
    command = [sys.executable, "-m", "isinglass.service.verify_nonlinear", str(seconds), str(memory)]
    try:
        child = subprocess.run(
            command, input=pack({}, arrays).to_bytes(), capture_output=True, timeout=4 * seconds, check=False,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise VerificationError(f"its state was not evaluated within {4 * seconds} s") from None
    if child.returncode:
        raise VerificationError(f"its state cannot be evaluated: the process ended with {child.returncode}")
    words = json.loads(child.stdout)
    if "error" in words:
        raise VerificationError(f"its state cannot be evaluated: {words['error']}")
    return words["objective"], words["violated"]


def main() -> None:
    """The child: limits in its arguments, model and states on its standard input, words on its output."""
    seconds, memory = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, arrays = unpack(sys.stdin.buffer.read())
    try:
        file = nl.read(Path("the model"), arrays["model"].tobytes())
        objective, violated = evaluate(file, arrays["states"].tobytes())
        words: dict[str, Any] = {"objective": objective, "violated": violated}
    except (IsinglassError, ValueError, MemoryError) as error:
        words = {"error": str(error) or type(error).__name__}
    print(json.dumps(words))


if __name__ == "__main__":
    main()
