"""One card: its figures, arrays on it, launches, and failures as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
from numba import cuda
from numba.core.errors import NumbaError
from numba.cuda.cudadrv.driver import CudaAPIError, LinkerError

from isinglass.errors import DeviceError, OutOfMemoryError
from isinglass.kernels.cuda.warps import SIMULATED

_DRIVER_ERRORS: tuple[type[Exception], ...] = (CudaAPIError,)
_COMPILER_ERRORS: tuple[type[Exception], ...] = (NumbaError, LinkerError)
if not SIMULATED:
    from cuda.core._utils.cuda_utils import CUDAError
    from numba.cuda.cudadrv.error import NvrtcError, NvvmError

    _DRIVER_ERRORS += (CUDAError,)
    _COMPILER_ERRORS += (NvrtcError, NvvmError)

_ALWAYS_SHARED = 32 << 10
"""Bytes of dynamic shared memory that every kernel may have beside its static; more has to be asked for."""
_DRIVERS_SHARE = 256 << 20
"""Bytes of a card left to its driver and to compiled kernels."""


class Card:
    """A card by its number; in the simulator a card of one multiprocessor without limits.

    Args:
        number: 0 up, as the driver counts those that ``CUDA_VISIBLE_DEVICES`` leaves.
    """

    def __init__(self, number: int) -> None:
        self.number = number

    @cached_property
    def name(self) -> str:
        """As the driver calls it."""
        if SIMULATED:
            return "CUDA simulator"
        found = cuda.gpus[self.number].name
        return found.decode() if isinstance(found, bytes) else str(found)

    @cached_property
    def multiprocessors(self) -> int:
        """How many blocks of full size run at a time."""
        return 1 if SIMULATED else int(cuda.gpus[self.number].MULTIPROCESSOR_COUNT)

    @cached_property
    def shared_bytes(self) -> int:
        """Shared memory that one block may have."""
        return 64 << 10 if SIMULATED else int(cuda.gpus[self.number].MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)

    @cached_property
    def has_bfloat16(self) -> bool:
        """Whether its tensor cores multiply bfloat16 numbers: compute capability 8.0 up."""
        return SIMULATED or tuple(cuda.gpus[self.number].compute_capability) >= (8, 0)

    def free_bytes(self) -> float:
        """Memory that can still be taken; infinite in the simulator."""
        return float(cuda.current_context().get_memory_info().free) - _DRIVERS_SHARE

    def require(self, needed: float, purpose: str) -> None:
        """OutOfMemoryError, naming both numbers, where ``needed`` bytes are not free."""
        free = self.free_bytes()
        if needed > free and not SIMULATED:
            # What earlier runs gave back waits for numba to return it.
            cuda.current_context().memory_manager.deallocations.clear()
            free = self.free_bytes()
        if needed > free:
            raise OutOfMemoryError(
                f"{purpose} needs {needed / 1e9:.3g} GB of memory and {max(free, 0) / 1e9:.3g} GB are free "
                f"on {self.name}: make the problem smaller, ask for fewer reads, or use backend 'cpu'"
            )

    @contextmanager
    def work(self, what: str) -> Iterator[Work]:
        """A queue of launches on this card, for this thread; ``what`` it is for, in failures' words."""
        with self.sentences(what), cuda.gpus[self.number]:
            work = Work(self, 0 if SIMULATED else cuda.stream())
            yield work
            work.wait()

    @contextmanager
    def sentences(self, what: str) -> Iterator[None]:
        """Failures of the driver and of the compiler inside, as one sentence each."""
        try:
            yield
        except _COMPILER_ERRORS as error:
            raise DeviceError(
                f"a kernel does not compile for {self.name} ({first_line(error)}): install the numba-cuda "
                "that this version asks for (pip install 'isinglass[gpu]'), or use backend 'cpu'"
            ) from error
        except _DRIVER_ERRORS as error:
            if "OUT_OF_MEMORY" in str(error):
                raise OutOfMemoryError(
                    f"{self.name} ran out of memory while {what}: ask for fewer reads, or use backend 'cpu'"
                ) from error
            raise DeviceError(
                f"{self.name} failed while {what} ({first_line(error)}): run 'isinglass doctor' to see "
                "which kernel is at fault, or use backend 'cpu'"
            ) from error


def first_line(error: BaseException) -> str:
    """What a message of many lines begins with."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


class Work:
    """Arrays and launches in the order in which they are asked for."""

    def __init__(self, card: Card, stream: Any) -> None:
        self.card, self.stream = card, stream

    def put(self, array: np.ndarray) -> Any:
        """A copy on the card."""
        return cuda.to_device(np.ascontiguousarray(array), stream=self.stream)

    def room(self, shape: tuple[int, ...], kind: Any) -> Any:
        """An array on the card, nothing in it yet."""
        return cuda.device_array(shape, kind, stream=self.stream)

    def get(self, on_card: Any) -> np.ndarray:
        """A copy here, once all that was launched is done."""
        here: np.ndarray = np.asarray(on_card.copy_to_host(stream=self.stream))
        self.wait()
        return here

    def launch(self, kernel: Any, grid: Any, block: Any, *arguments: Any, shared: int = 0) -> None:
        """Launch ``kernel``; ``shared``: bytes of dynamic shared memory a block."""
        if not np.all(grid):
            # A problem without variables: nothing to do, and no grid that a card would take.
            return
        configured = kernel[grid, block, self.stream, shared]
        if shared > _ALWAYS_SHARED and not SIMULATED and not configured.pre_launch_callbacks:
            configured.pre_launch_callbacks.append(_allow_shared)
        configured(*arguments)

    def wait(self) -> None:
        """Until all that was launched is done."""
        if not SIMULATED:
            self.stream.synchronize()


def _allow_shared(kernel: Any, configured: Any) -> None:
    from numba.cuda.cudadrv.driver import binding, driver

    function = kernel._codelibrary.get_cufunc()
    attribute = binding.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    driver.cuKernelSetAttribute(attribute, configured.sharedmem, function.handle, function.device.id)
