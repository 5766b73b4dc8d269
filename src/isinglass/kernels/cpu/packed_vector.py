"""Vector operations on rows of packed couplings: numbers added where bits are set."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from isinglass.kernels.cpu.llvm import array_of, llvm_operation, splat


def _add_under_word_python(fields: Any, word: Any, step: Any) -> None:
    for b in range(64):
        if int(word) >> b & 1:
            fields[b] += step


@llvm_operation(_add_under_word_python)
def add_under_word(typing_context: Any, fields: Any, word: Any, step: Any) -> Any:
    """Add ``step`` to ``fields[b]`` (int32[64]) for each set bit b of ``word`` (uint64)."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        fields_ = array_of(context, builder, sig.args[0], args[0]).data
        vector_ir = ir.VectorType(ir.IntType(32), 64)
        pointer = builder.bitcast(fields_, vector_ir.as_pointer())
        mask = builder.bitcast(args[1], ir.VectorType(ir.IntType(1), 64))
        old = builder.load(pointer, align=4)
        new = builder.add(old, splat(builder, args[2], 64))
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


@llvm_operation(_add_rows_python)
def add_rows(typing_context: Any, fields: Any, bits: Any, rows: Any, steps: Any, count: Any) -> Any:
    """For k < count add ``steps[k]`` to each field whose bit is set in ``bits[rows[k]]``.

    ``fields``: int16[64 words]; ``bits``: C-ordered uint64[n, words], words a multiple of
    ``WORDS_PER_LINE``; ``rows``: int64; ``steps``: int16. The fields of one cache line of bits
    stay in registers while all rows pass over them: each is loaded and stored once a call.
    """
    lanes = 32

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits_array = array_of(context, builder, sig.args[1], args[1])
        fields_, rows_, steps_ = (array_of(context, builder, sig.args[i], args[i]).data for i in (0, 2, 3))
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
            step = splat(builder, builder.load(builder.gep(steps_, [k])), lanes)
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


@llvm_operation(_sums_under_rows_python)
def sums_under_rows(typing_context: Any, bits: Any, first: Any, values: Any, sums: Any) -> Any:
    """``sums[r, b]`` becomes the sum of ``values[64 w + b]`` over set bits b of words w of row ``first + r``.

    ``bits``: C-ordered uint64[n, words]; ``values``: float32[64 words], each loaded once for the
    ``ROWS_AT_ONCE`` rows; ``sums``: float32[ROWS_AT_ONCE, 64].
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits_array = array_of(context, builder, sig.args[0], args[0])
        values_, sums_ = (array_of(context, builder, sig.args[i], args[i]).data for i in (2, 3))
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
