"""Reading OpenQASM: what is accepted, and that every fault has a line and a column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from isinglass.circuits import ParallelSimulator
from isinglass.circuits.counts import Register, bits_of_key, columns, counts_of_bits, counts_of_values
from isinglass.circuits.qasm2 import read
from isinglass.circuits.qasm2_text import split
from isinglass.circuits.reading import Reader
from isinglass.errors import CircuitError, IsinglassError, OutOfMemoryError, QasmError

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'


def counts(text: str, **options: object) -> dict[str, int]:
    found: dict[str, int] = ParallelSimulator(shots=100, seed=1, **options).submit_circuits([text])[0][
        "results"
    ]
    return found


@pytest.mark.parametrize(
    ("body", "line", "column", "words"),
    [
        ("qreg q[2];\nhh q[0];", 4, 1, "did you mean 'h'"),
        ("qreg q[2];\nrx(0.123456) q[2];", 4, 14, "q has 2 bits"),
        ("qreg q[2];\n  rx(0.5, 0.5) q[0];", 4, 3, "rx takes 1 angle"),
        ("qreg q[2];\nrx(0.5*) q[0];", 4, 8, "expected a number"),
        ("qreg q[2];\nrx(0.25 0.5) q[0];", 4, 9, "unexpected"),
        ("qreg q[2];\nrx(1/0) q[0];", 4, 5, "finite"),
        ("qreg q[2];\nrx(ln(0-1)) q[0];", 4, 4, "finite"),
        ("qreg q[2];\nrx(alpha) q[0];", 4, 4, "'alpha'"),
        ("qreg q[2];\nrx((1.5) q[0];", 4, 8, "missing ')'"),
        ("qreg q[2];\ncx q[0],q[0];", 4, 4, "twice"),
        ("qreg q[2];\ncx q[0];", 4, 1, "2 qubits"),
        ("qreg q[2];\nh p[0];", 4, 3, "no quantum register 'p'"),
        ("qreg q[2];\nh q[0]", 4, 7, "missing ';'"),
        ("qreg q[2];\nh q[x];", 4, 3, "neither"),
        ("qreg q[2];\nh;", 4, 2, "needs qubits"),
        ("qreg q[2];\nqreg q[3];", 4, 6, "twice"),
        ("qreg q[0];", 3, 6, "size 0"),
        ("qreg q[99999999999];", 3, 6, "overflows"),
        ("qreg q;", 3, 5, "name[size]"),
        ("qreg q[2];\ncreg c[1];\nmeasure q -> c;", 5, 1, "2 qubits"),
        ("qreg q[2];\ncreg c[1];\nmeasure q[0] -> c[1];", 5, 17, "out of range"),
        ("qreg q[2];\nmeasure q[0];", 4, 1, "->"),
        ("qreg q[2];\nif (c==1) x q[0];", 4, 5, "classical register 'c'"),
        ("qreg q[2];\ncreg c[1];\nif (c=1) x q[0];", 5, 1, "condition"),
        ("qreg q[2];\nqreg p[3];\ncx q,p;", 5, 4, "different sizes"),
        ('include "other.inc";', 3, 1, "qelib1.inc"),
        ("gate g(a) x { rx(b) x; }", 3, 18, "'b'"),
        ("gate g x { h y; }", 3, 14, "'y'"),
        ("gate g x { h x; ", 3, 1, "missing '}'"),
        ("opaque magic a;\nqreg q[1];\nmagic q[0];", 5, 1, "opaque"),
        ("qreg q[1];\nh # q[0];", 4, 3, "'#'"),
        ("// 0.5 is a comment; so is this\nqreg q[1];\nrx(0.5) q[1]; // 0.7", 5, 9, "out of range"),
        ("gate g(a) x { rx(1/a) x; }\nqreg q[1];\n  g(0*2) q[0];", 5, 3, "finite"),
        ("qreg q[1];\nrx(" + "(" * 5000 + "1" + ")" * 5000 + ") q[0];", 3, 11, "deeply"),
        ("qreg q[" + "9" * 6000 + "];", 3, 5, "name[size]"),
        ("gate g x { h x; }\nqreg q[1];\ng q[0];\n  gg q[0];", 6, 3, "did you mean 'g'"),
    ],
)  # fmt: skip
def test_faults_have_a_place(body: str, line: int, column: int, words: str) -> None:
    with pytest.raises(QasmError) as caught:
        Reader().read(HEAD + body)
    assert words in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_gates_need_their_library() -> None:
    with pytest.raises(QasmError, match=r"add include"):
        Reader().read("OPENQASM 2.0;\nqreg q[1];\nh q[0];")
    Reader().read("OPENQASM 2.0;\nqreg q[2];\nU(0.1,0.2,0.3) q[0];\nCX q[0],q[1];")
    with pytest.raises(QasmError, match=r"OpenQASM 4\.0"):
        Reader().read("OPENQASM 4.0;\nqreg q[1];")


def test_same_structure_is_one_program() -> None:
    reader = Reader()
    texts = [f"{HEAD}qreg q[1];\nrz({a}) q[0]; u3({-a},0.5e-3,pi/2) q[0];" for a in (0.25, -1.5, 3e-7)]
    programs = [reader.read(text) for text in texts]
    assert programs[0].program is programs[1].program is programs[2].program
    angles = [p.program.angles(p.slots[None])[0, 1:].tolist() for p in programs if p.program]
    assert [sorted(row) for row in angles] == [sorted([a, -a, 0.5e-3, np.pi / 2]) for a in (0.25, -1.5, 3e-7)]


@pytest.mark.parametrize(
    ("expression", "value"),
    [("-2^2", -4), ("2^3^2", 512), ("-(1.5-2.5)", 1), ("sin(pi/2)+cos(0)", 2),
     ("2*-0.5", -1), ("1-0.5-0.25", 0.25),
     ("sqrt(4.0)/ln(exp(2))", 1), ("1*3.25", 3.25), (".5e1", 5), ("-2.0^2", -4),
     ("3.-1", 2), ("2*(1+(0.5))", 3)],
)  # fmt: skip
def test_arithmetic(expression: str, value: float) -> None:
    got = Reader().read(f"{HEAD}qreg q[1];\nrx({expression}) q[0];")
    assert got.program is not None
    assert got.program.angles(got.slots[None])[0, 1] == pytest.approx(value)


def test_definitions_broadcasts_and_registers() -> None:
    text = f"""{HEAD}
    gate flip(a, b) x, y {{ rx(a+b) x; barrier x, y; cx x, y; }}
    gate twice(t) x, y {{ flip(t/2, t/2) x, y; flip(0, 0) y, x; }}
    qreg p[2]; qreg q[2]; creg a[2]; creg b[2];
    twice(pi) p[0], q[1];   // p0 and q1 become 1, then p0 is flipped back
    x q; barrier p, q; measure p -> a; measure q -> b;
    """
    assert counts(text) == {"01 00": 100}
    definition = HEAD + "gate g q { h q; h q; x q; } qreg q[1]; creg c[1]; g q[0]; measure q -> c;"
    read_back = read(split(definition))
    assert (read_back.depth(), len(read_back.ops)) == (2, 4)


def test_measurements_resets_and_conditions_in_the_middle() -> None:
    text = (
        HEAD
        + """qreg q[2]; creg a[1]; creg b[2];
    x q[0]; measure q[0] -> a[0]; if (a==1) x q[1]; reset q[0]; if (b==1) x q[0];
    measure q[1] -> b[1]; measure q[0] -> b[0];"""
    )
    assert counts(text) == {"10 1": 100}
    # The last measurement of a bit counts, and an unmeasured bit is 0.
    again = HEAD + "qreg q[2]; creg c[3]; measure q[0] -> c[1]; x q[0]; measure q[0] -> c[1];"
    assert counts(again) == {"010": 100}


def test_openqasm_3() -> None:
    text = """OPENQASM 3.0;
    include "stdgates.inc";
    qubit[2] q; bit[2] c;
    h q[0]; ctrl @ x q[0], q[1];
    c = measure q;"""
    assert set(counts(text)) == {"00", "11"}
    branch = """OPENQASM 3.0;
    include "stdgates.inc";
    qubit[2] q; bit[2] c;
    x q[0]; c[0] = measure q[0];
    if (c[0]) { x q[1]; } else { h q[1]; }
    c[1] = measure q[1];"""
    assert counts(branch) == {"11": 100}
    with pytest.raises(QasmError) as caught:
        Reader().read("OPENQASM 3.0;\nqubit[2] q;\nfoo q[0];")
    assert caught.value.line == 3
    with pytest.raises(QasmError) as caught:
        Reader().read("OPENQASM 3.0;\nqubit[2 q;\n")
    assert caught.value.line == 2


def test_what_cannot_run_says_why() -> None:
    with pytest.raises(CircuitError, match="measures nothing"):
        counts(HEAD + "qreg q[1]; creg c[1]; h q[0];")
    with pytest.raises(OutOfMemoryError, match="qubits"):
        counts(HEAD + "qreg q[50]; creg c[1]; h q; t q; measure q[0] -> c[0];")
    with pytest.raises(CircuitError, match="finite"):
        counts(HEAD + "qreg q[1]; creg c[1]; rx(1.0/0.0) q[0]; measure q -> c;")


@given(
    st.lists(
        st.sampled_from([*'qc[](){};,=->. 01hx\n"/#', "gate ", "qreg ", "creg ", "if", "measure ", "0.5"])
    ).map("".join)
)
@example("qreg q[99999999999];")
def test_any_text_is_read_or_refused(body: str) -> None:
    """Nothing but our own errors comes out of the reader."""
    try:
        Reader().read(HEAD + body)
    except IsinglassError as error:
        assert isinstance(error, QasmError)


def test_order_of_bits() -> None:
    registers = (Register("a", 2, 0), Register("b", 3, 2))
    assert columns(registers) == (4, 3, 2, -1, 1, 0)
    rows = np.array([[1, 0, 0, 0, 1], [1, 0, 0, 0, 1], [0, 1, 0, 0, 0]], np.uint8)
    assert counts_of_bits(rows, np.array([2, 3, 4]), registers) == {"000 10": 4, "100 01": 5}
    assert bits_of_key("100 01", registers) == [1, 0, 0, 0, 1]
    values = counts_of_values(np.array([1, 2]), np.array([5, 6]), [4, 0], registers)
    assert values == {"100 00": 5, "000 01": 6}
    one = (Register("c", 3, 0),)
    assert counts_of_values(np.array([1, 6]), np.array([5, 6]), [0, 1, 2], one) == {"001": 5, "110": 6}
