"""The dashboard in headless Chromium: live, by keyboard, at a phone's width, the console silent."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

import isinglass
import isinglass.service.pages
from tests.system.service_process import ServiceProcess

# It waits for what others do within seconds, and so runs while nothing else does.
pytestmark = pytest.mark.clock

QUBO = {("a", "b"): 1, ("a", "a"): -1, ("b", "b"): -1}
LARGE = isinglass.generate("gnp", n=1500, p=0.5, seed=1)
HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>" + "w" * 200
PAGES = ("jobs", "solvers", "usage", "keys")
PHONE, DESK = (360, 740), (1280, 900)
SHEET = Path(isinglass.service.pages.__file__).with_name("static") / "pages.css"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    served = ServiceProcess(tmp_path_factory.mktemp("dashboard") / "data", "--threads", "1")
    yield served
    assert served.stop() == 0


class Browser:
    """One Chromium, and how a person uses it."""

    def __init__(self, url: str) -> None:
        chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
        assert chromium and driver, "this test needs Chromium: apt-get install chromium chromium-driver"
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in (
            "headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage",
            "disable-background-networking", "disable-component-update", "disable-sync",
            "disable-extensions", "no-first-run",
        ):  # fmt: skip
            options.add_argument(f"--{flag}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        self.url = url

    def open(self, path: str) -> None:
        self.driver.get(self.url + path)

    def one(self, selector: str) -> WebElement:
        """The first such element, waited for."""
        return self.until(lambda: self.driver.find_elements(By.CSS_SELECTOR, selector) or None)[0]

    def until(self, look: Callable[[], Any]) -> Any:
        ignored = (Exception,)
        return WebDriverWait(self.driver, 60, 0.05, ignored_exceptions=ignored).until(lambda _: look())

    def tab_to(self, selector: str) -> None:
        """Press Tab until the element has the focus, as somebody without a mouse does."""
        for _ in range(60):
            focused = self.driver.execute_script(
                "const e = document.activeElement;"
                "return [e.matches(arguments[0]), e === document.body || getComputedStyle(e).outlineStyle]",
                selector,
            )
            assert focused[1] != "none", "what has the focus does not show it"
            if focused[0]:
                return
            self.press(Keys.TAB)
        raise AssertionError(f"{selector} cannot be reached with Tab")

    def press(self, keys: str) -> None:
        webdriver.ActionChains(self.driver).send_keys(keys).perform()

    def text(self, selector: str = "main") -> str:
        """Of the first such element; parts are swapped at any time, so it is asked for in one go."""
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return str(self.driver.execute_script(script, selector))

    def resize(self, size: tuple[int, int]) -> None:
        device = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size is PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)

    def complaints(self) -> list[str]:
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]


@pytest.fixture(scope="module")
def browser(service: ServiceProcess) -> Iterator[Browser]:
    started = Browser(service.url)
    started.open("/")
    # The key field has the focus: typing and Enter are enough.
    started.press(service.key("root", "admin") + Keys.ENTER)
    started.one("#found")
    yield started
    started.driver.quit()


def test_a_job_from_its_submission_to_its_end(service: ServiceProcess, browser: Browser) -> None:
    with service.connect("ann") as session:
        browser.open("/dashboard/jobs")
        assert "There are no jobs yet" in browser.text()
        handle = session.submit(LARGE, time_limit=60.0, shots=2, description=HOSTILE)
        browser.one(f"#job-{handle.id}")
        assert browser.text(f"#job-{handle.id}").startswith("<img src=x")
        browser.until(lambda: "running" in browser.text())
        browser.tab_to(f"#job-{handle.id}")
        browser.press(Keys.ENTER)
        # The picture of what its worker tells appears by itself, and grows.
        browser.one("#now .plot .line")
        before = browser.text(".facts")
        browser.until(lambda: browser.text(".facts") not in ("", before))
        browser.tab_to("#cancel")
        browser.press(Keys.ENTER)
        browser.until(lambda: "cancelled" in browser.text("[role=status]"))
        browser.until(lambda: len(browser.driver.find_elements(By.CSS_SELECTOR, "#now .plot")) == 2)
        assert handle.status().state == "cancelled"
        assert browser.driver.execute_script("return window.hacked") is None
        short = session.submit(QUBO, description="a short one", solver="simulated_annealing", num_reads=5)
        first = short.result()
        browser.open(f"/dashboard/jobs/{short.id}")
        browser.one("#rerun").click()
        another = re.compile(f"jobs/(?!{short.id})(.{{26}})$")
        again = browser.until(lambda: another.search(browser.driver.current_url))[1]
        browser.until(lambda: "finished" in browser.text("[role=status]"))
        assert (session.job(again).result().record == first.record).all()
    assert browser.complaints() == []


def test_the_list_is_searched_as_one_types(service: ServiceProcess, browser: Browser) -> None:
    with service.connect("bob") as session:
        ids = [session.submit(QUBO, description=f"knapsack {k}").id for k in range(3)]
    browser.open("/dashboard/jobs")
    browser.tab_to("input[name=search]")
    browser.press("SACK 1")
    browser.until(lambda: shown(browser) == [f"job-{ids[1]}"])
    assert "search=SACK" in browser.driver.current_url
    # What is shown stays live, and stays filtered.
    with service.connect("bob") as session:
        more = session.submit(QUBO, description="sack 1 of another").id
        session.submit(QUBO, description="something else")
    browser.until(lambda: shown(browser) == [f"job-{more}", f"job-{ids[1]}"])
    assert browser.complaints() == []


def shown(browser: Browser) -> list[str]:
    script = "return Array.from(document.querySelectorAll('#rows a.more'), e => e.id)"
    return list(browser.driver.execute_script(script))


def test_no_page_is_wider_than_a_phone(service: ServiceProcess, browser: Browser) -> None:
    with service.connect("ann") as session:
        job = session.submit(QUBO, description="w" * 300)
        job.wait()
    for size in (PHONE, DESK):
        browser.resize(size)
        for page in (*PAGES, f"jobs/{job.id}"):
            browser.open(f"/dashboard/{page}")
            if page == "solvers":
                few = "document.querySelectorAll('details:not(:has(img))').forEach(d => d.open = true)"
                browser.driver.execute_script(few)
            width = browser.driver.execute_script("return document.documentElement.scrollWidth")
            assert width <= size[0], (page, width)


def test_the_working_graph_is_drawn(browser: Browser) -> None:
    browser.open("/dashboard/solvers")
    picture = browser.one('img[src="/dashboard/solvers/Advantage2_system4.png"]')
    browser.driver.execute_script("arguments[0].closest('details').open = true", picture)
    browser.until(lambda: int(picture.get_property("naturalWidth") or 0) >= 1000)
    browser.open("/dashboard/keys")
    browser.tab_to("#user")
    browser.press("cara" + Keys.ENTER)
    assert browser.one("#made").text.startswith("isg_")
    browser.driver.find_element(By.CSS_SELECTOR, "form.who button").click()
    browser.one("#key")
    assert browser.complaints() == []


def colours(sheet: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", sheet))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read(theme: int) -> None:
    named = colours(SHEET.read_text().split("prefers-color-scheme: dark")[theme])
    pairs = [(ink, ground) for ink in ("ink", "soft", "accent") for ground in ("ground", "surface", "mark")]
    pairs += [(word, f"{word}-ground") for word in ("good", "busy", "bad", "still")]
    pairs += [("on-accent", "accent"), ("danger", "surface")]
    for ink, ground in pairs:
        low, high = sorted(luminance(named[name]) for name in (ink, ground))
        # WCAG 2.2, 1.4.3: text needs a ratio of 4.5 to 1.
        assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)
