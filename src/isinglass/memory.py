"""How much memory is free, and the refusal that comes before a call that cannot fit."""

from __future__ import annotations

import os
from pathlib import Path

from isinglass.errors import OutOfMemoryError

_MEMINFO = Path("/proc/meminfo")
SURELY_FREE = 1 << 20
"""Bytes below which the system is not asked: that takes longer than solving a problem so small."""


def available_bytes() -> int | None:
    """Bytes that can be allocated without swapping; None where the system does not say.

    Linux: ``MemAvailable`` of /proc/meminfo. Elsewhere under POSIX: the free pages, or all
    physical pages where only those are told (macOS).
    """
    if _MEMINFO.exists():
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    names: dict[str, int] = getattr(os, "sysconf_names", {})
    pages = next((name for name in ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES") if name in names), None)
    if pages is None:
        return None
    return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE")


def require(needed_bytes: int, purpose: str) -> None:
    """Raise OutOfMemoryError, naming both numbers, when ``needed_bytes`` (a megabyte up) are not
    available."""
    if needed_bytes < SURELY_FREE:
        return
    available = available_bytes()
    if available is not None and needed_bytes > available:
        raise OutOfMemoryError(
            f"{purpose} needs {_gigabytes(needed_bytes)} of memory and {_gigabytes(available)} are "
            "available: make the problem smaller or use a machine with more memory"
        )


def _gigabytes(count: int) -> str:
    if count.bit_length() > 1000:
        return f"2^{count.bit_length() - 1} bytes"
    return f"{count / 1e9:.3g} GB"
