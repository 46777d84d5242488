# SPDX-License-Identifier: Apache-2.0
"""A text in, entities or predictions out, with networks of which every answer is known
(tests/data/notes/make.py)."""
import base64
import json
import random
import shutil
import subprocess

import deployment
import pytest
from deployment import NAMES
from message import connect, encode
from process import BINARY, DEADLINE_S, ROOT, until
from samples import stable

NOTES = ROOT / "tests/data/notes"
TEXT_TYPE = {"Content-Type": "text/plain; charset=utf-8"}
NOTE = "The patient takes Metformin 500 mg 🩺 denies fièvre"
ENTITIES = [("DRUG", "Metformin"), ("DOSE", "500 mg"), ("SIGN", "fièvre")]
WORDS = ("aspirin", "metformin", "5", "500", "mg", "Fièvre", "chest", "pain", "发烧", "takes", "and",
         ",", "unheard", "🩺", "murmur", "acid")


def write_repository(folder, **variants: dict[str, str]):
    """Copies of lexicon whose model.yaml has one text in another's place."""
    for name, changes in ({"lexicon": {}} | variants).items():
        shutil.copytree(NOTES / "lexicon", folder / name)
        path = folder / name / "1/model.yaml"
        contract = path.read_text()
        for old, new in changes.items():
            assert old in contract
            contract = contract.replace(old, new)
        path.write_text(contract)
    shutil.copytree(NOTES / "urgency", folder / "urgency")
    return folder


WHOLE = {"max_length: 10": "max_length: 4096"}
VARIANTS = {
    "whole": WHOLE,
    "strict": {"longer: window\n  stride: 3": "longer: refuse"},
    "cut": {"longer: window\n  stride: 3": "longer: truncate"},
    "mean": {"bucket: 4": "bucket: 4\n  merge: mean"},
    "surest": {"bucket: 4": "bucket: 1\n  merge: max"},
}


