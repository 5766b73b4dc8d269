"""Vector operations of the state vector kernels: 64 bytes of amplitudes at a time.

As in vector.py, each is plain LLVM vector IR with a Python twin that is its specification. A vector
holds ``64 / itemsize`` consecutive real or imaginary parts ("lanes"); indices are those of its first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from isinglass.kernels.cpu.llvm import array_of, llvm_operation, splat

BYTES = 64


def lanes_of(array: Any) -> int:
    """Lanes of a vector of this array's items (in Python code)."""
    return BYTES // int(np.dtype(array.dtype).itemsize)


class _Vectors:
    """Loads, stores and products of one operation on arrays of one item type."""

    def __init__(self, context: Any, builder: Any, item: Any) -> None:
        self.builder = builder
        self.lanes = BYTES * 8 // item.bitwidth
        self.align = item.bitwidth // 8
        self.type = ir.VectorType(context.get_value_type(item), self.lanes)
        kind = ir.FunctionType(self.type, [self.type] * 3)
        name = f"llvm.fma.v{self.lanes}f{item.bitwidth}"
        self.fma = cgutils.get_or_insert_function(builder.module, kind, name)

    def pointer(self, data: Any, index: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(data, [index]), self.type.as_pointer())

    def load(self, data: Any, index: Any) -> Any:
        return self.builder.load(self.pointer(data, index), align=self.align)

    def store(self, value: Any, data: Any, index: Any) -> None:
        self.builder.store(value, self.pointer(data, index), align=self.align)

    def splat(self, scalar: Any) -> Any:
        return splat(self.builder, scalar, self.lanes)

    def sum(self, *products: tuple[Any, Any]) -> Any:
        """Sum of products by fused multiply-adds, from left to right."""
        total = self.builder.fmul(*products[0])
        for left, right in products[1:]:
            total = self.builder.call(self.fma, [left, right, total])
        return total

    def times(self, x: tuple[Any, Any], c: tuple[Any, Any]) -> tuple[Any, Any]:
        """Complex product."""
        minus = self.builder.fneg(c[1])
        return self.sum((x[0], c[0]), (x[1], minus)), self.sum((x[1], c[0]), (x[0], c[1]))

    def chosen(self, lanes: Any) -> Any:
        """The low bits of an int64 as a mask of lanes."""
        word = self.builder.trunc(lanes, ir.IntType(self.lanes))
        return self.builder.bitcast(word, ir.VectorType(ir.IntType(1), self.lanes))


def _matrix_python(
    re: Any,
    im: Any,
    low: int,
    high: int,
    a: Any,
    b: Any,
    c: Any,
    d: Any,
    e: Any,
    f: Any,
    g: Any,
    h: Any,
    lanes: int,
) -> None:
    for k in range(lanes_of(re)):
        if lanes >> k & 1:
            x, y = complex(re[low + k], im[low + k]), complex(re[high + k], im[high + k])
            new_x, new_y = complex(a, b) * x + complex(c, d) * y, complex(e, f) * x + complex(g, h) * y
            re[low + k], im[low + k], re[high + k], im[high + k] = (
                new_x.real,
                new_x.imag,
                new_y.real,
                new_y.imag,
            )


@llvm_operation(_matrix_python)
def turn_vectors(
    typing_context: Any, re: Any, im: Any, low: Any, high: Any,
    a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, lanes: Any,
) -> Any:  # fmt: skip
    """(x, y) -> (m00 x + m01 y, m10 x + m11 y) for x at ``low``, y at ``high``, in the lanes of the mask.

    ``a`` to ``h``: real and imaginary parts of m00, m01, m10, m11.
    """
    item = re.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        v = _Vectors(context, builder, item)
        r, i = (array_of(context, builder, sig.args[k], args[k]).data for k in (0, 1))
        low_, high_ = args[2], args[3]
        x_re, x_im, y_re, y_im = v.load(r, low_), v.load(i, low_), v.load(r, high_), v.load(i, high_)
        m = [v.splat(value) for value in args[4:12]]
        nb, nd, nf, nh = (builder.fneg(m[k]) for k in (1, 3, 5, 7))
        new = (
            v.sum((m[0], x_re), (nb, x_im), (m[2], y_re), (nd, y_im)),
            v.sum((m[0], x_im), (m[1], x_re), (m[2], y_im), (m[3], y_re)),
            v.sum((m[4], x_re), (nf, x_im), (m[6], y_re), (nh, y_im)),
            v.sum((m[4], x_im), (m[5], x_re), (m[6], y_im), (m[7], y_re)),
        )
        chosen = v.chosen(args[12])
        places = ((r, low_), (i, low_), (r, high_), (i, high_))
        for value, old, place in zip(new, (x_re, x_im, y_re, y_im), places, strict=True):
            v.store(builder.select(chosen, value, old), *place)
        return context.get_dummy_value()

    return types.void(re, im, types.intp, types.intp, *[item] * 8, types.intp), codegen


