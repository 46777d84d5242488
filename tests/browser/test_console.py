# SPDX-License-Identifier: Apache-2.0
"""/console: a note, an image and a vector, by mouse and by keys."""
import json
import subprocess

import pytest
from fixtures import NAME, add_image_model, png
from playwright.sync_api import expect

NOTE = "🩺 The patient takes Metformin 500 mg 🩺🩺 denies fièvre\nand <b>aspirin</b>"
TEXT_OF = """each => [...each.childNodes].map((node) =>
    node.nodeType === Node.TEXT_NODE ? node.data : node.firstChild.data).join('')"""
ENTITIES = ["Metformin", "500 mg", "fièvre", "aspirin"]


def choose(each, model: str):
    expect(each.page.locator("#model option").first).to_be_attached()
    each.page.get_by_label("Model").select_option(model)
    return each.page


def ask_note(each, note: str = NOTE):
    page = choose(each, "lexicon")
    page.get_by_label("Note").fill(note)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".entity").first).to_be_visible()
    return page


def marked(page) -> list[str]:
    """The texts of the marks, without label and score."""
    return page.locator(".entity").evaluate_all("all => all.map((each) => each.firstChild.textContent)")


def test_entities_are_marked_where_they_are(visit, look):
    console = visit("/console", look)
    page = ask_note(console)
    assert marked(page) == ENTITIES
    assert page.locator(".text").evaluate(TEXT_OF) == NOTE
    expect(page.get_by_role("list", name="Labels and how often")).to_contain_text("DRUG × 2")
    page.locator(".entity").first.focus()
    expect(page.locator(".entity .about").first).to_contain_text("DRUG, 99.8%, 20 to 29")
    page.get_by_text("As a table").click()
    console.check_axe()
    console.check_width()
    console.check_nothing_is_kept()
    assert "Metformin" not in page.url
    console.picture(f"console-note-{look}")


def test_what_is_said_of_an_entity_stays_on_the_screen(visit):
    console = visit("/console", "phone")
    page = ask_note(console, "takes aspirin and Metformin " * 6)
    for entity in page.locator(".entity").all():
        entity.focus()
        expect(entity.locator(".about")).to_contain_text("DRUG")
        console.check_width()
        box = entity.locator(".about").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= page.viewport_size["width"]


@pytest.mark.parametrize("look", ["light", "phone"])  # fields and bars are dark in other tests
def test_a_vector_is_edited_and_asked_again(visit, look):
    console = visit("/console", look)
    page = choose(console, "breast-cancer")
    page.get_by_role("button", name="malignant").click()
    page.get_by_role("button", name="Ask").click()
    first = predictions(page).first
    expect(first).to_contain_text("malignant")
    page.get_by_role("button", name="benign").click()
    page.get_by_label("mean radius").fill("11.5")
    page.keyboard.press("Enter")
    expect(first).to_contain_text("benign")
    assert '"mean radius":11.5' in curl_of(page)
    console.check_axe()
    console.check_width()
    console.picture(f"console-vector-{look}")


def test_a_wrong_value_is_told_at_its_field(visit):
    console = visit("/console")
    page = choose(console, "breast-cancer")
    page.get_by_label("worst texture").fill("-4")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("alert")).to_contain_text("/input/worst texture")
    expect(page.get_by_label("worst texture")).to_be_focused()
    expect(page.get_by_label("worst texture")).to_have_attribute("aria-invalid", "true")
    console.check_axe()
    console.picture("console-refusal")
    page.get_by_label("worst texture").fill("20")
    page.get_by_role("button", name="Ask").click()
    expect(predictions(page).first).to_be_visible()
    expect(page.get_by_label("worst texture")).not_to_have_attribute("aria-invalid", "true")
    console.ignore_status(422)


def curl_of(page) -> str:
    return page.get_by_role("group", name="The request as curl").inner_text()


def predictions(page):
    return page.get_by_role("list", name="Labels, best first").locator("li")


def drop(page, place: str, content: bytes, name: str, media_type: str) -> None:
    transfer = page.evaluate_handle(
        "([bytes, name, type]) => { const transfer = new DataTransfer();"
        " transfer.items.add(new File([new Uint8Array(bytes)], name, {type})); return transfer; }",
        [list(content), name, media_type])
    page.locator(place).dispatch_event("drop", {"dataTransfer": transfer})


@pytest.mark.parametrize(("look", "by"), [("light", "drop"), ("phone", "choice"), ("dark", "sample")])
def test_an_image_stands_beside_its_answer(visit, look, by):
    sent = []
    console = visit("/console", look, prepare=lambda page: sent.append(add_image_model(page)))
    page = choose(console, NAME)
    if by == "drop":
        drop(page, ".drop", png(), "chest.png", "image/png")
    elif by == "sample":
        page.get_by_role("button", name="disc").click()
    else:
        file = {"name": "chest.png", "mimeType": "image/png", "buffer": png()}
        page.locator(".drop input").set_input_files(file)
    name = "disc.png" if by == "sample" else "chest.png"
    image = page.get_by_role("img", name=f"What is asked about: {name}")
    expect(image).to_be_visible()
    page.get_by_role("button", name="Ask").click()
    expect(predictions(page).first).to_contain_text("nodule")
    expect(image).to_be_visible()
    assert image.evaluate("each => each.naturalWidth") == 48
    assert sent[0] == [("image/png", png())]
    assert f"--data-binary '@{name}'" in curl_of(page)
    console.check_axe()
    console.check_width()
    console.picture(f"console-image-{look}")


def test_without_a_file_it_says_so(visit):
    console = visit("/console", prepare=add_image_model)
    page = choose(console, NAME)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#said")).to_have_text("Choose a file first.")


def test_a_text_file_may_be_dropped_on_the_note(visit):
    console = visit("/console")
    page = choose(console, "lexicon")
    drop(page, "textarea", NOTE.encode(), "note.txt", "text/plain")
    expect(page.get_by_label("Note")).to_have_value(NOTE)


def test_the_curl_command_gets_the_same_answer(visit):
    console = visit("/console")
    page = ask_note(console)
    curl = curl_of(page)
    done = subprocess.run(["bash", "-c", curl], capture_output=True, check=True)
    told = json.loads(page.get_by_role("group", name="Body of the answer").inner_text())
    assert json.loads(done.stdout)["entities"] == told["entities"]


def test_keys_alone_ask(visit):
    console = visit("/console")
    page = console.page
    expect(page.locator("#model option").first).to_be_attached()
    for expected in ("Skip to the model", "API"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=expected)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Model")).to_be_focused()
    page.keyboard.type("Looks")
    expect(page.get_by_label("Note")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Note")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("takes aspirin")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".entity")).to_have_count(1)
    expect(page.locator("#said")).to_have_text("1 entity found.")


def test_nothing_found_is_said(visit):
    page = choose(visit("/console"), "lexicon")
    page.get_by_label("Note").fill("and takes")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#answer")).to_contain_text("Nothing found.")