@pytest.fixture(scope="module", params=NAMES)
def notes(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notes")
    models = write_repository(folder / "models", **VARIANTS)
    config = folder / "galen.yaml"
    config.write_text("routes:\n  - {match: {content: text/plain}, model: lexicon}\n")
    galen = deployment.start(request.param, folder, repository=models, config=str(config),
                             upstream__rows=5)
    yield galen
    galen.stop()


@pytest.fixture(scope="module", params=NAMES)
def demo(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    galen = deployment.start(request.param, folder, repository=NOTES, mode="demo")
    yield galen
    galen.stop()


def entities_of(document: dict, text: str) -> list[tuple[str, str]]:
    return [(entity["label"], text[entity["start"]:entity["end"]]) for entity in document["entities"]]


def codes(document: dict) -> list[str]:
    return [warning["code"] for warning in document["warnings"]]


def part(content: bytes, head: str) -> tuple[bytes, dict[str, str]]:
    body = f"--x\r\nContent-Disposition: form-data; name=input{head}\r\n\r\n".encode() + content
    return body + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


SENT = NOTE.encode()
FORMS = {
    "a string": (json.dumps({"input": NOTE}).encode(), {}),
    "a body": (SENT, TEXT_TYPE),
    "a body that declares nothing": (SENT, {"Content-Type": None}),
    "a form's file": part(SENT, '; filename="note.txt"\r\nContent-Type: text/plain'),
    "a form's field": part(SENT, ""),
    "a data: URI": (b'{"input": "data:text/plain;charset=utf-8;base64,' + base64.b64encode(SENT)
                    + b'"}', {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_a_note_gets_its_entities(notes, form):
    reply = notes.request("POST", "/infer", *FORMS[form])
    assert reply.status == 200, reply.body
    document = reply.json()
    assert document["task"] == "token-classification"
    assert document["model"]["name"] == "lexicon"
    assert entities_of(document, NOTE) == ENTITIES
    assert all(entity["score"] == pytest.approx(0.99799, abs=1e-5) for entity in document["entities"])


def test_the_command_line_sends_a_file(notes, tmp_path):
    path = tmp_path / "note.txt"
    path.write_text(NOTE)
    done = subprocess.run([BINARY, "infer", "--url", notes.url, path], capture_output=True,
                          timeout=DEADLINE_S, check=True)
    assert entities_of(json.loads(done.stdout), NOTE) == ENTITIES


@pytest.mark.parametrize("seed", range(8))
def test_windows_find_what_one_row_finds(notes, seed):
    rng = random.Random(seed)
    text = " ".join(rng.choice(WORDS) for _ in range(rng.choice((3, 12, 60, 700))))
    expected = notes.infer({"model": "whole", "input": text}).json()
    for model in ("lexicon", "mean", "surest"):
        found = notes.infer({"model": model, "input": text}).json()
        assert found["entities"] == expected["entities"], (model, text)
        assert "windowed" in codes(found) or len(text.split()) < 9


def test_a_client_that_leaves_between_two_parts_leaves_nothing_behind(notes):
    """A text of 600 windows goes to the engine in 120 parts (upstream.rows: 5)."""
    text = "aspirin 5 mg , " * 750
    request = encode("POST", "/infer", {"model": "lexicon", "input": text})
    expected = notes.infer({"model": "lexicon", "input": text}).json()["entities"]
    files = notes.file_counts()
    for _ in range(20):
        with connect(notes.port) as connection:
            connection.sendall(request)
    until(lambda: all(now <= then for now, then in zip(notes.file_counts(), files, strict=True)),
          "as few files are open as before")
    assert notes.infer({"model": "lexicon", "input": text}).json()["entities"] == expected
    assert len(expected) == 1500


def test_a_text_of_too_many_windows_is_refused(notes):
    reply = notes.infer({"model": "lexicon", "input": "aspirin " * 25000})
    assert reply.status == 413
    assert "needs 5000 windows, and may have 4096" in reply.json()["detail"]


def test_a_text_gets_predictions_over_its_windows(notes):
    short = notes.infer({"model": "urgency", "input": "chest pain"}).json()
    assert short["task"] == "text-classification"
    assert [item["label"] for item in short["predictions"]] == ["urgent", "routine"]
    assert codes(short) == ["demo_model"]
    mixed = notes.infer({"model": "urgency", "input": "chest pain " * 3 + "takes daily " * 30}).json()
    assert mixed["predictions"][0]["label"] == "routine"
    assert codes(mixed) == ["demo_model", "windowed"]


def test_what_is_below_the_threshold_is_left_out_and_told(notes):
    document = notes.infer({"input": "murmur and aspirin"}).json()
    assert entities_of(document, "murmur and aspirin") == [("DRUG", "aspirin")]
    assert codes(document) == ["demo_model", "low_confidence"]


def test_a_text_that_is_too_long_is_refused_cut_or_windowed(notes):
    text = "aspirin and " * 20
    refused = notes.infer({"model": "strict", "input": text})
    assert refused.status == 422
    assert refused.json()["errors"] == [
        {"pointer": "/input", "message": "has 40 tokens, and the model takes 8 at most"}]
    cut = notes.infer({"model": "cut", "input": text}).json()
    assert len(cut["entities"]) == 4
    assert codes(cut) == ["demo_model", "truncated"]
    windowed = notes.infer({"model": "lexicon", "input": text}).json()
    assert len(windowed["entities"]) == 20
    assert codes(windowed) == ["demo_model", "windowed"]


@pytest.mark.parametrize("text", ["\u200b", " \n\t", "\u0000"])
def test_a_text_without_a_word_is_refused(notes, text):
    reply = notes.infer({"input": text})
    assert reply.status == 422
    assert reply.json()["errors"][0]["pointer"] == "/input"


def test_tensors_have_no_words_to_name(notes):
    ids = {"name": "input_ids", "shape": [1, 2], "datatype": "INT64", "data": [5, 6]}
    inputs = {"inputs": [ids, ids | {"name": "attention_mask", "data": [1, 1]}]}
    refused = notes.infer({"model": "lexicon"} | inputs)
    assert refused.status == 422
    assert "/v2" in refused.json()["detail"]
    assert notes.infer({"model": "urgency"} | inputs).status == 200
    assert notes.request("POST", "/v2/models/lexicon/infer", inputs).status == 200


def test_nothing_that_was_sent_comes_back(notes):
    reply = notes.infer({"input": NOTE})
    assert b"Metformin" not in reply.body
    assert "Metformin" not in notes.log()
    assert "galen-mode" not in reply.headers


def test_demo_mode_quotes_and_says_so(demo):
    reply = demo.infer({"model": "lexicon", "input": NOTE})
    document = reply.json()
    assert [(entity["label"], entity["text"]) for entity in document["entities"]] == ENTITIES
    assert codes(document)[:2] == ["demo_model", "demo_mode"]
    assert reply.headers["galen-mode"] == "demo"
    assert "Metformin" not in demo.log()


def test_demo_mode_serves_demonstrations_only(tmp_path):
    models = write_repository(tmp_path / "models", real={"demonstration: true": "demonstration: false"})
    words = [BINARY, "serve", "--repository", models, "--listen", "127.0.0.1:0", "--set", "mode=demo"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert "real/1 is none" in done.stderr


def test_only_demo_mode_listens_beyond_loopback(tmp_path):
    words = [BINARY, "serve", "--repository", NOTES, "--listen", "0.0.0.0:0"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert "listen.http: is not a loopback address" in done.stderr


def test_processes_answer_alike(tmp_path):
    """One process and three, the same note."""
    answers = []
    for name in NAMES:
        galen = deployment.start(name, tmp_path, repository=NOTES)
        answers.append(stable(galen.infer({"model": "lexicon", "input": NOTE * 9}).json()))
        galen.stop()
    assert answers[0] == answers[1]
