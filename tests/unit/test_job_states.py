"""The tables of states: what they must say whatever else they say."""

from __future__ import annotations

import pytest

from isinglass.jobs.states import (
    FINAL,
    JOB_TABLE,
    SHOT_TABLE,
    STOP_CAUSES,
    JobState,
    ShotState,
    TransitionError,
    next_job_state,
    next_shot_state,
)  # fmt: skip


def test_nothing_leaves_a_final_state_and_everything_reaches_one() -> None:
    assert not [state for state, _ in JOB_TABLE if state in FINAL]
    reached = set(FINAL)
    for _ in JobState:
        reached |= {before for (before, _), after in JOB_TABLE.items() if after in reached}
    assert reached == set(JobState)


def test_every_cause_ends_a_job_wherever_it_stands() -> None:
    for cause in STOP_CAUSES:
        assert next_job_state(JobState.STOPPING, cause) == cause
        assert next_job_state(JobState.RUNNING, cause) == cause


def test_a_shot_that_is_done_stays_done() -> None:
    for event in {event for _, event in SHOT_TABLE}:
        with pytest.raises(TransitionError):
            next_shot_state(ShotState.DONE, event)


def test_the_refusal_names_what_is_possible() -> None:
    with pytest.raises(TransitionError, match="a job that is finished cannot become 'started'"):
        next_job_state(JobState.FINISHED, "started")
    with pytest.raises(TransitionError, match="it can be: leased, dropped"):
        next_shot_state(ShotState.QUEUED, "done")
