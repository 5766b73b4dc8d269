"""The list of jobs, and one job."""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from isinglass.jobs.states import FINAL, JobState
from isinglass.service.asked import JobId
from isinglass.service.bells import EVERY
from isinglass.service.core import JobService
from isinglass.service.http_door import Service
from isinglass.service.keys import owner
from isinglass.service.pages.door import HOME, PageRoute, SignedForm, SignedIn
from isinglass.service.pages.live import changes, mark_of
from isinglass.service.pages.outcome import Outcome, outcome_of
from isinglass.service.pages.rendering import page

router = APIRouter(prefix="/dashboard", route_class=PageRoute, include_in_schema=False)

_A_PAGE = 50
_EVENTS_SHOWN = 200
_SHOTS_SHOWN = 100
_OUTCOMES_KEPT = 64

State = Annotated[str, Query(pattern=f"^({'|'.join(JobState)})?$")]
Search = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
Before = Annotated[str, Query(pattern=r"^([0-9a-z]{26})?$")]


@router.get("/jobs")
async def jobs(
    request: Request,
    service: Service,
    visit: SignedIn,
    state: State = "",
    search: Search = "",
    before: Before = "",
) -> Response:
    """Newest first, ``before`` an id; everybody's for an admin."""
    found = await _list(service, visit, state, search, before)
    query = {"state": state, "search": search, "before": before}
    older = urlencode({**query, "before": found[-1]["id"]}) if len(found) == _A_PAGE else None
    live = urlencode({**query, "seen": mark_of(found)})
    return page(
        "jobs.html", request, visit, jobs=found, states=list(JobState), query=query, live=live, older=older,
        here=urlencode(query),
    )  # fmt: skip


@router.get("/jobs/live")
async def jobs_live(
    service: Service,
    visit: SignedIn,
    state: State = "",
    search: Search = "",
    before: Before = "",
    seen: str = "",
) -> Response:
    async def look() -> tuple[str, bool]:
        return mark_of(await _list(service, visit, state, search, before)), False

    return changes(service, EVERY, seen, look, 1.0)


async def _list(
    service: JobService, visit: SignedIn, state: str, search: str, before: str
) -> list[dict[str, Any]]:
    return await service.in_store(
        service.store.list_jobs, owner(visit.who), state=state or None, search=search or None,
        before=before or None, limit=_A_PAGE,
    )  # fmt: skip


@router.get("/jobs/{job}")
async def job(job: JobId, request: Request, service: Service, visit: SignedIn) -> Response:
    user = owner(visit.who)
    status = await service.in_store(service.store.status, user, job)
    after = max(0, status["events"] - _EVENTS_SHOWN)
    events, _ = await service.in_store(service.store.events, user, job, after)
    shots = await service.in_store(service.store.shots, user, job, _SHOTS_SHOWN)
    outcome = await _outcome(service, user, status)
    history = list(service.history.get(job, ()))
    return page(
        "job.html", request, visit, job=status, events=events[::-1], shots=shots, outcome=outcome,
        progress=service.progress.get(job), final=status["state"] in FINAL,
        convergence=outcome.draw_convergence(history), histogram=outcome.draw_histogram(),
        counts=outcome.draw_counts(), shots_read=_SHOTS_SHOWN,
        seen=mark_of(status, service.progress.get(job)), now=service.store.clock(),
    )  # fmt: skip


@router.get("/jobs/{job}/live")
async def job_live(job: JobId, service: Service, visit: SignedIn, seen: str = "") -> Response:
    async def look() -> tuple[str, bool]:
        status = await service.in_store(service.store.status, owner(visit.who), job)
        return mark_of(status, service.progress.get(job)), status["state"] in FINAL

    return changes(service, job, seen, look, 0.5)


@router.post("/jobs/{job}/cancel")
async def cancel(job: JobId, service: Service, visit: SignedForm) -> Response:
    visit.who.require("submit")
    await service.cancel(owner(visit.who), job)
    return RedirectResponse(f"{HOME}/{job}", 303)


@router.post("/jobs/{job}/rerun")
async def rerun(job: JobId, service: Service, visit: SignedForm) -> Response:
    visit.who.require("submit")
    status = await service.rerun(owner(visit.who), job, None)
    return RedirectResponse(f"{HOME}/{status['id']}", 303)


_outcomes: OrderedDict[tuple[str, int], Outcome] = OrderedDict()
"""By job and number of shots done, which is all that they depend on."""


async def _outcome(service: JobService, user: str | None, status: dict[str, Any]) -> Outcome:
    name = status["id"], status["shots_done"]
    found = _outcomes.get(name)
    if found is None:
        best = await service.in_store(service.store.best_results, user, status["id"], _SHOTS_SHOWN)
        found = await service.beside(
            lambda: outcome_of(service.contents.of_result(status["user"], result) for result in best)
        )
        _outcomes[name] = found
        while len(_outcomes) > _OUTCOMES_KEPT:
            _outcomes.popitem(last=False)
    return found
