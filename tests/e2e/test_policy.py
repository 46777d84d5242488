# SPDX-License-Identifier: Apache-2.0
"""Two routes with two policies, as docs/policies.md has them; subjects, wherever they are named."""
import base64
import json
import re
import subprocess
import urllib.parse

import counted
import deployment
import keys
import openapi
import pytest
import trail
from disguises import disguises
from message import encode, send_raw
from process import BINARY, ROOT
from samples import as_binary, as_tensor, by_features, stable

PAGE = (ROOT / "docs/policies.md").read_text()
V2 = "/v2/models/breast-cancer/infer"
NOTE = "Takes metformin 500 mg; metformin since 2019."
PSEUDONYM = re.compile(r"[0-9a-f]{32}")
SUBJECT = "Patient/Zebedee Quux é-4711"
OTHER = "Patient/Ludmilla-0815"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


class Running:
    def __init__(self, name: str, folder):
        self.name = name
        self.folder = folder
        config = folder / "galen.yaml"
        config.write_text(blocks("yaml")[0])
        self.galen = deployment.start(name, folder, config=str(config))

    def post(self, body, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.galen.request("POST", "/infer", json.dumps(body).encode(), named)

    def note(self, **members):
        return self.post({"input": NOTE, "purpose": "HRESCH"} | members)


@pytest.fixture(scope="module", params=deployment.NAMES)
def running(request, tmp_path_factory):
    started = Running(request.param, tmp_path_factory.mktemp("policy"))
    yield started
    started.galen.stop()


def without_chance(document):
    """Without what is another each time."""
    plain = stable(document)
    for entity in plain.get("entities", []):
        if PSEUDONYM.fullmatch(entity["text"]):
            entity["text"] = "a pseudonym"
    return plain


def resolves(document, pointer: str) -> bool:
    for name in pointer.split("/")[1:]:
        if isinstance(document, list):
            document = document[int(name)]
        elif name in document:
            document = document[name]
        else:
            return False
    return True


def test_the_page_tells_what_happens(running):
    note, note_answer, vector_answer = (json.loads(block) for block in blocks("json"))
    answers = [(running.post(note), note_answer),
               (running.galen.infer(by_features("benign")), vector_answer)]
    for reply, told in answers:
        assert reply.status == 200, reply.body
        assert without_chance(reply.json()) == without_chance(told)
    entities = answers[0][0].json()["entities"]
    assert all(PSEUDONYM.fullmatch(entity["text"]) for entity in entities)
    assert entities[0]["text"] == entities[2]["text"] != entities[1]["text"]


def test_what_is_removed_is_nowhere_in_the_answer(running):
    reply = running.note(subject="a")
    document = reply.json()
    removed = [pointer for pointer in document["redacted"] if not resolves(document, pointer)]
    assert "/timing_us" in removed and "/entities/0/start" in removed
    for word in ("metformin", "500 mg", "timing_us", "sha256\"", "start\"", "end\"", "380a04c7"):
        assert word not in reply.body.decode().replace("/model/sha256\"", "").replace(
            "/start\"", "").replace("/end\"", "").replace("/timing_us", ""), word


def test_answers_are_those_that_the_document_tells_of(running):
    document = openapi.of(running.galen)
    operation = document.find("POST", "/infer")
    for reply in (running.note(), running.galen.infer(by_features()), running.post({"input": NOTE}),
                  running.galen.infer(by_features(options={"threshold": 0.9})),
                  running.galen.infer(as_tensor(model="breast-cancer"))):
        document.check(operation, reply)
    document.check(document.find("POST", V2), running.galen.request("POST", V2, as_tensor()))


def test_pseudonyms_hold_within_a_subject(running):
    texts = [[entity["text"] for entity in reply.json()["entities"]]
             for reply in (running.note(subject="a"), running.note(subject="a"),
                           running.note(subject="b"), running.note(), running.note())]
    assert texts[0] == texts[1]
    assert len({each[0] for each in texts}) == 4
    warnings = running.note().json()["warnings"]
    assert [each["code"] for each in warnings] == ["demo_model", "no_subject"]


def test_naming_the_model_is_no_way_around(running):
    for body in (by_features(), by_features(version="1"), by_features(version="current")):
        assert "redacted" in running.galen.infer(body).json()
    assert "redacted" in running.note(model="clinical-ner").json()


def test_tensors_are_no_way_around(running):
    body, headers = as_binary()
    replies = [running.galen.infer(as_tensor(model="breast-cancer")),
               running.galen.request("POST", "/infer?model=breast-cancer", body, headers),
               running.galen.request("POST", V2, as_tensor()),
               running.galen.request("POST", V2, body, headers),
               running.galen.request("POST", "/v2/models/breast-cancer/versions/1/infer", as_tensor())]
    assert [reply.status for reply in replies] == [403] * len(replies)
    assert running.galen.request("GET", "/v2/models/breast-cancer").status == 200


def test_what_a_route_requires_is_missed(running):
    reply = running.post({"input": NOTE})
    assert reply.status == 422
    assert reply.json()["errors"][0]["pointer"] == "/purpose"
    assert running.post({"input": NOTE}, Galen_Purpose="HRESCH").status == 200


def test_an_option_that_the_model_gives_no_range_for_is_refused(running):
    reply = running.galen.infer(by_features(options={"threshold": 0.9}))
    assert (reply.status, reply.json()["errors"][0]["pointer"]) == (403, "/options/threshold")
    assert running.galen.infer(by_features(options={"deidentify": False})).status == 422


def test_an_option_raises_the_threshold_within_its_range(launch, tmp_path):
    source = ROOT / "models/breast-cancer/2"
    folder = tmp_path / "models/breast-cancer/1"
    folder.mkdir(parents=True)
    for path in source.iterdir():
        text = path.read_bytes()
        if path.name == "model.yaml":
            text = re.sub(rb"(?m)^threshold: .*$", b"threshold: 0.5\nthreshold_max: 1.0", text)
            assert b"threshold_max" in text
        (folder / path.name).write_bytes(text)
    (folder.parent / "current").symlink_to("1")
    galen = launch("one", repository=tmp_path / "models")
    ask = {threshold: galen.infer(by_features(options={"threshold": threshold}))
           for threshold in (0.49, 0.5, 1.0)}
    assert [reply.status for reply in ask.values()] == [403, 200, 200]
    assert ask[0.5].json()["abstained"] is None
    assert ask[1.0].json()["abstained"] == "low_confidence"


def form(subject: str) -> bytes:
    parts = {"input": NOTE, "subject": subject, "purpose": "TREAT"}
    said = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                   for name, value in parts.items())
    return f"{said}--b--\r\n".encode()


