"""``problems``: submit, poll, answer, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from isinglass.compat.sapi import media_types
from isinglass.compat.sapi.catalogue import CATALOGUE
from isinglass.compat.sapi.door import NO_SUCH_PROBLEM, Body, Who, error_object
from isinglass.compat.sapi.statuses import (
    STATUSES,
    answer_file,
    came_this_way,
    job_id,
    status_words,
    with_answer,
)  # fmt: skip
from isinglass.compat.sapi.submission import read_submission
from isinglass.compat.sapi.uploads import Uploads
from isinglass.errors import ConflictError, ParameterError, ServiceError
from isinglass.jobs.problems import problem_content, problem_of
from isinglass.jobs.spec import JobSpec
from isinglass.jobs.states import FINAL
from isinglass.jobs.wire import SMALL_BYTES
from isinglass.service.core import JobService
from isinglass.service.http_door import Service
from isinglass.service.keys import Principal, owner
from isinglass.service.store import ShotResult

router = APIRouter(prefix="/problems", tags=["problems"])

_BRIEFLY = 1.0
"""Seconds that a request without ``timeout`` may take."""
_MOST_IDS = 1000
_MOST_JOBS = 1000
_IN_PROGRESS = "Attempting to cancel problem in progress."
_FINISHED = "Problem has been finished."

Timeout = Annotated[int | None, Query(ge=1, le=30, description="seconds to wait for the end of a problem")]


@router.post("")
async def submit(request: Request, body: Body, service: Service, who: Who) -> Response:
    """One job object: its status, with the answer if that comes within a second. A list: a status each."""
    who.require("submit")
    media_types.PROBLEMS.check_accepted(request)
    uploads: Uploads = request.app.state.uploads
    if not isinstance(body, list):
        job = await _submit(body, service, who, uploads)
        found = await service.outcome(who.user, job["id"], _BRIEFLY, fresh=True)
        return media_types.PROBLEMS.reply(request, await _told(request, service, *found))
    if len(body) > _MOST_JOBS:
        raise ParameterError(f"{len(body):,} jobs in one request; {_MOST_JOBS:,} are allowed")
    words = []
    for one in body:
        try:
            words.append(status_words(await _submit(one, service, who, uploads)))
        except Exception as error:
            words.append(error_object(error))
    return media_types.PROBLEMS.reply(request, words)


async def _submit(words: Any, service: JobService, who: Principal, uploads: Uploads) -> dict[str, Any]:
    spec, content, sha256 = await service.beside(_job_of, words, service, who.user, uploads)
    return (await service.submit(who.user, spec, content, sha256, None))[0]


def _job_of(
    words: Any, service: JobService, user: str, uploads: Uploads
) -> tuple[JobSpec, bytes | None, str | None]:
    """(spec, small content, name of the blob of a large one)."""
    solver, asked = read_submission(words)
    spec, problem = solver.job(asked, lambda upload: uploads.read(user, upload))
    content = problem_content(problem).to_bytes()
    if len(content) <= SMALL_BYTES:
        return spec, content, None
    return spec, None, service.blobs.put(user, content)


@router.get("")
async def find(
    request: Request,
    service: Service,
    who: Who,
    id: Annotated[str | None, Query(description="ids with commas between them")] = None,
    timeout: Timeout = None,
    max_results: Annotated[int, Query(ge=1, le=_MOST_IDS)] = _MOST_IDS,
    status: str | None = None,
    solver: str | None = None,
    label: Annotated[str | None, Query(max_length=1000, pattern=r"^[^\x00]*$")] = None,
) -> Response:
    """With ids: each one's status, as soon as one has ended. Without: one's problems, newest first."""
    who.require("read")
    if id is not None:
        wanted = [job_id(one) for one in id.split(",")]
        if len(wanted) > _MOST_IDS:
            raise ParameterError(f"{len(wanted):,} ids in one request; {_MOST_IDS:,} are allowed")
        jobs = await service.statuses(owner(who), wanted, timeout or _BRIEFLY)
        return media_types.PROBLEMS.reply(request, [status_words(job) for job in jobs])
    if status is not None and status not in STATUSES.values():
        raise ParameterError(
            f"status={status[:40]!r} is not one of {', '.join(dict.fromkeys(STATUSES.values()))}"
        )
    wanted_ones = await _listed(service, owner(who), max_results, status, solver, label)
    return media_types.PROBLEMS.reply(request, wanted_ones)


async def _listed(
    service: JobService,
    user: str | None,
    most: int,
    status: str | None,
    solver: str | None,
    label: str | None,
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before: str | None = None
    while len(found) < most:
        page = await service.in_store(
            service.store.list_jobs, user, search=label, before=before, limit=_MOST_IDS
        )
        words = [status_words(job) for job in page if came_this_way(job)]
        found += [
            one for one in words
            if status in (None, one["status"]) and solver in (None, one["solver"]["name"])
            and (label is None or label in (one["label"] or ""))
        ]  # fmt: skip
        if len(page) < _MOST_IDS:
            break
        before = page[-1]["id"]
    return found[:most]


@router.delete("")
async def cancel_many(request: Request, body: Body, service: Service, who: Who) -> Response:
    """A list of ids: a status or an error each."""
    who.require("submit")
    media_types.PROBLEMS.check_accepted(request)
    if not isinstance(body, list) or not body or not all(isinstance(one, str) for one in body):
        raise ParameterError("the body is not a list of at least one problem's id")
    if len(body) > _MOST_IDS:
        raise ParameterError(f"{len(body):,} ids in one request; {_MOST_IDS:,} are allowed")
    words = []
    for one in body:
        try:
            words.append(await _cancel(service, who, one))
        except ServiceError as error:
            words.append(error_object(error))
    return media_types.PROBLEMS.reply(request, words)


@router.delete("/{problem}")
async def cancel(request: Request, problem: str, service: Service, who: Who) -> Response:
    """200 and the status, 202 where it is in work, 409 where it has ended."""
    who.require("submit")
    media_types.PROBLEM.check_accepted(request)
    try:
        return media_types.PROBLEM.reply(request, await _cancel(service, who, problem))
    except ServiceError as error:
        if error.status != 202:
            raise
        return media_types.PROBLEM.reply(request, error_object(error), 202)


async def _cancel(service: JobService, who: Principal, problem: str) -> dict[str, Any]:
    job = job_id(problem)
    before = await service.status(owner(who), job)
    status_words(before)
    if before["state"] in FINAL:
        raise ConflictError(_FINISHED)
    after = await service.cancel(owner(who), job)
    if after["state"] not in FINAL:
        raise ServiceError(_IN_PROGRESS, 202)
    return status_words(after)


@router.get("/{problem}")
async def status(
    request: Request, problem: str, service: Service, who: Who, timeout: Timeout = None
) -> Response:
    """The status, and the answer once there is one."""
    who.require("read")
    found = await service.outcome(owner(who), job_id(problem), timeout or _BRIEFLY)
    return media_types.PROBLEM.reply(request, await _told(request, service, *found))


@router.get("/{problem}/info")
async def info(request: Request, problem: str, service: Service, who: Who) -> Response:
    """Everything: data and params as they were submitted, the status, the answer."""
    who.require("read")
    job, results = await service.outcome(owner(who), job_id(problem), 0.0)
    token = request.headers["x-auth-token"] if job["user"] == who.user else job["user"]
    words = await _told(request, service, job, results)
    content = await _content(service, job)
    said = job["spec"]["echo"]["sapi"]
    data = await service.beside(lambda: CATALOGUE[said["solver"]["name"]].data(problem_of(content), said))
    answer = {"answer": words.pop("answer")} if "answer" in words else {}
    metadata = {**words, "submitted_by": token, "messages": []}
    metadata.pop("id")
    params = said.get("params", job["spec"]["parameters"])
    whole = {"id": words["id"], "data": data, "params": params, "metadata": metadata, **answer}
    return media_types.PROBLEM_DATA.reply(request, whole)


async def _content(service: JobService, job: dict[str, Any]) -> Any:
    user, problem = await service.in_store(service.store.problem, job["user"], job["id"])
    return problem.content if problem.content is not None else service.blobs.read(user, problem.sha256)


@router.get("/{problem}/answer")
async def answer(request: Request, problem: str, service: Service, who: Who) -> Response:
    """The answer alone; 404 where there is none."""
    who.require("read")
    found = await service.outcome(owner(who), job_id(problem), 0.0)
    words = await _told(request, service, *found)
    if "answer" not in words:
        raise ServiceError(f"{NO_SUCH_PROBLEM}, or it has no answer: it is {words['status']}", 404)
    return media_types.ANSWER.reply(request, {"answer": words["answer"]})


@router.get("/{problem}/answer/data")
async def answer_data(request: Request, problem: str, service: Service, who: Who) -> Response:
    """The file that an answer of format binary-ref points at; 404 where there is none."""
    who.require("read")
    found = await service.outcome(owner(who), job_id(problem), 0.0)
    data = await service.beside(answer_file, service, *found)
    return Response(data, media_type="application/octet-stream")


async def _told(
    request: Request, service: JobService, job: dict[str, Any], results: list[ShotResult]
) -> dict[str, Any]:
    """The status with the answer, in which this room's URL is as the client has it."""
    here = request.url
    base = f"{here.scheme}://{here.netloc}{request.scope['root_path']}/"
    return await service.beside(with_answer, base, service, job, results)


@router.get("/{problem}/messages")
async def messages(request: Request, problem: str, service: Service, who: Who) -> Response:
    """Nothing is ever said here but errors, and those are in the status."""
    who.require("read")
    status_words(await service.status(owner(who), job_id(problem)))
    none: Sequence[dict[str, Any]] = []
    return media_types.MESSAGES.reply(request, none)
