"""``isinglass bench``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from isinglass.cli.solver_words import parse_solver

if TYPE_CHECKING:
    from isinglass.benchmark.report import Report

_WIDTH = 140


def bench(
    instances: Annotated[list[Path], typer.Option(help="folder of instances; may be given again")],
    best_known: Annotated[Path, typer.Option(help="CSV: instance, objective, best_known, ...")],
    solver: Annotated[
        list[str] | None,
        typer.Option(help="solver, or solver:name=value,name=value; may be given again"),
    ] = None,
    peer: Annotated[list[str] | None, typer.Option(help="dwave-sa, ...; may be given again")] = None,
    peer_python: Annotated[
        Path | None, typer.Option(help="interpreter of the environment that has the peers")
    ] = None,
    time_limit: Annotated[float, typer.Option(help="seconds of each run")] = 10.0,
    repeats: Annotated[int, typer.Option(help="runs of each solver on each instance")] = 10,
    seed: Annotated[int, typer.Option(help="of the first run; the others count up")] = 0,
    threads: Annotated[int | None, typer.Option(help="threads; default: every core")] = None,
    select: Annotated[str, typer.Option(help="pattern of names, such as 'G1*' or 'gset/*'")] = "*",
    out: Annotated[Path | None, typer.Option(help="CSV of rows; runs in it are not done again")] = None,
    merge: Annotated[list[Path] | None, typer.Option(help="rows of another file, merged into --out")] = None,
    plot: Annotated[Path | None, typer.Option(help="write a picture of times and gaps")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
    markdown: Annotated[bool, typer.Option(help="a Markdown table on stdout")] = False,
    quiet: Annotated[bool, typer.Option(help="no progress on stderr")] = False,
) -> None:
    """Measure time to target (TTS99) and gap at the deadline over a folder of instances.

    Ctrl-C keeps the rows written to --out; the same command goes on from there.
    """
    from isinglass.benchmark import run
    from isinglass.solvers.registry import DEFAULT_SOLVER

    report = run(
        instances,
        best_known,
        solvers=[parse_solver(words) for words in solver or [DEFAULT_SOLVER]],
        peers=peer or [],
        peer_python=peer_python,
        time_limit=time_limit,
        repeats=repeats,
        seed=seed,
        num_threads=threads,
        select=select,
        out=out,
        merge=merge or [],
        progress=None if quiet else lambda line: print(line, file=sys.stderr, flush=True),
    )
    if plot is not None:
        report.plot().savefig(plot, dpi=150)
    if as_json:
        json.dump(report.as_object(), sys.stdout)
        print()
    elif markdown:
        print(report.markdown(), end="")
    else:
        _print(report)
    for failure in report.failures:
        print(f"isinglass: {failure}", file=sys.stderr)


def _print(report: Report) -> None:
    head, *lines = report.table()
    table = Table()
    for name in head:
        table.add_column(name, no_wrap=name != "solver", overflow="fold")
    for cells in lines:
        table.add_row(*cells)
    # Numbers cut off are worse than long lines.
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(table)
    for line in report.ratio_lines():
        console.print(line, soft_wrap=True, markup=False)
    if report.missing:
        console.print(f"{len(report.missing)} instances of the table have no file here", markup=False)
