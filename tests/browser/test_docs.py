# SPDX-License-Identifier: Apache-2.0
"""/docs: every operation is there, and can be tried, by mouse and by keys."""
import json
import subprocess

import pytest
from playwright.sync_api import expect
from process import ROOT

NOTE = "takes aspirin 5 mg"


@pytest.fixture
def docs(visit, look):
    each = visit("/docs", look)
    expect(each.page.locator("#infer h3")).to_be_visible()
    return each


def answer(section):
    return section.get_by_role("group", name="Body of the answer")


def curl_of(section) -> str:
    return section.get_by_role("group", name="The request as curl").inner_text()


def has_focus(locator) -> bool:
    return locator.evaluate("each => each === document.activeElement")


def open_try(page, operation: str):
    section = page.locator(f"section#{operation}")
    section.locator(".try > summary").click()
    return section


OPEN_ALL = """section => section.querySelectorAll('details').forEach(each => each.open = true)"""


def test_it_shows_every_operation_without_a_violation(docs, galen, look):
    """With the first operation opened down to its schemas, and tried."""
    document = galen.request("GET", "/openapi.json").json()
    count = sum(len(item) for item in document["paths"].values())
    assert docs.page.locator("section.operation").count() == count
    docs.picture(f"docs-{look}")
    section = docs.page.locator("section#infer")
    for _ in range(2):  # what is opened draws what can be opened next
        section.evaluate(OPEN_ALL)
        expect(section.locator(".schema").first).to_be_visible()
    section.get_by_role("button", name="Send").click()
    expect(section.locator(".status")).to_contain_text("200 OK")
    docs.check_width()
    docs.picture(f"docs-open-{look}")
    if look != "light":  # elsewhere all is of the same parts as this one
        docs.page.get_by_label("Filter").fill("post /infer ask")
    docs.check_axe()


def test_an_example_is_sent_and_its_curl_does_the_same(visit):
    docs = visit("/docs")
    section = open_try(docs.page, "infer")
    section.get_by_label("Example").select_option("breast-cancer-malignant")
    section.get_by_role("button", name="Send").click()
    expect(answer(section)).to_contain_text('"label": "malignant"')
    done = subprocess.run(["sh", "-c", curl_of(section)], capture_output=True, check=True)
    told = json.loads(answer(section).inner_text())
    assert json.loads(done.stdout)["predictions"] == told["predictions"]


def test_a_file_goes_as_a_form(visit, tmp_path):
    docs = visit("/docs")
    note = tmp_path / "note.txt"
    note.write_text(NOTE)
    section = open_try(docs.page, "infer")
    section.get_by_label("Content-Type", exact=True).select_option("multipart/form-data")
    section.locator("input[type=file]").set_input_files(note)
    section.locator("fieldset, .fields").get_by_label("model", exact=True).last.select_option("lexicon")
    section.get_by_role("button", name="Send").click()
    expect(section.locator(".status")).to_contain_text("200 OK")
    expect(answer(section)).to_contain_text('"text": "aspirin"')
    assert "-F 'input=@note.txt'" in curl_of(section)


def test_a_file_takes_the_place_of_a_text(visit):
    docs = visit("/docs")
    section = open_try(docs.page, "infer")
    section.get_by_label("or a file").set_input_files(ROOT / "examples/breast-cancer-malignant.json")
    section.get_by_role("button", name="Send").click()
    expect(answer(section)).to_contain_text('"label": "malignant"')


def test_a_refusal_is_shown_as_it_is(visit):
    docs = visit("/docs")
    section = open_try(docs.page, "v2_model")
    section.get_by_label("model", exact=True).evaluate(
        "each => { each.options[0].value = 'nope'; each.value = 'nope' }")
    section.get_by_role("button", name="Send").click()
    expect(section.locator(".status")).to_contain_text("404 Not Found")
    expect(answer(section)).to_contain_text("not-found")
    docs.ignore_status(404)


def test_keys_alone_send_a_request(visit):
    docs = visit("/docs")
    page = docs.page
    expect(page.locator("#infer h3")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the operations")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#infer .try > summary")).to_be_focused()
    page.keyboard.press("Enter")
    section = page.locator("section#infer")
    send = section.get_by_role("button", name="Send")
    while not has_focus(send):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(section.locator(".status")).to_contain_text("200 OK")
    assert has_focus(send)


def test_the_filter_leaves_what_it_finds(visit):
    page = visit("/docs").page
    page.get_by_label("Filter").fill("tensors post")
    expect(page.locator("#v2_infer")).to_be_visible()
    expect(page.locator("#live")).to_be_hidden()
    page.get_by_label("Filter").fill("")
    expect(page.locator("#live")).to_be_visible()
