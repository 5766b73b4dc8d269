"""Every rule of the parameters: what is refused, with which words, before anything runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pytest

from isinglass.errors import IsinglassError, ParameterError, ProblemError
from isinglass.qpu import dynamics, models
from isinglass.qpu.call import resolve
from isinglass.qpu.parameter_page import page
from isinglass.qpu.parameters import EXCLUSIVE, NEEDS, PARAMETERS
from isinglass.qpu.problem import StructureError
from isinglass.qpu.sampler import QPUSampler
from isinglass.qpu.solver import QPUSolver

CHIMERA, PEGASUS, ZEPHYR = "DW_2000Q_6", "Advantage_system4", "Advantage2_system1"


@cache
def sampler(name: str) -> QPUSampler:
    return QPUSampler(name)


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, **__: Any) -> np.ndarray:
        raise AssertionError("an anneal ran although the call is wrong")

    monkeypatch.setattr(dynamics, "run", run)


def test_the_page_is_up_to_date() -> None:
    path = Path(__file__).parents[2] / "docs" / "qpu-parameters.md"
    assert path.read_text() == page(), "run: python -m isinglass.qpu.parameter_page > docs/qpu-parameters.md"


def test_every_name_of_the_solver_documents_is_there() -> None:
    of_the_2000q = [
        "anneal_offsets", "anneal_schedule", "annealing_time", "answer_mode", "auto_scale", "beta", "chains",
        "flux_biases", "flux_drift_compensation", "h_gain_schedule", "initial_state", "max_answers",
        "num_reads",
        "num_spin_reversal_transforms", "postprocess", "programming_thermalization", "readout_thermalization",
        "reduce_intersample_correlation", "reinitialize_state",
    ]  # fmt: skip
    assert sorted(sampler(CHIMERA).properties["parameters"]) == of_the_2000q
    gone = {"beta", "chains", "num_spin_reversal_transforms", "postprocess"}
    for name in (PEGASUS, ZEPHYR):
        assert set(sampler(name).properties["parameters"]) == set(of_the_2000q) - gone | {"fast_anneal"}
    named = {rule.first for rule in EXCLUSIVE} | {rule.second for rule in EXCLUSIVE} | {n.name for n in NEEDS}
    assert named <= set(PARAMETERS)


def state(name: str) -> list[int]:
    values = [3] * sampler(name).properties["num_qubits"]
    values[0] = values[4] = 1
    return values


REVERSE = [[0.0, 1.0], [5.0, 0.5], [10.0, 1.0]]
# (model, parameters, what the message says); the problem is h = {0 or 30: 0.5}, J = {(0, 4) or (30, 31): -1}.
VIOLATIONS: list[tuple[str, dict[str, Any], str]] = [
    # names
    (PEGASUS, {"num_read": 5}, "num_reads"),
    (
        PEGASUS, {"num_spin_reversal_transforms": 2},
        "Advantage_system4 does not take it; it is for D-Wave 2000Q",
    ),
    (CHIMERA, {"fast_anneal": True}, "it is for Advantage and later"),
    (PEGASUS, {"x_target_c": 0.5}, "experimental"),
    # single values
    (PEGASUS, {"num_reads": 0}, r"num_reads=0: num_reads out of range: num_reads_range is \[1, 10000\]"),
    (PEGASUS, {"num_reads": 10001}, "out of range"),
    (PEGASUS, {"num_reads": 1.5}, "must be an integer"),
    (PEGASUS, {"num_reads": "x"}, "must be a number"),
    (PEGASUS, {"num_reads": True}, "must be a number"),
    (PEGASUS, {"answer_mode": "zzz"}, "answer_mode must be 'histogram' or 'raw'"),
    (PEGASUS, {"max_answers": 0}, "max_answers=0: must be an integer, 1 or more"),
    (PEGASUS, {"max_answers": 3, "num_reads": 2, "answer_mode": "raw"}, "at most num_reads = 2"),
    (PEGASUS, {"annealing_time": 0.4}, r"annealing_time=0.4: .*annealing_time_range is \[0.5, 2000.0\]"),
    (PEGASUS, {"annealing_time": 2001}, "annealing_time_range"),
    (PEGASUS, {"annealing_time": float("nan")}, "finite"),
    (CHIMERA, {"annealing_time": 2.5}, "must be an integer"),
    (PEGASUS, {"fast_anneal": True, "annealing_time": 0.004}, "fast_anneal_time_range is"),
    (PEGASUS, {"programming_thermalization": 10001}, "programming_thermalization_range"),
    (CHIMERA, {"programming_thermalization": 0.5}, "must be an integer"),
    (PEGASUS, {"readout_thermalization": -1}, "readout_thermalization_range"),
    (PEGASUS, {"auto_scale": 1}, "auto_scale=1: must be True or False"),
    (PEGASUS, {"reduce_intersample_correlation": "yes"}, "must be True or False"),
    (PEGASUS, {"flux_drift_compensation": 0}, "must be True or False"),
    (PEGASUS, {"label": ""}, "label=''"),
    (PEGASUS, {"label": "a" * 1025}, "1 to 1024 characters"),
    (PEGASUS, {"label": "\u2603"}, "Windows-1252"),
    # per-qubit arrays
    (PEGASUS, {"anneal_offsets": [0.0] * 5}, "has 5 entries; it needs one for each of num_qubits = 5760"),
    (
        PEGASUS, {"anneal_offsets": [0.0] * 30 + [0.9] + [0.0] * 5729},
        r"anneal_offsets\[30\]=0.9: anneal_offset_ranges",
    ),
    (PEGASUS, {"anneal_offsets": [0.1] + [0.0] * 5759}, r"anneal_offsets\[0\]=0.1"),
    (PEGASUS, {"flux_biases": [0.0] * 5759}, "5759 entries"),
    (PEGASUS, {"flux_biases": [0.6] + [0.0] * 5759}, r"flux_biases\[0\]=0.6"),
    (PEGASUS, {"flux_biases": [float("inf")] + [0.0] * 5759}, "infinite"),
    (PEGASUS, {"flux_biases": 3}, "must be a list of num_qubits"),
    # anneal schedules: each rule
    (PEGASUS, {"anneal_schedule": [[0, 0]]}, "at least two"),
    (PEGASUS, {"anneal_schedule": [[0, 0], [1]]}, "pairs"),
    (PEGASUS, {"anneal_schedule": 5}, "list of"),
    (
        PEGASUS, {"anneal_schedule": [[0, 0], [10, 0.5], [10, 0.6], [20, 1]]},
        "invalid anneal_schedule: time t must increase",
    ),
    (PEGASUS, {"anneal_schedule": [[1, 0], [20, 1]]}, "first point must be at t = 0"),
    (PEGASUS, {"anneal_schedule": [[0, 0.2], [20, 1]]}, r"begin at 0 \(forward anneal\) or 1"),
    (PEGASUS, {"anneal_schedule": [[0, 0], [20, 0.9]]}, "final point s must equal 1"),
    (PEGASUS, {"anneal_schedule": [[0, 0], [5, 0.5], [10, 0.4], [20, 1]]}, "must not decrease"),
    (PEGASUS, {"anneal_schedule": [[0, 0], [5, 1.2], [20, 1]]}, r"s must lie in \[0, 1\]"),
    (PEGASUS, {"anneal_schedule": [[0, 0], [2001, 1]]}, "ends at 2001"),
    (PEGASUS, {"anneal_schedule": [[0, 0], [10, 0.1], [10.1, 1]]}, "slope is 9 per"),
    (CHIMERA, {"anneal_schedule": [[0, 0], [0.5, 1]]}, "slope is 2 per"),
    (
        PEGASUS, {"anneal_schedule": [[t, t / 12] for t in range(13)]},
        "13 points; max_anneal_schedule_points allows 12",
    ),
    (PEGASUS, {"anneal_schedule": [[0, 0], [float("nan"), 1]]}, "must be finite"),
    # reverse anneals
    (CHIMERA, {"anneal_schedule": REVERSE}, "needs initial_state"),
    (CHIMERA, {"initial_state": state(CHIMERA)}, "initial_state is given without anneal_schedule"),
    (CHIMERA, {"initial_state": state(CHIMERA), "anneal_schedule": [[0, 0], [20, 1]]}, "must begin at s = 1"),
    (CHIMERA, {"reinitialize_state": False}, "reinitialize_state is given without initial_state"),
    (CHIMERA, {"initial_state": state(CHIMERA)[:-1], "anneal_schedule": REVERSE}, "2047 entries"),
    (
        CHIMERA, {"initial_state": [3] * 2048, "anneal_schedule": REVERSE},
        r"initial_state\[0\]=3: qubit 0 is part",
    ),
    (
        CHIMERA, {"initial_state": [1, 3, 3, 3, 0, *[3] * 2043], "anneal_schedule": REVERSE},
        r"initial_state\[4\]=0",
    ),
    (CHIMERA, {"initial_state": {0: 1, 4: 1, 43: 1}, "anneal_schedule": REVERSE}, "qubit 43 does not work"),
    (CHIMERA, {"initial_state": {0: 1, 4: 1, 9999: 1}, "anneal_schedule": REVERSE}, "is not a qubit"),
    (CHIMERA, {"initial_state": {0: 1, 4: 7}, "anneal_schedule": REVERSE}, r"initial_state\[4\]=7"),
    # h-gain schedules
    (PEGASUS, {"h_gain_schedule": [[0, 1], [19, 1]]}, "must be that of the anneal, 20"),
    (PEGASUS, {"h_gain_schedule": [[1, 1], [20, 1]]}, "first point must be at t = 0"),
    (PEGASUS, {"h_gain_schedule": [[0, 1], [20, 3.5]]}, "h_gain_schedule_range"),
    (PEGASUS, {"h_gain_schedule": [[0, -3], [0.01, 3], [20, 1]]}, "permitted are -300 to 300"),
    (
        PEGASUS, {"h_gain_schedule": [[t, 1] for t in range(21)]},
        "21 points; max_h_gain_schedule_points is 20",
    ),
    (PEGASUS, {"h_gain_schedule": [[0, 1], [5, 1], [5, 0], [20, 1]]}, "time t must increase"),
    (PEGASUS, {"h_gain_schedule": [[0, 1], [20, 3]], "auto_scale": False, "h": 2.0}, "gain 3 makes"),
    # exclusions
    (
        PEGASUS, {"annealing_time": 20, "anneal_schedule": [[0, 0], [20, 1]]},
        "annealing_time and anneal_schedule",
    ),
    (PEGASUS, {"fast_anneal": True}, r"h\[30\] is 0.5"),
    (PEGASUS, {"fast_anneal": True, "h_gain_schedule": [[0, 1], [20, 1]]}, "fast_anneal and h_gain_schedule"),
    (PEGASUS, {"fast_anneal": True, "reinitialize_state": True}, "fast_anneal and reinitialize_state"),
    (PEGASUS, {"fast_anneal": True, "anneal_schedule": [[0, 0], [1, 0.5], [2, 1]]}, "takes two points"),
    (PEGASUS, {"flux_biases": [0.0] * 5760, "auto_scale": True}, "auto_scale and flux_biases"),
    (CHIMERA, {"num_spin_reversal_transforms": 1, "flux_biases": [0.0] * 2048}, "and flux_biases"),
    (
        CHIMERA,
        {"num_spin_reversal_transforms": 1, "initial_state": state(CHIMERA), "anneal_schedule": REVERSE},
        "num_spin_reversal_transforms and initial_state",
    ),
    (CHIMERA, {"num_spin_reversal_transforms": 3, "num_reads": 2}, "more than num_reads = 2"),
    (
        CHIMERA,
        {"num_spin_reversal_transforms": 1, "auto_scale": False, "J": -1.5},
        "cannot be used with the extended J range",
    ),
    # postprocessing
    (CHIMERA, {"postprocess": "polish"}, "postprocess must be"),
    (CHIMERA, {"beta": 1.0}, "beta is given without postprocess='sampling'"),
    (CHIMERA, {"beta": 1.0, "postprocess": "optimization"}, "beta is given without postprocess='sampling'"),
    (CHIMERA, {"beta": -1.0, "postprocess": "sampling"}, "beta must be finite and non-negative"),
    (CHIMERA, {"beta": float("inf"), "postprocess": "sampling"}, "beta must be finite and non-negative"),
    (CHIMERA, {"chains": [[0, 4]]}, "chains is given without postprocess"),
    (CHIMERA, {"chains": [[0, 4], [4]], "postprocess": "sampling"}, "qubit 4 appears more than once"),
    (CHIMERA, {"chains": [[0, 1]], "postprocess": "sampling"}, "must be connected"),
    (CHIMERA, {"chains": [[43]], "postprocess": "sampling"}, "43 is not a working qubit"),
    (CHIMERA, {"chains": [[0, 5]], "postprocess": "sampling"}, "qubit 5 is not part of the problem"),
    # ranges with auto_scale off
    (PEGASUS, {"auto_scale": False, "h": 4.5}, r"h\[30\]=4.5 is out of h_range \[-4.0, 4.0\]"),
    (PEGASUS, {"auto_scale": False, "J": 1.5}, r"J\[30, 31\]=1.5 is out of extended_j_range \[-2.0, 1.0\]"),
    (PEGASUS, {"auto_scale": False, "J": -2.5}, "extended_j_range"),
    # this program's own
    (PEGASUS, {"seed": -1}, "seed=-1"),
    (PEGASUS, {"time_limit": 0}, "time_limit=0"),
    (PEGASUS, {"num_threads": 0}, "num_threads=0"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "match"), VIOLATIONS, ids=lambda x: str(x)[:40])
def test_violations_name_parameter_value_and_rule(name: str, given: dict[str, Any], match: str) -> None:
    given = dict(given)
    a, b = (0, 4) if name == CHIMERA else (30, 31)
    h, J = {a: given.pop("h", 0.5)}, {(a, b): given.pop("J", -1.0)}
    with pytest.raises(ParameterError, match=match):
        sampler(name).sample_ising(h, J, **given)


@pytest.mark.parametrize(
    ("h", "J", "error", "match"),
    [
        ({0: 1}, {}, StructureError, "qubit 0 does not work"),  # outside of the fabric
        ({5760: 1}, {}, StructureError, "qubit 5760 is outside"),
        ({-1: 1}, {}, StructureError, "qubit -1 is outside"),
        ({"a": 1}, {}, StructureError, "'a' is not a qubit's number"),
        ({}, {(30, 40): 1}, StructureError, "no working coupler between qubits 30 and 40"),
        ({30: float("nan")}, {}, ProblemError, "bias of 30 is nan"),
        ({}, {(30, 31): float("inf")}, ProblemError, "is inf"),
    ],
)
def test_problems_outside_of_the_working_graph(h: Any, J: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match) as caught:
        sampler(PEGASUS).sample_ising(h, J)
    assert isinstance(caught.value, IsinglassError)
    if error is StructureError:
        assert isinstance(caught.value, dimod.exceptions.BinaryQuadraticModelStructureError)


def test_total_coupling_on_a_qubit_and_on_a_coupler_group() -> None:
    graph = sampler(CHIMERA).adjacency
    q = next(q for q in graph if len(graph[q]) == 6)
    strong = {(q, p): -2.0 for p in graph[q]}
    with pytest.raises(
        ParameterError, match=rf"Total coupling -12.000 on qubit {q} is out of range \(-9.0 6.0\)"
    ):
        sampler(CHIMERA).sample_ising({}, strong, auto_scale=False)
    graph = sampler(ZEPHYR).adjacency
    q = next(q for q in graph if len(graph[q]) == 20)
    # Ten couplers a group: -20 is below -13, though every J is within its own range.
    with pytest.raises(ParameterError, match=r"Total coupling -20\.000 on qubit .*per_group_coupling_range"):
        sampler(ZEPHYR).sample_ising({}, {(q, p): -2.0 for p in graph[q]}, auto_scale=False)


def test_a_qubo_is_looked_at_as_ising() -> None:
    # h_30 = 0 / 2 + 2 / 4: a diagonal of zero is no field of zero.
    with pytest.raises(ParameterError, match=r"h\[30\] is 0.5 after conversion to Ising"):
        sampler(PEGASUS).sample_qubo({(30, 31): 2.0}, fast_anneal=True)
    with pytest.raises(ParameterError, match=r"initial_state\[30\]=-1"):
        states = [3] * 5760
        states[30] = states[31] = -1
        sampler(PEGASUS).sample_qubo({(30, 31): 2.0}, initial_state=states, anneal_schedule=REVERSE)


def test_defaults_and_what_follows_from_them() -> None:
    properties = models.make_properties(QPUSolver(CHIMERA).graph, CHIMERA)
    plain = resolve({}, properties)
    assert (plain.num_reads, plain.answer_mode, plain.max_answers) == (1, "histogram", 1)
    assert plain.waveform.tolist() == [[0, 0], [20, 1]] and plain.h_gain.tolist() == [[0, 1], [20, 1]]
    assert plain.auto_scale and plain.flux_drift_compensation and plain.reinitialize_state
    assert not resolve({"flux_biases": [0.0] * 2048}, properties).auto_scale
    reverse = resolve({"initial_state": state(CHIMERA), "anneal_schedule": REVERSE}, properties)
    assert reverse.answer_mode == "raw" and reverse.reverse
    # One point more than max_anneal_schedule_points for a reverse anneal.
    points = [[0.0, 1.0], *[[10.0 * k, 0.5] for k in range(1, 12)], [120.0, 1.0]]
    assert (
        len(resolve({"initial_state": state(CHIMERA), "anneal_schedule": points}, properties).waveform) == 13
    )
    # None is not given; what switches off excludes nothing.
    assert resolve({"label": None, "num_spin_reversal_transforms": 0, "postprocess": ""}, properties)


def test_times_and_offsets_are_rounded_to_their_steps() -> None:
    properties = sampler(PEGASUS).properties
    assert resolve({"annealing_time": 0.5049}, properties).anneal_us == 0.5
    offsets = [0.0] * 5760
    offsets[30], offsets[31] = 0.1, float("nan")
    rounded = resolve({"anneal_offsets": offsets}, properties).anneal_offsets
    step = abs(properties["anneal_offset_step"])
    assert rounded[31] == 0.0
    assert rounded[30] == pytest.approx(round(0.1 / step) * step) != 0.1


def test_validate_anneal_schedule() -> None:
    sampler(PEGASUS).validate_anneal_schedule([[0.0, 0.0], [12.0, 0.6], [12.8, 1.0]])
    for wrong in ([[0, 0], [0.1, 1]], [[0, 0.5], [20, 1]], [[0, 0], [3000, 1]]):
        with pytest.raises(ValueError, match="anneal_schedule"):
            sampler(PEGASUS).validate_anneal_schedule(wrong)