def sources(subject: str) -> dict[str, bytes]:
    """A request for each place that may name a subject, and some that go wrong."""
    header = {"Galen-Subject": subject, "Galen-Purpose": "TREAT"}
    note = {"input": NOTE, "subject": subject, "purpose": "TREAT"}
    binary, binary_headers = as_binary()
    return {
        "a member": encode("POST", "/infer", note),
        "a header": encode("POST", "/infer", NOTE.encode(), header | {"Content-Type": "text/plain"}),
        "a part": encode("POST", "/infer", form(subject),
                         {"Content-Type": "multipart/form-data; boundary=b"}),
        "a header of v2": encode("POST", V2, as_tensor(), header),
        "a header before raw bytes": encode("POST", V2, binary, header | binary_headers),
        "a member beside tensors": encode("POST", "/infer", as_tensor(
            model="breast-cancer", subject=subject)),
        "one that differs": encode("POST", "/infer", note | {"subject": OTHER}, header),
        "a header that differs": encode("POST", "/infer", note, header | {"galen-subject": OTHER}),
        "one too long": encode("POST", "/infer", note | {"subject": subject * 100}),
        "one with a control character": encode("POST", "/infer", note | {"subject": subject + "\n"}),
        "a malformed body": encode("POST", "/infer", json.dumps(note)[:-1].encode(), header),
        "an unknown model": encode("POST", "/infer", note | {"model": "nobody"}, header),
        "a purpose that is none": encode("POST", "/infer", note | {"purpose": subject}),
        "an option": encode("POST", "/infer", note | {"options": {subject: subject}}),
        "a path that is none": encode("POST", "/nowhere", note, header),
    }


class Passed:
    """All that a deployment said and kept of requests that name a subject."""

    def __init__(self, name: str, folder):
        running = Running(name, folder)
        self.replies = {place: send_raw(running.galen.port, request)
                        for place, request in sources(SUBJECT).items()}
        running.note()
        running.note(subject=OTHER)
        running.galen.stop()
        self.log = running.galen.log()
        self.folder = folder
        self.chains = trail.check(folder / "audit")

    def records(self, *services: str) -> list[dict]:
        return trail.requests(self.chains, *services)


@pytest.fixture(scope="module", params=deployment.NAMES)
def passed(request, tmp_path_factory):
    return Passed(request.param, tmp_path_factory.mktemp("passed"))


