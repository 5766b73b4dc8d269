"""Vector operations of the memcomputing kernel: one bond or one spin of sixteen replicas at a time.

Written as LLVM vector IR for the reason that vector.py gives: numba cannot tell LLVM that the arrays
do not overlap. Each operation has a Python twin that does the same single-precision arithmetic in
the same order, so that the two agree to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from isinglass.kernels.cpu.llvm import array_of, llvm_operation, splat

LANES = 16
"""Replicas side by side: one vector of float32, one bit each of a uint16."""

_VECTOR = ir.VectorType(ir.FloatType(), LANES)


def _row(builder: Any, data: Any, index: Any) -> Any:
    """Pointer to row ``index`` of a float32[rows, LANES] array, as a vector."""
    first = builder.gep(data, [builder.mul(index, ir.Constant(index.type, LANES))])
    return builder.bitcast(first, _VECTOR.as_pointer())


def _constant(value: float) -> Any:
    return ir.Constant(_VECTOR, [value] * LANES)


def _clipped(builder: Any, vector: Any, low: float) -> Any:
    bottom, top = _constant(low), _constant(1.0)
    vector = builder.select(builder.fcmp_ordered("<", vector, bottom), bottom, vector)
    return builder.select(builder.fcmp_ordered(">", vector, top), top, vector)


def _couple_python(
    v: Any, force: Any, memory: Any, i: int, j: int, bond: int,
    pull: Any, grip: Any, soft: Any, rate: Any, drift: Any,
) -> None:  # fmt: skip
    x = memory[bond].copy()
    weight, stiff = pull + grip * x, soft * x
    force[i] -= weight * v[j] + stiff * v[i]
    force[j] -= weight * v[i] + stiff * v[j]
    memory[bond] = np.clip(x + (rate * (v[i] * v[j]) + drift), np.float32(0), np.float32(1))


@llvm_operation(_couple_python)
def couple(
    typing_context: Any, v: Any, force: Any, memory: Any, i: Any, j: Any, bond: Any,
    pull: Any, grip: Any, soft: Any, rate: Any, drift: Any,
) -> Any:  # fmt: skip
    """Add one bond's pull to the forces of its spins, and move its memory by one step.

    With x the bond's memory, ``force_i -= (pull + grip x) v_j + soft x v_i``, the same for j, and then
    ``x += rate v_i v_j + drift``, clipped to [0, 1]. Arrays are float32[rows, LANES], scalars float32.
    """
    float32 = types.float32
    signature = types.void(v, force, memory, *[types.intp] * 3, *[float32] * 5)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = [array_of(context, builder, sig.args[a], args[a]).data for a in range(3)]
        i_, j_, bond_ = args[3:6]
        pull_, grip_, soft_, rate_, drift_ = (splat(builder, scalar, LANES) for scalar in args[6:])
        add, mul, sub = builder.fadd, builder.fmul, builder.fsub
        v_i, v_j = (builder.load(_row(builder, data[0], a), align=4) for a in (i_, j_))
        at_i, at_j = _row(builder, data[1], i_), _row(builder, data[1], j_)
        at_x = _row(builder, data[2], bond_)
        x = builder.load(at_x, align=4)
        weight, stiff = add(pull_, mul(grip_, x)), mul(soft_, x)
        f_i, f_j = (builder.load(at, align=4) for at in (at_i, at_j))
        builder.store(sub(f_i, add(mul(weight, v_j), mul(stiff, v_i))), at_i, align=4)
        builder.store(sub(f_j, add(mul(weight, v_i), mul(stiff, v_j))), at_j, align=4)
        moved = add(x, add(mul(rate_, mul(v_i, v_j)), drift_))
        builder.store(_clipped(builder, moved, 0.0), at_x, align=4)
        return context.get_dummy_value()

    return signature, codegen


def _move_python(v: Any, force: Any, i: int, time_step: Any) -> Any:
    v[i] = np.clip(v[i] + time_step * force[i], np.float32(-1), np.float32(1))
    force[i] = 0.0
    return np.uint16(sum(1 << r for r in range(LANES) if v[i, r] < 0))


@llvm_operation(_move_python)
def move(typing_context: Any, v: Any, force: Any, i: Any, time_step: Any) -> Any:
    """One Euler step of spin i, clipped to [-1, 1]; clears its force; returns the bits of v < 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = [array_of(context, builder, sig.args[a], args[a]).data for a in range(2)]
        at_v, at_force = (_row(builder, pointer, args[2]) for pointer in data)
        step = builder.fmul(splat(builder, args[3], LANES), builder.load(at_force, align=4))
        moved = _clipped(builder, builder.fadd(builder.load(at_v, align=4), step), -1.0)
        builder.store(moved, at_v, align=4)
        builder.store(_constant(0.0), at_force, align=4)
        return builder.bitcast(builder.fcmp_ordered("<", moved, _constant(0.0)), ir.IntType(LANES))

    return types.uint16(v, force, types.intp, types.float32), codegen
