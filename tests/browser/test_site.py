# SPDX-License-Identifier: Apache-2.0
"""The product's page: it reads everywhere, asks for nothing, and says what the tree says."""
import itertools
import re
import subprocess
import sys

import pytest
import yaml
from conftest import LOOKS, SCREENSHOTS, Visit
from process import ROOT

SITE = ROOT / "site"
PAGE = SITE / "index.html"
ORIGIN = f"file://{SITE}"
NARROW = {"color_scheme": "dark", "viewport": {"width": 320, "height": 700}}
WIDTHS = LOOKS | {"narrow": NARROW}
COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
MANIFESTS = ("docker-compose.yaml", "k8s.yaml", "preprocessor.yaml", "hpa.yaml")
NAMED_COLOUR = r"--(?:page|panel|sunken|line|text|quiet|accent|good|bad|notice|focus): #\w+"
PATHS = re.compile(r"<code>((?:docs|src|tests|tools|site)/[^<]+|[A-Z]+\.md)</code>")


@pytest.fixture
def opened(browser):
    """Opens the page in some way; what it complained of, or asked for, fails the test."""
    visits = []

    def open_page(media="screen", **options) -> Visit:
        context = browser.new_context(reduced_motion="reduce", **options)
        visits.append((Visit(context.new_page(), ORIGIN), context))
        visit = visits[-1][0]
        visit.page.emulate_media(media=media, color_scheme=options.get("color_scheme"),
                                 reduced_motion="reduce")
        visit.page.goto(f"{ORIGIN}/index.html")
        return visit
    yield open_page
    for visit, context in visits:
        context.close()
        assert visit.complaints == []


def text_of_page() -> str:
    return PAGE.read_text()


@pytest.mark.parametrize("look", WIDTHS)
def test_it_has_no_violation_and_no_overflow(opened, look):
    visit = opened(**WIDTHS[look])
    visit.check_width()
    visit.check_axe()
    visit.picture(f"site-{look}")


def test_no_text_leaves_its_picture(opened):
    """Whatever the fonts, what stands in a diagram stays in it."""
    for options in WIDTHS.values():
        visit = opened(**options)
        outside = visit.page.evaluate("""() => [...document.querySelectorAll('svg')].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.left < frame.left || box.right > frame.right || box.bottom > frame.bottom;
            }).map(text => text.textContent);
        })""")
        assert outside == []


@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_picture_of_each_is_shown(opened, media, scheme):
    for width, shown in ((320, "tall"), (1280, "wide")):
        visit = opened(media=media, color_scheme=scheme, viewport={"width": width, "height": 800})
        for figure in visit.page.locator("figure").all():
            visible = figure.locator("svg:visible")
            assert visible.count() == 1
            assert visible.get_attribute("class") == ("wide" if media == "print" else shown)


def test_print_is_dark_on_white_also_in_the_dark(opened):
    visit = opened(media="print", color_scheme="dark")
    colours = visit.page.evaluate(
        "(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))")
    assert colours == ["rgb(23, 33, 43)", "rgb(255, 255, 255)"]
    assert visit.page.locator("nav").is_hidden()


def test_it_is_whole_without_scripts(opened):
    visit = opened(java_script_enabled=False)
    for heading in ("Architecture", "One request", "Security", "Benchmarks", "Quick start"):
        assert visit.page.get_by_role("heading", name=heading, exact=True).is_visible()
    assert "<script" not in text_of_page()


def test_nothing_is_fetched_from_anywhere():
    text = text_of_page()
    named = re.findall(r'\s(?:src|href|srcset|poster|data|action)="([^"]*)"', text)
    assert named and [name for name in named if not name.startswith(("#", "data:,"))] == []
    assert "url(" not in text and "@import" not in text
    assert "://" not in re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL)


def test_the_policy_of_the_page_lets_nothing_in(opened):
    visit = opened()
    policy = visit.page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
    assert "default-src 'none'" in policy and "script" not in policy


def test_keys_alone_reach_each_section(opened):
    page = opened().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the text"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id || location.hash").lstrip("#") == "main"
    links = page.locator("nav a").all()
    assert [link.get_attribute("href") for link in links] == [
        f"#{each.get_attribute('id')}" for each in page.locator("main > section").all()]


