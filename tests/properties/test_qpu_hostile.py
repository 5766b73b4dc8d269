"""Whatever a parameter is given, the answer is a checked call or an error that names the parameter."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.errors import ParameterError
from isinglass.qpu.call import Call, resolve
from isinglass.qpu.models import make_properties
from isinglass.qpu.parameters import PARAMETERS
from isinglass.qpu.working_graph import whole_graph


@cache
def properties() -> dict[str, Any]:
    """A small machine that takes every parameter there is."""
    graph = whole_graph("chimera", [1, 2, 4])
    every = tuple(name for name in PARAMETERS if name != "label")
    return make_properties(
        graph, "DW_2000Q_6", parameters=every, fast_anneal_time_range=[0.005, 2000.0]
    )  # fmt: skip


NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
    st.sampled_from([np.int8(1), np.float32(0.5), np.nan]),
)
JUNK = st.recursive(
    st.one_of(NUMBERS, st.text(max_size=5), st.binary(max_size=3), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=20),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.integers(-2, 20), st.text(max_size=2)), inner, max_size=4),
    ),
    max_leaves=20,
)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=14)


@pytest.mark.parametrize("name", sorted(PARAMETERS))
@given(value=st.one_of(JUNK, PAIRS, st.lists(NUMBERS, min_size=16, max_size=16)))
def test_a_call_or_an_error(name: str, value: Any) -> None:
    try:
        call = resolve({name: value}, properties())
    except ParameterError as error:
        # What it is, or for a time that is too long, what it adds up to.
        assert name in str(error) or "timing related parameters" in str(error)
    else:
        assert isinstance(call, Call)
        assert np.isfinite(call.waveform).all() and np.isfinite(call.h_gain).all()
        assert 1 <= call.num_reads <= 10000 and call.max_answers >= 1
        assert np.isfinite(call.anneal_offsets).all() and np.isfinite(call.flux_biases).all()
