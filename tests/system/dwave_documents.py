"""Blocks of D-Wave's published page, with ``dwave.system`` or with a module that stands for it."""

from __future__ import annotations

import importlib
import sys
from itertools import pairwise

import dimod
import networkx as nx

module = importlib.import_module(sys.argv[1])
DWaveSampler, EmbeddingComposite = module.DWaveSampler, module.EmbeddingComposite

# auto_scale, "checks a QPU's range of h and J before submitting a two-variable Ising problem"
# >>> from dwave.system import DWaveSampler, EmbeddingComposite
sampler = EmbeddingComposite(DWaveSampler(solver={"qpu": True}))
assert sampler.child.properties["j_range"] == [-1.0, 1.0]
assert sampler.child.properties["h_range"] == [-2.0, 2.0]
h = {"a": -3.6, "b": 2.3}
J = {("a", "b"): 1.5}
sampleset = sampler.sample_ising(h, J)
assert len(sampleset) == 1
assert sampler.sample_ising(h, J, num_reads=20).first.energy == -7.4

# "the four-variable QUBO below, which has a maximum bias value of 2"
Q = {(1, 1): 2, (2, 2): 1.5, (3, 3): -0.5, (4, 4): -1.0, (1, 2): 2, (1, 3): 1.5, (1, 4): 2}
assert dimod.qubo_to_ising(Q) == (
    {1: 2.375, 2: 1.25, 3: 0.125, 4: 0.0},
    {(1, 2): 0.5, (1, 3): 0.375, (1, 4): 0.5},
    2.375,
)

# problem conversion: "Q = (0,5): -10" is "h = [-2.5, 0, 0, 0, 0, -2.5], J = {(0, 5): -2.5}"
assert dimod.qubo_to_ising({(0, 5): -10}) == ({0: -2.5, 5: -2.5}, {(0, 5): -2.5}, -2.5)

# tags, topology, chains, schedules
old = sampler.child
assert old.properties["tags"] == ["lower_noise"]
assert old.properties["topology"] == {"type": "chimera", "shape": [16, 16, 4]}
assert old.properties["couplers"][:3] == [[0, 4], [1, 4], [2, 4]]
t_final = 20.0
for given in (
    {"h_gain_schedule": [[0, 1], [t_final, 1]]},
    {"h_gain_schedule": [[0.0, 0.0], [10.0, 0.25], [20.0, 0.4]]},
    {"anneal_schedule": [[0.0, 0.0], [10.0, 0.3], [20.0, 1.0]]},
):
    assert len(old.sample_ising({0: -1.0, 4: 0.0}, {(0, 4): 1.0}, num_reads=5, **given))
chains = [[4, 12, 20, 28], [5, 13, 21, 29]]
row = {q: 0.0 for chain in chains for q in chain}
links = {(a, b): -1.0 for chain in chains for a, b in pairwise(chain)}
answer = old.sample_ising(row, links, num_reads=5, postprocess="optimization", chains=chains)
assert all(len({sample[q] for q in chain}) == 1 for sample in answer.samples() for chain in chains)

# The Q-score study: "we directly build a binary quadratic model"
size, strength = 12, 10
G = nx.generators.erdos_renyi_graph(size, 0.5, seed=1)
_bqm = dimod.BinaryQuadraticModel.empty(vartype=dimod.BINARY)
for i, j in G.edges:
    _bqm.add_linear(i, -1 * strength)
    _bqm.add_linear(j, -1 * strength)
    _bqm.add_quadratic(i, j, 2 * strength)
cut = (module.LeapHybridSampler().sample(_bqm, time_limit=3).first.energy * -1) / strength
assert cut == -dimod.ExactSolver().sample(_bqm).first.energy / strength
