"""Triangle files: ``n`` and then the rows of the upper triangle of a complete graph, one character a pair.

Row i has the n - 1 - i characters of the pairs (i, i + 1), ..., (i, n - 1): ``+`` and ``-`` are the couplings
+1 and -1, ``1`` and ``0`` an edge of weight 1 and none. A file has one of the two alphabets.

* kind "ising", the default of ``+`` and ``-``: E = sum J s s, to be minimised.
* kind "maxcut", the default of ``0`` and ``1``: weights of a graph whose cut is to be largest.

Source: the SK1 and MC50 instances of R. Hamerly et al., Science Advances 5, eaau0823 (2019), as written in
the repository of cim-optimizer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isinglass.memory import require
from isinglass.problems.files.edges import facts, only_kinds
from isinglass.problems.files.text import Text, shown
from isinglass.problems.given import EdgeList, Kind

_ALPHABETS = (b"+-", b"01")
_BYTES_PER_PAIR = 18


def opens(lines: Sequence[bytes]) -> bool:
    """True where these first lines are a count n and n - 1 characters of one of the alphabets."""
    if len(lines) < 2 or not lines[0].isdigit() or lines[0] != b"%d" % (len(lines[1]) + 1):
        return False
    return any(not lines[1].strip(alphabet) for alphabet in _ALPHABETS)


def read(text: Text, kind: Kind | None) -> EdgeList:
    """The problem in the file, vartype "SPIN"; ``kind`` may be "ising" or "maxcut".

    Raises FileFormatError, naming the line, for whatever breaks the layout above.
    """
    only_kinds(text.path, kind, ("ising", "maxcut"), "a triangle file holds couplings of spins")
    header, *rows = text.lines()
    n = text.node(header.content, header)
    if n - 1 != len(rows):
        raise text.error(f"{n:,} variables need {max(0, n - 1):,} rows, not the {len(rows):,} that follow")
    require(_BYTES_PER_PAIR * n * (n - 1) // 2, f"{text.path}: the couplings of {n:,} variables")
    alphabet = next(a for a in _ALPHABETS if not rows[0].content.strip(a))
    for i, row in enumerate(rows):
        if len(row.content) != n - 1 - i or row.content.strip(alphabet):
            raise text.error(
                f"row {i + 1} is {shown(row.content)}; it has {n - 1 - i:,} characters out of "
                f"{alphabet.decode()!r}",
                row,
            )
    signs = np.frombuffer(b"".join(row.content for row in rows), np.uint8)
    first, second = np.triu_indices(n, 1)
    if alphabet == b"+-":
        value, default = np.where(signs == ord("+"), 1, -1), "ising"
    else:
        kept = signs == ord("1")
        first, second, default = first[kept], second[kept], "maxcut"
        value = np.ones(len(first), np.int64)
    settled: Kind = kind or ("ising" if default == "ising" else "maxcut")
    return EdgeList(
        n, first.astype(np.int32), second.astype(np.int32), value, kind=settled,
        facts=facts(text.path, "triangle"),
    )  # fmt: skip
