"""Templates and how numbers and times are written in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

import isinglass

_PLACE = Path(__file__).parent


def page(
    template: str, request: Request, visit: Any = None, *, status: int = 200, **words: Any
) -> HTMLResponse:
    """A template as an answer; whatever goes into it is text, unless it was made as Markup."""
    text = _templates.get_template(template).render(
        visit=visit, path=request.url.path, version=isinglass.__version__, status=status, **words
    )
    return HTMLResponse(text, status)


def when(at: float | None) -> Markup:
    """A time, in UTC; the page's script writes it in the reader's own."""
    if at is None:
        return Markup("–")
    moment = datetime.fromtimestamp(at, UTC)
    return Markup(f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}">{moment:%Y-%m-%d %H:%M:%S} UTC</time>')


def lasting(seconds: float | None) -> str:
    """A duration with the unit that suits it."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.10g}"


def size(count: float) -> str:
    """Bytes with the unit that suits them."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:.4g} GiB"


def as_words(data: dict[str, Any]) -> str:
    """A flat object on one line: ``shot 0, worker w``."""
    return ", ".join(f"{name} {_short(value)}" for name, value in data.items() if value is not None)


def _short(value: Any) -> str:
    return (
        number(value) if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)
    )


def state_mark(state: str) -> Markup:
    """The state in a coloured box; the word says it, the colour only helps."""
    return Markup(f'<span class="state {escape(state)}">{escape(state.replace("_", " "))}</span>')


_templates = Environment(
    loader=FileSystemLoader(_PLACE / "templates"), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
_templates.filters |= {
    "when": when, "lasting": lasting, "number": number, "size": size, "as_words": as_words,
    "state": state_mark,
}  # fmt: skip
