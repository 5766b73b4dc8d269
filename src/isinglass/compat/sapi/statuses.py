"""What is said of a job: its id, its status, its answer, in the words of this wire."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from isinglass.compat.sapi.catalogue import CATALOGUE
from isinglass.errors import ServiceError, UnknownJobError
from isinglass.jobs.results import result_of
from isinglass.jobs.states import FINAL, JobState
from isinglass.service.core import JobService
from isinglass.service.store import ShotResult

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

STATUSES = {
    JobState.QUEUED: "PENDING", JobState.RUNNING: "IN_PROGRESS", JobState.STOPPING: "IN_PROGRESS",
    JobState.FINISHED: "COMPLETED", JobState.CANCELLED: "CANCELLED", JobState.FAILED: "FAILED",
    JobState.TIMED_OUT: "FAILED", JobState.DEAD: "FAILED",
}  # fmt: skip


def problem_id(job: str) -> str:
    """A job's id as a UUID: the same 128 bits."""
    number = 0
    for letter in job:
        number = number << 5 | _ALPHABET.index(letter)
    return str(uuid.UUID(int=number))


def job_id(problem: str) -> str:
    """The inverse; UnknownJobError for what is no UUID as it is given out."""
    try:
        number = uuid.UUID(problem).int
    except ValueError:
        number = -1
    if number < 0 or str(uuid.UUID(int=number)) != problem:
        raise UnknownJobError(f"{problem[:40]!r} is no problem's id")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def came_this_way(job: Mapping[str, Any]) -> bool:
    """Was it submitted in this room?"""
    return "sapi" in job["spec"].get("echo", {})


def status_words(job: Mapping[str, Any]) -> dict[str, Any]:
    """The status object; UnknownJobError for jobs of other doors."""
    if not came_this_way(job):
        raise UnknownJobError(f"job {job['id']} was not submitted in this room")
    said = job["spec"]["echo"]["sapi"]
    words = {
        "id": problem_id(job["id"]), "status": STATUSES[JobState(job["state"])], "type": said["type"],
        "solver": said["solver"], "label": job["spec"]["description"] or None,
        "submitted_on": _time(job["created"]),
    }  # fmt: skip
    if job["state"] in FINAL:
        words["solved_on"] = _time(job["finished"])
    if words["status"] == "FAILED":
        words["error_message"] = job["error"] or "the problem ended without an answer"
    return words


def with_answer(
    base: str, service: JobService, job: Mapping[str, Any], results: list[ShotResult]
) -> dict[str, Any]:
    """The status object, with the answer of a job that has one; ``base`` is this room's URL."""
    words = status_words(job)
    if words["status"] == "COMPLETED":
        said = job["spec"]["echo"]["sapi"]
        result = result_of(service.contents.of_result(job["user"], results[0]))
        url = f"{base}problems/{words['id']}/answer/data"
        words["answer"] = CATALOGUE[said["solver"]["name"]].answer(result, said, url)
    return words


def answer_file(service: JobService, job: Mapping[str, Any], results: list[ShotResult]) -> bytes:
    """What the answer points at; ServiceError (404) where there is none."""
    words = status_words(job)
    if words["status"] != "COMPLETED":
        raise ServiceError(f"this problem has no answer: it is {words['status']}", 404)
    solver = CATALOGUE[words["solver"]["name"]]
    return solver.file(result_of(service.contents.of_result(job["user"], results[0])))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
