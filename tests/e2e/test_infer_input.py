# SPDX-License-Identifier: Apache-2.0
"""The forms that an input of POST /infer may come in: each gets the answer that JSON gets."""
import base64
import json
import shutil
import subprocess
import urllib.parse

import deployment
import pytest
from deployment import NAMES
from process import BINARY, DEADLINE_S, ROOT
from samples import MODEL, by_features, features, stable

JSON_TYPE = "application/json"
VECTOR = json.dumps(features("malignant")).encode()
CURL = shutil.which("curl")


def form_of(*parts: tuple[str, bytes], boundary: str = "x-y") -> tuple[bytes, dict[str, str]]:
    lines = [f"--{boundary}\r\nContent-Disposition: form-data; name={head}\r\n\r\n".encode() + content
             for head, content in parts]
    body = b"\r\n".join([*lines, f"--{boundary}--\r\n".encode()])
    return body, {"Content-Type": f'multipart/form-data; boundary="{boundary}"'}


def expect_same(galen, reply) -> None:
    assert reply.status == 200, reply.body
    assert stable(reply.json()) == stable(galen.infer(by_features()).json())


STRINGS = {
    "base64": {"input": base64.b64encode(VECTOR).decode(), "content_type": JSON_TYPE},
    "a data: URI": {"input": "data:application/json," + urllib.parse.quote(VECTOR)},
    "a data: URI in base64": {"input": "data:application/json;base64,"
                                       + base64.b64encode(VECTOR).decode()},
    "an object with its type": {"input": features("malignant"), "content_type": JSON_TYPE},
}


@pytest.mark.parametrize("name", STRINGS)
def test_a_member_input_may_be_encoded(galen, name):
    expect_same(galen, galen.infer(STRINGS[name]))


FORMS = {
    "a field": form_of(("input", VECTOR)),
    "a file of a browser": form_of(
        ('"input"; filename="a%22b.json"\r\nContent-Type: application/octet-stream', VECTOR)),
    "a file of its own type": form_of(
        ('"input"; filename="x"\r\nContent-Type: application/json', VECTOR), ("model", MODEL.encode())),
    "a field with its type": form_of(("content_type", b"application/json"), ("input", VECTOR),
                                     ("version", b"current")),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_holds_an_input(galen, name):
    body, headers = FORMS[name]
    expect_same(galen, galen.request("POST", "/infer", body, headers))


@pytest.mark.parametrize("declared", [None, "application/octet-stream"])
def test_a_body_that_declares_nothing_is_what_it_looks_like(galen, declared):
    body = json.dumps(by_features()).encode()
    expect_same(galen, galen.request("POST", "/infer", body, {"Content-Type": declared}))


@pytest.mark.skipif(CURL is None, reason="curl is not there")
def test_curl_sends_a_form(galen, tmp_path):
    path = tmp_path / "vector.json"
    path.write_bytes(VECTOR)
    words = [CURL, "-sS", "-F", f"input=@{path}", "-F", f"model={MODEL}", f"{galen.url}/infer"]
    done = subprocess.run(words, capture_output=True, timeout=DEADLINE_S, check=True)
    assert stable(json.loads(done.stdout)) == stable(galen.infer(by_features()).json())


@pytest.fixture(scope="module", params=NAMES)
def of_notes(request, tmp_path_factory):
    """A deployment whose one model takes text/plain beside vectors."""
    folder = tmp_path_factory.mktemp("of-notes")
    shutil.copytree(ROOT / "models" / MODEL, folder / "models" / MODEL, symlinks=True)
    for path in folder.glob("models/*/[0-9]*/model.yaml"):
        contract = path.read_text()
        path.write_text(contract.replace("media_types: [", "media_types: [text/plain, "))
        assert path.read_text() != contract
    galen = deployment.start(request.param, folder, repository=folder / "models")
    yield galen
    galen.stop()


TEXT_TYPE = {"Content-Type": "text/plain; charset=utf-8"}
NOT_UTF8 = {
    "a body": (b"caf\xc3\xa9 \xed\xa0\x80", TEXT_TYPE, 6),
    "a body that is cut": (b"caf\xc3", TEXT_TYPE, 3),
    "a body that is Latin-1": (b"d\xe9j\xe0 vu", TEXT_TYPE, 1),
    "a part": (*form_of(("input\r\nContent-Type: text/plain", b"ab\xff")), 2),
    "a data: URI": (b'{"input": "data:text/plain,ab%C0%80"}', {}, 2),
    "a string": (b'{"input": "ab\xff"}', {}, 13),
}


@pytest.mark.parametrize("name", NOT_UTF8)
def test_text_that_is_not_utf8_is_placed(of_notes, name):
    body, headers, offset = NOT_UTF8[name]
    reply = of_notes.request("POST", "/infer", body, headers)
    assert reply.status == 400
    assert reply.json()["detail"].startswith(f"byte offset {offset}: ")


EMPTY = {
    "a body": (b"", TEXT_TYPE),
    "a body that declares nothing": (b"", {"Content-Type": None}),
    "a part": form_of(("input", b"")),
    "a data: URI": (b'{"input": "data:,"}', {}),
    "a string": (b'{"input": ""}', {}),
    "base64": (b'{"input": "", "content_type": "application/json"}', {}),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_input_is_refused(of_notes, name):
    reply = of_notes.request("POST", "/infer", *EMPTY[name])
    assert reply.status == 422
    assert reply.json()["errors"] == [{"pointer": "/input", "message": "is empty"}]


def test_a_vector_in_text_is_not_a_note(of_notes):
    reply = of_notes.request("POST", "/infer", VECTOR, TEXT_TYPE)
    assert reply.status == 415
    assert "like application/json" in reply.json()["detail"]


def write_routes(folder, *models: str) -> str:
    """A configuration that has the first of them answer vectors, and a repository of both."""
    for model in ("first", "second"):
        shutil.copytree(ROOT / "models" / MODEL, folder / "models" / model, symlinks=True)
    path = folder / "galen.yaml"
    rows = [f"  - {{match: {{content: application/json}}, model: {model}}}\n" for model in models]
    path.write_text("routes:\n" + "".join(rows))
    return str(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_route_names_the_model_where_a_request_does_not(launch, tmp_path, name):
    config = write_routes(tmp_path, "second", "first")
    galen = launch(name, repository=tmp_path / "models", config=config)
    body = {"input": features("malignant")}
    assert galen.infer(body).json()["model"]["name"] == "second"
    assert galen.infer(body | {"model": "first"}).json()["model"]["name"] == "first"


def test_without_a_route_one_of_two_models_has_to_be_named(launch, tmp_path):
    write_routes(tmp_path)
    reply = launch("one", repository=tmp_path / "models").infer({"input": features("malignant")})
    assert reply.status == 422
    assert "model" in reply.json()["detail"]


def test_a_route_to_a_model_that_is_not_there_ends_the_start(tmp_path):
    config = write_routes(tmp_path, "nowhere")
    words = [BINARY, "serve", "--listen", "127.0.0.1:0", "--config", config,
             "--repository", str(tmp_path / "models")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert "routes[0].model: there is no 'nowhere'" in done.stderr


def test_what_is_not_taken_is_told_what_is(galen):
    reply = galen.request("POST", "/infer", b"%PDF-1.7", {"Content-Type": "application/pdf"})
    assert reply.status == 415
    assert JSON_TYPE in reply.json()["detail"]
