"""Every Python block of D-Wave's page of QPU solver properties and parameters, as it is printed there.

These could never have run:

* ``sampler.sampler.child`` in AUTO_SCALE: an EmbeddingComposite has no attribute ``sampler``. It runs with
  ``sampler.child``, which it means.
* QUBO_FORMAT and ISING_FORMAT are no Python; ``QUBO_OF_THEM`` and ``ISING_OF_THEM`` are what they say.

TAGS, TOPOLOGY and H_GAIN are fragments that hold a value; the schedules stand in lines of the text.
"""

TAGS = '"tags": ["lower_noise"]'
TOPOLOGY = '{"type": "chimera", "shape": [16, 16, 4]}'
AUTO_SCALE = """
>>> from dwave.system import DWaveSampler, EmbeddingComposite
>>> sampler = EmbeddingComposite(DWaveSampler(solver={'qpu': True}))
...
>>> sampler.sampler.child.properties['j_range']
[-1.0, 1.0]
>>> sampler.sampler.child.properties['h_range']
[-2.0, 2.0]
...
>>> h = {'a': -3.6, 'b': 2.3}
>>> J = {('a', 'b'): 1.5}
>>> sampleset = sampler.sample_ising(h, J)
"""
CONVERSION = """
>>> import dimod
>>> Q = {(1, 1): 2, (2, 2): 1.5, (3, 3): -0.5, (4, 4): -1.0,
... (1, 2): 2, (1, 3): 1.5, (1, 4): 2}
>>> dimod.qubo_to_ising(Q)
({1: 2.375, 2: 1.25, 3: 0.125, 4: 0.0},
{(1, 2): 0.5, (1, 3): 0.375, (1, 4): 0.5},
2.375)
"""
ANNEAL_SCHEDULE = "[[0.0, 0.0], [10.0, 0.3], [20.0, 1.0]]"
H_GAIN = "h_gain_schedule=[[0,1],[t_final,1]]"
H_GAIN_SCHEDULE = "[[0.0, 0.0], [10.0, 0.25], [20.0, 0.4]]"
QUBO_FORMAT = "Q = (0,5): -10,"
QUBO_OF_THEM = {(0, 5): -10}
ISING_FORMAT = "h = [-2.5, 0, 0, 0, 0, -2.5], J = {(0, 5): -2.5}."
ISING_OF_THEM = ({0: -2.5, 5: -2.5}, {(0, 5): -2.5}, -2.5)
