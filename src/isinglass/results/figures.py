"""An empty picture. Needs matplotlib (extra: plots)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float, purpose: str) -> Figure:
    """A figure of ``width`` by ``height`` inches, outside pyplot; ``purpose`` is what needs it."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plots", purpose) from None

    return Figure(figsize=(width, height), layout="constrained")
