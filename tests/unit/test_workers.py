"""Tasks of a run: what happens to their errors, and that the threads they run in are used again."""

from __future__ import annotations

import os
import threading
import time
import warnings

import pytest

from isinglass.control import Progress, RunControl


def threads_of(tasks: int, num_threads: int) -> set[int]:
    seen: list[int] = []
    control = RunControl(num_threads=num_threads)
    control.run([(1, lambda: seen.append(threading.get_ident()))] * tasks)
    assert len(seen) == control.reads_done == control.reads_started == tasks
    return set(seen)


def test_threads_are_used_again() -> None:
    one = threads_of(20, 1)
    assert len(one) == 1 and threading.get_ident() not in one
    assert threads_of(3, 1) == one


def test_no_more_threads_at_a_time_than_asked_for() -> None:
    working, most = set[int](), list[int]()

    def task() -> None:
        working.add(threading.get_ident())
        most.append(len(working))
        time.sleep(0.002)
        working.discard(threading.get_ident())

    RunControl(num_threads=3).run([(1, task)] * 30)
    assert max(most) <= 3 and len(most) == 30


def test_an_error_stops_the_others_and_is_raised_when_they_have_ended() -> None:
    control = RunControl(num_threads=2)
    ended: list[bool] = []

    def wait() -> None:
        while not control.flag[0]:
            time.sleep(0.001)
        time.sleep(0.02)
        ended.append(True)

    def fail() -> None:
        raise ValueError("of a task")

    with pytest.raises(ValueError, match="of a task"):
        control.run([(1, wait), (1, fail), (1, wait)])
    assert ended == [True]


def test_an_error_of_the_callback_is_raised() -> None:
    def tell(progress: Progress) -> None:
        raise ValueError("of the callback")

    with pytest.raises(ValueError, match="of the callback"):
        RunControl(progress=tell, num_threads=1).run([(1, lambda: None)])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_threads_of_its_own() -> None:
    threads_of(1, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads
        child = os.fork()
    if not child:
        os._exit(0 if threads_of(2, 1) else 1)
    deadline = time.perf_counter() + 20.0
    status = (0, 0)
    while not status[0] and time.perf_counter() < deadline:
        status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.005)
    if not status[0]:
        os.kill(child, 9)
    assert status == (child, 0)


@pytest.mark.clock
def test_many_short_tasks_take_as_many_times_as_few() -> None:
    """Linear is 8 times; looking at the rows of all that have ended at each end was 64 times."""

    def seconds(tasks: int) -> float:
        control = RunControl(num_threads=2)
        began = time.perf_counter()
        control.run([(1, lambda: control.row()[:2].fill(0.0))] * tasks)
        return time.perf_counter() - began

    seconds(100)
    few, many = (min(seconds(tasks) for _ in range(3)) for tasks in (500, 4000))
    assert many < 24 * few, (few, many)
