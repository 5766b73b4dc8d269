"""Vector operations of the simulated bifurcation kernels: 16 replicas in a vector of float32.

As in vector.py, each is plain LLVM vector IR with a Python twin that is its specification. Sums go
over neighbours in ascending order in every lane, so a replica's numbers do not depend on its lane.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from isinglass.kernels.cpu.llvm import array_of, llvm_operation, splat

LANES = 16
"""Replicas side by side: one 512-bit vector of float32."""
TILE = 8
"""Dense rows that share each load of positions."""
GROUP = 6
"""Spins whose subsets are tabulated together. Of 3, 4, 5 and 6 the fastest, though 42 kB leave the first
cache: what counts is the number of loads (bench/README.md)."""
GROUPS = -(-64 // GROUP)
"""Groups in a word of packed couplings; the last one is smaller."""
TABLES = sum(1 << min(GROUP, 64 - GROUP * k) for k in range(GROUPS))
"""Vectors that ``add_looked_up`` chooses from: the subsets of each group."""

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INT64 = ir.IntType(64)


def _row(builder: Any, data: Any, index: Any) -> Any:
    """Pointer to vector ``index`` of a float32[..., LANES] array."""
    return builder.gep(builder.bitcast(data, _VECTOR.as_pointer()), [index])


def _as_float(builder: Any, value: Any) -> Any:
    return value if isinstance(value.type, ir.FloatType) else builder.sitofp(value, ir.FloatType())


def _weighted_sum_python(z: Any, indices: Any, weights: Any, begin: int, end: int, i: int, out: Any) -> None:
    total = np.zeros(LANES, np.float32)
    for k in range(begin, end):
        total += np.float32(weights[k]) * z[indices[k]]
    out[i] = total


@llvm_operation(_weighted_sum_python)
def weighted_sum(
    typing_context: Any, z: Any, indices: Any, weights: Any, begin: Any, end: Any, i: Any, out: Any
) -> Any:
    """``out[i] = sum of weights[k] z[indices[k]]`` over k in [begin, end).

    ``z``, ``out``: C-ordered float32[n, LANES]; ``indices``: int32; ``weights``: any number type
    that single precision holds.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        z_, indices_, weights_, out_ = (
            array_of(context, builder, sig.args[a], args[a]).data for a in (0, 1, 2, 6)
        )
        begin_, end_ = args[3], args[4]
        zero = ir.Constant(_VECTOR, None)
        start = builder.block
        loop, done = (builder.append_basic_block(name) for name in ("neighbours", "summed"))
        builder.cbranch(builder.icmp_signed("<", begin_, end_), loop, done)

        builder.position_at_end(loop)
        k = builder.phi(begin_.type)
        total = builder.phi(_VECTOR)
        j = builder.zext(builder.load(builder.gep(indices_, [k])), _INT64)
        weight = _as_float(builder, builder.load(builder.gep(weights_, [k])))
        term = builder.fmul(splat(builder, weight, LANES), builder.load(_row(builder, z_, j), align=4))
        added = builder.fadd(total, term)
        k_next = builder.add(k, ir.Constant(k.type, 1))
        k.add_incoming(begin_, start)
        k.add_incoming(k_next, loop)
        total.add_incoming(zero, start)
        total.add_incoming(added, loop)
        builder.cbranch(builder.icmp_signed("<", k_next, end_), loop, done)

        builder.position_at_end(done)
        result = builder.phi(_VECTOR)
        result.add_incoming(zero, start)
        result.add_incoming(added, loop)
        builder.store(result, _row(builder, out_, args[5]), align=4)
        return context.get_dummy_value()

    return types.void(z, indices, weights, types.intp, types.intp, types.intp, out), codegen


def _row_products_python(z: Any, matrix: Any, first: int, out: Any) -> None:
    for i in range(first, min(first + TILE, matrix.shape[0])):
        total = np.zeros(LANES, np.float64)
        for j in range(matrix.shape[1]):
            # A fused multiply-add rounds once: the product of two singles is exact in double.
            total = (total + np.float64(matrix[i, j]) * z[j].astype(np.float64)).astype(np.float32)
        out[i] = total


