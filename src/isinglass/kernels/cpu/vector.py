"""Vector operations that numba cannot express: a few LLVM snippets on arrays.

Each is written once as plain LLVM vector IR (``<64 x i8>`` and the like), so the code generator
lowers it to AVX-512, AVX2 or NEON by itself. Each has a Python twin, which is its specification;
the twin runs when numba's JIT is switched off (``NUMBA_DISABLE_JIT=1``).

Words of bits: bit ``r`` of a spin word is replica ``r``; a set bit is spin up (+1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
        plainly = bool(config.DISABLE_JIT)  # type: ignore[attr-defined]  # made at run time
        return python_twin if plainly else intrinsic(typing_function)

    return choose


def _array(context: Any, builder: Any, array_type: Any, value: Any) -> Any:
    return context.make_array(array_type)(context, builder, value)


def _splat(builder: Any, scalar: Any, lanes: int) -> Any:
    """A vector with ``scalar`` in each lane."""
    vector_type = ir.VectorType(scalar.type, lanes)
    undefined = ir.Constant(vector_type, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(first, undefined, zeros)


# --- many replicas of one sparse spin -------------------------------------------------------


def _vector_parts(word_type: Any, item: Any) -> tuple[int, int]:
    """(lanes a vector, vectors a word). One accumulator a machine vector, so none is spilled."""
    lanes = min(word_type.bitwidth, VECTOR_BITS // item.bitwidth)
    return lanes, word_type.bitwidth // lanes


def _part_mask(builder: Any, word: Any, part: int, lanes: int) -> Any:
    """Bits ``part * lanes`` onwards of ``word`` as ``<lanes x i1>``."""
    if part:
        word = builder.lshr(word, ir.Constant(word.type, part * lanes))
    if word.type.width > lanes:
        word = builder.trunc(word, ir.IntType(lanes))
    return builder.bitcast(word, ir.VectorType(ir.IntType(1), lanes))


def _part_pointer(builder: Any, pointer: Any, part: int, vector_ir: Any) -> Any:
    offset = ir.Constant(ir.IntType(64), part * vector_ir.count)
    return builder.bitcast(builder.gep(pointer, [offset]), vector_ir.as_pointer())


def _lane_fields_python(
    spins: Any, indices: Any, weights: Any, begin: int, end: int, base: Any, fields: Any
) -> None:
    fields[:] = base
    for k in range(begin, end):
        for lane in range(fields.shape[0]):
            if int(spins[indices[k]]) >> lane & 1:
                fields[lane] += weights[k]


@_llvm_operation(_lane_fields_python)
def lane_fields(
    typing_context: Any, spins: Any, indices: Any, weights: Any, begin: Any, end: Any, base: Any,
    fields: Any,
) -> Any:  # fmt: skip
    """Local fields of one spin in all replicas of a word.

    ``fields[r] = base + sum of weights[k] over k in [begin, end) whose neighbour is up in r``;
    ``weights`` hold 2 J and ``base`` holds h - sum J. ``spins``: unsigned[n], as many replicas as
    bits; ``weights``, ``base``, ``fields``: int8, int16, int32 or float32, one type. The caller
    sees to it that h and sum |J| keep every partial sum in range.
    """
    item = weights.dtype
    signature = types.void(spins, indices, weights, types.intp, types.intp, item, fields)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        spins_, indices_, weights_, fields_ = (
            _array(context, builder, sig.args[i], args[i]).data for i in (0, 1, 2, 6)
        )
        begin_, end_, base_ = args[3], args[4], args[5]
        lanes, parts = _vector_parts(spins.dtype, item)
        vector_ir = ir.VectorType(context.get_value_type(item), lanes)
        add = builder.fadd if isinstance(item, types.Float) else builder.add
        base_vector = _splat(builder, base_, lanes)

        start = builder.block
        loop, done = (builder.append_basic_block(n) for n in ("neighbours", "fields_ready"))
        builder.cbranch(builder.icmp_signed("<", begin_, end_), loop, done)

        builder.position_at_end(loop)
        k = builder.phi(begin_.type)
        sums = [builder.phi(vector_ir) for _ in range(parts)]
        j = builder.zext(builder.load(builder.gep(indices_, [k])), begin_.type)
        neighbour = builder.load(builder.gep(spins_, [j]))
        weight = _splat(builder, builder.load(builder.gep(weights_, [k])), lanes)
        added = [
            builder.select(_part_mask(builder, neighbour, p, lanes), add(sums[p], weight), sums[p])
            for p in range(parts)
        ]
        k_next = builder.add(k, ir.Constant(k.type, 1))
        k.add_incoming(begin_, start)
        k.add_incoming(k_next, loop)
        for p in range(parts):
            sums[p].add_incoming(base_vector, start)
            sums[p].add_incoming(added[p], loop)
        builder.cbranch(builder.icmp_signed("<", k_next, end_), loop, done)

        builder.position_at_end(done)
        totals = [builder.phi(vector_ir) for _ in range(parts)]
        for p in range(parts):
            totals[p].add_incoming(base_vector, start)
            totals[p].add_incoming(added[p], loop)
            builder.store(totals[p], _part_pointer(builder, fields_, p, vector_ir), align=1)
        return context.get_dummy_value()

    return signature, codegen


def _lane_barriers(fields: Any, word: Any) -> list[Any]:
    return [-f if int(word) >> lane & 1 else f for lane, f in enumerate(fields)]


def _lane_flips_python(fields: Any, word: Any, slack: Any) -> Any:
    accepted = [b <= limit for b, limit in zip(_lane_barriers(fields, word), slack, strict=True)]
    return type(word)(sum(int(flip) << lane for lane, flip in enumerate(accepted)))


def _lane_decisions(context: Any, builder: Any, sig: Any, args: Any) -> tuple[Any, list[tuple[Any, ...]]]:
    """(word of flips, for each vector (first lane, barriers, accepted)) of ``lane_flips``."""
    fields_, slack_ = (_array(context, builder, sig.args[i], args[i]).data for i in (0, 2))
    word_, item = args[1], sig.args[0].dtype
    lanes, parts = _vector_parts(sig.args[1], item)
    vector_ir = ir.VectorType(context.get_value_type(item), lanes)
    zero = ir.Constant(vector_ir, None)
    flips = ir.Constant(word_.type, 0)
    decisions = []
    for p in range(parts):
        field = builder.load(_part_pointer(builder, fields_, p, vector_ir), align=1)
        limit = builder.load(_part_pointer(builder, slack_, p, vector_ir), align=1)
        if isinstance(item, types.Float):
            negated, compare = builder.fsub(zero, field), builder.fcmp_ordered
        else:
            negated, compare = builder.sub(zero, field), builder.icmp_signed
        barrier = builder.select(_part_mask(builder, word_, p, lanes), negated, field)
        accepted = compare("<=", barrier, limit)
        bits = builder.bitcast(accepted, ir.IntType(lanes))
        if parts > 1:
            bits = builder.zext(bits, word_.type)
            bits = builder.shl(bits, ir.Constant(word_.type, p * lanes))
        flips = builder.or_(flips, bits)
        decisions.append((p, barrier, accepted))
    return flips, decisions


@_llvm_operation(_lane_flips_python)
def lane_flips(typing_context: Any, fields: Any, word: Any, slack: Any) -> Any:
    """Which replicas accept the flip of one spin, as a word of bits.

    Up spins (set bits of ``word``) climb ``-2 field`` by a flip, down spins ``+2 field``; the flip
    is accepted where half the climb is at most ``slack[r]``.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _lane_decisions(context, builder, sig, args)[0]

    return word(fields, word, slack), codegen


