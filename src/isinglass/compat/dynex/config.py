"""``DynexConfig``: where models run, from arguments, the environment, ``.env`` or the default."""

from __future__ import annotations

import logging
import os
from enum import StrEnum
from pathlib import Path
from typing import Any

from isinglass.compat.dynex.errors import DynexValidationError, in_dynex_words
from isinglass.config import Config, QPUModel

_OURS = (
    "sdk_key",
    "qpu_model",
    "use_notebook_output",
    "default_timeout",
    "default_description",
    "retry_count",
)


class ComputeBackend(StrEnum):
    """Where a model runs. LOCAL is the CPU too: nothing here needs a binary or a network."""

    CPU = "cpu"
    GPU = "gpu"
    QPU = "qpu"
    LOCAL = "local"
    UNSPECIFIED = "cpu"


class DynexConfig:
    """Settings of models and samplers, by the client's names and in its order.

    ``sdk_key``, ``grpc_endpoint``, ``grpc_use_tls``, ``retry_count``, ``solver_path``, ``tmp_dir`` and those
    about files are kept and mean nothing here: there is no connection and no file. ``default_timeout`` is
    in seconds (300): a run that takes longer returns its best so far. Words are taken in any case.

    Raises DynexValidationError (a ValueError) for values out of range, and for QPU without ``qpu_model``.
    """

    def __init__(
        self,
        sdk_key: str | None = None,
        grpc_endpoint: str | None = None,
        solver_path: str | None = None,
        retry_count: int | None = None,
        remove_local_solutions: bool = False,
        dotenv_path: str | Path | None = None,
        compute_backend: ComputeBackend | str | None = None,
        qpu_model: QPUModel | str | None = None,
        use_notebook_output: bool | None = None,
        default_timeout: float | None = None,
        default_description: str | None = None,
        preserve_solutions: bool = False,
        debug_save_solutions: bool = False,
        tmp_dir: str | None = None,
        grpc_use_tls: bool | None = None,
    ) -> None:
        given = locals()
        backend = "cpu" if str(compute_backend).lower() == "unspecified" else compute_backend
        with in_dynex_words():
            common = Config(
                dotenv_path=dotenv_path, compute_backend=backend, **{name: given[name] for name in _OURS}
            )
        self.compute_backend = ComputeBackend(common.compute_backend)
        self.sdk_key, self.qpu_model = common.sdk_key, common.qpu_model
        self.retry_count, self.use_notebook_output = common.retry_count, common.use_notebook_output
        self.default_timeout = common.default_timeout
        self.default_description = common.default_description
        self.grpc_endpoint = _endpoint(grpc_endpoint or os.environ.get("DYNEX_GRPC_ENDPOINT"))
        self.solver_path, self.tmp_dir, self.grpc_use_tls = solver_path, tmp_dir, grpc_use_tls
        self.remove_local_solutions, self.preserve_solutions = remove_local_solutions, preserve_solutions
        self.debug_save_solutions, self.dotenv_path = debug_save_solutions, dotenv_path
        self.logger = logging.getLogger("isinglass.compat.dynex")

    @property
    def mainnet(self) -> bool:
        """False for LOCAL only."""
        return self.compute_backend is not ComputeBackend.LOCAL

    def as_dict(self) -> dict[str, Any]:
        """Every setting; the key is masked."""
        shown = {name: value for name, value in vars(self).items() if name != "logger"}
        return {**shown, "sdk_key": self.sdk_key and "***", "mainnet": self.mainnet}

    def get_platform_prefix(self) -> str:
        """As in the client's log lines, such as "DYNEX-CPU" or "DYNEX-APOLLO-RC1"."""
        place = self.qpu_model if self.compute_backend is ComputeBackend.QPU else self.compute_backend
        return f"DYNEX-{str(place).upper().replace('_', '-')}"

    def __repr__(self) -> str:
        return f"DynexConfig(compute_backend={self.compute_backend!r}, qpu_model={self.qpu_model!r})"


def _endpoint(value: str | None) -> str:
    address = "127.0.0.1:9090" if value is None else value
    host, _, port = address.split("://", 1)[-1].rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise DynexValidationError(f"grpc_endpoint={value!r} is not host:port, such as 127.0.0.1:9090")
    return address
