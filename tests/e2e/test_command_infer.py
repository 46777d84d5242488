# SPDX-License-Identifier: Apache-2.0
"""`galen infer FILE`: the answer of a running gateway, and its exit codes."""
import json
import subprocess

import pytest
from process import BINARY, DEADLINE_S, ROOT, free_port
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
