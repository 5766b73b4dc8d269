"""The backends guide of Divi: its Python blocks, with ``divi.backends`` in import lines changed alone.

``published/divi_backends_guide.py`` has them; test_divi_programs.py runs the same with qoro-divi itself. None
is left out.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from isinglass.errors import ConflictError
from tests.system.published import divi_backends_guide as guide

REAL_SLEEP = time.sleep

CIRCUIT = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2]; creg c[2];
h q[0]; cx q[0],q[1]; measure q -> c;
"""


def here(block: str) -> str:
    return block.replace("from divi.backends import", "from isinglass.compat.divi import")


@pytest.mark.parametrize("block", [guide.BASIC, guide.CONFIGURED, guide.OPTIMIZED])
def test_simulators(block: str) -> None:
    """Every backend that a block makes."""
    from isinglass.compat.divi import ParallelSimulator

    names: dict[str, Any] = {"ParallelSimulator": ParallelSimulator, "os": os}
    made = 0
    for statement in guide.statements(here(block)):
        exec(statement, names)
        if "import" in statement:
            continue
        made += 1
        backend = names["backend"]
        results = backend.submit_circuits({"circuit_1": CIRCUIT, "circuit_2": CIRCUIT})
        assert [entry["label"] for entry in results] == ["circuit_1", "circuit_2"]
        for entry in results:
            assert sum(entry["results"].values()) == backend.shots
            assert entry["results"]["00"] + entry["results"]["11"] > 0.8 * backend.shots
            assert (len(entry["results"]) == 2) == ("FakeManila" not in statement)
    assert made == 2


def test_service_blocks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In this process: no service, no key."""
    from isinglass.compat.divi import JobFailedError, JobStatus, ParallelSimulator

    for name in ("ISINGLASS_ENDPOINT", "QORO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(time, "sleep", lambda seconds: REAL_SLEEP(min(seconds, 0.05)))
    names: dict[str, Any] = {
        "qasm_string_1": CIRCUIT, "qasm_string_2": CIRCUIT.replace("h q[0]", "x q[0]"),
        "JobFailedError": JobFailedError, "JobStatus": JobStatus, "ParallelSimulator": ParallelSimulator,
    }  # fmt: skip
    for block in (guide.SERVICE, guide.SUBMIT):
        exec(here(block), names)
    assert [entry["label"] for entry in names["results"]] == ["circuit_1", "circuit_2"]
    assert set(names["results"][0]["results"]) == {"00", "11"}
    assert names["results"][1]["results"] == {"11": 1000}
    for block in (guide.TYPES, guide.TIMEOUT, guide.FAILURES, guide.CONNECTION):
        exec(here(block), names)
    assert names["results"][0]["metadata"]["seconds"] > 0 and "backend" not in names
    # The block enumerates circuits, so they are a list here; splitting a list is what it cannot do.
    names["circuits"] = [CIRCUIT] * 3
    exec(here(guide.BATCHES), names)
    names["service"].poll_job_status(names["job_ids"], loop_until_complete=True)
    assert len(names["service"].get_job_results(names["job_ids"])) == 3
    # What the guide's fallbacks are for.
    names["circuits"] = {f"circuit {k}": CIRCUIT.replace("measure", "// measure") for k in range(21)}
    names["service"] = names["QoroService"]()
    names["job_ids"] = names["service"].submit_circuits(names["circuits"])
    names["service"].poll_job_status(names["job_ids"], loop_until_complete=True)
    exec(guide.FAILURES, names)
    assert "Job failed" in capsys.readouterr().out
    monkeypatch.setenv("ISINGLASS_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("ISINGLASS_RETRY_COUNT", "0")
    monkeypatch.setenv("QORO_API_KEY", "isg_000000000000_" + "x" * 43)
    exec(guide.CONNECTION, names)
    assert "Connection failed" in capsys.readouterr().out and names["backend"].shots == 5000


def test_jobs_here() -> None:
    """Cancel, early results, expectation values, several jobs at once."""
    from isinglass.compat.divi import JobCancelledError, JobType, QoroService

    service = QoroService(shots=50, polling_interval=0.05)
    wide = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[24]; creg c[24]; '
    wide += "".join(f"h q[{k}]; t q[{k}];" for k in range(24)) * 30 + "measure q -> c;"
    job = service.submit_circuits({"wide": wide})
    with pytest.raises(ConflictError, match="COMPLETED"):
        service.get_job_results(job)
    service.cancel_job(job)
    assert service.poll_job_status(job, loop_until_complete=True) == "CANCELLED"
    with pytest.raises(JobCancelledError):
        service.get_job_results(job)
    value = service.submit_circuits({"a": CIRCUIT}, ham_ops="ZZ;XX")
    groups = service.submit_circuits([CIRCUIT] * 2, shot_groups=[[0, 1, 3], [1, 2, 4]])
    told: list[Any] = []
    assert service.poll_job_status([value, groups], True, on_complete=told.append) == "COMPLETED" == told[0]
    assert service.get_job_results(value)[0]["results"] == pytest.approx({"ZZ": 1, "XX": 1})
    assert [sum(entry["results"].values()) for entry in service.get_job_results(groups)] == [3, 4]
    assert value.is_async() and value.job_id == value and not value.with_results([]).is_async()
    with pytest.raises(ValueError, match="CIRCUIT_CUT has one circuit"):
        service.submit_circuits([CIRCUIT] * 2, job_type=JobType.CIRCUIT_CUT)
    with pytest.raises(ValueError):
        service.submit_circuits({})
    assert service.test_connection() and "qoro_maestro" in service.fetch_qpu_systems()
