"""Files of nonlinear models that are damaged or lie: one error of ours, in little time and memory."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dwave.optimization import Model
from dwave.optimization.generators import capacitated_vehicle_routing, flow_shop_scheduling
from hypothesis import given, settings
from hypothesis import strategies as st

from isinglass.errors import FileFormatError, IsinglassError, OutOfMemoryError, ProblemError
from isinglass.executors.apart import solve_apart
from isinglass.problems.files.nl import NonlinearFile, build, read, written

PLACE = Path("model.nl")


def indexed() -> Model:
    """Every kind of member: shapes, indices, arrays, bounds."""
    model = Model()
    order, x = model.list(4), model.integer((2, 2), upper_bound=[[1, 2], [3, 4]])
    model.minimize(model.constant([3, 1, 4, 1])[order][:2].sum() * x.sum())
    model.add_constraint(x[0, 0] <= x[1, 1])
    return model


FILES = [
    written(model).data
    for model in (
        indexed(),
        flow_shop_scheduling([[1, 2], [3, 4]]),
        capacitated_vehicle_routing(
            demand=[0, 3, 4], number_of_vehicles=2, vehicle_capacity=8, locations_x=[0, 1, 2],
            locations_y=[0, 3, 1],
        ),
    )
]  # fmt: skip


def header_of(data: bytes) -> bytes:
    return data[: 10 + int.from_bytes(data[6:10], "little")]


def with_members(data: bytes, **changes: bytes) -> bytes:
    """The file with other members; "__" in a name stands for "/", and "_" for "."."""
    named = {name.replace("__", "/").replace("_", "."): content for name, content in changes.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        members = {name: old.read(name) for name in old.namelist()}
        assert named.keys() <= members.keys() | {"nodes/9/extra.npy"}, members.keys()
        for name, content in (members | named).items():
            new.writestr(name, content)
    return header_of(data) + out.getvalue()


def with_header(data: bytes, **changes: int) -> bytes:
    start = header_of(data)
    words = json.dumps(json.loads(start[10:]) | changes).encode()
    return start[:6] + len(words).to_bytes(4, "little") + words + data[len(start) :]


def array_file(header: bytes, content: bytes) -> bytes:
    return np.lib.format.magic(1, 0) + b"v\0" + header.ljust(117) + b"\n" + content


def refused(data: bytes, words: str, kind: type[IsinglassError] = FileFormatError) -> None:
    with pytest.raises(kind, match=words):
        build(read(PLACE, data))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FILES), st.data())
def test_reading_damaged_bytes_gives_a_file_or_one_error(data: bytes, draw: st.DataObject) -> None:
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        place = draw.draw(st.integers(0, len(changed) - 1))
        changed[place] = draw.draw(st.integers(0, 255))
    cut = draw.draw(st.integers(0, len(changed)) | st.just(len(changed)))
    try:
        assert isinstance(read(PLACE, bytes(changed[:cut])), NonlinearFile)
    except FileFormatError as error:
        assert str(error).startswith("model.nl: ") and "\n" not in str(error)


def test_what_claims_more_than_there_is() -> None:
    whole = FILES[0]
    refused(with_members(whole, info_json=b'{"num_states": 1000000000}'), "1,000,000,000 states")
    refused(with_members(whole, info_json=b"[" * 60_000), "JSON")
    refused(with_members(whole, info_json=bytes(70_000)), "info.json has more than")
    huge = array_file(b"{'descr': '<f8', 'fortran_order': False, 'shape': (900000000,), }", bytes(80))
    refused(with_members(whole, nodes__9__extra_npy=huge), "as many bytes as")
    pickled = array_file(b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", bytes(8))
    refused(with_members(whole, nodes__9__extra_npy=pickled), "plain numbers")
    refused(with_members(whole, nodetypes_txt=b"Symbol\n" * 9), "dwave-optimization cannot read it")
    refused(with_members(whole, nodetypes_txt=b"os\n" * 9), "dwave-optimization cannot read it")
    refused(with_members(whole, adj_adjlist=b"0\n1\n2 7\n"), "dwave-optimization cannot read it")
    refused(with_members(whole, constraints_json=b"{"), "dwave-optimization cannot read it")
    refused(with_header(whole, state_size=8), "header data")
    refused(with_header(whole, state_size=1 << 60), "of memory", OutOfMemoryError)


def test_models_within_models_have_a_bottom() -> None:
    data = FILES[0]
    for _ in range(6):
        data = with_members(FILES[0], nodes__9__extra_npy=data)
    refused(data, "nested more than")


def test_what_kills_the_library_costs_its_job_alone() -> None:
    """An index far out of its array: the library believes it. Its process dies, or it says so itself."""
    flow = flow_shop_scheduling([[1, 2, 3], [4, 5, 6]])
    with zipfile.ZipFile(io.BytesIO(written(flow).data)) as archive:
        names = [name for name in archive.namelist() if name.endswith("indices.json")]
    assert names
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written(flow).data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"[1000000]" if name in names else old.read(name))
    file = read(PLACE, header_of(written(flow).data) + out.getvalue())
    with pytest.raises(ProblemError, match=r"did not survive|cannot (read|evaluate)"):
        solve_apart(file, {"annealing_time": 5, "seed": 1}, None, None)


def test_a_search_apart_tells_and_stops() -> None:
    told, cancel = [], threading.Event()

    def tell(progress: object) -> None:
        told.append(progress)
        cancel.set()

    found = solve_apart(read(PLACE, FILES[1]), {"annealing_time": 10**7, "seed": 1}, tell, cancel)
    assert told and found.stop_reason.startswith("cancelled") and found.info["seed"] == 1
