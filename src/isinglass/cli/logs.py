"""How the long-running commands log: lines for people, or JSON lines for programs."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

_OURS = ("job", "user", "shot", "worker", "event", "data")
"""What a line of ours may have beside its message (``extra`` of the logging call)."""


class LogLevel(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


Level = Annotated[LogLevel, typer.Option("--log-level", help="info tells every step of every job")]
AsJson = Annotated[bool, typer.Option("--log-json", help="one JSON object a line, with the job's id")]


class JsonLines(logging.Formatter):
    """``time``, ``level``, ``logger``, ``message``, then what the line is about and the traceback, if any."""

    def format(self, record: logging.LogRecord) -> str:
        words = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        words |= {name: getattr(record, name) for name in _OURS if hasattr(record, name)}
        if record.exc_info:
            words["traceback"] = self.formatException(record.exc_info)
        return json.dumps(words, default=str)


def set_up(level: LogLevel, as_json: bool) -> None:
    """Log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    handler.setFormatter(JsonLines() if as_json else plain)
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("isinglass").setLevel(level.upper())
    logging.getLogger("httpx").setLevel(logging.ERROR)


def options(level: LogLevel, as_json: bool) -> tuple[str, ...]:
    """The same on the command line of a worker."""
    return ("--log-level", str(level), *(["--log-json"] if as_json else []))
