# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: the configuration read again, whole or not at all; and `galen config`."""
import hashlib
import os
import signal
import subprocess

import pytest
import trail
from message import connect, encode, exchange, read_reply
from process import BINARY, ROOT, Process, until
from samples import by_features
from steady import SteadyLoad

NOTE = {"input": "Denies chest pain."}
ROUTES = "routes:\n  - {match: {content: text/*}, model: %s}\n"


class Configured(Process):
    """One that reads a file."""

    def __init__(self, role: str, folder, text: str = "request_timeout_ms: 20000\n"):
        self.file = folder / "galen.yaml"
        self.write(text)
        super().__init__(role, folder, {"config": self.file, "threads": 2})
        self.wait_for("/readyz" if role == "serve" else "/v2/health/ready")

    def write(self, text: str) -> None:
        fresh = self.file.with_suffix(".fresh")
        fresh.write_text(text)
        os.replace(fresh, self.file)

    def told(self, event: str) -> list[str]:
        return [line for line in self.log().splitlines() if event in line]

    def hang_up(self, event: str) -> str:
        """Until the log has one more such line; that line."""
        before = len(self.told(event))
        self.popen.send_signal(signal.SIGHUP)
        until(lambda: len(self.told(event)) > before, f"{event} is logged")
        return self.told(event)[-1]

    def post(self, body: dict, path: str = "/infer"):
        with connect(self.port) as connection:
            connection.sendall(encode("POST", path, body))
            return read_reply(connection)


@pytest.fixture
def configured(tmp_path):
    process = Configured("serve", tmp_path)
    yield process
    process.check_end()


def test_limits_change_while_it_runs(configured):
    assert configured.post(NOTE).status == 200

    configured.write("limits: {body_size_bytes: 10}\n")
    configured.hang_up("config.reloaded")

    until(lambda: configured.post(NOTE).status == 413, "a larger body is refused")
    configured.write("limits: {body_size_bytes: 1000}\n")
    configured.hang_up("config.reloaded")
    until(lambda: configured.post(NOTE).status == 200, "it is taken again")


def test_routes_change_while_it_runs(configured):
    assert configured.post(NOTE).json()["model"]["name"] == "clinical-ner"

    configured.write(ROUTES % "breast-cancer")
    configured.hang_up("config.reloaded")

    until(lambda: configured.post(NOTE).status == 415, "the route leads to another model")


SCHEMA = "routes:\n  - {match: {content: text/*}, model: clinical-ner, schema: note.json}\n"


def test_a_schema_is_read_anew_with_its_route(configured):
    schema = configured.file.with_name("note.json")
    schema.write_text('{"properties": {"input": {"maxLength": 5}}}')
    configured.write(SCHEMA)
    configured.hang_up("config.reloaded")
    until(lambda: configured.post(NOTE).status == 422, "a longer text is refused")

    schema.write_text('{"properties": {"input": {"maxLen": 500}}}')
    assert '\\"maxLen\\" is not a keyword that is supported' in configured.hang_up("config.refused")
    assert configured.post(NOTE).status == 422

    schema.write_text('{"properties": {"input": {"maxLength": 500}}}')
    configured.hang_up("config.reloaded")
    until(lambda: configured.post(NOTE).status == 200, "it is taken again")


def test_an_engine_takes_limits_too(tmp_path):
    engine = Configured("engine", tmp_path)
    path = "/v2/models/breast-cancer/infer"
    assert engine.post({"inputs": []}, path).status == 400

    engine.write("limits: {body_size_bytes: 5}\n")
    engine.hang_up("config.reloaded")

    until(lambda: engine.post({"inputs": []}, path).status == 413, "a larger body is refused")
    engine.check_end()


CLIENTS = "clients: [{certificate: {dns: ops.example}, client_id: ops, scopes: ['models:admin']}]\n"


def test_who_manages_is_asked_as_soon_as_there_are_clients(tmp_path):
    engine = Configured("engine", tmp_path)
    def status() -> int:
        return exchange(engine.admin_port, "POST", "/v2/logging", {"log_info": True}).status
    assert status() == 200

    engine.write(CLIENTS)
    engine.hang_up("config.reloaded")
    until(lambda: status() == 401, "nobody manages without a certificate")

    engine.write("request_timeout_ms: 20000\n")
    engine.hang_up("config.reloaded")
    until(lambda: status() == 200, "everybody does again")
    engine.check_end()


WRONG = [("limits: {body_size_bytes: 0}\n", "galen.yaml:1:27: limits.body_size_bytes"),
         ("no_such: 1\n", "there is no such setting"),
         ("threads: [\n", "galen.yaml:"),
         ("request_timeout_ms: 5\nimages: {queue_size: 7}\n",
          "images.queue_size: cannot change while the program runs"),
         (ROUTES % "nobody", "routes[0].model: there is no 'nobody'")]