def _lane_moves_python(fields: Any, word: Any, slack: Any, climbs: Any) -> Any:
    flips = _lane_flips_python(fields, word, slack)
    for lane, barrier in enumerate(_lane_barriers(fields, word)):
        climbs[lane] = barrier if int(flips) >> lane & 1 else 0
    return flips


@_llvm_operation(_lane_moves_python)
def lane_moves(typing_context: Any, fields: Any, word: Any, slack: Any, climbs: Any) -> Any:
    """``lane_flips`` that also writes half the climb of each replica, 0 where it stays."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        climbs_ = _array(context, builder, sig.args[3], args[3]).data
        flips, decisions = _lane_decisions(context, builder, sig, args)
        for p, barrier, accepted in decisions:
            taken = builder.select(accepted, barrier, ir.Constant(barrier.type, None))
            builder.store(taken, _part_pointer(builder, climbs_, p, barrier.type), align=1)
        return flips

    return word(fields, word, slack, climbs), codegen


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
def add_rows(typing_context: Any, fields: Any, bits: Any, rows: Any, steps: Any, count: Any) -> Any:
    """For k < count add ``steps[k]`` to each field whose bit is set in ``bits[rows[k]]``.

    ``fields``: int16[64 words]; ``bits``: C-ordered uint64[n, words], words a multiple of
    ``WORDS_PER_LINE``; ``rows``: int64; ``steps``: int16. The fields of one cache line of bits
    stay in registers while all rows pass over them: each is loaded and stored once a call.
    """
    lanes = 32

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits_array = _array(context, builder, sig.args[1], args[1])
        fields_, rows_, steps_ = (_array(context, builder, sig.args[i], args[i]).data for i in (0, 2, 3))
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
                builder.bitcast(builder.gep(line, [ir.Constant(intp, p * lanes)]), vector_ir.as_pointer())
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
            results = [builder.phi(vector_ir) for _ in range(parts)]
            for p in range(parts):
                results[p].add_incoming(before[p], start)
                results[p].add_incoming(after[p], loop)
                builder.store(results[p], pointers[p], align=2)
        return context.get_dummy_value()

    return types.void(fields, bits, rows, steps, types.intp), codegen


ROWS_AT_ONCE = 4
"""Rows that ``sums_under_rows`` takes together: their 16 accumulators and the values fit the registers."""


def _sums_under_rows_python(bits: Any, first: int, values: Any, sums: Any) -> None:
    sums[:] = 0
    for r in range(ROWS_AT_ONCE):
        for w in range(bits.shape[1]):
            for b in range(64):
                if int(bits[first + r, w]) >> b & 1:
                    sums[r, b] += values[64 * w + b]


@_llvm_operation(_sums_under_rows_python)
def sums_under_rows(typing_context: Any, bits: Any, first: Any, values: Any, sums: Any) -> Any:
    """``sums[r, b]`` becomes the sum of ``values[64 w + b]`` over set bits b of words w of row ``first + r``.

    ``bits``: C-ordered uint64[n, words]; ``values``: float32[64 words], each loaded once for the
    ``ROWS_AT_ONCE`` rows; ``sums``: float32[ROWS_AT_ONCE, 64].
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits_array = _array(context, builder, sig.args[0], args[0])
        values_, sums_ = (_array(context, builder, sig.args[i], args[i]).data for i in (2, 3))
        words = cgutils.unpack_tuple(builder, bits_array.shape, 2)[1]
        intp = words.type
        rows = [
            builder.gep(bits_array.data, [builder.mul(builder.add(args[1], ir.Constant(intp, r)), words)])
            for r in range(ROWS_AT_ONCE)
        ]
        vector_ir = ir.VectorType(ir.FloatType(), 64)
        mask_ir = ir.VectorType(ir.IntType(1), 64)
        start = builder.block
        loop, done = (builder.append_basic_block(n) for n in ("words", "words_done"))
        zeros, none = ir.Constant(vector_ir, None), ir.Constant(intp, 0)
        builder.cbranch(builder.icmp_signed("<", none, words), loop, done)

        builder.position_at_end(loop)
        w = builder.phi(intp)
        totals = [builder.phi(vector_ir) for _ in rows]
        at = builder.gep(values_, [builder.mul(w, ir.Constant(intp, 64))])
        value = builder.load(builder.bitcast(at, vector_ir.as_pointer()), align=4)
        after = []
        for row, total in zip(rows, totals, strict=True):
            mask = builder.bitcast(builder.load(builder.gep(row, [w])), mask_ir)
            after.append(builder.select(mask, builder.fadd(total, value), total))
        w_next = builder.add(w, ir.Constant(intp, 1))
        w.add_incoming(none, start)
        w.add_incoming(w_next, loop)
        for total, then in zip(totals, after, strict=True):
            total.add_incoming(zeros, start)
            total.add_incoming(then, loop)
        builder.cbranch(builder.icmp_signed("<", w_next, words), loop, done)

        builder.position_at_end(done)
        for r, then in enumerate(after):
            result = builder.phi(vector_ir)
            result.add_incoming(zeros, start)
            result.add_incoming(then, loop)
            after[r] = result
        for r, result in enumerate(after):
            place = builder.gep(sums_, [ir.Constant(intp, 64 * r)])
            builder.store(result, builder.bitcast(place, vector_ir.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(bits, types.intp, values, sums), codegen


def _accepted_word_python(barriers: Any, slack: Any) -> Any:
    return np.uint64(sum(int(barriers[b] <= slack[b]) << b for b in range(64)))


@_llvm_operation(_accepted_word_python)
def accepted_word(typing_context: Any, barriers: Any, slack: Any) -> Any:
    """Bit b of the uint64 says ``barriers[b] <= slack[b]``; 64 floats each, as the type of ``barriers``."""
    item = barriers.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vectors = []
        for argument, array in zip(args, sig.args, strict=True):
            data = _array(context, builder, array, argument).data
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


@_llvm_operation(_lowest_bit_python)
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """Index of the lowest set bit of a uint64 that is not 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


def _expand_bits_python(words: Any, low: Any, high: Any, out: Any) -> None:
    for w in range(words.shape[0]):
        for b in range(64):
            out[64 * w + b] = high if int(words[w]) >> b & 1 else low


@_llvm_operation(_expand_bits_python)
def expand_bits(typing_context: Any, words: Any, low: Any, high: Any, out: Any) -> Any:
    """``out[b]`` becomes ``high`` where bit b of ``words`` (uint64) is set, else ``low``.

    ``out``: integers, 64 for each word, of the type of ``low`` and ``high``.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        words_array = _array(context, builder, sig.args[0], args[0])
        out_ = _array(context, builder, sig.args[3], args[3]).data
        vector_ir = ir.VectorType(args[1].type, 64)
        mask_ir = ir.VectorType(ir.IntType(1), 64)
        clear, set_ = (_splat(builder, value, 64) for value in args[1:3])
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


@_llvm_operation(_popcount_python)
def popcount(typing_context: Any, word: Any) -> Any:
    """Number of set bits of a uint64; a loop of it is vectorised (AVX-512 ``vpopcntq``)."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


def _prefetch_python(array: Any, index: Any) -> None:
    """A hint has no meaning to check."""


@_llvm_operation(_prefetch_python)
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for ``array[index]`` ahead of its use; never faults, whatever the index."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = builder.gep(_array(context, builder, sig.args[0], args[0]).data, [args[1]])
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        to_read, keep_in_cache, data = (ir.Constant(flag, value) for value in (0, 3, 1))
        builder.call(function, [pointer, to_read, keep_in_cache, data])
        return context.get_dummy_value()

    return types.void(array, types.uint64), codegen


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
