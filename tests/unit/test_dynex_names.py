"""The drop-in names of the Dynex client: what they do, and what of the original they do not copy."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import dimod
import numpy as np
import pytest

import isinglass.compat.dynex as dynex
from isinglass.errors import IsinglassError, MissingExtraError

SPINS = dimod.BinaryQuadraticModel(
    {"a": -1.0, "b": -2, "c": 0.5}, {("a", "b"): 3, ("b", "c"): -1}, 0.25, "SPIN"
)


def on_qpu() -> dynex.DynexConfig:
    return dynex.DynexConfig(compute_backend="QPU", qpu_model="apollo_rc1")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No .env of the folder, no variables of the person who tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("DYNEX_SDK_KEY", "DYNEX_COMPUTE_BACKEND", "DYNEX_QPU_MODEL", "DYNEX_GRPC_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


def test_every_name_is_there() -> None:
    for name in dynex.__all__:
        assert getattr(dynex, name) is not None
    with pytest.raises(AttributeError):
        dynex.DynexApi  # noqa: B018  # looking it up is the test


@pytest.mark.parametrize("config", [dynex.DynexConfig(), on_qpu()], ids=["cpu", "qpu"])
def test_spins_stay_spins_and_their_energies_are_true(config: dynex.DynexConfig) -> None:
    found = dynex.DynexSampler(dynex.BQM(SPINS), config=config).sample(
        num_reads=8, annealing_time=100, seed=1
    )
    assert found.vartype is dimod.SPIN
    assert np.allclose(SPINS.energies(found), found.record.energy)
    lowest = min(SPINS.energy(dict(zip("abc", s, strict=True))) for s in itertools.product((-1, 1), repeat=3))
    assert found.first.energy == lowest


def test_energies_of_a_qpu_are_of_the_model_as_given() -> None:
    big = SPINS.copy()
    big.scale(100.0)
    found = dynex.DynexSampler(dynex.BQM(big), config=on_qpu()).sample(seed=1)
    assert np.allclose(big.energies(found), found.record.energy)
    assert found.info["qpu"]["scale_factor"] == pytest.approx(9 / 300)


@pytest.mark.parametrize("config", [dynex.DynexConfig(), on_qpu()], ids=["cpu", "qpu"])
def test_constraints_come_back_as_many_rows_in_the_models_own_variables(config: dynex.DynexConfig) -> None:
    i, j = dimod.Integer("i", upper_bound=3), dimod.Integer("j", upper_bound=3)
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(-i - 2 * j)
    cqm.add_constraint(i + j <= 4, label="few")
    found = dynex.DynexSampler(dynex.CQM(cqm), config=config).sample(num_reads=30, annealing_time=300, seed=1)
    assert len(found) >= 20 and set(found.variables) == {"i", "j"}
    rows = list(found.data(["sample", "energy", "is_feasible"]))
    assert all(row.energy == -row.sample["i"] - 2 * row.sample["j"] for row in rows)
    assert min(row.energy for row in rows if row.is_feasible) == -7


@pytest.mark.parametrize("config", [dynex.DynexConfig(), on_qpu()], ids=["cpu", "qpu"])
def test_cases_have_energies(config: dynex.DynexConfig) -> None:
    dqm = dimod.DiscreteQuadraticModel()
    for name in "uv":
        dqm.add_variable(3, name)
    dqm.set_linear("u", [1, 0, 2])
    dqm.set_quadratic("u", "v", {(1, 1): 5.0, (1, 2): -3.0})
    found = dynex.DynexSampler(dynex.DQM(dqm), config=config).sample(num_reads=30, annealing_time=300, seed=1)
    assert found.first.energy == -3.0 and dict(found.first.sample) == {"u": 1, "v": 2}
    assert all(dqm.energy(row.sample) == row.energy for row in found.data(["sample", "energy"]))


def test_both_triangles_of_a_matrix_count() -> None:
    matrix = np.array([[-1.0, 0.0], [3.0, -1.0]])
    assert dynex.sample_qubo(matrix, offset=2.0, seed=1).first.energy == 1.0
    assert dynex.sample_qubo({(0, 0): -1, (1, 1): -1, (1, 0): 3}, seed=1).first.energy == -1.0
    assert dynex.sample_ising({"a": 1}, {("a", "b"): 1}, seed=1).first.energy == -2.0
    assert dynex.sample(SPINS, num_reads=2, seed=1, logging=False).first.energy == -4.25


def test_seeds_shots_and_clones() -> None:
    bqm = dimod.generators.gnp_random_bqm(60, 0.3, "BINARY", random_state=1)
    sampler = dynex.DynexSampler(dynex.BQM(bqm))
    words: dict[str, Any] = {"solver": "simulated_annealing", "num_reads": 5, "shots": 2, "clones": 3}
    found = sampler.sample(seed=7, **words)
    assert len(found) == 30 and sorted(set(found.record.shot)) == [0, 1, 2, 3, 4, 5]
    assert (found.record.sample == sampler.sample(seed=7, **words).record.sample).all()
    assert not (found.record.sample == sampler.sample(seed=8, **words).record.sample).all()


def test_a_time_limit_and_the_timeout_of_the_config_hold() -> None:
    bqm = dimod.generators.gnp_random_bqm(400, 0.5, "BINARY", random_state=1)
    words: dict[str, Any] = {"solver": "simulated_annealing", "annealing_time": 10_000_000}
    limited = dynex.DynexSampler(dynex.BQM(bqm)).sample(time_limit=0.3, **words)
    # So many sweeps take hours; the first run on a machine compiles kernels as well.
    assert 0.2 < limited.info["timing"]["total"] < 60
    stopped = dynex.DynexSampler(dynex.BQM(bqm), config=dynex.DynexConfig(default_timeout=0.3)).sample(
        **words
    )
    assert "cancel" in stopped.stop_reason


def test_a_backend_that_is_not_here_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_card(*_: Any, backend: str, **__: Any) -> None:
        raise MissingExtraError("numba-cuda", backend, "a card")

    monkeypatch.setattr("isinglass.solving.solve", no_card)
    sampler = dynex.DynexSampler(dynex.BQM(SPINS), config=dynex.DynexConfig(compute_backend="gpu"))
    with pytest.raises(dynex.DynexSolverError, match=r"pip install 'isinglass\[gpu\]'"):
        sampler.sample()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"num_read": 1}, "did you mean 'num_reads'"),
        ({"num_reads": 0}, "num_reads=0"),
        ({"num_reads": True}, "num_reads=True"),
        ({"num_reads": 2**31}, "num_reads=2147483648"),
        ({"annealing_time": 1.5}, "annealing_time=1.5"),
        ({"clones": 129}, "clones=129"),
        ({"shots": 0}, "shots=0"),
        ({"num_reads": 2, "rank": 3}, "rank=3"),
        ({"minimum_stepsize": 1.1}, "minimum_stepsize=1.1"),
        ({"switchfraction": -1}, "switchfraction=-1"),
        ({"block_fee": -1}, "block_fee=-1"),
        ({"qpu_max_coeff": float("nan")}, "qpu_max_coeff=nan"),
        ({"seed": -1}, "seed=-1"),
        ({"time_limit": 0}, "time_limit=0"),
        ({"solver": "autoo"}, "did you mean 'auto'"),
    ],
)
def test_wrong_parameters_are_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(dynex.DynexValidationError, match=words) as caught:
        dynex.DynexSampler(dynex.BQM(SPINS)).sample(**given)
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, IsinglassError)


def test_ranges_of_a_qpu_are_kept() -> None:
    with pytest.raises(dynex.DynexValidationError, match="num_reads"):
        dynex.DynexSampler(dynex.BQM(SPINS), config=on_qpu()).sample(num_reads=101)
    with pytest.raises(dynex.DynexValidationError, match="annealing_time"):
        dynex.DynexSampler(dynex.BQM(SPINS), config=on_qpu()).sample(annealing_time=9)


@pytest.mark.parametrize(
    "given",
    [
        {"compute_backend": "tpu"},
        {"compute_backend": 3},
        {"compute_backend": "qpu"},
        {"compute_backend": "qpu", "qpu_model": "apollo"},
        {"default_timeout": 0},
        {"retry_count": -1},
        {"grpc_endpoint": "localhost"},
        {"grpc_endpoint": "localhost:70000"},
    ],
)
def test_wrong_settings(given: dict[str, Any]) -> None:
    with pytest.raises(dynex.DynexValidationError):
        dynex.DynexConfig(**given)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNEX_COMPUTE_BACKEND", "Qpu")
    monkeypatch.setenv("DYNEX_QPU_MODEL", "apollo_10000")
    monkeypatch.setenv("DYNEX_SDK_KEY", "secret")
    config = dynex.DynexConfig()
    assert config.compute_backend is dynex.ComputeBackend.QPU
    assert config.qpu_model is dynex.QPUModel.APOLLO_10000
    assert config.get_platform_prefix() == "DYNEX-APOLLO-10000" and config.mainnet
    assert config.as_dict()["sdk_key"] == "***"
    assert (
        dynex.DynexConfig(compute_backend="unspecified").compute_backend is dynex.ComputeBackend.UNSPECIFIED
    )


@pytest.mark.parametrize("given", [[dynex.BQM(SPINS)], SPINS, None])
def test_only_models_are_sampled(given: Any) -> None:
    with pytest.raises(dynex.DynexModelError, match="wrap it"):
        dynex.DynexSampler(given)


def test_models_say_what_they_are() -> None:
    model = dynex.BQM({("a", "b"): 1.0, ("b", "b"): -1}, True, False, 1)
    assert (model.num_variables, model.var_mappings) == (2, {0: "a", 1: "b"})
    assert (model.type, model.type_str) == ("wcnf", "BQM")
    for wrong in ({"bqm": 3}, {"bqm": {}, "formula": 3}):
        with pytest.raises(dynex.DynexModelError):
            dynex.BQM(**wrong)
    with pytest.raises(dynex.DynexModelError):
        dynex.CQM(SPINS)
    with pytest.raises(dynex.DynexModelError):
        dynex.BQM({("a", "b"): float("nan")}) and dynex.sample(dimod.BQM({"a": float("nan")}, {}, "SPIN"))
    assert dynex.DynexSampler(dynex.BQM({})).sample().first.energy == 0.0


def test_scaling() -> None:
    scaled, factor = dynex.scale_bqm_to_range(SPINS)
    assert factor == 3.0 and scaled.quadratic["a", "b"] == 9.0 and SPINS.quadratic["a", "b"] == 3.0
    assert dynex.scale_bqm_to_range(dimod.BinaryQuadraticModel("SPIN"))[1] == 1.0
    for wrong in (0, -1, float("nan"), float("inf")):
        with pytest.raises(dynex.DynexValidationError):
            dynex.scale_bqm_to_range(SPINS, max_abs_coeff=wrong)


QASM = """OPENQASM 2.0; include "qelib1.inc";
qreg q[3]; x q[0]; cx q[0],q[2];
"""


def test_circuits() -> None:
    circuit = dynex.DynexCircuit()
    assert circuit.execute(QASM, wires=3, seed=1).tolist() == [1, 0, 1]
    assert circuit.execute(QASM, None, 3, 10, method="probs").tolist() == [1.0, 0.0, 1.0]
    assert [row.tolist() for row in circuit.execute(QASM, num_reads=2, method="all")] == [[1, 0, 1]] * 2
    samples = circuit.execute(QASM, wires=[0, 1, 2], num_reads=7, method="sampleset")
    assert dict(samples.first.sample) == {0: 1, 1: 0, 2: 1} and samples.record.num_occurrences.sum() == 7
    with pytest.raises(dynex.DynexValidationError, match="3 wires"):
        circuit.execute(QASM, wires=2)
    with pytest.raises(dynex.DynexValidationError, match="did you mean 'shots'"):
        circuit.execute(QASM, shot=2)
    with pytest.raises(dynex.DynexValidationError, match="method"):
        circuit.execute(QASM, method="state")
    with pytest.raises(dynex.DynexModelError):
        circuit.execute(17)
