"""``isinglass tune FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from isinglass.errors import ParameterError

if TYPE_CHECKING:
    from isinglass.tuning import TuningResult

_SHOWN = 10


def tune(
    file: Annotated[Path, typer.Argument(help="problem file; its format is told by its content")],
    solver: Annotated[str, typer.Option(help="whose parameters")] = "simulated_annealing",
    time_limit: Annotated[float, typer.Option(help="seconds for everything")] = 60.0,
    run_time: Annotated[float | None, typer.Option(help="seconds of each run; default: 1/48 of it")] = None,
    kind: Annotated[str, typer.Option(help="maxcut, ising or qubo, where the file leaves it open")] = "",
    target_energy: Annotated[float | None, typer.Option(help="compare times to this energy")] = None,
    seed: Annotated[int | None, typer.Option(help="same seed, same candidates; default: drawn")] = None,
    threads: Annotated[int | None, typer.Option(help="threads; default: every core")] = None,
    output: Annotated[Path | None, typer.Option(help="write all that was tried: .json or .csv")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Look for parameters that beat the solver's defaults on the problem in FILE.

    They are recommended only if they win on seeds that the search has not used.
    """
    from isinglass.problems.compile import compile
    from isinglass.problems.files import read_file
    from isinglass.tuning import tune as search

    if output is not None and output.suffix not in (".json", ".csv"):
        raise ParameterError(f"--output {output}: the name must end in .json or .csv")
    meant: Any = kind or None
    result = search(
        compile(read_file(file, kind=meant), kind=meant),
        solver=solver,
        time_limit=time_limit,
        run_time=run_time,
        target_energy=target_energy,
        seed=seed,
        num_threads=threads,
    )
    if output is not None:
        result.write(output)
    if as_json:
        json.dump(result.as_object(), sys.stdout, default=str)
        print()
    else:
        _print(result)


def _print(result: TuningResult) -> None:
    table = Table("score", "seeds", "parameters", title=f"best of {len(result.trials)}: {result.objective}")
    for trial in result.trials[:_SHOWN]:
        words = ", ".join(f"{k} {_short(v)}" for k, v in trial.parameters.items()) or "the defaults"
        table.add_row(f"{trial.score:.4g}", str(trial.seeds), words)
    console = Console()
    console.print(table)
    console.print(result.verdict, soft_wrap=True, markup=False)
    if result.recommended:
        console.print(f"best_parameters = {result.best_parameters}", soft_wrap=True, markup=False)


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_short, value)) + ")"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
