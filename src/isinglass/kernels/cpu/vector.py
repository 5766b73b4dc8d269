"""Vector operations that numba cannot express: three LLVM snippets on arrays.

Each is written once as plain LLVM vector IR (``<64 x i8>`` and the like), so the code generator
lowers it to AVX-512, AVX2 or NEON by itself. Each has a Python twin, which is its specification;
the twin runs when numba's JIT is switched off (``NUMBA_DISABLE_JIT=1``).

Words of bits: bit ``r`` of a spin word is replica ``r``; a set bit is spin up (+1).
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

VECTOR_BITS = 512
"""Width of the vectors written below. LLVM splits them on narrower machines."""


def _llvm_operation(python_twin: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Use the LLVM form under the JIT and the Python twin without it."""

    def choose(typing_function: Callable[..., Any]) -> Any:
        return python_twin if config.DISABLE_JIT else intrinsic(typing_function)

    return choose


def _array(context: Any, builder: Any, array_type: Any, value: Any) -> Any:
    return context.make_array(array_type)(context, builder, value)


def _load_unaligned(builder: Any, pointer: Any, vector_type: Any, item_bytes: int) -> Any:
    return builder.load(builder.bitcast(pointer, vector_type.as_pointer()), align=item_bytes)


def _splat(builder: Any, scalar: Any, lanes: int) -> Any:
    """A vector with ``scalar`` in each lane."""
    vector_type = ir.VectorType(scalar.type, lanes)
    undefined = ir.Constant(vector_type, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(first, undefined, zeros)


# --- many replicas of one sparse spin -------------------------------------------------------


def _lane_flips_python(
    spins: Any, indices: Any, weights: Any, begin: int, end: int, base: Any, word: Any, slack: Any
) -> Any:
    lanes = 8 * spins.dtype.itemsize
    flips = 0
    for lane in range(lanes):
        field = base
        for k in range(begin, end):
            if int(spins[indices[k]]) >> lane & 1:
                field = slack.dtype.type(field + weights[k])
        barrier = -field if int(word) >> lane & 1 else field
        if barrier <= slack[lane]:
            flips |= 1 << lane
    return spins.dtype.type(flips)


@_llvm_operation(_lane_flips_python)
def lane_flips(
    typing_context: Any, spins: Any, indices: Any, weights: Any, begin: Any, end: Any, base: Any,
    word: Any, slack: Any,
) -> Any:
    """Which replicas of one spin accept a flip, as a word of bits.

    The local field of replica r is ``base + sum of weights[k] over k in [begin, end) whose
    neighbour spin is up in r`` (``weights`` hold 2 J, ``base`` holds h - sum J). With the spin up
    a flip costs ``-2 field``, down ``+2 field``; it is accepted when half the cost is at most
    ``slack[r]``.

    ``spins``: unsigned[n], one word a spin, as many replicas as bits; ``weights``, ``base``,
    ``slack``: int8, int16 or float32, one type. No sum may overflow it.
    """
    word_type, item = spins.dtype, weights.dtype
    signature = word_type(spins, indices, weights, types.intp, types.intp, item, word_type, slack)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        spins_, indices_, weights_, slack_ = (
            _array(context, builder, sig.args[i], args[i]).data for i in (0, 1, 2, 7)
        )
        begin_, end_, base_, word_ = args[3], args[4], args[5], args[6]
        item_ir = context.get_value_type(item)
        lanes, item_bytes = word_type.bitwidth, item.bitwidth // 8
        is_float = isinstance(item, types.Float)
        # One accumulator a machine vector: a wider LLVM vector of floats would be spilled.
        per_vector = min(lanes, VECTOR_BITS // item.bitwidth)
        parts = lanes // per_vector
        vector_ir = ir.VectorType(item_ir, per_vector)
        mask_ir = ir.VectorType(ir.IntType(1), per_vector)
        part_int = ir.IntType(per_vector)
        add = builder.fadd if is_float else builder.add

        def part_mask(value: Any, part: int) -> Any:
            if part:
                value = builder.lshr(value, ir.Constant(value.type, part * per_vector))
            if parts > 1:
                value = builder.trunc(value, part_int)
            return builder.bitcast(value, mask_ir)

        start = builder.block
        loop, done = (builder.append_basic_block(n) for n in ("neighbours", "fields_ready"))
        base_vector = _splat(builder, base_, per_vector)
        builder.cbranch(builder.icmp_signed("<", begin_, end_), loop, done)

        builder.position_at_end(loop)
        k = builder.phi(begin_.type)
        sums = [builder.phi(vector_ir) for _ in range(parts)]
        j = builder.load(builder.gep(indices_, [k]))
        j = builder.zext(j, begin_.type) if j.type.width < begin_.type.width else j
        neighbour = builder.load(builder.gep(spins_, [j]))
        weight = _splat(builder, builder.load(builder.gep(weights_, [k])), per_vector)
        new_sums = [
            builder.select(part_mask(neighbour, p), add(sums[p], weight), sums[p])
            for p in range(parts)
        ]
        k_next = builder.add(k, ir.Constant(k.type, 1))
        body_end = builder.block
        k.add_incoming(begin_, start)
        k.add_incoming(k_next, body_end)
        for p in range(parts):
            sums[p].add_incoming(base_vector, start)
            sums[p].add_incoming(new_sums[p], body_end)
        builder.cbranch(builder.icmp_signed("<", k_next, end_), loop, done)

        builder.position_at_end(done)
        fields = [builder.phi(vector_ir) for _ in range(parts)]
        for p in range(parts):
            fields[p].add_incoming(base_vector, start)
            fields[p].add_incoming(new_sums[p], body_end)
        flips = ir.Constant(word_.type, 0)
        zero = ir.Constant(vector_ir, None)
        for p in range(parts):
            negated = builder.fsub(zero, fields[p]) if is_float else builder.sub(zero, fields[p])
            barrier = builder.select(part_mask(word_, p), negated, fields[p])
            pointer = builder.gep(slack_, [ir.Constant(ir.IntType(64), p * per_vector)])
            limit = _load_unaligned(builder, pointer, vector_ir, item_bytes)
            if is_float:
                accept = builder.fcmp_ordered("<=", barrier, limit)
            else:
                accept = builder.icmp_signed("<=", barrier, limit)
            bits = builder.bitcast(accept, part_int)
            if parts > 1:
                bits = builder.zext(bits, word_.type)
                bits = builder.shl(bits, ir.Constant(word_.type, p * per_vector))
            flips = builder.or_(flips, bits)
        return flips

    return signature, codegen


# --- one replica of a packed dense problem --------------------------------------------------


def _add_under_word_python(fields: Any, word: Any, step: Any) -> None:
    for b in range(64):
        if int(word) >> b & 1:
            fields[b] += step


@_llvm_operation(_add_under_word_python)
def add_under_word(typing_context: Any, fields: Any, word: Any, step: Any) -> Any:
    """Add ``step`` to ``fields[b]`` (int32[64]) for each set bit b of ``word`` (uint64)."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        fields_ = _array(context, builder, sig.args[0], args[0]).data
        vector_ir = ir.VectorType(ir.IntType(32), 64)
        pointer = builder.bitcast(fields_, vector_ir.as_pointer())
        mask = builder.bitcast(args[1], ir.VectorType(ir.IntType(1), 64))
        old = builder.load(pointer, align=4)
        new = builder.add(old, _splat(builder, args[2], 64))
        builder.store(builder.select(mask, new, old), pointer, align=4)
        return context.get_dummy_value()

    return types.void(fields, types.uint64, types.int32), codegen


WORDS_PER_LINE = 8
"""Rows of packed couplings are padded to whole lines of eight uint64 words (64 bytes)."""


def _add_rows_python(fields: Any, bits: Any, rows: Any, steps: Any, count: int) -> None:
    for k in range(count):
        for w in range(bits.shape[1]):
            for b in range(64):
                if int(bits[rows[k], w]) >> b & 1:
                    fields[64 * w + b] += steps[k]


@_llvm_operation(_add_rows_python)
def add_rows(
    typing_context: Any, fields: Any, bits: Any, rows: Any, steps: Any, count: Any
) -> Any:
    """For k < count add ``steps[k]`` to each field whose bit is set in ``bits[rows[k]]``.

    ``fields``: int16[64 words]; ``bits``: C-ordered uint64[n, words], words a multiple of
    ``WORDS_PER_LINE``; ``rows``: int64; ``steps``: int16. The fields of one cache line of bits
    stay in registers while all rows pass over them: each is loaded and stored once a call.
    """
    lanes = 32

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits_array = _array(context, builder, sig.args[1], args[1])
        fields_, rows_, steps_ = (
            _array(context, builder, sig.args[i], args[i]).data for i in (0, 2, 3)
        )
        count_ = args[4]
        intp = count_.type
        words = cgutils.unpack_tuple(builder, bits_array.shape, 2)[1]
        vector_ir = ir.VectorType(ir.IntType(16), lanes)
        mask_ir = ir.VectorType(ir.IntType(1), lanes)
        parts = WORDS_PER_LINE * 64 // lanes
        step_line = ir.Constant(intp, WORDS_PER_LINE)
        with cgutils.for_range_slice(builder, ir.Constant(intp, 0), words, step_line) as (w, _):
            line = builder.gep(fields_, [builder.mul(w, ir.Constant(intp, 64))])
            pointers = [
                builder.bitcast(
                    builder.gep(line, [ir.Constant(intp, p * lanes)]), vector_ir.as_pointer()
                )
                for p in range(parts)
            ]
            before = [builder.load(p, align=2) for p in pointers]
            start = builder.block
            loop, done = (builder.append_basic_block(n) for n in ("rows", "rows_done"))
            builder.cbranch(builder.icmp_signed("<", ir.Constant(intp, 0), count_), loop, done)

            builder.position_at_end(loop)
            k = builder.phi(intp)
            sums = [builder.phi(vector_ir) for _ in range(parts)]
            row = builder.load(builder.gep(rows_, [k]))
            step = _splat(builder, builder.load(builder.gep(steps_, [k])), lanes)
            first = builder.gep(bits_array.data, [builder.add(builder.mul(row, words), w)])
            masks = builder.bitcast(first, ir.IntType(lanes).as_pointer())
            after = []
            for p in range(parts):
                word = builder.load(builder.gep(masks, [ir.Constant(intp, p)]), align=4)
                mask = builder.bitcast(word, mask_ir)
                after.append(builder.select(mask, builder.add(sums[p], step), sums[p]))
            k_next = builder.add(k, ir.Constant(intp, 1))
            k.add_incoming(ir.Constant(intp, 0), start)
            k.add_incoming(k_next, loop)
            for p in range(parts):
                sums[p].add_incoming(before[p], start)
                sums[p].add_incoming(after[p], loop)
            builder.cbranch(builder.icmp_signed("<", k_next, count_), loop, done)

            builder.position_at_end(done)
            for p in range(parts):
                result = builder.phi(vector_ir)
                result.add_incoming(before[p], start)
                result.add_incoming(after[p], loop)
                pointers[p] = (pointers[p], result)  # type: ignore[assignment]
            for pointer, result in pointers:
                builder.store(result, pointer, align=2)
        return context.get_dummy_value()

    return types.void(fields, bits, rows, steps, types.intp), codegen


def _popcount_python(word: Any) -> int:
    return int(word).bit_count()


@_llvm_operation(_popcount_python)
def popcount(typing_context: Any, word: Any) -> Any:
    """Number of set bits of a uint64; a loop of it is vectorised (AVX-512 ``vpopcntq``)."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


def _stop_requested_python(flag: Any) -> bool:
    return bool(np.int64(flag[0]) != 0)


@_llvm_operation(_stop_requested_python)
def stop_requested(typing_context: Any, flag: Any) -> Any:
    """Read ``flag[0]`` (int64) afresh: another thread writes it while the kernel runs."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = _array(context, builder, sig.args[0], args[0]).data
        value = builder.load_atomic(pointer, "monotonic", 8)
        return builder.icmp_signed("!=", value, ir.Constant(value.type, 0))

    return types.boolean(flag), codegen
