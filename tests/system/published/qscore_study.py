"""The two Python blocks of "Benchmarking the Dynex Neuromorphic Platform with the Q-Score".

The second, ``run_job``, could never have run as it is printed: its indentation is gone, its docstring has no
quotes, the first ``if plot`` has no body, and two energies are missing before ``* -1``. ``RUN_JOB`` has these
back, and nothing else is changed. It gives ``mainnet=`` to DynexSampler, which no client on PyPI has (1.3.3
is the oldest there).
"""

IMPORTS = """
import dynex
import dimod
from pyqubo import Array

import networkx as nx
from collections import defaultdict
import numpy as np
from datetime import datetime
import pickle
from dimod import BinaryQuadraticModel, BINARY
from tqdm.notebook import tqdm
"""
RUN_JOB = '''
def run_job(size, depth = 1, seed=None, plot=False,
        strength = 10, generate_random = False,
        num_reads = 500000, annealing_time = 1000,
        debug = False):
    """
    (Re)Implementation of Ato's generate_maxcut_job() function as specified in It
    generates a randum Erdos-Enyi graph of a given size, converts the graph to a QUBO formulation and
    returns the two sets as well as the number of cuts (= energy ground state) to be consistent with the paper

    - size (int): size of the maximum cut problem graph
    - depth (int): depth of the problem
    - seed (int): random seed
    - plot (boolean): plot graphs
    - strength (int): weight of qubo formulations' edges
    - generate_random (boolean): implementation of a random assignment, can replace 0.178 * pow(size, 3 / 2) from paper

    - Set 0 (list)
    - Set 1 (list)
    - maximum_cut result (int)
    - random_cut result (int)
    """

    # Create a Erdos-Renyi graph of a given size:
    G = nx.generators.erdos_renyi_graph(size, 0.5, seed=seed);
    if debug:
        print('Graph generated. Now constructing Binary Quadratic Model...')
    if plot:
        pass

    # we directly build a binary quadratic model (faster):
    _bqm = BinaryQuadraticModel.empty(vartype=BINARY);
    for i, j in tqdm(G.edges):
        _bqm.add_linear(i, -1 * strength);
        _bqm.add_linear(j, -1 * strength);
        _bqm.add_quadratic(i,j, 2 * strength);

    if debug:
        print('BQM generated. Starting sampling...');

    # Sample on Dynex Platform:
    model = dynex.BQM(_bqm, logging=False);
    sampler = dynex.DynexSampler(model, mainnet=True, description='Dynex SDK test', logging=False);
    sampleset = sampler.sample(num_reads=num_reads,
        annealing_time=annealing_time, debugging=False);
    cut = (sampleset.first.energy * -1 ) / strength;

    # Random cut?
    r_cut = -1;
    if generate_random:
        random_assignment = list(np.random.randint(0, 2, size))
        r_assignment = dimod.SampleSet.from_samples_bqm(random_assignment, _bqm)
        r_cut = (r_assignment.first.energy * -1 ) / strength;

    if plot:
        draw_sampleset(G, sampleset)

    return cut, r_cut
'''  # noqa: E501  # as printed
