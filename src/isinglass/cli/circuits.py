"""``isinglass circuits run | draw``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from isinglass.cli.observable_words import parse_observable
from isinglass.errors import CircuitError, IsinglassError, ParameterError

if TYPE_CHECKING:
    from isinglass.circuits import CircuitRunner
    from isinglass.control import RunControl

app = typer.Typer(
    help="Run OpenQASM circuits: counts of bit strings, or expectation values.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Files = Annotated[list[Path], typer.Argument(help="OpenQASM 2 or 3 files; their names are the labels")]
_SHOWN = 16


@app.command("run")
def run(
    files: Files,
    shots: Annotated[
        int | None,
        typer.Option(help="measurements of each circuit; default: 1000, values exact if they can be"),
    ] = None,
    runner: Annotated[
        str, typer.Option(help="auto, statevector_simulator, or an Aer name (aer_simulator_...)")
    ] = "auto",
    seed: Annotated[int | None, typer.Option(help="same seed, same counts; default: drawn")] = None,
    noise: Annotated[str | None, typer.Option(help="a fake device, such as FakeManilaV2")] = None,
    precision: Annotated[str, typer.Option(help="double or single")] = "double",
    time_limit: Annotated[float | None, typer.Option(help="seconds, for all circuits")] = None,
    threads: Annotated[int | None, typer.Option(help="circuits at a time; default: every core")] = None,
    observable: Annotated[
        str | None, typer.Option(help="expectation values instead: '0.5*ZZ - XI', leftmost qubit 0")
    ] = None,
    zero_noise: Annotated[
        str | None, typer.Option(help="of --observable: extrapolate from these noise scales, such as 1,3,5")
    ] = None,
    max_qubits: Annotated[
        int | None, typer.Option(help="of --observable: cut circuits into pieces of so many qubits")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="write a histogram of counts (.png, .svg, .pdf)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON list on stdout")] = False,
) -> None:
    """Run circuits and print their counts or expectation values; exit code 1 if any of them failed."""
    from isinglass.circuits import ParallelSimulator

    if noise is not None and runner != "auto":
        raise ParameterError(f"--noise {noise} brings its own simulator: leave --runner {runner} out")
    simulator = ParallelSimulator(
        threads, shots or 1000, qiskit_backend=noise or runner, seed=seed, precision=precision
    )
    texts = [(str(path), read_text(path)) for path in files]
    if observable is None:
        _check_only_of_observables(zero_noise, max_qubits)
        results: Sequence[dict[str, Any]] = simulator.submit_circuits(
            texts, shots=shots, time_limit=time_limit
        )
        if plot is not None:
            from isinglass.circuits.histogram import histogram

            histogram(results).savefig(plot, dpi=150)  # type: ignore[arg-type]  # they are CircuitResults
    else:
        if plot is not None:
            raise ParameterError("--plot draws counts: leave --observable out")
        work = _valuing(simulator, observable, shots, zero_noise, max_qubits)
        results = _each(texts, work, simulator.control(time_limit))
    _show(results, as_json)


def _check_only_of_observables(zero_noise: str | None, max_qubits: int | None) -> None:
    for name, value in (("--zero-noise", zero_noise), ("--max-qubits", max_qubits)):
        if value is not None:
            raise ParameterError(f"{name} {value} is for expectation values: give --observable as well")


def _valuing(
    runner: CircuitRunner, words: str, shots: int | None, zero_noise: str | None, max_qubits: int | None
) -> Callable[[str, float | None], dict[str, Any]]:
    """A function of (text, seconds left) that makes an entry of results."""
    from isinglass import circuits

    observable = parse_observable(words)
    if zero_noise is not None and max_qubits is not None:
        raise ParameterError("--zero-noise and --max-qubits do not go together: give one of them")
    if zero_noise is not None:
        try:
            scales = [float(word) for word in zero_noise.split(",")]
        except ValueError:
            raise ParameterError(f"--zero-noise {zero_noise!r} is not n,n,n; such as 1,3,5") from None

        def extrapolated(text: str, left: float | None) -> dict[str, Any]:
            found = circuits.zero_noise(text, observable, runner, scales, shots=shots, time_limit=left)
            return {"value": found.value, "std_error": found.std_error, "scales": found.scales,
                    "values": found.values}  # fmt: skip

        return extrapolated
    if max_qubits is not None:
        from isinglass.circuits.cutting import cut_expectation

        return lambda text, left: cut_expectation(
            text, observable, max_qubits, runner, shots=shots, time_limit=left
        )._asdict()
    return lambda text, left: circuits.expectation(
        text, observable, runner, shots=shots, time_limit=left
    )._asdict()


def _each(
    texts: list[tuple[str, str]], work: Callable[[str, float | None], dict[str, Any]], control: RunControl
) -> list[dict[str, Any]]:
    """One entry for each text; what a circuit raises stays under its label."""
    results = []
    for label, text in texts:
        try:
            if control.stopped:
                raise CircuitError("not run: time limit reached")
            results.append({"label": label, **work(text, control.time_left or None)})
        except IsinglassError as error:
            results.append({"label": label, "error": str(error)})
    return results


def _show(results: Sequence[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        json.dump(results, sys.stdout, default=dict)  # mappings that cannot be changed are no dict
        print()
    else:
        for result in results:
            if "value" in result:
                print(f"{result['label']}: {result['value']:.6g} +- {result['std_error']:.2g}")
            elif "results" in result:
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


def _print(result: dict[str, Any]) -> None:
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