def _real_python(re: Any, im: Any, low: int, high: int, a: Any, c: Any, e: Any, g: Any) -> None:
    for k in range(lanes_of(re)):
        for part in (re, im):
            x, y = part[low + k], part[high + k]
            part[low + k], part[high + k] = a * x + c * y, e * x + g * y


@llvm_operation(_real_python)
def turn_vectors_real(
    typing_context: Any, re: Any, im: Any, low: Any, high: Any, a: Any, c: Any, e: Any, g: Any
) -> Any:
    """The same for a real matrix (a, c; e, g), in all lanes."""
    item = re.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        v = _Vectors(context, builder, item)
        r, i = (array_of(context, builder, sig.args[k], args[k]).data for k in (0, 1))
        m = [v.splat(value) for value in args[4:8]]
        loaded = [(part, v.load(part, args[2]), v.load(part, args[3])) for part in (r, i)]
        for part, x, y in loaded:
            v.store(v.sum((m[0], x), (m[1], y)), part, args[2])
            v.store(v.sum((m[2], x), (m[3], y)), part, args[3])
        return context.get_dummy_value()

    return types.void(re, im, types.intp, types.intp, *[item] * 4), codegen


def _flip_python(re: Any, im: Any, low: int, high: int) -> None:
    for k in range(lanes_of(re)):
        for part in (re, im):
            part[low + k], part[high + k] = part[high + k], part[low + k]


@llvm_operation(_flip_python)
def flip_vectors(typing_context: Any, re: Any, im: Any, low: Any, high: Any) -> Any:
    """Exchange x at ``low`` and y at ``high``."""
    item = re.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        v = _Vectors(context, builder, item)
        parts = [array_of(context, builder, sig.args[k], args[k]).data for k in (0, 1)]
        loaded = [(part, v.load(part, args[2]), v.load(part, args[3])) for part in parts]
        for part, x, y in loaded:
            v.store(y, part, args[2])
            v.store(x, part, args[3])
        return context.get_dummy_value()

    return types.void(re, im, types.intp, types.intp), codegen


def _within_python(re: Any, im: Any, at: int, table: Any, target: int) -> None:
    lanes = lanes_of(re)
    old = [complex(re[at + k], im[at + k]) for k in range(lanes)]
    for k in range(lanes):
        own, other = complex(table[0, k], table[1, k]), complex(table[2, k], table[3, k])
        new = own * old[k] + other * old[k ^ 1 << target]
        re[at + k], im[at + k] = new.real, new.imag


@llvm_operation(_within_python)
def turn_within(typing_context: Any, re: Any, im: Any, at: Any, table: Any, target: Any) -> Any:
    """Pairs within one vector: lane k becomes own[k] x[k] + other[k] x[k with bit ``target`` flipped].

    ``table``: C-ordered [4, lanes], real and imaginary parts of own and of other.
    """
    item = re.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        v = _Vectors(context, builder, item)
        r, i, t = (array_of(context, builder, sig.args[k], args[k]).data for k in (0, 1, 3))
        x_re, x_im = v.load(r, args[2]), v.load(i, args[2])
        int32, int64 = ir.IntType(32), ir.IntType(64)
        undefined = ir.Constant(v.type, ir.Undefined)

        def turned(x: Any, bit: int) -> Any:
            order = ir.Constant(ir.VectorType(int32, v.lanes), [k ^ 1 << bit for k in range(v.lanes)])
            return builder.shuffle_vector(x, undefined, order)

        bits = v.lanes.bit_length() - 1
        y_re, y_im = turned(x_re, bits - 1), turned(x_im, bits - 1)
        for bit in range(bits - 1):
            here = builder.icmp_signed("==", args[4], ir.Constant(args[4].type, bit))
            y_re = builder.select(here, turned(x_re, bit), y_re)
            y_im = builder.select(here, turned(x_im, bit), y_im)
        own_re, own_im, other_re, other_im = (
            v.load(t, ir.Constant(int64, row * v.lanes)) for row in range(4)
        )
        minus_own, minus_other = builder.fneg(own_im), builder.fneg(other_im)
        v.store(v.sum((own_re, x_re), (minus_own, x_im), (other_re, y_re), (minus_other, y_im)), r, args[2])
        v.store(v.sum((own_re, x_im), (own_im, x_re), (other_re, y_im), (other_im, y_re)), i, args[2])
        return context.get_dummy_value()

    return types.void(re, im, types.intp, table, types.intp), codegen


