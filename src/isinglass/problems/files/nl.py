"""Nonlinear models of dwave-optimization as ``Model.to_file`` writes them, formats 0.1 and 1.0.

Behind a header in JSON stands a zip archive: the kinds of the symbols, which feeds which, and a folder for
each with its constants, bounds and shapes as JSON and NumPy arrays. Reading is in two steps. ``read`` looks
at the header and at the archive's directory and nothing else: a service can afford that. ``build`` lets the
library make the model, once every array has been measured against the bytes that there are.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isinglass.errors import FileFormatError, MissingExtraError, OutOfMemoryError, ProblemError
from isinglass.memory import require
from isinglass.problems.files import dimod_header as dh
from isinglass.problems.files.archive import DAMAGE, array_of, directory
from isinglass.problems.files.text import shown

MAGIC = b"DWNL"
MOST_STATES = 16
"""That may come with a model; the first is where the search begins."""
_MAJOR_VERSIONS = (0, 1)
_OF_STATES = ("info.json",)
_OF_A_MODEL = (*_OF_STATES, "nodetypes.txt", "adj.adjlist", "objective.json", "constraints.json")
_LARGEST_INFO = 1 << 16
_NPY = b"\x93NUMPY"
_DEEPEST = 4
"""Models within models: expressions that a symbol applies to each of its entries."""
_PLACE = Path("the nonlinear model")


@dataclass(frozen=True, eq=False)
class NonlinearFile:
    """A model as bytes, with what its header says of it; ``build`` checks that it is so."""

    data: bytes
    nodes: int
    state_size: int
    """Bytes of the values of all symbols."""
    decision_state_size: int
    """Bytes of those that are decided, 8 a number."""
    version: tuple[int, int]
    """Of the format: whoever wrote it reads its states in the same, and maybe in no newer one."""

    @property
    def num_variables(self) -> int:
        """Symbols: how large the model is, whatever the sizes of their arrays."""
        return self.nodes


def is_model(problem: Any) -> bool:
    """Is it a ``dwave.optimization.Model``? Who has one has imported the library."""
    library = sys.modules.get("dwave.optimization.model")
    return library is not None and isinstance(problem, library.Model)


def written(model: Any) -> NonlinearFile:
    """A ``dwave.optimization.Model`` as a file, with its first state where it has one.

    ProblemError where the library cannot write it.
    """
    try:
        with model.to_file(max_num_states=1) as file:
            return read(_PLACE, file.read())
    except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
        raise ProblemError(f"the nonlinear model cannot be written as a file: {error}") from None


def read(path: Path, data: bytes) -> NonlinearFile:
    """Header and directory of a model's file; FileFormatError where they are damaged."""
    header = _front(path, data, _OF_A_MODEL)
    nodes, state_size, decision_state_size = (
        dh.count(path, header.fields, name) for name in ("num_nodes", "state_size", "decision_state_size")
    )
    if nodes > len(data):
        raise FileFormatError(path, f"its header counts {nodes:,} symbols in {len(data):,} bytes")
    return NonlinearFile(data, nodes, state_size, decision_state_size, header.version)


def _front(path: Path, data: bytes, needed: tuple[str, ...]) -> dh.Header:
    """The header, once the directory of the archive behind it is in order and has the members ``needed``."""
    header = dh.read_header(path, data, MAGIC)
    if header.version[0] not in _MAJOR_VERSIONS:
        version = ".".join(map(str, header.version))
        raise FileFormatError(path, f"is a nonlinear model of format {version}; 0.1 and 1.0 are read")
    entries = directory(path, data)
    # Stored as they are, so that nothing unfolds and no byte is used twice.
    if any(e.compress_type or e.file_size != e.compress_size for e in entries):
        raise FileFormatError(path, "its zip archive is compressed; dwave-optimization stores what it writes")
    if sum(entry.file_size for entry in entries) > len(data):
        raise FileFormatError(path, "the members of its zip archive lie in one another")
    found = {entry.filename: entry.file_size for entry in entries}
    missing = [name for name in needed if name not in found]
    if missing:
        raise FileFormatError(path, f"its archive lacks {', '.join(missing)}")
    if found["info.json"] > _LARGEST_INFO:
        raise FileFormatError(path, f"its info.json has more than {_LARGEST_INFO:,} bytes")
    return header


def build(file: NonlinearFile) -> Any:
    """A new ``dwave.optimization.Model``, with the states that came in the file.

    Raises FileFormatError where the library refuses it, OutOfMemoryError where its values do not fit, and
    MissingExtraError where the library is not installed.
    """
    try:
        from dwave.optimization.model import Model
    except ImportError:
        raise MissingExtraError("dwave-optimization", "nonlinear", "solving nonlinear models") from None
    require(4 * file.state_size, f"a nonlinear model whose values take {file.state_size:,} bytes")
    _check_members(file.data, 0)
    with _the_library():
        model = Model.from_file(io.BytesIO(file.data))
    for symbol in model.iter_decisions():
        parts = getattr(symbol, "num_disjoint_lists", None) or getattr(symbol, "num_disjoint_sets", None)
        if parts is not None and parts() != sum(1 for _ in symbol.iter_successors()):
            raise FileFormatError(_PLACE, f"not each of the {parts():,} parts of a partition is a symbol")
    return model


def load_states(model: Any, data: bytes) -> None:
    """States that somebody sends for a model; FileFormatError where they are malformed or another's."""
    _front(_PLACE, data, _OF_STATES)
    _check_members(data, 0)
    with _the_library():
        model.states.from_file(io.BytesIO(data), check_header=False)


@contextmanager
def _the_library() -> Iterator[None]:
    """Its readers raise whatever comes: KeyError, TypeError, struct.error, errors of its C++."""
    try:
        yield
    except MemoryError:
        raise OutOfMemoryError("the nonlinear model does not fit into this machine's memory") from None
    except Exception as error:
        what = f"dwave-optimization cannot read it: {str(error) or type(error).__name__}"
        raise FileFormatError(_PLACE, what) from None


def _check_members(data: bytes, depth: int) -> None:
    """Every array has the bytes that it claims, few states come with it, and so in models within it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            try:
                content = archive.read(name)
            except DAMAGE as error:
                what = f"its member {shown(name.encode())} is damaged: {error}"
                raise FileFormatError(_PLACE, what) from None
            if content.startswith(_NPY):
                array_of(_PLACE, name, content)
            elif content.startswith(MAGIC):
                if depth == _DEEPEST:
                    raise FileFormatError(_PLACE, f"models are nested more than {_DEEPEST} deep")
                read(_PLACE, content)
                _check_members(content, depth + 1)
            elif name == "info.json":
                info = dh.parse_json(_PLACE, content, "info.json")
                states = dh.count(_PLACE, info if isinstance(info, dict) else {}, "num_states")
                if states > MOST_STATES:
                    raise FileFormatError(_PLACE, f"comes with {states:,} states; {MOST_STATES} are taken")
