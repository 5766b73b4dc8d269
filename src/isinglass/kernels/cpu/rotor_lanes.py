"""The move of one rotor in sixteen replicas at once, as one piece of LLVM vector code.

Written as vector IR for the reason that vector.py gives. A rotor is an angle phi in [-pi/2, pi/2] with
z = sin phi (the spin) and x = cos phi (its share in the transverse field). Sine and cosine are
polynomials, within 7e-7 and 7e-6 of the truth over that range, the logarithm in the acceptance is within
1e-4. The energies of a move in a device are below some 200 kT: a decision is off by less than 5e-4 kT.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from isinglass.kernels.cpu.llvm import array_of, llvm_operation, splat
from isinglass.kernels.cpu.streams import uniform32

LANES = 16
"""Replicas side by side: one 512-bit vector of float32."""
TRIES = 2
"""Moves of a rotor a visit. The sum over its neighbours serves both; a glass gains as much from two visits
of one move, which cost a third more."""

SIN = (9.99996603e-01, -1.66648284e-01, 8.30632541e-03, -1.83636541e-04)
"""phi (S0 + S1 phi^2 + ...): minimax over [-pi/2, pi/2], lowest power first."""
COS = (0.99999332, -0.49991244, 0.04148775, -0.00127121)
"""C0 + C1 phi^2 + ...: minimax over [-pi/2, pi/2], lowest power first."""
LOG = (160.5128536, -3.0700878, 2.1206720, -0.64514094, 0.081615567)
"""159 - (log2 v - (v - 1)) over v in [1, 2): minimax, lowest power first. 159 is the exponent of 2^32 with
the bias of a float32, whose bits over 2^23 are exponent + bias + v - 1: what is left is -log2(u)."""
ANGLE = 0x9E3779B1
"""The draw of the angle is that of the acceptance times this odd number, modulo 2^32: one multiplication
spreads the few words of a rare acceptance over all angles."""

_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_WORDS = ir.VectorType(ir.IntType(32), LANES)


def next_word(bits: Any) -> np.uint32:
    """A further 32 bits for the same visit: a bijection of the first, well mixed."""
    word = (int(bits) + 0x7F4A7C15) & 0xFFFFFFFF
    word = (word ^ word >> 15) * 0x2C1B3C6D & 0xFFFFFFFF
    return np.uint32(word ^ word >> 13)


def turn_of(bits: Any) -> int:
    """The int32 that ``width`` multiplies, from the 32 bits of the acceptance."""
    turn = (int(bits) * ANGLE) & 0xFFFFFFFF
    return turn - (turn >> 31 << 32)


def folded(angle: float) -> float:
    """Into [-pi/2, pi/2] by reflection at both ends."""
    angle = min(angle, np.pi - angle)
    return max(angle, -np.pi - angle)


def _turn_rotor_python(
    z: Any, x: Any, phi: Any, flux: Any, indices: Any, weights: Any, begin: int, end: int, i: int,
    low: Any, high: Any, a: Any, b: Any, bias: Any, pull: Any, width: Any, rho: Any, per_rho: Any,
) -> None:  # fmt: skip
    for r in range(LANES):
        field = bias + pull * flux[i, r]
        for k in range(begin, end):
            field += weights[k] * z[indices[k], r]
        sine = z[i, r] * per_rho
        bits = uniform32(np.uint32(i), low[r], high[r])
        for _ in range(TRIES):
            new = folded(float(phi[i, r]) + turn_of(bits) * float(width))
            climb = a * (x[i, r] - np.cos(new)) + b * field * (np.sin(new) - sine)
            if climb <= 32.0 - np.log2(max(float(bits), 2.0**-127)):
                phi[i, r], x[i, r], sine = new, np.cos(new), np.sin(new)
            bits = next_word(bits)
        z[i, r] = rho * sine


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

    def polynomial(self, coefficients: tuple[float, ...], x: Any) -> Any:
        total = self.number(coefficients[-1])
        for c in coefficients[-2::-1]:
            total = self.fma(total, x, self.number(c))
        return total

    def sine_cosine(self, phi: Any) -> tuple[Any, Any]:
        square = self.b.fmul(phi, phi)
        return self.b.fmul(phi, self.polynomial(SIN, square)), self.polynomial(COS, square)

    def folded(self, phi: Any) -> Any:
        b, half_turn, back = self.b, self.number(np.pi), self.number(-np.pi)
        other = b.fsub(half_turn, phi)
        phi = b.select(b.fcmp_ordered("<", phi, other), phi, other)
        other = b.fsub(back, phi)
        return b.select(b.fcmp_ordered(">", phi, other), phi, other)

    def shifted_xor(self, x: Any, places: int) -> Any:
        return self.b.xor(x, self.b.lshr(x, self.word(places)))

    def uniform(self, index: Any, low: Any, high: Any) -> Any:
        """``streams.uniform32``."""
        x = self.shifted_xor(self.b.add(index, low), 17)
        x = self.shifted_xor(self.b.mul(x, self.word(0xED5AD4BB)), 11)
        x = self.b.mul(self.b.add(x, high), self.word(0xAC4C1B51))
        x = self.b.mul(self.shifted_xor(x, 15), self.word(0x31848BAB))
        return self.shifted_xor(x, 14)

    def next_word(self, bits: Any) -> Any:
        x = self.shifted_xor(self.b.add(bits, self.word(0x7F4A7C15)), 15)
        return self.shifted_xor(self.b.mul(x, self.word(0x2C1B3C6D)), 13)

    def minus_log2(self, bits: Any) -> Any:
        """-log2 of ``bits`` / 2^32; 159 for 0."""
        raw = self.b.bitcast(self.b.uitofp(bits, _FLOATS), _WORDS)
        mantissa = self.b.or_(self.b.and_(raw, self.word(0x007FFFFF)), self.word(0x3F800000))
        rest = self.polynomial(LOG, self.b.bitcast(mantissa, _FLOATS))
        return self.fma(self.b.sitofp(raw, _FLOATS), self.number(-(2.0**-23)), rest)


@llvm_operation(_turn_rotor_python)
def turn_rotor(
    typing_context: Any, z: Any, x: Any, phi: Any, flux: Any, indices: Any, weights: Any, begin: Any,
    end: Any, i: Any, low: Any, high: Any, a: Any, b: Any, bias: Any, pull: Any, width: Any, rho: Any,
    per_rho: Any,
) -> Any:  # fmt: skip
    """``TRIES`` Metropolis moves of rotor ``i`` in all replicas.

    A turn by ``width`` times a random int32 is folded into [-pi/2, pi/2] and taken when

        -a (x' - x) + b f (z' - z) <= -log2 u,     f = bias + pull flux[i] + sum of weights[k] z[indices[k]]

    over k in [begin, end), an even number of them. ``z`` (scaled sines: row i holds sin phi / ``per_rho`` and
    becomes ``rho`` sin phi), ``x`` (cosines), ``phi`` and ``flux`` are C-ordered float32[n, LANES];
    ``indices`` int32, ``weights`` float32; ``low``, ``high`` uint32[LANES], the keys of the sweep; the
    scalars float32.
    """
    signature = types.void(
        z, x, phi, flux, indices, weights, *[types.intp] * 3, low, high, *[types.float32] * 7
    )

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        z_, x_, phi_, flux_, indices_, weights_, low_, high_ = (
            array_of(context, builder, sig.args[n], args[n]).data for n in (0, 1, 2, 3, 4, 5, 9, 10)
        )
        begin_, end_, i_ = args[6:9]
        a_, b_, bias_, pull_, width_, rho_, per_rho_ = (splat(builder, scalar, LANES) for scalar in args[11:])
        lanes = _Lanes(builder)
        own = lanes.fma(pull_, builder.load(lanes.row(flux_, i_), align=4), bias_)
        start = builder.block
        loop, done = (builder.append_basic_block(name) for name in ("neighbours", "summed"))
        builder.cbranch(builder.icmp_signed("<", begin_, end_), loop, done)

        builder.position_at_end(loop)
        k, *sums = builder.phi(begin_.type), builder.phi(_FLOATS), builder.phi(_FLOATS)
        added = []
        for place, total in enumerate(sums):
            at = builder.add(k, ir.Constant(k.type, place))
            j = builder.zext(builder.load(builder.gep(indices_, [at])), begin_.type)
            weight = splat(builder, builder.load(builder.gep(weights_, [at])), LANES)
            added.append(lanes.fma(weight, builder.load(lanes.row(z_, j), align=4), total))
        k_next = builder.add(k, ir.Constant(k.type, 2))
        zero = ir.Constant(_FLOATS, None)
        for value, first, later in ((k, begin_, k_next), (sums[0], own, added[0]), (sums[1], zero, added[1])):
            value.add_incoming(first, start)
            value.add_incoming(later, loop)
        both = builder.fadd(*added)
        builder.cbranch(builder.icmp_signed("<", k_next, end_), loop, done)

        builder.position_at_end(done)
        field = builder.phi(_FLOATS)
        field.add_incoming(own, start)
        field.add_incoming(both, loop)
        first = ir.Constant(i_.type, 0)
        keys = [builder.load(lanes.row(key, first, _WORDS), align=4) for key in (low_, high_)]
        at_z, at_x, at_phi = (lanes.row(data, i_) for data in (z_, x_, phi_))
        z_now, x_now, now = (builder.load(at, align=4) for at in (at_z, at_x, at_phi))
        z_now, along = builder.fmul(z_now, per_rho_), builder.fmul(b_, field)
        index = splat(builder, builder.trunc(i_, ir.IntType(32)), LANES)
        bits = lanes.uniform(index, *keys)
        for _ in range(TRIES):
            turn = builder.sitofp(builder.mul(bits, lanes.word(ANGLE)), _FLOATS)
            new = lanes.folded(lanes.fma(turn, width_, now))
            z_new, x_new = lanes.sine_cosine(new)
            climb = builder.fmul(along, builder.fsub(z_new, z_now))
            climb = lanes.fma(a_, builder.fsub(x_now, x_new), climb)
            taken = builder.fcmp_ordered("<=", climb, lanes.minus_log2(bits))
            pairs = ((z_new, z_now), (x_new, x_now), (new, now))
            z_now, x_now, now = (builder.select(taken, *pair) for pair in pairs)
            bits = lanes.next_word(bits)
        builder.store(builder.fmul(rho_, z_now), at_z, align=4)
        builder.store(x_now, at_x, align=4)
        builder.store(now, at_phi, align=4)
        return context.get_dummy_value()

    return signature, codegen
