"""The circuit in an upload: ZIP, base85, zlib and JSON around a list of PennyLane's operations."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

from isinglass.errors import ProblemError

MAGIC = b"PK\x03\x04"
MOST_WIRES = 200
"""Twice what the largest published example has. What can be simulated is fewer unless it is all Clifford."""
_LONGEST = 32 << 20
"""Bytes of each layer, unfolded."""
_NAME = re.compile(r"([0-9a-f]{32})\.qasm\.dnx")


@dataclass(frozen=True)
class Upload:
    """A circuit as the client describes it."""

    operations: list[dict[str, Any]]
    wires: int
    token: str | None
    """32 hexadecimal digits, the same where a submission is repeated; None for a name of another form."""

    @property
    def estimates_phases(self) -> bool:
        return any(op.get("base_name") == "QuantumPhaseEstimation" for op in self.operations)


def upload_of(data: bytes) -> Upload:
    """The circuit in a ZIP; ProblemError where a layer is damaged, too long or of another form."""
    name, packed = _member(data)
    try:
        text = _inflated(base64.b85decode(packed))
        # Numbers of a hundred bits are common in the vendor's own examples.
        found = json.loads(text)
    except (ValueError, RecursionError, zlib.error) as error:
        raise ProblemError(f"the circuit is not base85 of zlib of JSON: {error}") from None
    match found:
        case {"operations": [*operations], "nWires": int(wires)} if 0 < wires <= MOST_WIRES:
            if all(isinstance(op, dict) and isinstance(op.get("base_name"), str) for op in operations):
                token = _NAME.fullmatch(name)
                return Upload(operations, wires, token and token[1])
    raise ProblemError(
        "the circuit does not have a list of operations, as the client makes it, "
        f"and nWires from 1 to {MOST_WIRES}"
    )


def _member(data: bytes) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) != 1:
                raise ProblemError(f"the ZIP has {len(members)} members; a circuit is one")
            with archive.open(members[0]) as member:
                content = member.read(_LONGEST + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
    ) as error:
        if isinstance(error, ProblemError):
            raise
        raise ProblemError(f"the ZIP is damaged: {error}") from None
    if len(content) > _LONGEST:
        raise ProblemError(f"the ZIP unfolds to more than {_LONGEST:,} bytes")
    return members[0].filename, content


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    text = stream.decompress(data, _LONGEST)
    if stream.unconsumed_tail:
        raise ProblemError(f"the circuit unfolds to more than {_LONGEST:,} bytes")
    if not stream.eof:
        raise ProblemError("the circuit ends inside of its zlib stream")
    return text
