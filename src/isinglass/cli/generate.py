"""``isinglass generate KIND --parameter value ...``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from isinglass.errors import ParameterError, nearest

OPEN_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}
"""The families' own parameters are options too; they are parsed by their tables."""

FORMATS = ("rudy", "qubo", "coo")


def generate(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="family of instances; 'list' shows them all")],
    output: Annotated[Path | None, typer.Option(help="file to write (.gz, .xz compress)")] = None,
    file_format: Annotated[str, typer.Option("--format", help="rudy, qubo or coo")] = "rudy",
    seed: Annotated[int | None, typer.Option(help="same seed, same instance; default: drawn")] = None,
) -> None:
    """Write a random instance to a file, or to stdout.

    The family's parameters are options: isinglass generate gnp --n 800 --p 0.06 --output g.txt
    """
    if kind == "list":
        _print_families()
        return
    if file_format not in FORMATS:
        raise ParameterError(f"--format {file_format!r} is not one of {', '.join(FORMATS)}")
    from isinglass.problems.edges_of import edge_list_of
    from isinglass.problems.files import write_file
    from isinglass.problems.generators import generate as make

    given = parse_options(kind, context.args)
    instance = edge_list_of(make(kind, seed=seed, **given))
    write_file(instance, Path("/dev/stdout") if output is None else output, format=file_format)


def parse_options(kind: str, words: list[str]) -> dict[str, Any]:
    """``--name value`` pairs to checked values by the family's table."""
    from isinglass.problems.generators import GENERATORS

    if kind not in GENERATORS:
        raise ParameterError(
            f"there is no generator {kind!r}{nearest(kind, GENERATORS)}; there are {', '.join(GENERATORS)}"
        )
    table = {row.name: row for row in GENERATORS[kind].parameters}
    values: dict[str, Any] = {}
    rest = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    while rest:
        name = rest.pop(0)
        key = name.removeprefix("--").replace("-", "_")
        if not name.startswith("--") or key not in table:
            raise ParameterError(
                f"{kind} has no option {name!r}{nearest(key, table)}; it has "
                + ", ".join(f"--{n.replace('_', '-')}" for n in table)
            )
        if not rest:
            raise ParameterError(f"{name} needs a value: {table[key].rule}")
        values[key] = table[key].parse(rest.pop(0))
    return values


def _print_families() -> None:
    from isinglass.problems.generators import GENERATORS

    for family in GENERATORS.values():
        print(f"{family.name}: {family.description}")
        for row in family.parameters:
            default = "required" if row.required else f"default {row.default}"
            print(f"    --{row.name.replace('_', '-'):<12} {row.meaning}; {row.rule}; {default}")