def search(passed, subject: str, *words: str) -> list[dict]:
    done = subprocess.run([BINARY, "audit", "search", "--subject", "-", "--keys", keys.folder(BINARY),
                           *words, passed.folder / "audit"],
                          input=subject.encode(), capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_requests_are_answered_as_they_should(passed):
    assert {place: reply.status for place, reply in passed.replies.items()} == {
        "a member": 200, "a header": 200, "a part": 200, "a header of v2": 403,
        "a header before raw bytes": 403, "a member beside tensors": 403, "one that differs": 422,
        "a header that differs": 422, "one too long": 422, "one with a control character": 422,
        "a malformed body": 400, "an unknown model": 404, "a purpose that is none": 422,
        "an option": 422, "a path that is none": 404}


def test_a_disguise_is_found():
    words = disguises(SUBJECT)
    for text in (f"x {SUBJECT}", base64.b64encode(f"ab{SUBJECT}c".encode()).decode(), "zebedee".title(),
                 urllib.parse.quote(SUBJECT), SUBJECT.encode().hex()):
        assert any(word in text for word in words), text


def test_no_subject_is_in_any_sink(passed, capsys):
    files = [path for path in (passed.folder / "audit").rglob("*") if path.is_file()]
    sinks = {str(path): path.read_text() for path in files} | {"stdout and stderr": passed.log}
    sinks |= {place: f"{reply.headers}{reply.body.decode()}" for place, reply in passed.replies.items()}
    assert len(sinks) > 15
    words = disguises(SUBJECT) + disguises(OTHER)
    for name, text in sinks.items():
        assert [word for word in words if word in text] == [], name
    counted.check(capsys, "subject-sinks", places=len(passed.replies), disguises=len(words))


def test_a_subject_has_one_pseudonym_wherever_it_is_named(passed):
    edges = passed.records(*trail.EDGES)
    named = {record["subject_hmac"] for record in edges if "subject_hmac" in record}
    assert len(named) == 2
    assert all("subject_hmac" not in record for record in passed.records("engine", "preprocess"))
    found = search(passed, SUBJECT)
    assert len({record["subject_hmac"] for record in found}) == 1
    assert len(found) > len(search(passed, OTHER)) >= 1
    assert search(passed, SUBJECT + "\n") == found
    assert search(passed, "somebody else") == []
    treated = search(passed, SUBJECT, "--purpose", "TREAT")
    assert {record["purpose"] for record in treated} == {"TREAT"}


def test_records_count_what_a_policy_hid(passed):
    [record] = [each for each in passed.records(*trail.EDGES)
                if each["request_id"] == passed.replies["a member"].json()["request_id"]]
    answer = passed.replies["a member"].json()
    assert record["redact"]["count"] == len(answer["redacted"])
    assert record["redact"]["policy"] == "research"
    assert re.fullmatch("[0-9a-f]{64}", record["redact"]["sha256"])
    refused = [each for each in passed.records(*trail.EDGES) if each.get("reason") == "forbidden"]
    assert {each["redact"]["policy"] for each in refused} == {"screening"}
    assert all("count" not in each["redact"] for each in refused)


def refuse(tmp_path, text: str) -> str:
    path = tmp_path / "galen.yaml"
    path.write_text(text)
    done = subprocess.run([BINARY, "serve", "--config", path], capture_output=True, text=True,
                          check=False, cwd=ROOT)
    assert done.returncode == 2
    return done.stderr


def test_a_typing_error_is_told_with_its_line(tmp_path):
    said = refuse(tmp_path, "policies:\n  p:\n    remove: [/timing_us]\n    mask: [/entites/*/label]\n")
    assert f"{tmp_path}/galen.yaml:4:12: policies.p.mask[0]: names nothing that is in an answer" in said
    said = refuse(tmp_path, "routes:\n  - {match: {content: a/b}, model: m, policy: nobody}\n")
    assert f"{tmp_path}/galen.yaml:2:47: routes[0].policy: there is no such policy" in said


def test_pseudonyms_need_their_key(tmp_path):
    config = tmp_path / "galen.yaml"
    config.write_text("policies: {p: {hash: [/model/name]}}\n")
    folder = tmp_path / "keys"
    for purpose in ("checkpoint", "audit-hmac", "subject"):
        subprocess.run([BINARY, "key", "rotate", purpose, "--keys", folder], check=True,
                       capture_output=True)
    done = subprocess.run([BINARY, "serve", "--config", config, "--set", f"keys.directory={folder}",
                           "--set", f"audit.directory={tmp_path / 'audit'}"],
                          capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert f"galen key rotate redact --keys {folder}" in done.stderr


def test_demo_mode_quotes_only_what_the_policy_lets(launch, tmp_path):
    config = tmp_path / "galen.yaml"
    config.write_text("policies: {quiet: {}}\n"
                      "routes: [{match: {content: text/plain}, model: clinical-ner, policy: quiet}]\n")
    demo = launch("one", mode="demo", keys__directory=tmp_path / "keys")
    quiet = launch("one", mode="demo", keys__directory=tmp_path / "keys", config=str(config))
    assert "metformin" in demo.infer({"input": NOTE}).body.decode()
    answer = quiet.infer({"input": NOTE})
    assert answer.status == 200 and answer.json()["entities"] != []
    assert "metformin" not in answer.body.decode() and "redacted" not in answer.json()
