"""Which cards can be used: found once a process, or a sentence that says why there is none."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from isinglass.compiling import watch
from isinglass.errors import DeviceError, MissingExtraError

if TYPE_CHECKING:
    from isinglass.kernels.cuda.cards import Cards

OLDEST_CUDA = (12, 0)
"""Version of CUDA that a driver must speak."""
OLDEST_CARD = (7, 0)
"""Compute capability: votes and barriers as these kernels use them."""


def open_cards() -> Cards:
    """The cards of this machine; MissingExtraError or DeviceError where none can be used."""
    if find_spec("numba_cuda") is None:
        raise MissingExtraError("numba-cuda", "gpu", "backend 'gpu'")
    from numba import cuda

    from isinglass.kernels.cuda.warps import SIMULATED

    if not SIMULATED:
        _check(cuda)
        from numba.cuda.core import config, event

        watch(event)
        config.CUDA_LOW_OCCUPANCY_WARNINGS = 0
    from isinglass.kernels.cuda.card import Card
    from isinglass.kernels.cuda.cards import Cards

    return Cards([Card(number) for number in range(len(cuda.gpus))])


def describe_cards(cards: Cards) -> list[str]:
    """A line for each card: its name, memory and multiprocessors, the driver's and the runtime's CUDA."""
    from numba import cuda

    if not cards.real:
        return ["card: CUDA simulator"]
    from numba.cuda.cudadrv import driver

    speaks, runs = (".".join(map(str, v)) for v in (driver.get_version(), cuda.runtime.get_version()))
    lines = []
    for card in cards.cards:
        with card.work():
            memory = cuda.current_context().get_memory_info()
        lines.append(
            f"card {card.number}: {card.name}, {card.multiprocessors} multiprocessors, "
            f"{memory.free / 1e9:.3g} of {memory.total / 1e9:.3g} GB free; driver for CUDA {speaks}, "
            f"runtime {runs}"
        )
    return lines


def _check(cuda: Any) -> None:
    from numba.cuda.cudadrv import driver

    error = cuda.cuda_error()
    if error is not None or not driver.driver.is_available:
        reason = " ".join(str(error or "no card is visible").split()).rstrip(".: ")
        raise DeviceError(
            f"backend 'gpu' needs an NVIDIA card with its driver, and none can be used ({reason}): "
            "see what nvidia-smi says, or use backend 'cpu'"
        )
    version = driver.get_version()
    if version < OLDEST_CUDA:
        raise DeviceError(
            f"the NVIDIA driver speaks CUDA {version[0]}.{version[1]} and backend 'gpu' needs "
            f"{OLDEST_CUDA[0]}.{OLDEST_CUDA[1]} or newer: update the driver, or use backend 'cpu'"
        )
    if not cuda.is_available():
        raise DeviceError(
            "backend 'gpu' needs NVIDIA's compiler libraries (nvvm), which are not installed: "
            "pip install 'isinglass[gpu]', or use backend 'cpu'"
        )
    for card in cuda.list_devices():
        if card.compute_capability < OLDEST_CARD:
            major, minor = card.compute_capability
            raise DeviceError(
                f"card {card.id} has compute capability {major}.{minor} and the kernels need 7.0 or newer: "
                "hide it with CUDA_VISIBLE_DEVICES, or use backend 'cpu'"
            )
