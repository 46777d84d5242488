# SPDX-License-Identifier: Apache-2.0
"""The kit itself: that its rules can fail, that it needs nothing, and what it writes."""
import http.server
import json
import pathlib
import subprocess
import sys
import threading

import pytest

from conformance import __main__ as command
from conformance import known
from conformance.rule import Level
from conformance.rules import rules
from conformance.runner import Outcome, Subject, judge
from conformance.server import Answer, Server

TESTS = pathlib.Path(__file__).resolve().parents[1]


def answer(status: int, body: bytes, **headers: str) -> Answer:
    made = Answer(status, body=body)
    for name, value in headers.items():
        made.headers[name.replace("_", "-")] = value
    return made


# What a careless server says to everything.
CARELESS = {
    "yes": answer(200, b"{}", Content_Type="application/json"),
    "yes, in words": answer(200, b"<p>OK", Content_Type="text/html"),
    "no": answer(400, b'{"error": "no"}', Content_Type="application/json"),
    "no, in words": answer(400, b"no", Content_Type="text/plain"),
    "it is my fault": answer(500, b'{"error": "oops"}', Content_Type="application/json"),
    "not here": answer(404, b"", Content_Type="text/plain"),
    "silence": Answer(0, lost="ConnectionResetError"),
}
NOBODY = Subject(Server("http://127.0.0.1:9"))


def outcomes(rule) -> set[Outcome]:
    return {judge(rule, [each] * len(rule.requests), NOBODY).outcome for each in CARELESS.values()}


def test_every_rule_can_fail():
    assert [rule.id for rule in rules() if Outcome.FAILED not in outcomes(rule)] == []


@pytest.mark.parametrize("name", CARELESS)
def test_no_careless_server_keeps_all_rules_of_a_level(name):
    kept = {level: [judge(rule, [CARELESS[name]] * len(rule.requests), NOBODY).outcome
                    for rule in rules() if rule.level == level] for level in Level}
    assert all(Outcome.FAILED in each for each in kept.values())


def test_no_answer_passes_nothing():
    silence = CARELESS["silence"]
    assert [rule.id for rule in rules()
            if judge(rule, [silence] * len(rule.requests), NOBODY).outcome != Outcome.FAILED] == []


def test_every_rule_has_an_id_of_its_own_and_is_told_in_words():
    every = rules()
    assert len({rule.id for rule in every}) == len(every)
    assert all(rule.sentence and rule.source and rule.requests for rule in every)
    assert all(rule.id == rule.id.lower() and " " not in rule.id for rule in every)


def test_another_model_is_asked_by_its_name():
    paths = {request.path for rule in rules("sum of two") for request in rule.requests}
    assert "/v2/models/sum%20of%20two/infer" in paths
    assert not any("simple" in path for path in paths)


def test_every_row_of_what_is_known_is_about_a_rule():
    for row in known.TABLE:
        assert any(row.is_for(rule, request) for rule in rules() for request in rule.requests), row.what
    assert set(known.SAME_TEXTS) <= {rule.id for rule in rules()}


class Careless(http.server.BaseHTTPRequestHandler):
    """Says yes to everything."""
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def careless():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Careless) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_that_fails_a_rule_fails_the_run(careless, tmp_path, capsys):
    told, page = tmp_path / "report.json", tmp_path / "report.html"
    status = command.main(["--url", careless, "--level", "required", "--json", str(told), "--html",
                           str(page)])
    report = json.loads(told.read_text())
    failed = [each for each in report["rules"] if each["outcome"] == "fail"]
    assert status == 1
    assert report["totals"]["required"]["fail"] == len(failed) > 0
    assert all(each["request"] and each["answer"] for each in failed)
    assert "<table>" in page.read_text()
    assert f"{len(failed)} failed" in capsys.readouterr().out


def test_a_server_that_keeps_the_rules_asked_for_passes(careless):
    assert command.main(["--url", careless, "--rule", "health.live.status", "--quiet"]) == 0


def test_nothing_at_the_url_is_told_apart_from_failing(capsys):
    assert command.main(["--url", "http://127.0.0.1:9"]) == 2
    assert "nothing answers" in capsys.readouterr().err


def test_it_runs_on_the_standard_library_alone():
    done = subprocess.run([sys.executable, "-S", "-m", "conformance", "--list"],
                          cwd=TESTS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(rules())
