"""``isinglass qscore run | verify | plot | page``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from isinglass.cli.solver_words import parse_parameters, parse_solver
from isinglass.errors import ParameterError

if TYPE_CHECKING:
    from isinglass.qscore import Report

app = typer.Typer(
    help="The Q-score: the largest random graph that a backend still cuts well. Rows can be checked.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Rows = Annotated[list[Path], typer.Argument(help="CSV of rows written by 'isinglass qscore run --out'")]
Convention = Annotated[str, typer.Option(help="what a random cut is worth: atos n(n-1)/8, tno n^2/8")]


@app.command("run")
def run(
    backend: Annotated[
        str, typer.Option(help="cpu, gpu, qpu:MODEL, circuit:RUNNER, or module:object (a dimod.Sampler)")
    ] = "cpu",
    solver: Annotated[
        str | None, typer.Option(help="of backends cpu and gpu: solver, or solver:name=value,name=value")
    ] = None,
    parameters: Annotated[str, typer.Option(help="of a sampler: name=value,name=value")] = "",
    sizes: Annotated[str | None, typer.Option(help="first:last:step, or n,n,n; vertices")] = None,
    search: Annotated[bool, typer.Option("--search", help="double, then bisect")] = False,
    largest: Annotated[int | None, typer.Option(help="largest size that --search tries")] = None,
    graphs: Annotated[int, typer.Option(help="graphs of each size")] = 10,
    time_limit: Annotated[float, typer.Option(help="seconds for each graph")] = 60.0,
    seed: Annotated[int, typer.Option(help="of the first graph; the others count up")] = 0,
    convention: Convention = "atos",
    variant: Annotated[str, typer.Option(help="max-cut or max-clique")] = "max-cut",
    generator: Annotated[
        str, typer.Option(help="isinglass, or networkx: the reference's graphs")
    ] = "isinglass",
    threads: Annotated[int | None, typer.Option(help="threads; default: every core")] = None,
    out: Annotated[Path | None, typer.Option(help="CSV of rows; graphs in it are not run again")] = None,
    plot: Annotated[Path | None, typer.Option(help="write a picture")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
    quiet: Annotated[bool, typer.Option(help="no progress on stderr")] = False,
) -> None:
    """Measure the Q-score of a backend.

    Ctrl-C keeps the rows written to --out; the same command goes on from there.
    """
    from isinglass.qscore import run as measure

    name, values = (None, {}) if solver is None else parse_solver(solver)
    report = measure(
        backend,
        solver=name,
        parameters={**values, **parse_parameters(parameters)},
        sizes=None if sizes is None else parse_sizes(sizes),
        search=search,
        largest=largest,
        graphs=graphs,
        time_limit=time_limit,
        seed=seed,
        convention=convention,
        variant=variant,
        generator=generator,
        num_threads=threads,
        out=out,
        progress=None if quiet else lambda line: print(line, file=sys.stderr, flush=True),
    )
    if plot is not None:
        report.plot().savefig(plot, dpi=150)
    if as_json:
        json.dump(report.as_object(), sys.stdout)
        print()
    else:
        _print(report)


@app.command("verify")
def verify(
    rows: Rows,
    convention: Convention = "atos",
    quiet: Annotated[bool, typer.Option(help="no progress on stderr")] = False,
) -> None:
    """Make every graph again and count every answer again; exit code 1 if anything is not true."""
    from isinglass.qscore import verify as check

    faults = []
    for path in rows:
        found = check(
            path,
            convention=convention,
            progress=None if quiet else lambda line: print(line, file=sys.stderr, flush=True),
        )
        faults += found.faults
        print(f"{path}: {found.rows} rows, {found.graphs} graphs made again, {len(found.faults)} faults")
    for fault in faults:
        print(f"isinglass: {fault}", file=sys.stderr)
    if faults:
        raise typer.Exit(1)


@app.command("plot")
def plot(
    rows: Rows,
    output: Annotated[Path, typer.Option(help="picture to write (.png, .svg, .pdf)")],
    convention: Convention = "atos",
) -> None:
    """beta against n for every backend in the rows, the 0.2 line, the optimum and published scores."""
    from isinglass.qscore import ROWS
    from isinglass.qscore import plot as draw

    merged = [row for path in rows for row in ROWS.read(path).values()]
    draw(merged, convention).savefig(output, dpi=150)


@app.command("page")
def page(
    rows: Rows,
    output: Annotated[Path, typer.Option(help="Markdown file to write; its pictures go beside it")],
) -> None:
    """The results page of the documentation, from rows."""
    from isinglass.qscore.page import write_page

    write_page(rows, output)


def parse_sizes(words: str) -> list[int]:
    """``first:last:step`` (both ends in) or ``n,n,n``."""
    try:
        if ":" in words:
            first, last, *step = (int(part) for part in words.split(":"))
            if len(step) > 1 or (step and step[0] < 1) or last < first:
                raise ValueError
            return list(range(first, last + 1, *step))
        return [int(part) for part in words.split(",")]
    except ValueError:
        raise ParameterError(
            f"--sizes {words!r} is neither first:last:step nor n,n,n; such as 5:200:10"
        ) from None


def _print(report: Report) -> None:
    table = Table()
    for name in ("n", "graphs", "solved", "beta", "95 % interval", "passed", "seconds", "generation (s)"):
        table.add_column(name, justify="right")
    for size in report.sizes:
        table.add_row(
            str(size.n), str(size.graphs), str(size.solved), f"{size.beta:.4f}",
            f"{size.low:.4f} to {size.high:.4f}" if size.graphs > 1 else "one graph",
            "yes" if size.passed else "no", f"{size.seconds:.2f}", f"{size.generation_seconds:.2f}",
        )  # fmt: skip
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    console.print(f"Q-score {report.score} ({report.ended_by})", soft_wrap=True, markup=False)
