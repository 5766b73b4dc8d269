"""Is a state of a nonlinear model worth what its worker says? It is evaluated again, in a process apart."""

from __future__ import annotations

from isinglass.errors import ProblemError, VerificationError
from isinglass.executors.apart import evaluate_apart
from isinglass.problems.files.nl import NonlinearFile
from isinglass.results.nonlinear import NonlinearResult

_RELATIVE = 1e-9


def check_nonlinear(file: NonlinearFile, result: NonlinearResult) -> float:
    """The objective of a result that is true; VerificationError of any other."""
    if len(result.files) != 1:
        raise VerificationError(f"the result has {len(result.files)} states, not one")
    claimed, broken = float(result.objective[0]), int(result.violated[0])
    try:
        true, truly_broken = evaluate_apart(file, result.files[0])
    except ProblemError as error:
        raise VerificationError(f"its state cannot be evaluated: {error}") from None
    # Written so that NaN is wrong, too.
    if not abs(claimed - true) <= _RELATIVE * (1.0 + abs(true)):
        raise VerificationError(f"the state claims the objective {claimed!r} and has {true!r}")
    if broken != truly_broken:
        raise VerificationError(f"the state claims to break {broken} constraints and breaks {truly_broken}")
    return true
