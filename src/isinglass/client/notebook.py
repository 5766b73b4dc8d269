"""A live table of a job under the cell of a notebook that waits for it."""

from __future__ import annotations

import html
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isinglass.client.handle import Handle

_PAUSE_SECONDS = 0.2


def in_notebook() -> bool:
    """Is this the kernel of a notebook, and not a terminal or a script?"""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def watch(handle: Handle) -> None:
    """Show the job and its news until it ends."""
    from IPython.display import HTML, display

    status = handle.status()
    rows: dict[str, Any] = {"job": handle.id, "description": status.spec.description, "state": status.state}
    place = display(HTML(_table(rows)), display_id=True)
    began = shown = time.monotonic()
    done = 0
    for event in handle.events():
        data = event.data
        if event.kind == "shot_done":
            done += 1
            rows["shots done"] = f"{done} of {status.shots}"
        elif event.kind != "progress":
            rows["state"] = event.kind
        energy = data.get("best_energy", data.get("energy"))
        if energy is not None:
            rows["best energy"] = min(energy, rows.get("best energy", energy))
        if time.monotonic() - shown > _PAUSE_SECONDS:
            shown = time.monotonic()
            place.update(HTML(_table({**rows, "seconds": f"{shown - began:.1f}"})))
    rows["state"] = handle.status().state
    place.update(HTML(_table({**rows, "seconds": f"{time.monotonic() - began:.1f}"})))


def _table(rows: dict[str, Any]) -> str:
    cells = (f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>" for name, value in rows.items())
    return f"<table>{''.join(cells)}</table>"
