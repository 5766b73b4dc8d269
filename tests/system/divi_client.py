"""The real ``QoroService`` against a running service; run where qoro-divi is: URL, key."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from inspect import signature

URL, KEY = sys.argv[1:]
RELEASE = tuple(map(int, version("qoro-divi").split(".")))
if RELEASE < (0, 14):
    import divi.backends._qoro_service as client
else:
    import divi.backends.runners._qoro as client
client.API_URL = f"{URL}/divi/api"

import networkx as nx  # noqa: E402  # the address has to be set before
import requests  # noqa: E402  # as above
from divi.backends import JobType, QoroService  # noqa: E402  # as above
from refusals import refused  # noqa: E402  # as above

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
BELL = HEAD + "qreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n"
ONE = HEAD + "qreg q[3];\ncreg a[2];\ncreg b[1];\nx q[0];\nmeasure q[0] -> a[0];\n"
BAD = BELL.replace("h q", "hh q")
WIDE = HEAD + "qreg q[26]; creg c[26]; " + "h q; t q;" * 20 + "measure q -> c;"
MANY = {f"circuit {k}": BELL for k in range(250)}


def check_counts(found: list[dict], labels: list[str], shots: int) -> None:
    assert [entry["label"] for entry in found] == labels
    for entry in found:
        assert sum(entry["results"].values()) == shots, entry


def forty_at_once(one: Callable[[int], dict[str, int]]) -> None:
    """Each with another number of shots."""
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(one, range(1, 41)))
    assert [sum(counts.values()) for counts in found] == list(range(1, 41))


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
    refused(lambda: service.poll_job_status(job), requests.HTTPError, "404")
    refused(lambda: QoroService(auth_token="nobody").test_connection(), requests.HTTPError, "401")
    # The client looks for the response of an error that has none: so it says that results come too early.
    waiting = service.submit_circuits({"wide": WIDE})
    refused(lambda: service.get_job_results(waiting), AttributeError)
    assert service.delete_job(waiting).status_code == 204
    again = QoroService(auth_token=KEY, polling_interval=0.05)
    kept = service.submit_circuits({"b": BELL})
    again.poll_job_status(kept, loop_until_complete=True, verbose=False)
    check_counts(again.get_job_results(kept), ["b"], 100)

    def one(shots: int) -> dict[str, int]:
        own = QoroService(auth_token=KEY, polling_interval=0.05, shots=shots)
        job = own.submit_circuits({"b": BELL})
        own.poll_job_status(job, loop_until_complete=True, verbose=False)
        return own.get_job_results(job)[0]["results"]

    forty_at_once(one)


def between() -> None:
    """What all of 0.4 to 0.14 have; their words changed with each."""
    from divi.backends import JobConfig

    named = "config" if "config" in signature(QoroService).parameters else "job_config"
    target = {"qpu_system": "qoro_maestro"} if RELEASE < (0, 9) else {}
    service = QoroService(
        auth_token=KEY, polling_interval=0.05, **{named: JobConfig(shots=100, **target)}
    )  # fmt: skip
    assert service.test_connection().status_code == 200 and service.fetch_qpu_systems()

    def results(*given: object, **how: object) -> list[dict]:
        job = service.submit_circuits(*given, **how)
        service.poll_job_status(job, loop_until_complete=True, verbose=False)
        found = service.get_job_results(job)
        return list(getattr(found, "results", found))

    check_counts(results(MANY), list(MANY), 100)
    values = results({"b": BELL}, ham_ops="ZZ;XX")[0]["results"]
    assert abs(values["ZZ"] - 1) < 1e-9 and abs(values["XX"] - 1) < 1e-9
    if RELEASE >= (0, 5):
        job = service.submit_circuits({"w": WIDE})
        assert service.cancel_job(job).status_code == 200
        while not str(service.poll_job_status(job, verbose=False)).endswith("CANCELLED"):
            time.sleep(0.1)
        refused(lambda: service.cancel_job(job), requests.HTTPError, "409")
    if RELEASE >= (0, 8):
        from divi.backends import ExecutionConfig, SimulationMethod

        configured = service.submit_circuits({"w": WIDE})
        refused(lambda: service.set_execution_config(configured, ExecutionConfig()), Exception, "409")
        service.delete_job(configured)
        how = ExecutionConfig(simulation_method=SimulationMethod.Statevector)
        name = next(n for n in signature(service.submit_circuits).parameters if "execution_config" in n)
        check_counts(results({"b": BELL}, **{name: how}), ["b"], 100)


def newest() -> None:
    import numpy as np
    from divi.backends import ExecutionResult, JobCancelledError, JobConfig, JobFailedError, MaestroConfig
    from divi.circuits import CircuitPayload
    from divi.qprog import QAOA, ScipyMethod, ScipyOptimizer
    from divi.qprog.problems import MaxCutProblem
    from qiskit.circuit import Parameter

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
    submitted = service.submit_circuits({"w": WIDE})
    service.cancel_job(submitted)
    try:
        service.poll_job_status(submitted, loop_until_complete=True, verbose=False)
    except JobCancelledError:
        pass
    else:
        raise AssertionError("a cancelled job came to an end")
    refused(lambda: service.cancel_job(submitted), requests.HTTPError, "409")
    refused(lambda: QoroService(auth_token="nobody"), requests.HTTPError, "401")
    early = service.submit_circuits({"w": WIDE})
    refused(lambda: service.get_job_results(early), requests.HTTPError, "400")
    assert service.delete_job(early).status_code == 204
    refused(lambda: service.poll_job_status(early), requests.HTTPError, "404")
    spent = service.get_credit_transactions(page=1, page_size=5)
    assert spent["count"] >= len(spent["results"]) > 0
    angle = Parameter("w[0]")
    turned = BELL.replace("h q[0];", "rx(-1*w[0]) q[0];")
    payload = CircuitPayload(turned, (angle,), (("still", (0.0,)), ("over", (np.pi,))))
    assert [entry["results"] for entry in results([payload])] == [{"00": 100}, {"11": 100}]
    exact = MaestroConfig(simulation_type="Statevector", seed=5)
    both = [results({"b": BELL}, maestro_config=exact)[0]["results"] for _ in range(2)]
    assert both[0] == both[1] and sum(both[0].values()) == 100
    device = JobConfig(shots=500, qpu_system="FakeManilaV2")
    noisy = QoroService(auth_token=KEY, job_config=device, polling_interval=0.05)
    submitted = noisy.submit_circuits({"b": BELL})
    noisy.poll_job_status(submitted, loop_until_complete=True, verbose=False)
    assert len(noisy.get_job_results(submitted).results[0]["results"]) == 4
    kept = ExecutionResult(job_id=submitted.job_id)
    again = QoroService(auth_token=KEY, polling_interval=0.05)
    assert str(again.poll_job_status(kept)).endswith("COMPLETED")
    assert sum(again.get_job_results(kept).results[0]["results"].values()) == 500

    def one(shots: int) -> dict[str, int]:
        own = QoroService(auth_token=KEY, job_config=JobConfig(shots=shots), polling_interval=0.05)
        job = own.submit_circuits({"b": BELL})
        own.poll_job_status(job, loop_until_complete=True, verbose=False)
        return own.get_job_results(job).results[0]["results"]

    forty_at_once(one)
    program = QAOA(MaxCutProblem(nx.cycle_graph(4)), n_layers=1, max_iterations=4, backend=service,
                   optimizer=ScipyOptimizer(ScipyMethod.COBYLA), seed=1).run()  # fmt: skip
    print("QAOA over the wire", program.best_loss, program.solution)


old() if RELEASE < (0, 4) else between() if RELEASE < (0, 15) else newest()
print("all done")
