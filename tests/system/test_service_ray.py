"""Shots on a real Ray cluster: the same results, cancelled in time, and run again when their node dies.

``ISINGLASS_FAULTS`` is how often a node is killed; make soak does it fifty times.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import isinglass
from isinglass.client.session import Session
from isinglass.jobs.problems import problem_content
from isinglass.jobs.results import result_of
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.states import JobState
from tests.system.service_process import ServiceProcess

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds processes in /proc"),
    # It waits for what a cluster does within seconds, and so runs while nothing else does.
    pytest.mark.clock,
]

FAULTS = int(os.environ.get("ISINGLASS_FAULTS", "1"))
QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}
LARGE = isinglass.generate("gnp", n=2000, p=0.5, seed=1)
MIDDLING = isinglass.generate("gnp", n=300, p=0.5, seed=1)
NODE = {"num_cpus": 2, "object_store_memory": 100 << 20}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that runs nothing, so that nodes can die, and one node."""
    from ray.cluster_utils import Cluster

    head = {**NODE, "num_cpus": 0, "include_dashboard": False}
    started = Cluster(initialize_head=True, head_node_args=head)
    started.add_node(**NODE)
    yield started
    started.shutdown()


def another_node(cluster: Any) -> None:
    """On a busy machine Ray gives a node up before it has started."""
    for left in (3, 2, 1, 0):
        try:
            cluster.add_node(**NODE)
            return
        except Exception:
            if not left:
                raise


@pytest.fixture(scope="module")
def session(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("ray") / "data"
    served = ServiceProcess(folder, "--executor", "ray", "--ray-address", cluster.address)
    with served.connect() as session:
        yield session
    assert served.stop() == 0


@pytest.mark.parametrize("problem", [QUBO, LARGE], ids=["small", "large"])
def test_it_gives_what_solve_gives(session: Session, problem: Any) -> None:
    words: dict[str, Any] = {"seed": 7, "num_reads": 3, "solver": "simulated_annealing", "annealing_time": 20}
    here, there = isinglass.solve(problem, **words), session.solve(problem, **words)
    assert (there.record == here.record).all() and there.info["job"]["state"] == "finished"


def test_shots_run_side_by_side_and_errors_keep_their_words(session: Session) -> None:
    handle = session.submit(MIDDLING, shots=4, time_limit=0.5)
    assert len(handle.result(timeout=60).info["shots"]) == 4
    kinds = [event.kind for event in handle.events() if event.kind in ("shot_leased", "shot_done")]
    # All are held at once, whatever runs: the cluster sees what waits for it.
    assert kinds[:4] == ["shot_leased"] * 4
    with pytest.raises(isinglass.errors.JobError, match="target_cut is for Max-Cut"):
        session.solve(QUBO, target_cut=3)


def test_cancel_and_deadlines_give_the_best_so_far(session: Session) -> None:
    handle = session.submit(MIDDLING, time_limit=60.0)
    for event in handle.events():
        if event.kind == "progress":
            assert event.data["best_energy"] < 0
            break
    began = time.monotonic()
    handle.cancel()
    result = handle.result(timeout=20)
    assert result.info["job"]["state"] == "cancelled" and result.record.energy.min() < 0
    assert time.monotonic() - began < 10.0
    late = session.submit(MIDDLING, time_limit=60.0, timeout=2.0).result(timeout=20)
    assert late.info["job"]["state"] == "timed_out" and late.record.energy.min() < 0


def test_a_problem_is_put_once_for_all_its_shots(cluster: Any, session: Session) -> None:
    from isinglass.executors.on_ray import RayCluster

    connected, calls = RayCluster(cluster.address), []

    def content() -> bytes:
        calls.append(1)
        return problem_content(QUBO).to_bytes()

    spec = JobSpec(seed=3, parameters={"num_reads": 2})
    for shot in range(3):
        data, seconds = connected.run("its hash", content, spec, shot, lambda _: None, threading.Event())
        assert result_of(data).seed == spec.shot_seed(shot) and seconds > 0
    connected.close()
    assert len(calls) == 1


def test_shots_of_a_node_that_dies_run_again(cluster: Any, session: Session) -> None:
    rng = random.Random(3)
    for _ in range(FAULTS):
        handle = session.submit(MIDDLING, shots=3, time_limit=3.0, timeout=None)
        for event in handle.events():
            if event.kind == "progress":
                break
        time.sleep(rng.uniform(0.0, 0.5))
        (node,) = cluster.worker_nodes
        cluster.remove_node(node, allow_graceful=False)
        another_node(cluster)
        result = handle.result(timeout=120)
        assert handle.status().state is JobState.FINISHED and len(result.info["shots"]) == 3
        events = list(handle.events())
        assert sum(event.kind == "shot_done" for event in events) == 3
        lost = [event for event in events if event.kind == "shot_lost"]
        assert lost and all("Ray node is gone" in event.data["why"] for event in lost)
