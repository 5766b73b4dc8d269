"""Products of matrices by cuBLAS, on the card and the stream of a ``Work``; in the simulator, its twin.

Whole numbers of 8 bits are summed in 32 (exactly), bfloat16 numbers and float32 in single precision. The
first two run on the tensor cores.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from isinglass.errors import DeviceError, MissingExtraError, OutOfMemoryError
from isinglass.kernels.cuda.card import Work, first_line
from isinglass.kernels.cuda.warps import SIMULATED

Gemm = Callable[..., None]
"""cublasGemmEx behind its handle, as CuPy hands it on: (transa, transb, m, n, k, alpha, A, Atype, lda, B,
Btype, ldb, beta, C, Ctype, ldc, computeType, algo); arrays and scalars are addresses."""

HANDLE_BYTES = 64 << 20
"""What cuBLAS keeps on a card for each thread that calls it."""
ALIGNED = 16
"""Bytes and columns: every row of an operand begins at a multiple of it, as tensor cores like it."""

_TRANSPOSED, _AS_IT_IS, _DEFAULT_ALGORITHM = 1, 0, -1


class _Type(NamedTuple):
    """CUDA's numbers (library_types.h, cublas_api.h); CuPy names some of them only."""

    operand: int
    sums: int
    compute: int
    one: np.ndarray
    zero: np.ndarray


_SINGLE, _WHOLE = np.arange(2, dtype=np.float32), np.arange(2, dtype=np.int32)
_TYPES = {
    np.dtype(np.int8): _Type(3, 10, 72, _WHOLE[1:], _WHOLE[:1]),
    np.dtype(np.uint16): _Type(14, 0, 68, _SINGLE[1:], _SINGLE[:1]),
    np.dtype(np.float32): _Type(0, 0, 68, _SINGLE[1:], _SINGLE[:1]),
}
"""By the operands: int8, bfloat16 (its bits), float32."""


def gemm_arguments(matrix: Any, operand: Any, sums: Any, add: bool) -> tuple[int, ...]:
    """What ``Gemm`` is called with for ``sums = operand @ matrix.T``, ``+=`` where ``add``.

    ``matrix`` [rows, k], ``operand`` [columns, k], ``sums`` [columns, rows], contiguous; k and rows multiples
    of ``ALIGNED``. cuBLAS reads arrays by columns, so ``matrix`` is transposed to it and the others are not:
    the one form that whole numbers of 8 bits have tensor cores for.
    """
    kind = _TYPES[np.dtype(matrix.dtype)]
    (rows, k), columns = matrix.shape, len(operand)
    scale = kind.one if add else kind.zero
    return (
        _TRANSPOSED, _AS_IT_IS, rows, columns, k, kind.one.ctypes.data, _address(matrix), kind.operand, k,
        _address(operand), kind.operand, k, scale.ctypes.data, _address(sums), kind.sums, rows, kind.compute,
        _DEFAULT_ALGORITHM,
    )  # fmt: skip


@contextmanager
def cublas(work: Work) -> Iterator[Gemm]:
    """cuBLAS for this thread: its products queue on the stream of ``work`` among the launches there."""
    if SIMULATED:
        yield _gemm_ex_simulated
        return
    if find_spec("cupy") is None:
        raise MissingExtraError("cupy", "gpu", "this solver on backend 'gpu'")
    try:
        import cupy
        from cupy.cuda import device
        from cupy_backends.cuda.api.runtime import CUDARuntimeError
        from cupy_backends.cuda.libs import cublas
    except ImportError as error:
        raise DeviceError(
            f"cuBLAS cannot be loaded ({first_line(error)}): pip install 'isinglass[gpu]', "
            "or use a solver without products of matrices"
        ) from error
    try:
        with cupy.cuda.Device(work.card.number), cupy.cuda.Stream.from_external(work.stream):
            yield partial(cublas.gemmEx, device.get_cublas_handle())
    except (cublas.CUBLASError, CUDARuntimeError) as error:
        if "ALLOC" in str(error):
            raise OutOfMemoryError(
                f"{work.card.name} has no memory left for cuBLAS: ask for fewer reads, or use backend 'cpu'"
            ) from error
        raise DeviceError(
            f"cuBLAS failed on {work.card.name} ({first_line(error)}): run 'isinglass doctor', "
            "or use backend 'cpu'"
        ) from error


def _address(array: Any) -> int:
    return int(array.ctypes.data if SIMULATED else array.device_ctypes_pointer.value)


_NUMBERS = {3: np.int8, 10: np.int32, 14: np.uint16, 0: np.float32}


def _gemm_ex_simulated(
    transa: int, transb: int, m: int, n: int, k: int, alpha: int, a: int, a_type: int, lda: int, b: int,
    b_type: int, ldb: int, beta: int, c: int, c_type: int, ldc: int, compute: int, algorithm: int,
) -> None:  # fmt: skip
    """cublasGemmEx of a transposed and a plain operand, by its documentation, on the processor's memory."""
    known = (transa, transb, algorithm) == (_TRANSPOSED, _AS_IT_IS, _DEFAULT_ALGORITHM)
    aligned = a_type != 3 or not any(number % 4 for number in (a, b, lda, ldb, ldc, m, k))
    if not known or not aligned or min(lda, ldb) < k or ldc < m or compute != (72 if c_type == 10 else 68):
        raise ValueError("CUBLAS_STATUS_NOT_SUPPORTED")
    kind = np.int32 if compute == 72 else np.float32
    one, scale = (_column_major(address, 1, 1, kind)[0, 0] for address in (alpha, beta))
    left, right = (
        _widened(_column_major(address, ld, columns, _NUMBERS[of])[:, :k], kind)
        for address, ld, columns, of in ((a, lda, m, a_type), (b, ldb, n, b_type))
    )
    there = _column_major(c, ldc, n, _NUMBERS[c_type])[:, :m]
    there[:] = one * (right @ left.T) + (scale * there if scale else 0)


def _column_major(address: int, leading: int, columns: int, kind: Any) -> np.ndarray:
    """A view of memory: a row of it is a column of cuBLAS'."""
    size = leading * columns * np.dtype(kind).itemsize
    return np.frombuffer((ctypes.c_char * size).from_address(address), kind).reshape(columns, leading)


def _widened(numbers: np.ndarray, kind: Any) -> np.ndarray:
    if numbers.dtype == np.uint16:
        return (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers.astype(kind)
