"""Which instances there are: files in folders, joined by name with a table of best values."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from isinglass.benchmark.objectives import Objective, objective_of
from isinglass.errors import FileFormatError, ParameterError

_COMPRESSED = (".gz", ".xz", ".bz2")
_NOT_INSTANCES = (".sol", ".ids", ".md", ".csv", ".json", ".bin", ".py", ".png")
_SUFFIXES = re.compile(r"(\.[A-Za-z][A-Za-z_]*)*")
_NEEDED = ("instance", "objective", "best_known")


@dataclass(frozen=True)
class Listed:
    """One line of the table of best values and the file that it speaks of."""

    family: str
    name: str
    words: str
    """The column ``objective`` as written."""
    objective: Objective
    best_known: float
    path: Path


def list_instances(
    folders: Sequence[Path], best_known: Path, select: str = "*"
) -> tuple[list[Listed], list[str]]:
    """The lines of the table that have a file under ``folders``, and the names of those that have none.

    The table is CSV with the columns ``instance``, ``objective``, ``best_known`` and, if wanted,
    ``family`` and ``file``; others are passed over. A line's file is called ``file`` where that is given,
    otherwise ``instance`` and any suffixes of letters: G1, G1.txt, be100.1.sparse.gz.
    ``select``: a pattern of names (``*``, ``?``, ``[...]``) that the instance or ``family/instance`` matches.
    """
    files = _files_by_name(folders)
    found, missing = [], []
    for number, line in _lines(best_known):
        name, family = line["instance"], line.get("family") or ""
        if not (fnmatchcase(name, select) or fnmatchcase(f"{family}/{name}", select)):
            continue
        wanted = line.get("file") or name
        path = _only(wanted, files.get(wanted, []))
        if path is None:
            missing.append(name)
            continue
        try:
            value = float(line["best_known"])
            objective = objective_of(line["objective"], family)
        except ValueError as error:  # a ParameterError is one too
            raise FileFormatError(best_known, f"instance {name}: {error}", number) from None
        found.append(Listed(family, name, line["objective"], objective, value, path))
    return found, missing


def _lines(table: Path) -> Iterable[tuple[int, dict[str, str]]]:
    if not table.is_file():
        raise FileFormatError(table, "there is no such file; it is the table of best values")
    with table.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        absent = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
        if absent:
            raise FileFormatError(
                table,
                f"has no column {', '.join(absent)}; a table of best values has {', '.join(_NEEDED)}",
                1,
            )
        for line in reader:
            yield reader.line_num, line


def _files_by_name(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Files by their whole name, and by it less the suffix of compression and any suffixes of letters."""
    files: dict[str, list[Path]] = defaultdict(list)
    for folder in folders:
        if not folder.is_dir():
            raise ParameterError(f"instances={str(folder)!r} is not a folder")
        for path in sorted(folder.rglob("*")):
            bare = path.stem if path.suffix in _COMPRESSED else path.name
            if path.is_file() and Path(bare).suffix not in _NOT_INSTANCES:
                ends = [i for i, c in enumerate(bare) if c == "." and _SUFFIXES.fullmatch(bare[i:])]
                for name in {path.name, bare, *(bare[:i] for i in ends)}:
                    files[name].append(path)
    return files


def _only(name: str, paths: list[Path]) -> Path | None:
    if len(paths) > 1:
        raise ParameterError(
            f"{name!r} has several files, {', '.join(map(str, paths))}: name one in a column 'file', "
            "or give fewer folders"
        )
    return paths[0] if paths else None
