"""The dashboard without a browser: who sees what, forged forms, hostile words, pictures of any numbers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.circuits.runner import CircuitResult, Outcome
from isinglass.errors import CircuitError
from isinglass.executors.shots import run_shot
from isinglass.jobs.circuit_results import CircuitResults, circuit_results_content
from isinglass.jobs.problems import problem_content
from isinglass.jobs.results import result_content
from isinglass.jobs.spec import JobSpec
from isinglass.results.sampleset import SampleSet
from isinglass.service.core import JobService
from isinglass.service.http import make_app
from isinglass.service.keys import create_key, revoke_key
from isinglass.service.pages.drawing import columns, convergence, histogram
from isinglass.service.pages.outcome import outcome_of
from isinglass.service.sessions import SESSION_SECONDS

HOSTILE = "</td><script>alert(1)</script>'\"&{{ 7*7 }}\u202e"
PROBLEM = problem_content({("a", "b"): 1}).to_bytes()


class House:
    """A service without a port, and browsers (without scripts) that visit it."""

    def __init__(self, service: JobService) -> None:
        self.service, self.door = service, httpx.ASGITransport(make_app(service))

    def key(self, user: str, *scopes: str) -> str:
        with self.service.store.transaction() as connection:
            return create_key(connection, user, scopes or ("submit", "read"), self.service.store.clock())

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.door, base_url="http://here")

    async def signed_in(self, user: str, *scopes: str) -> httpx.AsyncClient:
        browser = self.browser()
        answer = await browser.post("/dashboard/sign-in", data={"key": self.key(user, *scopes)})
        assert answer.status_code == 303, answer.text
        return browser

    async def submit(self, user: str, **words: Any) -> str:
        self.key(user)
        return str((await self.service.submit(user, JobSpec(**words), PROBLEM, None, None))[0]["id"])


def visit(tmp_path: Path, play: Callable[[House], Awaitable[None]], database: str | None = None) -> None:
    async def main() -> None:
        service = JobService(tmp_path, database)
        await service.start()
        try:
            await play(House(service))
        finally:
            await service.stop()

    asyncio.run(main())


def token_of(text: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{64})"', text)
    assert found
    return found[1]


def test_everybody_sees_their_own_jobs_only(tmp_path: Path, url: str) -> None:
    async def play(house: House) -> None:
        job = await house.submit("ann", description=HOSTILE)
        ann, bob, root = [await house.signed_in(*who) for who in (("ann",), ("bob",), ("root", "admin"))]
        for browser, sees in ((ann, True), (bob, False), (root, True)):
            assert (job in (await browser.get("/dashboard/jobs")).text) == sees
            assert (await browser.get(f"/dashboard/jobs/{job}")).status_code == (200 if sees else 404)
        token = token_of((await bob.get("/dashboard/jobs")).text)
        for action in ("cancel", "rerun"):
            answer = await bob.post(f"/dashboard/jobs/{job}/{action}", data={"token": token})
            assert answer.status_code == 404
        assert (await bob.get("/dashboard/keys")).status_code == 403
        assert (await bob.post("/dashboard/keys", data={"token": token, "user": "x"})).status_code == 403
        assert (await ann.get("/dashboard/usage")).status_code == 200
        assert "root" not in (await ann.get("/dashboard/usage")).text
        assert "bob" in (await root.get("/dashboard/usage")).text

    visit(tmp_path, play, url)


def test_hostile_words_are_shown_as_text(tmp_path: Path) -> None:
    async def play(house: House) -> None:
        job = await house.submit("ann", description=HOSTILE)
        (lease,) = await house.service.work.lease("w", ["cpu"], 0.0)
        await house.service.work.deliver("w", job, 0, lease.token, 0.1, f"no: {HOSTILE}")
        ann = await house.signed_in("ann")
        for place in (
            "/dashboard/jobs",
            f"/dashboard/jobs/{job}",
            "/dashboard/jobs?search=%3Cscript%3Ealert",
        ):
            answer = await ann.get(place)
            assert answer.status_code == 200 and "<script>alert" not in answer.text, place
            assert (
                "&lt;script&gt;alert(1)" in answer.text and "49" not in answer.text.split("alert(1)")[1][:40]
            )
            policy = answer.headers["content-security-policy"]
            assert "script-src 'self'" in policy and "unsafe" not in policy
            assert not re.search(r"\s(on\w+|style)=", answer.text)

    visit(tmp_path, play)


def test_forms_of_other_sites_are_refused(tmp_path: Path) -> None:
    async def play(house: House) -> None:
        job = await house.submit("ann")
        ann = await house.signed_in("ann")
        token = token_of((await ann.get("/dashboard/jobs")).text)
        where = f"/dashboard/jobs/{job}/cancel"
        forged: list[tuple[dict[str, str], dict[str, str]]] = [
            ({}, {}),
            ({"token": "0" * 64}, {}),
            ({"token": token}, {"Origin": "http://evil.example"}),
            ({"token": token}, {"Sec-Fetch-Site": "cross-site"}),
        ]
        for data, headers in forged:
            answer = await ann.post(where, data=data, headers=headers)
            assert answer.status_code in (403, 422), (data, headers)
        assert (await house.service.status("ann", job))["state"] == "queued"
        good = await ann.post(where, data={"token": token}, headers={"Origin": "http://here"})
        assert good.status_code == 303 and (await house.service.status("ann", job))["state"] == "cancelled"
        again = await ann.post(f"/dashboard/jobs/{job}/rerun", data={"token": token})
        assert again.headers["location"] != f"/dashboard/jobs/{job}"
        answer = await house.browser().post(
            "/dashboard/sign-in", data={"key": house.key("eve")}, headers={"Origin": "http://evil.example"}
        )
        assert answer.status_code == 403 and "set-cookie" not in answer.headers

    visit(tmp_path, play)


def test_a_session_ends_with_its_key_its_time_and_its_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isinglass.service.core._KEY_SECONDS", 0.0)

    async def play(house: House) -> None:
        late, revoked, out = [await house.signed_in("ann") for _ in range(3)]
        with house.service.store.transaction() as connection:
            numbers = [row.id for row in connection.exec_driver_sql("select id from keys order by rowid")]
            revoke_key(connection, numbers[1])
            kept = connection.exec_driver_sql("select digest from sessions").scalars().all()
        secret = str(out.cookies["isinglass_session"])
        assert secret not in kept and all(len(digest) == 64 for digest in kept)
        token = token_of((await out.get("/dashboard/jobs")).text)
        assert (await out.post("/dashboard/sign-out", data={"token": token})).status_code == 303
        out.cookies.set("isinglass_session", secret, path="/dashboard")
        for browser in (revoked, out):
            answer = await browser.get("/dashboard/jobs")
            assert (answer.status_code, answer.headers["location"]) == (
                303, "/dashboard/sign-in?next=/dashboard/jobs",
            )  # fmt: skip
        assert (await late.get("/dashboard/jobs")).status_code == 200
        now = house.service.store.clock
        house.service.store.clock = lambda: now() + SESSION_SECONDS + 1
        assert (await late.get("/dashboard/jobs")).status_code == 303
        stream = await late.get("/dashboard/jobs/live", headers={"Accept": "text/event-stream"})
        assert stream.status_code == 204
        part = await late.get("/dashboard/jobs", headers={"HX-Request": "true"})
        assert part.status_code == 401 and part.headers["hx-redirect"] == "/dashboard/sign-in"

    visit(tmp_path, play)


def test_signing_in(tmp_path: Path) -> None:
    async def play(house: House) -> None:
        browser = house.browser()
        for path in ("/", "/dashboard"):
            assert (await browser.get(path)).headers["location"] == "/dashboard/jobs"
        for key in ("", "isg_nonsense", "isg_000000000000_" + "x" * 43, house.key("ann", "work")):
            answer = await browser.post("/dashboard/sign-in", data={"key": key})
            assert answer.status_code in (401, 403, 422) and "set-cookie" not in answer.headers, key
        key = house.key("ann")
        for wanted, reached in (
            ("/dashboard/usage", "/dashboard/usage"),
            ("//evil.example/dashboard/", "/dashboard/jobs"),
            ("https://evil.example", "/dashboard/jobs"),
            ("/dashboard/../v1/jobs\r\nX: y", "/dashboard/jobs"),
        ):
            answer = await browser.post("/dashboard/sign-in", data={"key": key, "next": wanted})
            assert answer.headers["location"] == reached, wanted
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and "path=/dashboard" in cookie
        # The cookie opens the dashboard and nothing else.
        assert (await browser.get("/v1/jobs")).status_code == 401
        linked = await house.browser().get("/dashboard/usage", headers={"Sec-Fetch-Site": "cross-site"})
        assert linked.status_code == 200 and 'url=/dashboard/usage"' in linked.text
        for path in ("/dashboard/static/htmx.min.js", "/dashboard/static/pages.css"):
            assert (await browser.get(path)).status_code == 200
        assert (await browser.get("/dashboard/static/..%2fdoor.py")).status_code in (404, 422)

    visit(tmp_path, play)


def test_keys_are_made_shown_once_and_revoked(tmp_path: Path) -> None:
    async def play(house: House) -> None:
        root = await house.signed_in("root", "admin")
        token = token_of((await root.get("/dashboard/keys")).text)
        form: dict[str, Any] = {"token": token, "user": "cara", "scopes": ["read"], "days": "1"}
        made = await root.post("/dashboard/keys", data=form)
        (key,) = re.findall(r"isg_[0-9a-f]{12}_[\w-]{43}", made.text)
        assert key not in (await root.get("/dashboard/keys")).text
        assert made.headers["cache-control"] == "no-store"
        assert (await house.service.principal(key)).scopes == {"read"}
        for change in (
            {"user": "Not A Name"},
            {"scopes": []},
            {"scopes": ["all"]},
            {"days": "-1"},
            {"days": "x"},
        ):
            answer = await root.post("/dashboard/keys", data={**form, **change})
            assert answer.status_code == 422 and "isg_" not in answer.text, change
        number = key.split("_")[1]
        gone = await root.post(f"/dashboard/keys/{number}/revoke", data={"token": token})
        assert gone.status_code == 303
        assert (await house.browser().post("/dashboard/sign-in", data={"key": key})).status_code == 401

    visit(tmp_path, play)


def test_a_page_of_many_shots_reads_few(tmp_path: Path) -> None:
    async def play(house: House) -> None:
        job = await house.submit("ann", shots=150, solver="steepest_descent", parameters={"num_reads": 1})
        problem = {("a", "b"): 1}
        while leases := await house.service.work.lease("w", ["cpu"], 0.0):
            (lease,) = leases
            result = result_content(run_shot(problem, lease.spec, lease.shot)).to_bytes()
            await house.service.work.deliver("w", job, lease.shot, lease.token, 0.01, result)
        store = house.service.store
        energies = [found.energy for found in store.results("ann", job)[1]]
        best = store.best_results("ann", job, 10)
        assert len(energies) == 150 and len(best) == 10
        assert sorted(found.energy for found in best) == sorted(energies)[:10]
        assert all(found.content is not None for found in best)
        text = (await (await house.signed_in("ann")).get(f"/dashboard/jobs/{job}")).text
        assert "Of 100 of the 150 shots" in text and "The first 100 of 150" in text
        assert "The last 200 of" in text and text.count('class="plot"') == 2

    visit(tmp_path, play)


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(
    st.lists(st.lists(st.tuples(numbers, numbers), max_size=5), max_size=4), st.lists(numbers, max_size=60)
)
def test_any_numbers_give_a_picture_or_none(
    lines: list[list[tuple[float, float]]], values: list[float]
) -> None:
    for picture in (convergence(lines), histogram(np.array(values))):
        assert picture is None or not re.search(r'"[^"]*\b(nan|inf)\b[^"]*"', picture.split(">", 1)[1])
        assert picture is None or picture.count("<text") < 60


def test_counts_of_all_shots_are_added_and_errors_told() -> None:
    def shot(*entries: CircuitResult, form: str = "counts") -> np.ndarray:
        content = circuit_results_content(CircuitResults(form, entries, {"timing": {"total": 0.5}}))
        return np.frombuffer(content.to_bytes(), np.uint8)

    broken = CircuitResult("<b>", Outcome(error=CircuitError("no such gate"), metadata={}))
    bell = CircuitResult("bell", Outcome({"00": 6, "11": 4}, metadata={}))
    found = outcome_of([shot(bell, broken), shot(bell)])
    ((label, shots, different, picture),) = found.draw_counts()
    assert (label, shots, different) == ("bell", 20, 2) and ">12</text>" in str(picture)
    assert found.errors[0][0] == "<b>" and "no such gate" in found.errors[0][1]
    assert ("total", "500 ms") in found.timing
    metadata = {"value": -0.5, "std_error": 0.01, "shots": 100}
    value = CircuitResult("bell", Outcome({"ZZ": 1.0}, metadata=metadata))
    found = outcome_of([shot(value, form="expectations")])
    assert found.values == {"bell": [("ZZ", 1.0, None), ("sum", -0.5, 0.01)]}


def test_an_annealers_result_is_counted_and_timed_in_its_units() -> None:
    result = SampleSet.from_samples([[-1, 1]], "SPIN", [-2.5], num_occurrences=[20])
    result.info.update(timing={"total": 0.25}, trace=[], chain_strength=1 / 3)
    result.info["qpu"] = {"timing": {"qpu_access_time": 10081.061}}
    found = outcome_of([np.frombuffer(result_content(result).to_bytes(), np.uint8)])
    assert 'aria-label="20 samples, energy from -2.5 to -2.5"' in str(found.draw_histogram())
    assert found.timing == [("total", "250 ms"), ("QPU access time", "10081.1 µs")]
    assert found.facts == [("chain strength", "0.3333333333")] and found.draw_convergence([]) is None


@pytest.mark.parametrize("info", [
    {"trace": "x"}, {"trace": [[1]]}, {"trace": [["a", "b"]]}, {"timing": [1]}, {"qpu": 3},
    {"timing": {"a": "b"}}, {"trace": [[float("nan"), float("inf")]], "stop_reason": ["<b>"]},
])  # fmt: skip
def test_a_worker_cannot_break_the_page_with_what_it_says(info: dict[str, Any]) -> None:
    result = SampleSet.from_samples([[-1, 1]], "SPIN", [-2.5])
    result.info.update(info)
    found = outcome_of([np.frombuffer(result_content(result).to_bytes(), np.uint8)])
    assert found.draw_convergence([]) is None
    assert found.errors or found.draw_histogram()


def test_pictures_say_what_they_show() -> None:
    picture = convergence([[(0.1, -1.0), (2.0, -5.0)], [(0.1, -2.0)]])
    assert picture is not None and 'aria-label="lowest energy over seconds: -5 after 2"' in picture
    assert picture.count('class="line best"') == 1 and picture.count('class="line other"') == 1
    bars = histogram(np.array([-3.0, -3.0 + 1e-15, 2.0]))
    assert bars is not None and bars.count('class="bar"') == 2
    assert "<b>" not in str(columns([("<b>", 1.0)], "y"))
