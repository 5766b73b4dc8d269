"""``dynexcore``: what the Dynex client runs for its LOCAL backend, from the folder ``solver_path``.

It reads ``key=value`` words, of which these count: ``file`` (text "p qubo ..."), ``population_size`` (reads),
``num_steps`` (annealing_time), ``shots`` (how many of the best reads to write, one a line), and of ours
``seed``, ``time_limit`` (seconds) and ``solver``. It writes one file beside its input,
``<file>.<chips>.<steps>.<loc>.<energy>``, which the client waits for: it looks neither at the exit code nor
at what is said.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from isinglass.errors import IsinglassError, ParameterError

_NAMES = {"population_size": "num_reads", "num_steps": "annealing_time", "shots": "rank"}
_OURS = ("seed", "time_limit", "solver")


def main(words: Sequence[str] | None = None) -> int:
    """Solve one file; 0, or 1 with a sentence on standard error."""
    try:
        print(_run(sys.argv[1:] if words is None else words))
        return 0
    except (IsinglassError, OSError) as error:
        print(f"dynexcore: {error}", file=sys.stderr)
        return 1


def _run(words: Sequence[str]) -> Path:
    given = dict(word.partition("=")[::2] for word in words)
    if not given.get("file"):
        raise ParameterError(
            "there is no file=<path>: dynexcore file=problem.dnx num_steps=10 population_size=32"
        )
    # Heavy, and a call without a file should say so at once.
    from isinglass.compat.dynex.envelopes import text_of
    from isinglass.compat.dynex.qubo import from_text
    from isinglass.compat.dynex.settings import Settings
    from isinglass.solving import solve

    place = Path(given["file"])
    problem = from_text(place.read_bytes(), given["file"])
    # The client says shots=1 for one line, whatever the number of reads.
    numbers = {ours: _number(theirs, given[theirs]) for theirs, ours in _NAMES.items() if theirs in given}
    wanted = int(numbers.pop("rank", 1))
    numbers |= {name: _number(name, given[name]) for name in _OURS[:2] if name in given}
    settings = Settings(**numbers, solver=given.get("solver", "auto"))  # type: ignore[arg-type]  # it checks
    found = solve(problem, solver=settings.solver, seed=settings.seed, **settings.parameters("cpu"))
    order = found.record.energy.argsort(kind="stable")[: max(1, wanted)]
    energy = float(found.record.energy[order[0]]) - problem.offset
    out = place.with_name(f"{place.name}.1.{settings.annealing_time}.0.{energy:f}")
    # Under another name until it is whole, for the client reads it as soon as it is there.
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    unfinished.write_bytes(b"".join(text_of(found.record.sample[k]) for k in order))
    unfinished.replace(out)
    return out


def _number(name: str, word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise ParameterError(f"{name}={word!r} is not a number") from None
    return int(value) if name != "time_limit" and value.is_integer() else value


if __name__ == "__main__":
    sys.exit(main())
