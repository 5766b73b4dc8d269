"""The blocks of Divi's backends guide by qoro-divi itself, with what its environment says and nothing else.

Imported by an interpreter without a file (``python -c "import divi_guide"``), as in a notebook: there 0.3.5
reads ``.env`` of the working directory, the only place from which it takes the key.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any

from published import divi_backends_guide as guide
from refusals import refused

BELL = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2]; creg c[2];
h q[0]; cx q[0],q[1]; measure q -> c;
"""


def simulators(names: dict[str, Any]) -> None:
    """Made here by the package; only the block with ``seed=`` is one that it never took."""
    exec(guide.BASIC, names)
    assert names["backend"].shots == 1000
    first, *others = guide.statements(guide.CONFIGURED)
    refused(lambda: exec(guide.CONFIGURED, names), TypeError, "seed")
    assert "seed" in first
    for statement in others:
        exec(statement, names)
    counts = names["backend"].submit_circuits({"circuit_1": BELL})[0]["results"]
    assert sum(counts.values()) == 5000 and len(counts) == 4
    exec(guide.OPTIMIZED, names)
    assert names["backend"].n_processes == 2


def service(names: dict[str, Any]) -> None:
    exec(guide.SERVICE, names)
    exec(guide.SUBMIT, names)
    both = names["results"]
    assert [entry["label"] for entry in both] == ["circuit_1", "circuit_2"]
    assert set(both[0]["results"]) == {"00", "11"} and both[1]["results"] == {"11": 1000}
    exec(guide.TYPES, names)
    names["service"].poll_job_status(names["job_ids"], loop_until_complete=True)
    names.pop("backend", None)
    exec(guide.CONNECTION, names)
    assert "backend" not in names
    exec(guide.FAILURES, names)
    assert [entry["label"] for entry in names["results"]] == ["circuit_1", "circuit_2"]
    refused(lambda: exec(guide.TIMEOUT, names), AttributeError, "get_job_status")
    names["circuits"] = [BELL] * 3
    exec(guide.BATCHES, names)
    names["service"].poll_job_status(names["job_ids"], loop_until_complete=True)
    assert len(names["service"].get_job_results(names["job_ids"])) == 3
    names["job_ids"] = names["service"].submit_circuits({"bad": BELL.replace("h q", "hh q")})
    names["service"].poll_job_status(names["job_ids"], loop_until_complete=True)
    refused(lambda: exec(guide.FAILURES, names), NameError, "JobFailedError")


def newest(names: dict[str, Any]) -> None:
    """What is left of the guide: 0.10 took ParallelSimulator away, 0.9 the job types but EXECUTE."""
    refused(lambda: exec(guide.BASIC, names), ImportError, "ParallelSimulator")
    exec(guide.SERVICE, names)
    refused(lambda: exec(guide.SUBMIT, names), AttributeError, "SIMULATE")
    exec(guide.SUBMIT.replace("JobType.SIMULATE", "JobType.EXECUTE"), names)
    assert names["results"].results[1]["results"] == {"11": 1000}, names["results"]
    exec(guide.CONNECTION, names)
    exec(guide.FAILURES, names)
    assert "backend" not in names


given: dict[str, Any] = {
    "os": os, "qasm_string_1": BELL, "qasm_string_2": BELL.replace("h q[0]", "x q[0]")
}  # fmt: skip
if version("qoro-divi") == "0.3.5":
    simulators(given)
    service(given)
else:
    newest(given)
print("all done")
