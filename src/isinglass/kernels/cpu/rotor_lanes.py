"""The move of one rotor in sixteen replicas at once, as one piece of LLVM vector code.

Written as vector IR for the reason that vector.py gives. A rotor is an angle phi in [-pi/2, pi/2] with
z = sin phi (the spin) and x = cos phi (its share in the transverse field). Sine and cosine are
polynomials, within 7e-7 and 1e-7 of the truth over that range; -ln u is that of streams.py, within 2e-6.
The energies of a move in a device are below some 200 kT, so a decision is off by less than 3e-4 kT.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from isinglass.kernels.cpu.streams import exponential, uniform32
from isinglass.kernels.cpu.vector import _array, _llvm_operation, _splat

LANES = 16
"""Replicas side by side: one 512-bit vector of float32."""

SIN = (9.99996603e-01, -1.66648284e-01, 8.30632541e-03, -1.83636541e-04)
"""phi (S0 + S1 phi^2 + ...): minimax over [-pi/2, pi/2]."""
COS = (9.99999940e-01, -4.99999046e-01, 4.16635834e-02, -1.38537039e-03, 2.31539307e-05)
"""C0 + C1 phi^2 + ...: minimax over [-pi/2, pi/2]."""
LN = (-0.02582845464348793, 0.12176050245761871, -0.27786704897880554, 0.4575333595275879,
      -0.7181435227394104, 1.4425451755523682)  # fmt: skip
"""log2(1 + m) = m (... ), highest power first, as in streams.exponential."""
_HALF_TURN = np.float32(np.pi)

_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_WORDS = ir.VectorType(ir.IntType(32), LANES)


def second_word(bits: Any) -> Any:
    """Another 32 bits from a spin's 32: a draw of the angle beside the draw of the acceptance.

    A bijection of the first word, mixed enough that the few first words of a rare acceptance spread over
    all angles.
    """
    mixed = np.uint32((int(bits) * 0x9E3779B1) & 0xFFFFFFFF)
    mixed ^= mixed >> np.uint32(15)
    return np.uint32((int(mixed) * 0x85EBCA77) & 0xFFFFFFFF)


def _fold(angle: float) -> float:
    """Into [-pi/2, pi/2] by reflection at both ends."""
    angle = min(angle, float(_HALF_TURN) - angle)
    return max(angle, -float(_HALF_TURN) - angle)


def _turn_rotor_python(
    z: Any, phi: Any, fields: Any, indices: Any, weights: Any, begin: int, end: int, i: int,
    low: Any, high: Any, a: Any, b: Any, gain: Any, width: Any, rho: Any,
) -> None:  # fmt: skip
    for r in range(LANES):
        field = gain * fields[i, r] + sum(weights[k] * z[indices[k], r] for k in range(begin, end))
        bits = uniform32(np.uint32(i), low[r], high[r])
        shift = float(second_word(bits).view(np.int32)) * width
        old, new = float(phi[i, r]), _fold(float(phi[i, r]) + shift)
        climb = -a * (np.cos(new) - np.cos(old)) + b * field * (np.sin(new) - np.sin(old))
        if climb <= exponential(bits):
            phi[i, r] = new
        z[i, r] = rho * np.sin(float(phi[i, r]))


class _Lanes:
    """Sixteen numbers at a time: the few words that the move is written in."""

    def __init__(self, builder: Any) -> None:
        self.b = builder
        kind = ir.FunctionType(_FLOATS, [_FLOATS] * 3)
        self._fma = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f32")

    def row(self, data: Any, index: Any, kind: Any = _FLOATS) -> Any:
        return self.b.gep(self.b.bitcast(data, kind.as_pointer()), [index])

    def number(self, value: float) -> Any:
        return ir.Constant(_FLOATS, [float(np.float32(value))] * LANES)

    def word(self, value: int) -> Any:
        return ir.Constant(_WORDS, [value] * LANES)

    def fma(self, x: Any, y: Any, plus: Any) -> Any:
        return self.b.call(self._fma, [x, y, plus])

    def polynomial(self, coefficients: Any, x: Any) -> Any:
        """Highest power first."""
        total = self.number(coefficients[0])
        for c in coefficients[1:]:
            total = self.fma(total, x, self.number(c))
        return total

    def smaller(self, x: Any, y: Any) -> Any:
        return self.b.select(self.b.fcmp_ordered("<", x, y), x, y)

    def larger(self, x: Any, y: Any) -> Any:
        return self.b.select(self.b.fcmp_ordered(">", x, y), x, y)

    def sine_cosine(self, phi: Any) -> tuple[Any, Any]:
        square = self.b.fmul(phi, phi)
        sine = self.b.fmul(phi, self.polynomial(SIN[::-1], square))
        return sine, self.polynomial(COS[::-1], square)

    def folded(self, phi: Any) -> Any:
        half_turn, back = self.number(np.pi), self.number(-np.pi)
        phi = self.smaller(phi, self.b.fsub(half_turn, phi))
        return self.larger(phi, self.b.fsub(back, phi))

    def shifted_xor(self, x: Any, places: int) -> Any:
        return self.b.xor(x, self.b.lshr(x, self.word(places)))

    def uniform(self, index: Any, low: Any, high: Any) -> Any:
        """``streams.uniform32``."""
        x = self.shifted_xor(self.b.add(index, low), 17)
        x = self.shifted_xor(self.b.mul(x, self.word(0xED5AD4BB)), 11)
        x = self.b.mul(self.b.add(x, high), self.word(0xAC4C1B51))
        x = self.b.mul(self.shifted_xor(x, 15), self.word(0x31848BAB))
        return self.shifted_xor(x, 14)

    def second(self, x: Any) -> Any:
        """``second_word``."""
        x = self.shifted_xor(self.b.mul(x, self.word(0x9E3779B1)), 15)
        return self.b.mul(x, self.word(0x85EBCA77))

    def exponential(self, bits: Any) -> Any:
        """``streams.exponential``."""
        u = self.b.fadd(self.b.uitofp(bits, _FLOATS), self.number(0.5))
        raw = self.b.bitcast(u, _WORDS)
        places = self.b.sub(self.b.lshr(raw, self.word(23)), self.word(127))
        exponent = self.b.sitofp(places, _FLOATS)
        mantissa = self.b.or_(self.b.and_(raw, self.word(0x007FFFFF)), self.word(0x3F800000))
        m = self.b.fsub(self.b.bitcast(mantissa, _FLOATS), self.number(1.0))
        log2 = self.fma(self.polynomial(LN, m), m, exponent)
        return self.b.fmul(self.b.fsub(self.number(32.0), log2), self.number(np.log(2.0)))


@_llvm_operation(_turn_rotor_python)
def turn_rotor(
    typing_context: Any, z: Any, phi: Any, fields: Any, indices: Any, weights: Any, begin: Any, end: Any,
    i: Any, low: Any, high: Any, a: Any, b: Any, gain: Any, width: Any, rho: Any,
) -> Any:  # fmt: skip
    """One Metropolis move of rotor ``i`` in all replicas.

    A turn by ``width`` times a random int32 is folded into [-pi/2, pi/2] and taken when

        -a (x' - x) + b f (z' - z) <= -ln u,     f = gain fields[i] + sum of weights[k] z[indices[k]]

    over k in [begin, end). ``z`` (scaled sines: row i becomes ``rho`` sin phi), ``phi`` and ``fields`` are
    C-ordered float32[n, LANES]; ``indices`` int32, ``weights`` float32; ``low``, ``high`` uint32[LANES],
    the keys of the sweep; the scalars float32.
    """
    float32 = types.float32
    signature = types.void(
        z, phi, fields, indices, weights, *[types.intp] * 3, low, high, *[float32] * 5
    )  # fmt: skip

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        z_, phi_, fields_, indices_, weights_ = (
            _array(context, builder, sig.args[n], args[n]).data for n in range(5)
        )
        begin_, end_, i_ = args[5:8]
        low_, high_ = (_array(context, builder, sig.args[n], args[n]).data for n in (8, 9))
        a_, b_, gain_, width_, rho_ = (_splat(builder, scalar, LANES) for scalar in args[10:])
        lanes = _Lanes(builder)
        own = builder.fmul(gain_, builder.load(lanes.row(fields_, i_), align=4))
        start = builder.block
        loop, done = (builder.append_basic_block(name) for name in ("neighbours", "summed"))
        builder.cbranch(builder.icmp_signed("<", begin_, end_), loop, done)

        builder.position_at_end(loop)
        k, total = builder.phi(begin_.type), builder.phi(_FLOATS)
        j = builder.zext(builder.load(builder.gep(indices_, [k])), begin_.type)
        weight = _splat(builder, builder.load(builder.gep(weights_, [k])), LANES)
        added = lanes.fma(weight, builder.load(lanes.row(z_, j), align=4), total)
        k_next = builder.add(k, ir.Constant(k.type, 1))
        for value, first, next_ in ((k, begin_, k_next), (total, own, added)):
            value.add_incoming(first, start)
            value.add_incoming(next_, loop)
        builder.cbranch(builder.icmp_signed("<", k_next, end_), loop, done)

        builder.position_at_end(done)
        field = builder.phi(_FLOATS)
        field.add_incoming(own, start)
        field.add_incoming(added, loop)

        index = _splat(builder, builder.trunc(i_, ir.IntType(32)), LANES)
        keys = (builder.load(lanes.row(key, ir.Constant(i_.type, 0), _WORDS), align=4) for key in (low_, high_))
        bits = lanes.uniform(index, *keys)
        at_phi = lanes.row(phi_, i_)
        old = builder.load(at_phi, align=4)
        turn = builder.sitofp(lanes.second(bits), _FLOATS)
        new = lanes.folded(lanes.fma(turn, width_, old))
        (z_old, x_old), (z_new, x_new) = lanes.sine_cosine(old), lanes.sine_cosine(new)
        along = builder.fmul(builder.fmul(b_, field), builder.fsub(z_new, z_old))
        climb = lanes.fma(a_, builder.fsub(x_old, x_new), along)
        taken = builder.fcmp_ordered("<=", climb, lanes.exponential(bits))
        builder.store(builder.select(taken, new, old), at_phi, align=4)
        sine = builder.select(taken, z_new, z_old)
        builder.store(builder.fmul(rho_, sine), lanes.row(z_, i_), align=4)
        return context.get_dummy_value()

    return signature, codegen
