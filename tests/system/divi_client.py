"""The real ``QoroService`` against a running service; run where qoro-divi is: URL, key."""

from __future__ import annotations

import sys
from importlib.metadata import version

URL, KEY = sys.argv[1:]
OLD = tuple(map(int, version("qoro-divi").split(".")[:2])) < (0, 14)
if OLD:
    import divi.backends._qoro_service as client
else:
    import divi.backends.runners._qoro as client
client.API_URL = f"{URL}/divi/api"

import networkx as nx  # noqa: E402
from divi.backends import JobType, QoroService  # noqa: E402

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
BELL = HEAD + "qreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n"
ONE = HEAD + "qreg q[3];\ncreg a[2];\ncreg b[1];\nx q[0];\nmeasure q[0] -> a[0];\n"
BAD = BELL.replace("h q", "hh q")
MANY = {f"circuit {k}": BELL for k in range(250)}


def check_counts(found: list[dict], labels: list[str], shots: int) -> None:
    assert [entry["label"] for entry in found] == labels
    for entry in found:
        assert sum(entry["results"].values()) == shots, entry


def old() -> None:
    service = QoroService(auth_token=KEY, polling_interval=0.05, shots=100)
    assert service.test_connection().status_code == 200
    assert any(system.name == "qoro_maestro" for system in service.fetch_qpu_systems())
    for kind in (JobType.SIMULATE, JobType.EXECUTE):
        job = service.submit_circuits({"b": BELL, "a": ONE}, job_type=kind)
        service.poll_job_status(job, loop_until_complete=True, verbose=False)
        found = service.get_job_results(job)
        check_counts(found, ["b", "a"], 100)
        assert found[1]["results"] == {"001": 100}
    for kind in (JobType.ESTIMATE, JobType.CIRCUIT_CUT):
        job = service.submit_circuits({"b": BELL}, job_type=kind)
        assert str(service.poll_job_status(job, True, verbose=False)).endswith("COMPLETED")
        assert [entry["label"] for entry in service.get_job_results(job)] == ["b"]
    job = service.submit_circuits(MANY)
    service.poll_job_status(job, loop_until_complete=True, verbose=False)
    check_counts(service.get_job_results(job), list(MANY), 100)
    job = service.submit_circuits({"bad": BAD})
    assert str(service.poll_job_status(job, True, verbose=False)).endswith("FAILED")
    assert service.delete_job(job).status_code == 204


def newest() -> None:
    from divi.backends import JobCancelledError, JobConfig, JobFailedError
    from divi.qprog import QAOA, ScipyMethod, ScipyOptimizer
    from divi.qprog.problems import MaxCutProblem

    service = QoroService(auth_token=KEY, job_config=JobConfig(shots=100, simulator_cluster="qoro_maestro"),
                          polling_interval=0.05)  # fmt: skip
    assert service.test_connection().status_code == 200
    assert service.fetch_qpu_systems() and service.fetch_simulator_clusters()
    assert float(service.get_credit_balance()["balance"]) > 0

    def results(*given: object, **how: object) -> list[dict]:
        submitted = service.submit_circuits(*given, **how)
        service.poll_job_status(submitted, loop_until_complete=True, verbose=False)
        return list(service.get_job_results(submitted).results)

    found = results({"b": BELL, "a": ONE})
    check_counts(found, ["b", "a"], 100)
    assert found[1]["results"] == {"001": 100}
    check_counts(results(MANY), list(MANY), 100)
    values = results({"b": BELL}, ham_ops="ZZ;XX")[0]["results"]
    assert abs(values["ZZ"] - 1) < 1e-9 and abs(values["XX"] - 1) < 1e-9
    groups = results([BELL, BELL, BELL], shot_groups=[[0, 1, 7], [1, 3, 9]])
    assert [sum(entry["results"].values()) for entry in groups] == [7, 9, 9]
    try:
        results({"bad": BELL.replace("measure q -> c;", "")})
    except JobFailedError as error:
        print("failed as it should:", error)
    else:
        raise AssertionError("a circuit without measurements was run")
    submitted = service.submit_circuits({"w": HEAD + "qreg q[26]; creg c[26]; "
                                         + "".join(f"h q[{k}]; t q[{k}];" for k in range(26)) * 20
                                         + "measure q -> c;"})  # fmt: skip
    service.cancel_job(submitted)
    try:
        service.poll_job_status(submitted, loop_until_complete=True, verbose=False)
    except JobCancelledError:
        pass
    else:
        raise AssertionError("a cancelled job came to an end")
    program = QAOA(MaxCutProblem(nx.cycle_graph(4)), n_layers=1, max_iterations=4, backend=service,
                   optimizer=ScipyOptimizer(ScipyMethod.COBYLA), seed=1).run()  # fmt: skip
    print("QAOA over the wire", program.best_loss, program.solution)


old() if OLD else newest()
print("all done")
