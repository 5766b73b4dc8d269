"""Operations on words of 64 bits, and on memory: the next lines to read, the flag that stops a run."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from isinglass.kernels.cpu.llvm import array_of, llvm_operation, splat


def _accepted_word_python(barriers: Any, slack: Any) -> Any:
    return np.uint64(sum(int(barriers[b] <= slack[b]) << b for b in range(64)))


@llvm_operation(_accepted_word_python)
def accepted_word(typing_context: Any, barriers: Any, slack: Any) -> Any:
    """Bit b of the uint64 says ``barriers[b] <= slack[b]``; 64 floats each, as the type of ``barriers``."""
    item = barriers.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vectors = []
        for argument, array in zip(args, sig.args, strict=True):
            data = array_of(context, builder, array, argument).data
            vector_ir = ir.VectorType(context.get_value_type(array.dtype), 64)
            align = array.dtype.bitwidth // 8
            vectors.append(builder.load(builder.bitcast(data, vector_ir.as_pointer()), align=align))
        barrier, limit = vectors
        if barrier.type != limit.type:
            limit = builder.fpext(limit, barrier.type)
        return builder.bitcast(builder.fcmp_ordered("<=", barrier, limit), ir.IntType(64))

    return (types.uint64(barriers, slack) if isinstance(item, types.Float) else None), codegen


def _lowest_bit_python(word: Any) -> int:
    return (int(word) & -int(word)).bit_length() - 1


@llvm_operation(_lowest_bit_python)
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """Index of the lowest set bit of a uint64 that is not 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


def _expand_bits_python(words: Any, low: Any, high: Any, out: Any) -> None:
    for w in range(words.shape[0]):
        for b in range(64):
            out[64 * w + b] = high if int(words[w]) >> b & 1 else low


@llvm_operation(_expand_bits_python)
def expand_bits(typing_context: Any, words: Any, low: Any, high: Any, out: Any) -> Any:
    """``out[b]`` becomes ``high`` where bit b of ``words`` (uint64) is set, else ``low``.

    ``out``: integers, 64 for each word, of the type of ``low`` and ``high``.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words_array = array_of(context, builder, sig.args[0], args[0])
        out_ = array_of(context, builder, sig.args[3], args[3]).data
        vector_ir = ir.VectorType(args[1].type, 64)
        mask_ir = ir.VectorType(ir.IntType(1), 64)
        clear, set_ = (splat(builder, value, 64) for value in args[1:3])
        (count,) = cgutils.unpack_tuple(builder, words_array.shape, 1)
        with cgutils.for_range(builder, count) as loop:
            word = builder.load(builder.gep(words_array.data, [loop.index]))
            chosen = builder.select(builder.bitcast(word, mask_ir), set_, clear)
            first = builder.gep(out_, [builder.mul(loop.index, ir.Constant(loop.index.type, 64))])
            builder.store(chosen, builder.bitcast(first, vector_ir.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(words, out.dtype, out.dtype, out), codegen


def _popcount_python(word: Any) -> int:
    return int(word).bit_count()


@llvm_operation(_popcount_python)
def popcount(typing_context: Any, word: Any) -> Any:
    """Number of set bits of a uint64; a loop of it is vectorised (AVX-512 ``vpopcntq``)."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


def _prefetch_python(array: Any, index: Any) -> None:
    """A hint has no meaning to check."""


@llvm_operation(_prefetch_python)
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for ``array[index]`` ahead of its use; never faults, whatever the index."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = builder.gep(array_of(context, builder, sig.args[0], args[0]).data, [args[1]])
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        to_read, keep_in_cache, data = (ir.Constant(flag, value) for value in (0, 3, 1))
        builder.call(function, [pointer, to_read, keep_in_cache, data])
        return context.get_dummy_value()

    return types.void(array, types.uint64), codegen


def _stop_requested_python(flag: Any) -> bool:
    return bool(np.int64(flag[0]) != 0)


@llvm_operation(_stop_requested_python)
def stop_requested(typing_context: Any, flag: Any) -> Any:
    """Read ``flag[0]`` (int64) afresh: another thread writes it while the kernel runs."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = array_of(context, builder, sig.args[0], args[0]).data
        value = builder.load_atomic(pointer, "monotonic", 8)
        return builder.icmp_signed("!=", value, ir.Constant(value.type, 0))

    return types.boolean(flag), codegen
