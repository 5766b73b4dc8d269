"""The random streams of kernels/cpu/streams.py on a card, bit for bit.

Integer hashes compile as they are. The logarithm rounds, and the card's compiler would fuse its
multiplications with its additions; here each product is rounded by itself, as on the processor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda

from isinglass.kernels.cpu import streams
from isinglass.kernels.cuda.warps import SIMULATED

_LOW = np.uint64(0xFFFFFFFF)


@cuda.jit(device=True)
def low_half(key):
    """uint32: the lower half of a key."""
    return np.uint32(key & _LOW)


@cuda.jit(device=True)
def high_half(key):
    """uint32: the upper half of a key."""
    return np.uint32(key >> np.uint64(32))


def _product_simulated(a: Any, b: Any) -> Any:
    return np.float32(a) * np.float32(b)


if SIMULATED:
    exponential, slack_of, product = streams.exponential, streams.slack_of, _product_simulated
else:
    from numba.cuda import libdevice

    product = libdevice.fmul_rn
    """Of two float32, rounded by itself: never fused with an addition."""

    @cuda.jit(device=True)
    def exponential(bits):
        """``streams.exponential`` without fused multiply-adds."""
        u = np.float32(bits) + np.float32(0.5)
        raw = np.float32(u).view(np.int32)
        exponent = np.float32((raw >> np.int32(23)) - np.int32(127))
        m = np.int32((raw & np.int32(0x007FFFFF)) | np.int32(0x3F800000)).view(np.float32) - np.float32(1.0)
        p = np.float32(-0.02582845464348793)
        p = product(p, m) + np.float32(0.12176050245761871)
        p = product(p, m) + np.float32(-0.27786704897880554)
        p = product(p, m) + np.float32(0.4575333595275879)
        p = product(p, m) + np.float32(-0.7181435227394104)
        p = product(p, m) + np.float32(1.4425451755523682)
        return (np.float32(32.0) - exponent - product(p, m)) * np.float32(0.6931472)

    @cuda.jit(device=True)
    def slack_of(bits, scale, quantum):
        """``streams.slack_of``."""
        slack = exponential(bits) * scale
        if slack < quantum and (bits & np.uint32(15)) == np.uint32(0):
            return -quantum
        return slack
