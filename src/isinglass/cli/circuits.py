"""``isinglass circuits run | draw``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from isinglass.errors import CircuitError, ParameterError

if TYPE_CHECKING:
    from isinglass.circuits import CircuitResult

app = typer.Typer(
    help="Run OpenQASM circuits: counts of bit strings.", no_args_is_help=True, rich_markup_mode=None
)

Files = Annotated[list[Path], typer.Argument(help="OpenQASM 2 or 3 files; their names are the labels")]
_SHOWN = 16


@app.command("run")
def run(
    files: Files,
    shots: Annotated[int, typer.Option(help="measurements of each circuit")] = 1000,
    runner: Annotated[
        str, typer.Option(help="auto, statevector_simulator, or an Aer name (aer_simulator_...)")
    ] = "auto",
    seed: Annotated[int | None, typer.Option(help="same seed, same counts; default: drawn")] = None,
    noise: Annotated[str | None, typer.Option(help="a fake device, such as FakeManilaV2")] = None,
    precision: Annotated[str, typer.Option(help="double or single")] = "double",
    time_limit: Annotated[float | None, typer.Option(help="seconds, for all circuits")] = None,
    threads: Annotated[int | None, typer.Option(help="circuits at a time; default: every core")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON list on stdout")] = False,
) -> None:
    """Run circuits and print their counts; exit code 1 if any of them failed."""
    from isinglass.circuits import ParallelSimulator

    if noise is not None and runner != "auto":
        raise ParameterError(f"--noise {noise} brings its own simulator: leave --runner {runner} out")
    simulator = ParallelSimulator(
        threads, shots, qiskit_backend=noise or runner, seed=seed, precision=precision
    )
    results = simulator.submit_circuits(
        [(str(path), read_text(path)) for path in files], time_limit=time_limit
    )
    if as_json:
        json.dump(results, sys.stdout)
        print()
    else:
        for result in results:
            _print(result)
    failed = [result for result in results if "error" in result]
    for result in failed:
        print(f"isinglass: {result['label']}: {result['error']}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


@app.command("draw")
def draw(files: Files) -> None:
    """Draw circuits as text."""
    from isinglass.circuits.drawing import drawing

    for path in files:
        if len(files) > 1:
            print(path)
        print(drawing(read_text(path)))


def read_text(path: Path) -> str:
    """The text of a circuit file; CircuitError if there is none."""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CircuitError(f"{path} cannot be read: {error}") from None


def _print(result: CircuitResult) -> None:
    if "error" in result:
        return
    counts = sorted(result["results"].items(), key=lambda item: -item[1])
    shots = sum(count for _, count in counts)
    table = Table(
        title=f"{result['label']} ({result['metadata']['engine']}, seed {result['metadata']['seed']})"
    )
    for name in ("bits", "count", "share", ""):
        table.add_column(name, justify="left" if name in ("bits", "") else "right")
    for key, count in counts[:_SHOWN]:
        table.add_row(key, str(count), f"{count / shots:.4f}", "▇" * max(1, round(40 * count / counts[0][1])))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    if len(counts) > _SHOWN:
        console.print(f"and {len(counts) - _SHOWN} rarer ones")
