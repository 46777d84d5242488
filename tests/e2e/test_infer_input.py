# SPDX-License-Identifier: Apache-2.0
"""The forms that an input of POST /infer may come in: each gets the answer that JSON gets."""
import base64
import json
import shutil
import subprocess
import urllib.parse

import pytest
from process import DEADLINE_S
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
    done = subprocess.run([CURL, "-sS", "-F", f"input=@{path}", "-F", f"model={MODEL}", f"{galen.url}/infer"],
                          capture_output=True, timeout=DEADLINE_S, check=True)
    assert stable(json.loads(done.stdout)) == stable(galen.infer(by_features()).json())


def test_what_is_not_taken_is_told_what_is(galen):
    reply = galen.request("POST", "/infer", b"%PDF-1.7", {"Content-Type": "application/pdf"})
    assert reply.status == 415
    assert JSON_TYPE in reply.json()["detail"]
