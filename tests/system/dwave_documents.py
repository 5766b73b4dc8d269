"""Blocks of D-Wave's published page, with ``dwave.system`` or with a module that stands for it."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import sys
from itertools import pairwise
from typing import Any

import dimod
from published import dwave_solver_properties as page

MODULE = sys.argv[1]
module = importlib.import_module(MODULE)


def run_session(session: str) -> dict[str, Any]:
    """A session as it is printed: every answer must be the printed one."""
    parsed = doctest.DocTestParser().get_doctest(session, {}, "published", None, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(parsed, clear_globs=False).failed == 0
    return parsed.globs


# "checks a QPU's range of h and J before submitting a two-variable Ising problem"
session = page.AUTO_SCALE.replace("from dwave.system", f"from {MODULE}")
session = session.replace("\n...\n", "\n")  # what was left out there
names = run_session(session.replace("sampler.sampler.child", "sampler.child"))
sampler, h, J = names["sampler"], names["h"], names["J"]
assert not hasattr(sampler, "sampler") and len(names["sampleset"]) == 1
assert sampler.sample_ising(h, J, num_reads=20).first.energy == -7.4

run_session(page.CONVERSION)
assert dimod.qubo_to_ising(page.QUBO_OF_THEM) == page.ISING_OF_THEM
for text in (page.QUBO_FORMAT, page.ISING_FORMAT):
    with contextlib.suppress(SyntaxError):
        compile(text, "published", "exec")
        raise AssertionError(f"this is Python after all: {text}")

# Properties that the fragments show, and schedules
old = sampler.child
assert eval(f"{{{page.TAGS}}}")["tags"] == old.properties["tags"]
assert eval(page.TOPOLOGY) == old.properties["topology"]
assert old.properties["couplers"][:3] == [[0, 4], [1, 4], [2, 4]]
given: dict[str, Any] = {"t_final": 20.0}
exec(page.H_GAIN, given)
for how in (
    {"h_gain_schedule": given["h_gain_schedule"]},
    {"h_gain_schedule": eval(page.H_GAIN_SCHEDULE)},
    {"anneal_schedule": eval(page.ANNEAL_SCHEDULE)},
):
    assert len(old.sample_ising({0: -1.0, 4: 0.0}, {(0, 4): 1.0}, num_reads=5, **how))
chains = [[4, 12, 20, 28], [5, 13, 21, 29]]
row = {q: 0.0 for chain in chains for q in chain}
links = {(a, b): -1.0 for chain in chains for a, b in pairwise(chain)}
answer = old.sample_ising(row, links, num_reads=5, postprocess="optimization", chains=chains)
assert all(len({sample[q] for q in chain}) == 1 for sample in answer.samples() for chain in chains)