def test_every_link_and_name_has_its_place(opened):
    page = opened().page
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))
    named = page.evaluate("""[...document.querySelectorAll('[href^="#"], [aria-labelledby]')]
        .map(each => each.getAttribute('aria-labelledby') || each.getAttribute('href').slice(1))
        .flatMap(names => names.split(' '))""")
    assert named and set(named) <= set(ids)


def test_headings_go_down_by_one(opened):
    levels = opened().page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4')].map(each => Number(each.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_file_that_it_names_is_there():
    named = PATHS.findall(text_of_page())
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_its_phases_are_the_products():
    rows = re.findall(r'^    \{"([^"]+)", \w+, (\w+), (\w+)\},$',
                      (ROOT / "src/gateway/phases.c").read_text(), re.MULTILINE)
    expected = [(name, "always" if always == "true" else at) for name, at, always in rows]
    lists = re.findall(r'<ol class="phases" data-at="(\w+)">(.*?)</ol>', text_of_page(), re.DOTALL)
    told = [(name, at) for at, items in lists for name in re.findall(r"<h4>([^<]+)</h4>", items)]
    assert told == expected


def test_its_figures_are_those_of_the_benchmarks():
    done = subprocess.run([sys.executable, ROOT / "tools/site_figures.py", "--check"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_its_version_is_the_programs():
    version = re.search(r"project\('galen'.* version: '([^']+)'", (ROOT / "meson.build").read_text())[1]
    assert f'<span id="version">{version}</span>' in text_of_page()


def test_its_colours_are_those_of_the_gateways_pages():
    def colours(text: str) -> list[str]:
        return re.findall(NAMED_COLOUR, text)
    theme, page = (ROOT / "web/theme.css").read_text(), text_of_page()
    assert len(set(colours(theme))) > 15
    assert set(colours(page.partition("@media print")[0])) == set(colours(theme))


def test_its_samples_are_those_of_the_readme():
    """tests/e2e/test_readme.py holds the README to what the program answers."""
    fact = re.compile(r'"\w+": (?:"[^"…]+"|[\d.]+)')
    readme = set(fact.findall((ROOT / "README.md").read_text()))
    samples = re.findall(r'<pre class="sample">(.*?)</pre>', text_of_page(), re.DOTALL)
    assert len(samples) == 2
    for sample in samples:
        lines = re.sub(r"<[^>]+>", "", sample).splitlines()
        assert lines[0].removeprefix("$ ") + " |" in (ROOT / "README.md").read_text()
        facts = set(fact.findall("\n".join(lines[1:])))
        assert len(facts) > 4 and facts - readme == set()


def commands() -> list[str]:
    return re.findall(r'<pre class="commands">(.*?)</pre>', text_of_page(), re.DOTALL)


def test_it_starts_as_the_readme_says():
    readme = (ROOT / "README.md").read_text()
    assert commands()[0] in readme and commands()[1] in readme


@pytest.mark.skipif(not all((ROOT / name).exists() for name in MANIFESTS), reason="no manifests here")
def test_what_it_applies_is_there():
    named = re.findall(r"-f (\S+)", "\n".join(commands()))
    assert named == list(MANIFESTS[1:])
    assert "docker compose up --build" in commands()


def test_the_space_has_what_hugging_face_asks_for():
    _, matter, text = (SITE / "README.md").read_text().split("---\n", 2)
    space = yaml.safe_load(matter)
    assert space["title"] == "AI Inference Architecture for Healthcare"
    assert (space["emoji"], space["sdk"], space["pinned"]) == ("🧠", "static", True)
    assert (space["colorFrom"], space["colorTo"]) == ("indigo", "green")
    assert {space["colorFrom"], space["colorTo"]} <= set(COLOURS)
    assert (SITE / space["app_file"]).is_file()
    assert len(space["short_description"]) <= 60
    assert all(re.fullmatch(r"[a-z0-9-]+", tag) for tag in space["tags"])
    assert text.strip()


def test_a_page_printed_is_a_document(opened, tmp_path):
    path = tmp_path / "site.pdf"
    opened().page.pdf(path=path, format="A4")
    pages = len(re.findall(rb"/Type\s*/Page\b", path.read_bytes()))
    assert 4 <= pages <= 12, f"{pages} pages"
    if SCREENSHOTS:
        path.rename(f"{SCREENSHOTS}/site.pdf")
