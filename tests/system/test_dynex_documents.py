"""The published examples of the Dynex client, with only the import line changed.

Of "Compute Backends" every block of Python runs. Of "Benchmarking the Dynex Neuromorphic Platform with the
Q-Score" the function ``run_job`` never could, as published: its indentation is lost and two expressions are
(``cut = ( * -1 ) / strength``). Its lines that use dynex run here, in its order, with those two expressions
filled in. The names ``Q``, ``bqm`` and ``sampler`` that blocks expect from elsewhere are given to them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import dimod
import networkx as nx
import pytest

import isinglass.compat.dynex as dynex

GPU_CONFIG = """
from dynex import DynexConfig, ComputeBackend

config = DynexConfig(compute_backend=ComputeBackend.GPU)
"""
PRODUCTION = """
import dynex
import dimod
from dynex import DynexConfig, ComputeBackend

config = DynexConfig(
    compute_backend=ComputeBackend.GPU,
    default_description="Portfolio optimization — production run",
    default_timeout=600.0,
)

bqm = dimod.BinaryQuadraticModel.from_qubo(Q)
model = dynex.BQM(bqm)
sampler = dynex.DynexSampler(model, config=config)
sampleset = sampler.sample(
    num_reads=10000,
    annealing_time=1000,
    shots=5,
)
print(f"Best energy: {sampleset.first.energy:.4f}")
"""
QPU_CONFIG = """
from dynex import DynexConfig, ComputeBackend, QPUModel

config = DynexConfig(
    compute_backend=ComputeBackend.QPU,
    qpu_model=QPUModel.APOLLO_RC1
)
"""
BOUNDS = """
sampleset = sampler.sample(
    num_reads=50,
    annealing_time=200,
    qpu_max_coeff=9.0,  # Default. Coefficients above this are auto-scaled.
)
"""
QPU = """
from dynex import DynexConfig, ComputeBackend, QPUModel
import dynex, dimod

config = DynexConfig(
    compute_backend=ComputeBackend.QPU,
    qpu_model=QPUModel.APOLLO_RC1
)
model = dynex.BQM(bqm)
sampler = dynex.DynexSampler(model, config=config)
sampleset = sampler.sample(
    num_reads=50,         # QPU: 1–100
    annealing_time=200,   # QPU: 10–1000
    shots=1,              # QPU: up to 5
    qpu_max_coeff=9.0,    # Auto-scale coefficients to hardware range
    preprocess=True
)
print(f"Best energy: {sampleset.first.energy:.4f}")
"""
CPU_CONFIG = """
config = DynexConfig(compute_backend=ComputeBackend.CPU)
"""
LOCAL_CONFIG = """
config = DynexConfig(compute_backend=ComputeBackend.LOCAL)
"""
REFERENCE = """
from dynex import DynexConfig, ComputeBackend, QPUModel

config = DynexConfig(
    sdk_key=None,                          # SDK key (or DYNEX_SDK_KEY)
    grpc_endpoint=None,                    # gRPC endpoint (or DYNEX_GRPC_ENDPOINT)
    compute_backend=ComputeBackend.GPU,    # Primary production backend
    qpu_model=None,                        # Required for QPU only
    use_notebook_output=True,              # Jupyter-friendly output
    default_timeout=300.0,                 # Timeout in seconds
    default_description="Dynex SDK Job",   # Job label in dashboard
    retry_count=5,                         # Retries on transient failures
    dotenv_path=None,
)
"""
BY_ENVIRONMENT = """
import os
from dynex import DynexConfig, ComputeBackend, QPUModel

def get_config() -> DynexConfig:
    env = os.getenv("ENV", "development")
    if env == "production":
        return DynexConfig(compute_backend=ComputeBackend.GPU)
    elif env == "qpu":
        return DynexConfig(
            compute_backend=ComputeBackend.QPU,
            qpu_model=QPUModel.APOLLO_RC1
        )
    else:
        return DynexConfig(compute_backend=ComputeBackend.LOCAL)
"""
Q_SCORE = """
import dynex
import dimod
from dimod import BinaryQuadraticModel, BINARY

_bqm = BinaryQuadraticModel.empty(vartype=BINARY);
for i, j in tqdm(G.edges):
    _bqm.add_linear(i, -1 * strength);
    _bqm.add_linear(j, -1 * strength);
    _bqm.add_quadratic(i,j, 2 * strength);

model = dynex.BQM(_bqm, logging=False);
sampler = dynex.DynexSampler(model, mainnet=True, description='Dynex SDK test', logging=False);
sampleset = sampler.sample(num_reads=num_reads,
annealing_time=annealing_time, debugging=False);
cut = (sampleset.first.energy * -1 ) / strength;
"""
QUBO = {("a", "b"): 3.0, ("a", "a"): -1.0, ("b", "b"): -2.0, ("b", "c"): -120.0, ("c", "c"): 50.0}
LOWEST = -72.0


def run(text: str, **names: Any) -> dict[str, Any]:
    text = re.sub(r"^import dynex\b", "import isinglass.compat.dynex as dynex", text, flags=re.M)
    text = re.sub(r"^from dynex import", "from isinglass.compat.dynex import", text, flags=re.M)
    exec(text, names)
    return names


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DYNEX_SDK_KEY", "DYNEX_COMPUTE_BACKEND", "DYNEX_GRPC_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("block", "backend"),
    [
        (GPU_CONFIG, "gpu"),
        (QPU_CONFIG, "qpu"),
        (CPU_CONFIG, "cpu"),
        (LOCAL_CONFIG, "local"),
        (REFERENCE, "gpu"),
    ],
)
def test_configurations(block: str, backend: str) -> None:
    names = {"DynexConfig": dynex.DynexConfig, "ComputeBackend": dynex.ComputeBackend}
    assert run(block, **names)["config"].compute_backend == backend


def test_the_production_example(capsys: pytest.CaptureFixture[str]) -> None:
    """As published it asks for a GPU: without one it is refused, and runs on the CPU."""
    try:
        run(PRODUCTION, Q=QUBO)
    except dynex.DynexError:
        run(PRODUCTION.replace("ComputeBackend.GPU", "ComputeBackend.CPU"), Q=QUBO)
    assert capsys.readouterr().out == f"Best energy: {LOWEST:.4f}\n"


def test_the_qpu_example(capsys: pytest.CaptureFixture[str]) -> None:
    bqm = dimod.BinaryQuadraticModel.from_qubo(QUBO)
    names = run(QPU, bqm=bqm)
    assert capsys.readouterr().out == f"Best energy: {LOWEST:.4f}\n"
    assert len(names["sampleset"]) == 50
    assert len(run(BOUNDS, sampler=names["sampler"])["sampleset"]) == 50


def test_the_choice_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    choose = run(BY_ENVIRONMENT)["get_config"]
    for word, backend in (("production", "gpu"), ("qpu", "qpu"), ("", "local")):
        monkeypatch.setenv("ENV", word)
        assert choose().compute_backend == backend


def test_the_q_score_article() -> None:
    """Its own sizes begin at 5; a random cut of half the edges is what its score is counted from."""
    graph = nx.generators.erdos_renyi_graph(25, 0.5, seed=1)
    settings = {"num_reads": 500000, "annealing_time": 1000, "strength": 10, "tqdm": iter}
    cut = run(Q_SCORE, G=graph, **settings)["cut"]
    beta = (cut - graph.number_of_edges() / 2) / (0.178 * 25**1.5)
    assert beta > 0.8
