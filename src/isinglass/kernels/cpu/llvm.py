"""How the vector operations of kernels are made: LLVM snippets on arrays, for what numba cannot express.

Each is written once as plain LLVM vector IR (``<64 x i8>`` and the like), so the code generator
lowers it to AVX-512, AVX2 or NEON by itself. Each has a Python twin, which is its specification;
the twin runs when numba's JIT is switched off (``NUMBA_DISABLE_JIT=1``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import config
from numba.extending import intrinsic

VECTOR_BITS = 512
"""Width of the vectors written with these. LLVM splits them on narrower machines."""


def llvm_operation(python_twin: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Use the LLVM form under the JIT and the Python twin without it."""

    def choose(typing_function: Callable[..., Any]) -> Any:
        plainly = bool(config.DISABLE_JIT)  # type: ignore[attr-defined]  # made at run time
        return python_twin if plainly else intrinsic(typing_function)

    return choose


def array_of(context: Any, builder: Any, array_type: Any, value: Any) -> Any:
    return context.make_array(array_type)(context, builder, value)


def splat(builder: Any, scalar: Any, lanes: int) -> Any:
    """A vector with ``scalar`` in each lane."""
    vector_type = ir.VectorType(scalar.type, lanes)
    undefined = ir.Constant(vector_type, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(first, undefined, zeros)
