"""Which service, which backend, which defaults: constructor > environment > ``.env`` > default.

A field ``x`` is read from ``ISINGLASS_X``; where that one is not set, ``DYNEX_X`` is understood, so settings
made for that client keep their meaning.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from isinglass.errors import ParameterError, nearest


class ComputeBackend(StrEnum):
    """Where jobs run. LOCAL never touches the network; the others run here while no endpoint is set."""

    LOCAL = "local"
    CPU = "cpu"
    GPU = "gpu"
    QPU = "qpu"


class QPUModel(StrEnum):
    """Emulated quantum processors that a job can ask for."""

    APOLLO_RC1 = "apollo_rc1"
    APOLLO_10000 = "apollo_10000"
    DW_2000Q_6 = "DW_2000Q_6"
    DW_2000Q_VFYC = "DW_2000Q_VFYC"
    ADVANTAGE_SYSTEM4 = "Advantage_system4"
    ADVANTAGE_SYSTEM6 = "Advantage_system6"
    ADVANTAGE2_SYSTEM1 = "Advantage2_system1"
    ADVANTAGE2_SYSTEM2 = "Advantage2_system2"
    ADVANTAGE2_SYSTEM4 = "Advantage2_system4"


@dataclass(frozen=True, init=False)
class Config:
    """Settings of a client. Arguments left out (or None) come from the environment, ``.env``, the default.

    Raises ParameterError (a ValueError) for unknown names and for values out of range, naming where
    they came from.
    """

    sdk_key: str | None = dataclass_field(repr=False)
    """API key of the service."""
    endpoint: str | None
    """URL of the service, ``http(s)://`` or ``grpc(s)://``; None for none. ``DYNEX_GRPC_ENDPOINT`` is not
    read: it names another protocol."""
    compute_backend: ComputeBackend
    """LOCAL, CPU (default), GPU or QPU; the word in any case."""
    qpu_model: QPUModel | None
    """Needed for QPU."""
    default_timeout: float
    """Seconds after which a job is stopped and gives its best so far, > 0; 300."""
    default_description: str
    """What jobs are called in lists, at most 1000 characters."""
    retry_count: int
    """Further tries after a lost connection, 0 to 100; 5."""
    use_notebook_output: bool
    """Live tables in notebooks; True."""
    dotenv_path: Path | None
    """File of ``NAME=value`` lines; None for ``.env`` in the current folder, if there is one."""

    def __init__(self, *, dotenv_path: str | Path | None = None, **given: Any) -> None:
        for name in given:
            if name not in _FIELDS:
                raise ParameterError(
                    f"{name!r} is not a setting{nearest(name, _FIELDS)}; "
                    f"there are {', '.join(_FIELDS)}, dotenv_path"
                )
        places = [("", os.environ), (f"{dotenv_path or '.env'}: ", _read_dotenv(dotenv_path))]
        for name, (default, check) in _FIELDS.items():
            value, where = given.get(name), f"{name}="
            if value is None:
                value, where = _look_up(name, places) or (default, f"{name}=")
            object.__setattr__(self, name, None if value is None else check(where, value))
        object.__setattr__(self, "dotenv_path", None if dotenv_path is None else Path(dotenv_path))
        if self.compute_backend is ComputeBackend.QPU and self.qpu_model is None:
            models = ", ".join(f"QPUModel.{model.name}" for model in QPUModel)
            raise ParameterError(f"compute_backend=QPU needs a qpu_model: one of {models}")

    @property
    def runs_here(self) -> bool:
        """True where no service is used: LOCAL, or no endpoint."""
        return self.compute_backend is ComputeBackend.LOCAL or self.endpoint is None


def _look_up(name: str, places: Sequence[tuple[str, Mapping[str, str]]]) -> tuple[str, str] | None:
    for place, values in places:
        for variable in (f"ISINGLASS_{name.upper()}", f"DYNEX_{name.upper()}"):
            if values.get(variable, "") != "":
                return values[variable], f"{place}{variable}="
    return None


_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def _read_dotenv(path: str | Path | None) -> dict[str, str]:
    place = Path(".env" if path is None else path)
    try:
        text = place.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError, PermissionError, UnicodeDecodeError) as error:
        if path is None:
            return {}
        raise ParameterError(f"dotenv_path={str(path)!r} cannot be read: {error}") from None
    found = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    return {match[1]: _unquoted(match[2].strip()) for match in found if match}


def _unquoted(value: str) -> str:
    for quote in ("'", '"'):
        if value.startswith(quote) and value.find(quote, 1) > 0:
            return value[1 : value.find(quote, 1)]
    return re.split(r"\s#", value, maxsplit=1)[0].rstrip()


def _text(longest: int) -> Callable[[str, Any], str]:
    def check(where: str, value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            raise ParameterError(f"{where}{value!r} is not a text of 1 to {longest} characters")
        return value.strip()

    return check


def _key(where: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.strip().isascii() or len(value) > 500:
        raise ParameterError(f"{where}… is not a key; 'isinglass keys create' makes one")
    return value.strip()


def _url(where: str, value: Any) -> str:
    address = _text(2000)(where, value)
    try:
        parts = urlsplit(address)
        usable = (
            parts.scheme in ("http", "https", "grpc", "grpcs") and bool(parts.hostname) and parts.port != 0
        )
    except ValueError:
        usable = False
    if not usable:
        raise ParameterError(f"{where}{value!r} is not a URL such as http://127.0.0.1:8300")
    return address.rstrip("/")


def _one_of(kind: type[StrEnum]) -> Callable[[str, Any], StrEnum]:
    def check(where: str, value: Any) -> StrEnum:
        words = {str(member).lower(): member for member in kind}
        if not isinstance(value, str) or value.lower() not in words:
            raise ParameterError(
                f"{where}{value!r} is not one of {', '.join(kind)}{nearest(str(value).lower(), words)}"
            )
        return words[value.lower()]

    return check


def _seconds(where: str, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number < math.inf:
        raise ParameterError(f"{where}{value!r} is not a number of seconds above 0")
    return number


def _tries(where: str, value: Any) -> int:
    count = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= 100:
        raise ParameterError(f"{where}{value!r} is not an integer from 0 to 100")
    return count


_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def _switch(where: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in _WORDS:
        raise ParameterError(f"{where}{value!r} is neither true nor false")
    return _WORDS[value.lower()]


_FIELDS: dict[str, tuple[Any, Callable[[str, Any], Any]]] = {
    "sdk_key": (None, _key),
    "endpoint": (None, _url),
    "compute_backend": (ComputeBackend.CPU, _one_of(ComputeBackend)),
    "qpu_model": (None, _one_of(QPUModel)),
    "default_timeout": (300.0, _seconds),
    "default_description": ("isinglass job", _text(1000)),
    "retry_count": (5, _tries),
    "use_notebook_output": (True, _switch),
}
"""Name -> (default, check of (where it comes from, value))."""
