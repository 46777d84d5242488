# SPDX-License-Identifier: Apache-2.0
"""`galen infer FILE`: the answer of a running gateway, and its exit codes."""
import json
import subprocess

import issuer
import pytest
from process import BINARY, DEADLINE_S, ROOT, Process, free_port
from samples import LABELS, by_features, features, stable


def run(*words, stdin: str = "") -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "infer", *words], capture_output=True, text=True, cwd=ROOT,
                          input=stdin, timeout=DEADLINE_S, check=False)


@pytest.mark.parametrize("label", LABELS)
def test_a_file_gets_the_answer_that_the_server_gives(galen, label):
    done = run("--url", galen.url, f"examples/breast-cancer-{label}.json")
    assert done.returncode == 0, done.stderr
    assert stable(json.loads(done.stdout)) == stable(galen.infer(by_features(label)).json())


def test_standard_input_and_a_version_are_taken(galen):
    body = json.dumps({"input": features("benign")})
    done = run("--url", galen.url, "--model", "breast-cancer", "--version", "previous", "-", stdin=body)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"]["version"] == "1"


def test_a_gateway_that_is_not_there_is_1():
    done = run("--url", f"http://127.0.0.1:{free_port()}", "examples/breast-cancer-benign.json")
    assert done.returncode == 1
    assert "connection refused" in done.stderr


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    done = run(str(tmp_path / "nowhere.json"))
    assert done.returncode in (1, 2)
    assert "nowhere.json" in done.stderr
    assert done.stdout == ""


def test_a_file_that_is_refused_is_1_and_says_why(galen, tmp_path):
    path = tmp_path / "vector.json"
    path.write_text(json.dumps({"model": "breast-cancer", "input": {"mean radius": 17}}))
    done = run("--url", galen.url, str(path))
    assert done.returncode == 1
    assert "mean texture" in done.stdout + done.stderr


@pytest.mark.parametrize(("name", "content", "refusal"), [
    ("note.TXT", b"%PDF-1.7", "like application/pdf"),  # declared as text
    ("vector.json", b"[1", "byte offset 2"),
    ("scan.pdf", b"%PDF-1.7", "no model here takes"),  # seen by the gateway
])
def test_the_name_of_a_file_says_what_it_is(galen, tmp_path, name, content, refusal):
    path = tmp_path / name
    path.write_bytes(content)
    done = run("--url", galen.url, str(path))
    assert done.returncode == 1
    assert refusal in done.stderr


def test_no_file_is_wrong_usage():
    assert run().returncode == 2


ISSUER = "https://issuer.example"


@pytest.fixture
def guarded(tmp_path):
    """(a server that asks for tokens, a file with one that is good)"""
    issuer.done("keygen", tmp_path / "keys")
    token = issuer.done("issue", "--key", tmp_path / "keys", "--issuer", ISSUER, "--audience", "galen",
                        "--subject", "ward", "--scope", "infer:breast-cancer")
    (tmp_path / "token").write_text(token + "\n")
    process = Process("serve", tmp_path, {"repository": ROOT / "models", "auth.issuer": ISSUER,
                                          "auth.jwks": tmp_path / "keys/jwks.json"})
    process.wait_for("/readyz")
    yield process, tmp_path / "token"
    process.check_end()


def test_a_token_comes_from_a_file(guarded):
    process, token = guarded
    words = ["--url", process.url, "examples/breast-cancer-benign.json"]
    done = run("--token-file", str(token), *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"]["name"] == "breast-cancer"
    done = run(*words)
    assert done.returncode == 1
    assert "no token came with the request" in done.stderr


@pytest.mark.parametrize(("content", "url", "why"), [
    ("two words", "http://127.0.0.1:9", "holds no token"), ("", "http://127.0.0.1:9", "holds no token"),
    ("a.b.c", "http://gateway.example:8000", "a token goes over https, or to this machine"),
    (None, "http://127.0.0.1:9", "No such file")])
def test_a_token_that_cannot_be_shown_is_2(tmp_path, content, url, why):
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content)
    done = run("--token-file", str(path), "--url", url, "examples/breast-cancer-benign.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr
    assert "two words" not in done.stderr
