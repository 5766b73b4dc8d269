"""Vector operations on one spin in many replicas: bit ``r`` of a word is replica ``r``, set is up (+1)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from isinglass.kernels.cpu.llvm import VECTOR_BITS, array_of, llvm_operation, splat


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


@llvm_operation(_lane_fields_python)
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
            array_of(context, builder, sig.args[i], args[i]).data for i in (0, 1, 2, 6)
        )
        begin_, end_, base_ = args[3], args[4], args[5]
        lanes, parts = _vector_parts(spins.dtype, item)
        vector_ir = ir.VectorType(context.get_value_type(item), lanes)
        add = builder.fadd if isinstance(item, types.Float) else builder.add
        base_vector = splat(builder, base_, lanes)

        start = builder.block
        loop, done = (builder.append_basic_block(n) for n in ("neighbours", "fields_ready"))
        builder.cbranch(builder.icmp_signed("<", begin_, end_), loop, done)

        builder.position_at_end(loop)
        k = builder.phi(begin_.type)
        sums = [builder.phi(vector_ir) for _ in range(parts)]
        j = builder.zext(builder.load(builder.gep(indices_, [k])), begin_.type)
        neighbour = builder.load(builder.gep(spins_, [j]))
        weight = splat(builder, builder.load(builder.gep(weights_, [k])), lanes)
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
    fields_, slack_ = (array_of(context, builder, sig.args[i], args[i]).data for i in (0, 2))
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


@llvm_operation(_lane_flips_python)
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


@llvm_operation(_lane_moves_python)
def lane_moves(typing_context: Any, fields: Any, word: Any, slack: Any, climbs: Any) -> Any:
    """``lane_flips`` that also writes half the climb of each replica, 0 where it stays."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        climbs_ = array_of(context, builder, sig.args[3], args[3]).data
        flips, decisions = _lane_decisions(context, builder, sig, args)
        for p, barrier, accepted in decisions:
            taken = builder.select(accepted, barrier, ir.Constant(barrier.type, None))
            builder.store(taken, _part_pointer(builder, climbs_, p, barrier.type), align=1)
        return flips

    return word(fields, word, slack, climbs), codegen
