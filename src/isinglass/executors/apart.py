"""Nonlinear models in a process of their own: searched, or one state evaluated.

The library that reads and evaluates them is compiled code in front of bytes that anybody may send, and some
bytes kill it. So of a job it never runs in a worker or a server: a child gets one container and a limit of
memory, says how far it is, and gives one container back. What kills it costs its job, in words, and nothing
else.

The child hears on its standard input 8 bytes of length, the container, then a byte to stop; the end of the
input means that who asked is gone. It says a line of JSON for each progress, and at last a line with the
length of its container, and that.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

import numpy as np

from isinglass.control import Cancel, Progress
from isinglass.errors import IsinglassError, OutOfMemoryError, ProblemError
from isinglass.jobs.container import Content, pack, unpack
from isinglass.jobs.nonlinear_results import nonlinear_content, nonlinear_of
from isinglass.nonlinear.evaluation import evaluate
from isinglass.problems.files import nl
from isinglass.problems.files.nl import NonlinearFile
from isinglass.results.nonlinear import NonlinearResult
from isinglass.solving_nonlinear import solve_nonlinear

_MEMORY = 4 << 30
"""Addresses of the child, beside those of the model: Python and its libraries take half of it."""
_MEMORY_A_BYTE = 16
_GRACE_SECONDS = 120.0
"""For starting, reading and writing, beside the time limit and what long models take."""
_BYTES_A_SECOND = 1_000_000
_LOOK_SECONDS = 0.05


def solve_apart(
    file: NonlinearFile,
    parameters: dict[str, Any],
    progress: Callable[[Progress], None] | None,
    cancel: Cancel | None,
) -> NonlinearResult:
    """As ``solve_nonlinear``, with its errors; ProblemError where the model kills the library."""
    limit = parameters.get("time_limit")
    seconds = None if limit is None else limit + _GRACE_SECONDS
    arrays = {"model": np.frombuffer(file.data, np.uint8)}
    fields, arrays = _ask(file, pack({"parameters": parameters}, arrays), seconds, progress, cancel)
    return nonlinear_of(fields, arrays)


def evaluate_apart(file: NonlinearFile, states: bytes) -> tuple[float, int]:
    """As ``evaluate``, with its errors; ProblemError where model or states kill the library."""
    arrays = {"model": np.frombuffer(file.data, np.uint8), "states": np.frombuffer(states, np.uint8)}
    fields, _ = _ask(file, pack({}, arrays), _GRACE_SECONDS, None, None)
    return fields["objective"], fields["violated"]


def _ask(
    file: NonlinearFile,
    question: Content,
    seconds: float | None,
    progress: Callable[[Progress], None] | None,
    cancel: Cancel | None,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    size = len(file.data) + file.state_size
    due = None if seconds is None else time.monotonic() + seconds + size / _BYTES_A_SECOND
    command = [sys.executable, "-m", "isinglass.executors.apart", str(_MEMORY + _MEMORY_A_BYTE * size)]
    news: SimpleQueue[dict[str, Any] | bytes | None] = SimpleQueue()
    # Fewer threads of the algebra library, each of which reserves addresses.
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as child:
        assert child.stdin is not None and child.stdout is not None
        try:
            threading.Thread(target=_hear, args=(child.stdout, news), daemon=True).start()
            _tell(child.stdin, question.size.to_bytes(8, "little"), *question.chunks())
            answer = _wait(child, news, due, progress, cancel)
        finally:
            child.kill()
            with suppress(BrokenPipeError):
                child.stdin.close()
    if answer is None:
        raise ProblemError(
            "dwave-optimization did not survive this nonlinear model: "
            f"its process ended with {child.returncode}"
        )
    fields, arrays = unpack(answer)
    if "error" in fields:
        raise (OutOfMemoryError if fields["memory"] else ProblemError)(fields["error"])
    return fields, arrays


def _wait(
    child: subprocess.Popen[bytes],
    news: SimpleQueue[dict[str, Any] | bytes | None],
    due: float | None,
    progress: Callable[[Progress], None] | None,
    cancel: Cancel | None,
) -> bytes | None:
    """The answer; None where the child died."""
    assert child.stdin is not None
    told = False
    while due is None or time.monotonic() < due:
        if cancel is not None and cancel.is_set() and not told:
            told, due = True, time.monotonic() + _GRACE_SECONDS
            _tell(child.stdin, b"s")
        with suppress(Empty):
            item = news.get(timeout=_LOOK_SECONDS)
            if not isinstance(item, dict):
                if item is None:
                    child.wait()
                return item
            if progress is not None:
                progress(Progress(**item))
    raise ProblemError("the nonlinear model was not done in its time: a single evaluation takes too long")


def _tell(pipe: IO[bytes], *chunks: bytes | memoryview) -> None:
    # A child that has died is noticed where it is heard.
    with suppress(BrokenPipeError):
        for chunk in chunks:
            pipe.write(chunk)
        pipe.flush()


def _hear(pipe: IO[bytes], news: SimpleQueue[dict[str, Any] | bytes | None]) -> None:
    """What a child says, to its end or its answer."""
    for line in pipe:
        words = json.loads(line)
        if isinstance(words, int):
            answer = pipe.read(words)
            news.put(answer if len(answer) == words else None)
            return
        news.put(words)
    news.put(None)


def main() -> None:
    """The child; the limit of its memory is its argument."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hears, says, stop = sys.stdin.buffer, sys.stdout.buffer, threading.Event()
    question = hears.read(int.from_bytes(hears.read(8), "little"))
    threading.Thread(target=_listen, args=(hears, stop), daemon=True).start()

    def tell(progress: Progress) -> None:
        says.write(json.dumps(asdict(progress)).encode() + b"\n")
        says.flush()

    try:
        answer = _answer(*unpack(question), tell, stop)
    except (OutOfMemoryError, MemoryError) as error:
        words = str(error) or "the nonlinear model does not fit into its process"
        answer = pack({"error": words, "memory": True}, {})
    except IsinglassError as error:
        answer = pack({"error": str(error), "memory": False}, {})
    says.write(b"%d\n" % answer.size)
    for chunk in answer.chunks():
        says.write(chunk)
    says.flush()
    # Not by the way of destructors: a model that is damaged may have none.
    os._exit(0)


def _answer(
    fields: dict[str, Any], arrays: dict[str, np.ndarray], tell: Callable[[Progress], None], stop: Cancel
) -> Content:
    # Before the clock of a time limit begins. Where it is not installed, whoever builds the model says so.
    with suppress(ImportError):
        import_module("dwave.optimization.model")
    file = nl.read(Path("the nonlinear model"), arrays["model"].tobytes())
    if "states" not in arrays:
        return nonlinear_content(solve_nonlinear(file, fields["parameters"], tell, stop))
    objective, violated = evaluate(file, arrays["states"].tobytes())
    return pack({"objective": objective, "violated": violated}, {})


def _listen(pipe: IO[bytes], stop: threading.Event) -> None:
    while pipe.read(1):
        stop.set()
    os._exit(1)


if __name__ == "__main__":
    main()
