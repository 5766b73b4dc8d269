"""``isinglass info FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def info(
    file: Annotated[Path, typer.Argument(help="problem file; its format is told by its content")],
    kind: Annotated[str, typer.Option(help="maxcut, ising or qubo, where the file leaves it open")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Say what problem FILE holds and how it would be stored."""
    facts = describe(file, kind or None)
    if as_json:
        json.dump(facts, sys.stdout)
        print()
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name:<{width}}  {value}")


def describe(file: Path, kind: Any) -> dict[str, Any]:
    """The facts that ``isinglass info`` prints."""
    import dimod

    from isinglass.problems.compile import compile
    from isinglass.problems.files import read_file
    from isinglass.solvers.schedule import default_beta_range

    problem = read_file(file, kind=kind)
    if isinstance(problem, (dimod.ConstrainedQuadraticModel, dimod.DiscreteQuadraticModel)):
        from isinglass.problems.constrained import encode

        return {"model": type(problem).__name__, **encode(problem).info()}
    compiled = compile(problem, kind=kind)
    n, m = compiled.num_variables, compiled.num_interactions
    hot, cold = default_beta_range(compiled)
    return {
        "kind": compiled.kind,
        "vartype": compiled.vartype,
        "variables": n,
        "interactions": m,
        "density": 2 * m / (n * (n - 1)) if n > 1 else 0.0,
        "storage": compiled.storage,
        "integer": compiled.integer,
        "unit": compiled.scale,
        "bytes": compiled.nbytes,
        "beta_range": [hot, cold],
    }