@llvm_operation(_row_products_python)
def row_products(typing_context: Any, z: Any, matrix: Any, first: Any, out: Any) -> Any:
    """``out[i] = sum_j matrix[i, j] z[j]`` for the ``TILE`` rows from ``first``, by fused multiply-adds.

    ``z``, ``out``: C-ordered float32[n, LANES]; ``matrix``: C-ordered [n, n], int16 or float32. Rows
    past the last are left out.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        matrix_array = array_of(context, builder, sig.args[1], args[1])
        z_, out_ = (array_of(context, builder, sig.args[a], args[a]).data for a in (0, 3))
        first_, n = args[2], _shape(builder, matrix_array)
        last = builder.sub(n, ir.Constant(_INT64, 1))
        # Rows past the end repeat the last one and are stored over it: the same number.
        rows = []
        for r in range(TILE):
            row = builder.add(first_, ir.Constant(_INT64, r))
            rows.append(builder.select(builder.icmp_signed("<", row, n), row, last))
        pointers = [builder.gep(matrix_array.data, [builder.mul(row, n)]) for row in rows]
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        fma = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f32")
        zero = ir.Constant(_VECTOR, None)
        start = builder.block
        loop, done = (builder.append_basic_block(name) for name in ("columns", "summed"))
        builder.branch(loop)

        builder.position_at_end(loop)
        j = builder.phi(_INT64)
        sums = [builder.phi(_VECTOR) for _ in range(TILE)]
        positions = builder.load(_row(builder, z_, j), align=4)
        added = []
        for r in range(TILE):
            weight = _as_float(builder, builder.load(builder.gep(pointers[r], [j])))
            added.append(builder.call(fma, [splat(builder, weight, LANES), positions, sums[r]]))
        j_next = builder.add(j, ir.Constant(_INT64, 1))
        j.add_incoming(ir.Constant(_INT64, 0), start)
        j.add_incoming(j_next, loop)
        for r in range(TILE):
            sums[r].add_incoming(zero, start)
            sums[r].add_incoming(added[r], loop)
        builder.cbranch(builder.icmp_signed("<", j_next, n), loop, done)

        builder.position_at_end(done)
        for r in range(TILE):
            builder.store(added[r], _row(builder, out_, rows[r]), align=4)
        return context.get_dummy_value()

    return types.void(z, matrix, types.intp, out), codegen


def _shape(builder: Any, array: Any) -> Any:
    return builder.extract_value(array.shape, 0)


def _add_to_entry_python(tables: Any, entry: int, without: int, z: Any, i: int) -> None:
    tables[entry] = tables[without] + z[i]


@llvm_operation(_add_to_entry_python)
def add_to_entry(typing_context: Any, tables: Any, entry: Any, without: Any, z: Any, i: Any) -> Any:
    """``tables[entry] = tables[without] + z[i]``, float32[..., LANES] both."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        tables_, z_ = (array_of(context, builder, sig.args[a], args[a]).data for a in (0, 3))
        before = builder.load(_row(builder, tables_, args[2]), align=4)
        total = builder.fadd(before, builder.load(_row(builder, z_, args[4]), align=4))
        builder.store(total, _row(builder, tables_, args[1]), align=4)
        return context.get_dummy_value()

    return types.void(tables, types.intp, types.intp, z, types.intp), codegen


def _add_looked_up_python(tables: Any, word: Any, i: int, out: Any) -> None:
    sums = [out[i].copy(), np.zeros(LANES, np.float32)]
    for k in range(GROUPS):
        sums[k % 2] += tables[(k << GROUP) + (int(word) >> GROUP * k & (1 << GROUP) - 1)]
    out[i] = sums[0] + sums[1]


@llvm_operation(_add_looked_up_python)
def add_looked_up(typing_context: Any, tables: Any, word: Any, i: Any, out: Any) -> Any:
    """``out[i] +=`` the sum over groups k of ``tables[2^GROUP k + group k of the bits of word]``.

    ``tables``: float32[TABLES, LANES], ``word``: uint64, ``out``: float32[n, LANES], C-ordered.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        tables_, out_ = (array_of(context, builder, sig.args[a], args[a]).data for a in (0, 3))
        word_, target = args[1], _row(builder, out_, args[2])
        # Two chains of additions, each half as long to wait for.
        sums = [builder.load(target, align=4), ir.Constant(_VECTOR, None)]
        for k in range(GROUPS):
            shifted = builder.lshr(word_, ir.Constant(_INT64, GROUP * k))
            subset = builder.and_(shifted, ir.Constant(_INT64, (1 << GROUP) - 1))
            entry = builder.add(subset, ir.Constant(_INT64, k << GROUP))
            sums[k % 2] = builder.fadd(sums[k % 2], builder.load(_row(builder, tables_, entry), align=4))
        builder.store(builder.fadd(*sums), target, align=4)
        return context.get_dummy_value()

    return types.void(tables, types.uint64, types.intp, out), codegen


def _sign_word_python(x: Any, first: int) -> Any:
    word = 0
    for b in range(64):
        word |= int(x[first + b] >= 0) << b
    return np.uint64(word)


@llvm_operation(_sign_word_python)
def sign_word(typing_context: Any, x: Any, first: Any) -> Any:
    """Bit b of the uint64 is set where ``x[first + b] >= 0``; ``x``: float32[at least first + 64]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = array_of(context, builder, sig.args[0], args[0]).data
        vector_ir = ir.VectorType(ir.FloatType(), 64)
        pointer = builder.bitcast(builder.gep(data, [args[1]]), vector_ir.as_pointer())
        values = builder.load(pointer, align=4)
        return builder.bitcast(builder.fcmp_ordered(">=", values, ir.Constant(vector_ir, None)), _INT64)

    return types.uint64(x, types.intp), codegen