def _phase_python(re: Any, im: Any, at: int, c: Any, s: Any, lanes: int) -> None:
    for k in range(lanes_of(re)):
        if lanes >> k & 1:
            new = complex(re[at + k], im[at + k]) * complex(c, s)
            re[at + k], im[at + k] = new.real, new.imag


@llvm_operation(_phase_python)
def phase_vectors(typing_context: Any, re: Any, im: Any, at: Any, c: Any, s: Any, lanes: Any) -> Any:
    """Multiply by c + i s in the lanes of the mask."""
    item = re.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        v = _Vectors(context, builder, item)
        r, i = (array_of(context, builder, sig.args[k], args[k]).data for k in (0, 1))
        x = v.load(r, args[2]), v.load(i, args[2])
        new = v.times(x, (v.splat(args[3]), v.splat(args[4])))
        chosen = v.chosen(args[5])
        v.store(builder.select(chosen, new[0], x[0]), r, args[2])
        v.store(builder.select(chosen, new[1], x[1]), i, args[2])
        return context.get_dummy_value()

    return types.void(re, im, types.intp, item, item, types.intp), codegen


def _scaled_python(re: Any, im: Any, source: int, target: int, c: Any, s: Any) -> None:
    for k in range(lanes_of(re)):
        new = complex(re[source + k], im[source + k]) * complex(c, s)
        re[target + k], im[target + k] = new.real, new.imag


@llvm_operation(_scaled_python)
def scale_vectors(typing_context: Any, re: Any, im: Any, source: Any, target: Any, c: Any, s: Any) -> Any:
    """``x[target] = (c + i s) x[source]``."""
    item = re.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        v = _Vectors(context, builder, item)
        r, i = (array_of(context, builder, sig.args[k], args[k]).data for k in (0, 1))
        x = v.load(r, args[2]), v.load(i, args[2])
        new = v.times(x, (v.splat(args[4]), v.splat(args[5])))
        v.store(new[0], r, args[3])
        v.store(new[1], i, args[3])
        return context.get_dummy_value()

    return types.void(re, im, types.intp, types.intp, item, item), codegen


def _multiply_python(re: Any, im: Any, at: int, work: Any, place: int, pairs: int) -> None:
    for k in range(lanes_of(re)):
        factor = complex(work[0, place + k], work[1, place + k]) * complex(
            work[2, pairs + k], work[3, pairs + k]
        )
        new = complex(re[at + k], im[at + k]) * factor
        re[at + k], im[at + k] = new.real, new.imag


@llvm_operation(_multiply_python)
def multiply_vectors(
    typing_context: Any, re: Any, im: Any, at: Any, work: Any, place: Any, pairs: Any
) -> Any:
    """Multiply x at ``at`` by work[0:2] at ``place`` and work[2:4] at ``pairs``; ``work`` is C-ordered."""
    item = re.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        v = _Vectors(context, builder, item)
        r, i = (array_of(context, builder, sig.args[k], args[k]).data for k in (0, 1))
        table = array_of(context, builder, sig.args[3], args[3])
        width = builder.extract_value(table.shape, 1)

        def row(number: int, index: Any) -> Any:
            start = builder.mul(width, ir.Constant(width.type, number))
            return v.load(table.data, builder.add(start, index))

        factor = v.times((row(0, args[4]), row(1, args[4])), (row(2, args[5]), row(3, args[5])))
        new = v.times((v.load(r, args[2]), v.load(i, args[2])), factor)
        v.store(new[0], r, args[2])
        v.store(new[1], i, args[2])
        return context.get_dummy_value()

    return types.void(re, im, types.intp, work, types.intp, types.intp), codegen