@pytest.mark.parametrize(("text", "why"), WRONG, ids=[why.split(":")[-1] for _, why in WRONG])
def test_what_is_wrong_changes_nothing(configured, text, why):
    configured.write(text)
    assert why in configured.hang_up("config.refused")
    assert configured.post(NOTE).status == 200
    assert configured.post(by_features()).status == 200

    configured.write("request_timeout_ms: 20000\n")
    configured.hang_up("config.reloaded")


def test_each_leaves_a_record(tmp_path):
    process = Configured("serve", tmp_path)
    process.write("request_timeout_ms: 1234\n")
    process.hang_up("config.reloaded")
    process.write("request_timeout_ms: x\n")
    process.hang_up("config.refused")
    process.check_end()

    chains = trail.check(process.trail)
    (records,) = trail.of_service(chains, "serve")
    changes = [record for record in records.records if record["event"] == "configure"]
    assert [(record["route"], record["outcome"], record.get("reason")) for record in changes] == [
        ("SIGHUP", "ok", None), ("SIGHUP", "refused", "malformed")]
    process.write("request_timeout_ms: 1234\n")
    assert changes[0]["config"]["sha256"] == digest_of_shown(process)
    assert records.start["config"]["sha256"] != changes[0]["config"]["sha256"]


def words_of(process: Process) -> list[str]:
    return process.popen.args[2:]


def digest_of_shown(process: Process) -> str:
    done = galen_config("show", "serve", *words_of(process))
    assert done.returncode == 0
    return hashlib.sha256(done.stdout.encode()).hexdigest()


def test_no_request_is_lost_while_it_is_read_again_and_again(configured):
    with SteadyLoad(configured.port, "/infer", by_features(), rate=200) as load:
        for number in range(20):
            if number % 4 == 3:
                configured.write("limits: {body_size_bytes: 0}\n")
                configured.hang_up("config.refused")
            else:
                configured.write(f"request_timeout_ms: {20000 + number}\n")
                configured.hang_up("config.reloaded")
    assert len(load.outcomes) > 20
    assert load.lost == []


def galen_config(*words) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "config", *map(str, words)], capture_output=True, text=True,
                          cwd=ROOT, check=False)


def test_check_says_whether_a_role_would_start(tmp_path):
    off = ("--set", "audit.enabled=false")
    done = galen_config("check", *off)
    assert (done.returncode, done.stdout) == (0, "galen serve can start with this\n")
    done = galen_config("check", "gateway", *off)
    assert done.returncode == 2
    assert "engines.default: galen gateway needs a URL" in done.stderr
    done = galen_config("check", "--repository", tmp_path, *off)
    assert done.returncode == 2
    assert "there is no model in this folder" in done.stderr
    done = galen_config("check", "--set", f"keys.directory={tmp_path / 'none'}")
    assert done.returncode == 2
    assert "keys.directory: there is no folder" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_check_of_nothing_that_there_is_says_so():
    for words in ([], ["look"], ["check", "nobody"]):
        done = galen_config(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1


POLICY = ("policies: {quiet: {%s}}\n"
          "routes: [{match: {content: text/plain}, model: clinical-ner, policy: quiet}]\n")


def test_a_policy_changes_while_it_runs(configured):
    assert "timing_us" in configured.post(NOTE).json()

    configured.write(POLICY % "remove: [/timing_us]")
    configured.hang_up("config.reloaded")
    assert configured.post(NOTE).json()["redacted"] == ["/timing_us"]

    configured.write(POLICY % "mask: [/task]")
    said = configured.hang_up("config.refused")
    assert "policies.quiet.mask[0]: mask: 'task' is in every answer" in said
    assert configured.post(NOTE).json()["redacted"] == ["/timing_us"]

    configured.write(POLICY % "hash: [/model/name]")
    configured.hang_up("config.reloaded")
    assert configured.post(NOTE).json()["redacted"] == ["/model/name"]


def test_a_policy_is_shown(tmp_path):
    file = tmp_path / "galen.yaml"
    file.write_text(POLICY % "unless_scope: a, remove: [/timing_us], mask: [/model/name]")
    done = subprocess.run([BINARY, "config", "show", "serve", "--config", file], cwd=ROOT,
                          capture_output=True, text=True, check=True)
    assert ('policies.quiet: {"mask":["/model/name"],"remove":["/timing_us"],"unless_scope":"a"}'
            in done.stdout)
    assert "{match: {content: text/plain}, model: clinical-ner, policy: quiet}" in done.stdout
