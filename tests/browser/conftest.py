# SPDX-License-Identifier: Apache-2.0
"""A gateway in demo mode, a browser, and pages that complain of anything out of the ordinary."""
import os
import pathlib
import shutil

import deployment
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright
from process import ROOT

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SOURCES = ("models/breast-cancer", "tests/data/notes/lexicon", "tests/data/notes/urgency")
TIMEOUT_MS = 60_000
SCREENSHOTS = os.environ.get("GALEN_SCREENSHOTS")
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
}


@pytest.fixture(scope="session")
def galen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    for source in SOURCES:
        shutil.copytree(ROOT / source, folder / "models" / pathlib.Path(source).name, symlinks=True)
    running = deployment.start("one", folder, repository=folder / "models", mode="demo")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


class Visit:
    """A page, and everything that it should not have said or asked for."""

    def __init__(self, page: Page, origin: str):
        self.page, self.origin, self.complaints = page, origin, []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self.check_origin)

    def check_origin(self, request) -> None:
        if not request.url.startswith((self.origin, "blob:" + self.origin, "data:")):
            self.complaints.append(f"asked for {request.url}")

    def ignore_status(self, status: int) -> None:
        """Chromium tells of refusals on the console: those that a test asks for are expected."""
        self.complaints = [each for each in self.complaints if f"status of {status}" not in each]

    def check_axe(self) -> None:
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()

    def check_width(self) -> None:
        """Nothing is wider than the screen."""
        wide = self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide

    def check_nothing_is_kept(self) -> None:
        kept = self.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
        assert kept == [0, 0, ""]

    def picture(self, name: str) -> None:
        if SCREENSHOTS:
            self.page.evaluate("scrollTo(0, 0)")
            self.page.screenshot(path=pathlib.Path(SCREENSHOTS) / f"{name}.png", full_page=True)


@pytest.fixture(params=LOOKS)
def look(request):
    return request.param


@pytest.fixture
def visit(browser, galen):
    """Opens a path of the gateway's; what it complained of fails the test."""
    opened = []

    def visit_path(path: str, look: str = "light", prepare=None) -> Visit:
        context = browser.new_context(reduced_motion="reduce", **LOOKS[look])
        opened.append((Visit(context.new_page(), galen.url), context))
        each = opened[-1][0]
        each.page.set_default_timeout(TIMEOUT_MS)
        if prepare:
            prepare(each.page)
        each.page.goto(f"{galen.url}{path}")
        return each
    yield visit_path
    for each, context in opened:
        context.close()
        assert each.complaints == []
