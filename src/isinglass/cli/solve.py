"""``isinglass solve FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from isinglass.cli.live import LiveProgress
from isinglass.cli.solver_words import parse_solver
from isinglass.errors import ParameterError

if TYPE_CHECKING:
    from isinglass.results.sampleset import SampleSet

INTERRUPTED = 130
_SAMPLE_SHOWN = 64


def solve(
    file: Annotated[Path, typer.Argument(help="problem file; its format is told by its content")],
    solver: Annotated[str, typer.Option(help="solver, or solver:parameter=value,parameter=value")] = "auto",
    backend: Annotated[str, typer.Option(help="cpu, or gpu for the NVIDIA cards of this machine")] = "cpu",
    kind: Annotated[str, typer.Option(help="maxcut, ising or qubo, where the file leaves it open")] = "",
    storage: Annotated[str, typer.Option(help="packed, dense or sparse; default: the cheapest")] = "",
    num_reads: Annotated[int | None, typer.Option(help="samples to draw")] = None,
    time_limit: Annotated[float | None, typer.Option(help="seconds, reading the file included")] = None,
    target_energy: Annotated[float | None, typer.Option(help="stop at an energy at or below this")] = None,
    target_cut: Annotated[float | None, typer.Option(help="stop at a cut of at least this weight")] = None,
    seed: Annotated[int | None, typer.Option(help="same seed, same samples; default: drawn")] = None,
    threads: Annotated[int | None, typer.Option(help="threads; default: every core")] = None,
    output: Annotated[Path | None, typer.Option(help="write all samples: .npz, .json or .csv")] = None,
    plot: Annotated[Path | None, typer.Option(help="write a picture of energies and convergence")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
    quiet: Annotated[bool, typer.Option(help="no progress on stderr")] = False,
) -> None:
    """Solve the problem in FILE and print the best sample found.

    Ctrl-C prints the best found so far and exits 130.
    """
    from isinglass.solving import solve as run

    check_output(output)
    name, parameters = parse_solver(solver)
    given: dict[str, Any] = {
        "backend": backend, "solver": name, "kind": kind or None, "storage": storage or None,
        "num_reads": num_reads, "time_limit": time_limit, "target_energy": target_energy,
        "target_cut": target_cut, "seed": seed, "num_threads": threads,
    }  # fmt: skip
    given = parameters | {k: v for k, v in given.items() if v is not None}
    with LiveProgress(quiet) as live:
        result = run(file, progress=live, **given)
    if plot is not None:
        result.plot().savefig(plot, dpi=150)
    if output is not None:
        write_samples(result, output)
    if as_json:
        json.dump(as_object(result), sys.stdout)
        print()
    else:
        _print_table(result, file)
    if result.info["interrupted"]:
        raise typer.Exit(INTERRUPTED)


def as_object(result: SampleSet) -> dict[str, Any]:
    """The best sample and how it was found, as plain data; ``sample`` in the order of ``labels``."""
    best = result.best_index
    info = {k: v for k, v in result.info.items() if k != "interrupted"}
    labels = list(result.variables)
    answer = {
        **info,
        "energy": float(result.record.energy[best]),
        "sample": result.record.sample[best].tolist(),
        "vartype": result.vartype.name,
        "reads": len(result.record),
        "energies": result.record.energy.tolist(),
    }
    if labels != list(range(len(labels))):
        answer["labels"] = [v if isinstance(v, (int, str)) else repr(v) for v in labels]
    for name in ("cut", "objective", "is_feasible", "violations"):
        if name in result.record.dtype.names:
            answer[name] = result.record[name][best].tolist()
    return answer


def check_output(output: Path | None) -> None:
    """ParameterError unless ``write_samples`` knows the file's ending."""
    if output is not None and output.suffix not in (".npz", ".json", ".csv"):
        raise ParameterError(f"--output {output}: the name must end in .npz, .json or .csv")


def write_samples(result: SampleSet, path: Path) -> None:
    """All samples with their energies: .npz (arrays), .json (one object) or .csv (a row a sample)."""
    labels = [str(v) for v in result.variables]
    sample, energy = result.record.sample, result.record.energy
    if path.suffix == ".npz":
        np.savez_compressed(path, sample=sample, energy=energy, labels=np.array(labels, dtype=str))
    elif path.suffix == ".json":
        path.write_text(json.dumps({**as_object(result), "samples": sample.tolist()}) + "\n")
    else:
        lines = [",".join(["energy", *labels])]
        lines += [
            ",".join([repr(float(e)), *map(str, row.tolist())]) for e, row in zip(energy, sample, strict=True)
        ]
        path.write_text("\n".join(lines) + "\n")


def _print_table(result: SampleSet, file: Path) -> None:
    best = result.best_index
    row = result.record.sample[best]
    table = Table(title=str(file.name), show_header=False, title_justify="left")
    info = result.info
    table.add_row(
        "problem", f"{info['variables']} variables, {info['interactions']} interactions, {info['kind']}"
    )
    table.add_row("storage", str(info["storage"]))
    for name in ("cut", "objective"):
        if name in result.record.dtype.names:
            table.add_row(f"best {name}", f"{result.record[name][best]:.12g}")
    table.add_row("best energy", f"{result.record.energy[best]:.12g}")
    if "is_feasible" in result.record.dtype.names:
        count = int(result.is_feasible.sum())
        table.add_row("feasible", f"{count} of {len(result.record)} samples")
    table.add_row("reads", str(len(result.record)))
    table.add_row("solver", f"{info['solver']}, seed {info['seed']}")
    table.add_row("stopped", info["stop_reason"])
    table.add_row("seconds", ", ".join(f"{k} {v:.3g}" for k, v in info["timing"].items()))
    shown = " ".join(str(v) for v in row[:_SAMPLE_SHOWN])
    more = " ..." if len(row) > _SAMPLE_SHOWN else ""
    table.add_row("best sample", f"{shown}{more}")
    Console().print(table)
