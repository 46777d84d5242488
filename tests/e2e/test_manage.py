# SPDX-License-Identifier: Apache-2.0
"""Models managed over HTTP, on the admin listener: with tokens, on record, one at a time."""
import concurrent.futures
import fcntl
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import counted
import pytest
import trail
from issuer import Issuer
from message import Reply, exchange
from process import BINARY, ROOT, Process, until
from samples import MODEL, by_features
from test_admin_access import SCOPES, allows
from test_command_model_triton import Triton

PATH = f"/galen/models/{MODEL}"
CHANGES = ["canary", "promote", "rollback", "disable", "enable"]
READS = ["/galen/models", PATH, f"{PATH}/history"]
OPERATIONS = [("GET", path) for path in READS] + [("POST", f"{PATH}/{action}") for action in CHANGES]
REALM = 'Bearer realm="galen"'


class Managed:
    """A copy of the sample models with a version 3 of one, and a gateway that asks who manages it."""

    def __init__(self, folder: pathlib.Path, role: str = "serve", prefix=lambda models: (), **settings):
        self.models = folder / "models"
        self.model = self.models / MODEL
        shutil.copytree(ROOT / "models", self.models, symlinks=True)
        shutil.copytree(self.model / "2", self.model / "3")
        self.issuer = Issuer(folder)
        self.forge = self.issuer.forge()
        self.process = Process(role, folder, {
            "repository": self.models, "auth.issuer": self.issuer.url, "threads": 2,
            "models.poll_ms": 20, "auth.jwks_interval_s": 1} |
            {key.replace("__", "."): value for key, value in settings.items()},
            prefix=prefix(self.models))
        self.process.wait_for("/v2/health/live")
        until(lambda: "jwks.fetched" in self.process.log(), "the keys are there")

    def token(self, scope: str, **claims) -> str:
        return self.forge.token(scope=scope, exp=int(time.time()) + 3000, **claims)

    def ask(self, method: str, path: str, body=None, scope: str | None = "models:promote",
            headers: dict | None = None, **claims) -> Reply:
        sent = {"Content-Type": "application/json"} if method == "POST" else {}
        if scope is not None:
            sent["Authorization"] = f"Bearer {self.token(scope, **claims)}"
        content = b"" if body is None and method == "POST" else body
        return exchange(self.process.admin_port, method, path, content, sent | (headers or {}))

    def change(self, action: str, body=None, status: int = 200, **more) -> dict:
        reply = self.ask("POST", f"{PATH}/{action}", body, **more)
        assert reply.status == status, reply.body
        return reply.json()

    def read(self, path: str) -> dict:
        reply = self.ask("GET", path, scope="models:read")
        assert reply.status == 200, reply.body
        return reply.json()

    def stands(self) -> dict:
        return self.read(PATH)["models"][0]["stands"]

    def version_of(self, **headers: str) -> str:
        """That answered; empty: none does."""
        reply = exchange(self.process.port, "POST", "/infer", by_features(),
                         {"Authorization": f"Bearer {self.token(f'infer:{MODEL}')}"} | headers)
        assert reply.status in (200, 503), reply.body
        return reply.json()["model"]["version"] if reply.status == 200 else ""

    def records(self) -> list[dict]:
        """Of releases, those that were intended left out; once it has ended."""
        chains = trail.check(self.process.trail)
        return [each for records in trail.of_service(chains, "model") for each in records.requests
                if "outcome" in each]

    def stop(self) -> None:
        self.process.check_end()
        self.issuer.stop()

    # What a stand-in for Triton looks at

    def tag(self) -> str:
        return (self.model / "current").readlink().name

    def allowed(self) -> list[int]:
        text = (self.model / "config.pbtxt").read_text()
        found = re.search(r"specific: { versions: \[ ([\d, ]+) \]", text)
        return [int(number) for number in found[1].split(", ")]


class Standing:
    """How a repository stands that is not there yet."""

    def __init__(self, folder: pathlib.Path):
        self.model = folder / "models" / MODEL

    tag = Managed.tag
    allowed = Managed.allowed


@pytest.fixture
def triton(tmp_path):
    each = Triton(Standing(tmp_path))
    yield each
    each.may_load.set()
    each.end()


@pytest.fixture
def told(tmp_path, triton):
    """Whoever makes a release here tells a Triton."""
    managed = Managed(tmp_path, models__triton=triton.url, models__linger_ms=0, rollout__bake_s=0,
                      rollout__requests=20, rollout__latency_ms=200)
    yield managed
    managed.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """For what changes nothing."""
    managed = Managed(tmp_path_factory.mktemp("shared"))
    yield managed
    managed.stop()


@pytest.fixture
def managed(tmp_path):
    each = Managed(tmp_path)
    yield each
    each.stop()


def test_a_canary_begins_changes_and_is_promoted_and_it_is_rolled_back(managed):
    begun = managed.change("canary", {"version": 3, "percent": 50, "reason": "ticket 900"})
    assert (begun["model"], begun["action"], begun["release"]) == (MODEL, "canary", 1)
    assert begun["after"]["canary"] | {"started": 0} == {
        "version": 3, "percent": 50, "shadow": 0, "auto": False, "started": 0}
    until(lambda: {managed.version_of() for _ in range(20)} == {"2", "3"} or
          "rollout.serves" in managed.process.log(), "the canary serves")
    changed = managed.change("canary", {"percent": 12.5, "shadow": 20, "auto": True})
    assert changed["after"]["canary"]["percent"] == 12.5
    assert managed.change("canary", {"percent": 12.5})["release"] is None  # it is so already
    assert managed.change("canary", {"auto": False})["after"]["canary"]["auto"] is False
    promoted = managed.change("promote", {"reason": "as good"})
    assert promoted["after"] == {"tags": {"current": 3, "previous": 2}, "disabled": False}
    until(lambda: managed.version_of() == "3", "it serves")
    back = managed.change("rollback")
    assert back["after"]["tags"] == {"current": 2, "previous": 3}
    until(lambda: managed.version_of() == "2", "the one before serves")
    assert managed.stands() == back["after"]


def test_a_canary_is_stopped_and_a_version_is_gone_back_to(managed):
    managed.change("canary", {"version": 3, "percent": 1})
    assert managed.change("canary", {"stop": True})["action"] == "rollback"
    assert managed.stands()["tags"] == {"current": 2, "previous": 1}
    assert managed.change("rollback", {"version": 1})["after"]["tags"]["current"] == 1
    assert managed.change("promote", {"version": 2, "tag": "staging"})["after"]["tags"] == {
        "current": 1, "previous": 2, "staging": 2}


def test_what_is_disabled_answers_nobody_until_it_is_enabled(managed):
    assert managed.change("disable", {"reason": "recall"})["after"]["disabled"] is True
    listed = managed.read(PATH)["models"][0]
    assert listed["state"] == "disabled"
    assert re.match(r"disabled by \S+ via \S+ at 20.*: recall", listed["why"])
    until(lambda: managed.version_of() == "", "nobody is answered")
    managed.change("enable")
    until(lambda: managed.version_of() == "2", "it answers again")


def test_the_command_and_the_listener_say_the_same(managed):
    managed.change("promote", {"version": 3})
    for words, path in ((["list"], "/galen/models"), (["list", MODEL], PATH),
                        (["history", MODEL], f"{PATH}/history")):
        for flag, kind in (("--json", "application/json"), (None, "text/plain")):
            command = [BINARY, "model", *words, "--repository", managed.models]
            said = subprocess.run(command + ([flag] if flag else []), capture_output=True, text=True,
                                  check=True).stdout
            reply = managed.ask("GET", path, scope="models:read", headers={"Accept": kind})
            assert reply.headers["content-type"].split(";")[0] == kind
            assert reply.body.decode() == said
    reply = managed.ask("POST", f"{PATH}/rollback", headers={"Accept": "text/plain"})
    assert reply.body.decode() == f"{MODEL}: release 000002: current 3 -> 2, previous 2 -> 3\n"


def test_each_operation_by_each_set_of_scopes(shared, capsys):
    count = 0
    for method, path in OPERATIONS:
        needs = ("models:promote",) if method == "POST" else ("models:read", "models:admin")
        for scopes in SCOPES:
            count += 1
            reply = shared.ask(method, path, {"expect": 7} if method == "POST" else None,
                               scope=" ".join(scopes))
            told = reply.headers.get("www-authenticate", "")
            if allows(needs, scopes):
                assert (reply.status, told) == (409 if method == "POST" else 200, ""), (path, scopes)
            else:
                assert (reply.status, told) == (
                    403, f'{REALM}, error="insufficient_scope", scope="{needs[0]}"'), (path, scopes)
                assert reply.json()["type"] == "/problems/forbidden"
    counted.check(capsys, "access-manage", operations=len(OPERATIONS), scope_sets=len(SCOPES),
                  requests=count)


def test_no_token_and_bad_ones_change_nothing(shared):
    for action in CHANGES:
        assert shared.ask("POST", f"{PATH}/{action}", {}, scope=None).status == 401
        for claims in ({"aud": "somebody"}, {"iss": "https://other.example"}, {"nbf": 2**33}):
            reply = shared.ask("POST", f"{PATH}/{action}", {}, **claims)
            assert (reply.status, "invalid_token" in reply.headers["www-authenticate"]) == (401, True)
    assert shared.read(f"{PATH}/history")["releases"] == []


@pytest.mark.parametrize(("action", "body", "pointer"), [
    ("promote", {"version": 3, "percent": 5}, "/percent"),
    ("promote", {"versions": 3}, "/versions"),
    ("promote", {"version": "3"}, "/version"), ("canary", {"version": 3, "percent": 100}, "/percent"),
    ("canary", {"stop": True, "percent": 1}, "/stop"), ("rollback", {"to": 1}, "/to"),
    ("disable", {"reason": "a\nb"}, "/reason"), ("enable", {"actor": "root"}, "/actor"),
    ("promote", b"[3]", None), ("promote", b"{", None), ("promote", b'{"version":3}x', None),
    ("promote", {"Zebedee Quux": 1}, None),
    ("promote", b'{"version":3,"version":2}', None)])
def test_a_body_that_is_not_understood_is_refused_where_it_is(shared, action, body, pointer):
    reply = shared.ask("POST", f"{PATH}/{action}", body)
    assert (reply.status, reply.json()["type"]) == (400, "/problems/malformed")
    told = [each["pointer"] for each in reply.json().get("errors", [])]
    assert told == ([pointer] if pointer else [])
    assert b"Quux" not in reply.body


@pytest.mark.parametrize(("action", "body", "why"), [
    ("promote", {"version": 9}, "there is no version 9"), ("promote", {}, "no canary is under way"),
    ("canary", {"version": 2, "percent": 5}, "is `current` already"),
    ("canary", {"version": 3}, "the canary would be asked nothing"),
    ("canary", {"stop": True}, "no canary is under way"),
    ("promote", {"version": 3, "expect": 1}, "current")])
def test_what_the_command_refuses_is_a_conflict_in_its_words(shared, action, body, why):
    reply = shared.ask("POST", f"{PATH}/{action}", body)
    assert (reply.status, reply.json()["type"]) == (409, "/problems/conflict")
    assert why in reply.json()["detail"]


@pytest.mark.parametrize(("method", "path", "status"), [
    ("POST", "/galen/models/nobody/promote", 404), ("GET", "/galen/models/nobody", 404),
    ("GET", "/galen/models/nobody/history", 404), ("GET", "/galen/models/..%2fmodels", 404),
    ("GET", "/galen/nope", 404), ("DELETE", PATH, 405), ("GET", f"{PATH}/promote", 405)])
def test_what_is_not_there_is_not_managed(shared, method, path, status):
    reply = shared.ask(method, path, scope="models:read models:promote")
    assert (reply.status, reply.headers["content-type"].split(";")[0]) == (
        status, "application/json" if path == "/galen/nope" else "application/problem+json")


def test_a_page_of_a_browser_cannot_change_anything(shared):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        reply = shared.ask("POST", f"{PATH}/disable", b"{}", headers={"Content-Type": kind})
        assert reply.status == 415
    assert shared.ask("OPTIONS", f"{PATH}/disable").status == 405


def test_a_body_has_its_limit(shared):
    assert shared.ask("POST", f"{PATH}/disable", b" " * 20_000).status == 413


def test_nothing_is_managed_on_other_listeners(shared):
    for port in (shared.process.port, shared.process.metrics_port):
        for method, path in OPERATIONS:
            reply = exchange(port, method, path, b"{}" if method == "POST" else None,
                             {"Authorization": f"Bearer {shared.token('models:*')}",
                              "Content-Type": "application/json"})
            assert reply.status in (404, 405)
    assert shared.read(f"{PATH}/history")["releases"] == []


def test_who_is_second_is_told_that_somebody_was_first(managed):
    (managed.model / "releases").mkdir()
    with (managed.model / "releases/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as another process that makes a release
        assert managed.change("promote", {"version": 3}, 409)["type"] == "/problems/conflict"
    assert managed.change("promote", {"version": 3})["release"] == 1


def test_of_racing_promotes_one_at_a_time_is_made(managed):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda i: managed.ask("POST", f"{PATH}/promote", {
            "version": 1 + 2 * (i % 2), "expect": 2}), range(8)))
    assert {reply.status for reply in replies} <= {200, 409}
    made = [reply.json() for reply in replies
            if reply.status == 200 and reply.json()["release"] is not None]
    assert [each["release"] for each in made] == [1]
    history = managed.read(f"{PATH}/history")
    assert (len(history["releases"]), history["is_whole"]) == (1, True)
    assert managed.stands() == made[0]["after"]


def test_the_trail_names_who_asked(tmp_path):
    managed = Managed(tmp_path)
    managed.change("promote", {"version": 3, "reason": "ticket 7"}, sub="alice", client_id="ops")
    managed.change("promote", {"version": 9}, 409, sub="bob", client_id="ops")
    managed.change("promote", {"percent": 9}, 400, sub="carol", client_id="ops")
    managed.change("promote", {"version": 1}, 403, sub="dan", client_id="ops", scope="models:read")
    assert managed.ask("POST", "/galen/models/Zebedee/promote", {}, sub="eve").status == 404
    [release] = managed.read(f"{PATH}/history")["releases"]
    managed.stop()
    assert (release["record"]["actor"], release["record"]["reason"]) == ("alice via ops", "ticket 7")
    made, refused, unknown = sorted(managed.records(), key=lambda each: each["actor"]["sub"])
    assert {**made["actor"], "token_hmac": ""} == {
        "client_id": "ops", "sub": "alice", "issuer": managed.issuer.url, "token_hmac": ""}
    assert (made["event"], made["outcome"], made["release"]["number"], made["release"]["sha256"]) == (
        "model.promote", "ok", 1, release["sha256"])
    assert (refused["actor"]["sub"], refused["outcome"], refused["reason"]) == (
        "bob", "refused", "unusable")
    assert (unknown["actor"]["sub"], "name" in unknown["model"]) == ("eve", False)
    own = [each for each in trail.requests(trail.check(managed.process.trail), "serve")
           if each["actor"].get("sub") in ("carol", "dan")]
    assert [(each["event"], each["actor"]["sub"], each["reason"]) for each in own] == [
        ("model.promote", "carol", "malformed"), ("authz", "dan", "scope")]
    assert b"Zebedee" not in b"".join(path.read_bytes() for path in managed.process.trail.rglob("*")
                                      if path.is_file())


def read_only(models: pathlib.Path) -> tuple:
    """The words before a command that sees the repository on a volume that cannot be written."""
    return ("unshare", "-m", "sh", "-c",
            'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"', models)


def command(managed: Managed, *words, scope: str | None = "models:*") -> subprocess.CompletedProcess:
    """`galen model … --admin`, beside a repository of its own that is none."""
    token = managed.models.parent / "token"
    token.write_text(managed.token(scope or "nothing") + "\n")
    words = [*words, "--admin", f"http://127.0.0.1:{managed.process.admin_port}"]
    words += ["--token-file", token] if scope else []
    return subprocess.run([BINARY, "model", *words], capture_output=True, text=True, check=False,
                          cwd=managed.models.parent)


def test_the_command_asks_a_running_galen(managed):
    def do(*words) -> str:
        done = command(managed, *words)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout
    assert do("canary", MODEL, "--version", "3", "--percent", "12.5", "--shadow", "1", "--auto",
              "--reason", "ticket 9") == (
        f"{MODEL}: release 000001: canary -> 3, canary takes 12.5 %, shadow 1 %, auto\n")
    assert do("canary", MODEL, "--stop", "--expect", "3") == f"{MODEL}: release 000002: canary 3 ends\n"
    assert json.loads(do("promote", MODEL, "3", "--json"))["after"]["tags"]["current"] == 3
    assert do("promote", MODEL, "1", "--tag", "staging") == f"{MODEL}: release 000004: staging -> 1\n"
    assert do("rollback", MODEL, "--to", "1").startswith(f"{MODEL}: release 000005: current 3 -> 1")
    assert do("disable", MODEL) == f"{MODEL}: release 000006: disabled\n"
    noted = command(managed, "promote", MODEL, "2")
    assert noted.stdout == f"{MODEL}: release 000007: current 1 -> 2, previous 3 -> 1\n"
    assert noted.stderr.startswith(f"galen: {MODEL} is disabled: no version of it answers until")
    assert do("enable", MODEL) == f"{MODEL}: release 000008: enabled\n"
    for words in (["list"], ["list", MODEL], ["history", MODEL]):
        for form in ([], ["--json"]):
            here = subprocess.run([BINARY, "model", *words, *form, "--repository", managed.models],
                                  capture_output=True, text=True, check=True)
            assert do(*words, *form) == here.stdout


@pytest.mark.parametrize(("words", "scope", "code", "why"), [
    (["promote", MODEL, "9"], "models:promote", 1, "there is no version 9"),
    (["promote", "nobody", "1"], "models:promote", 2, "there is no such model"),
    (["promote", MODEL, "3"], "models:read", 2, "has not the scope"),
    (["list"], None, 1, "no token came with the request"),
    (["promote", MODEL, "3", "--actor", "root"], "models:promote", 2, "--actor")])
def test_the_command_says_why_it_was_refused(shared, words, scope, code, why):
    done = command(shared, *words, scope=scope)
    assert (done.returncode, done.stdout, done.stderr.startswith("galen: ")) == (code, "", True)
    assert why in done.stderr


def test_a_history_that_is_not_whole_is_told_by_the_commands_exit_code(managed):
    managed.change("promote", {"version": 3})
    managed.change("rollback")
    record = managed.model / "releases/000001.json"
    record.write_text(record.read_text().replace("promote", "enable"))
    for form in ([], ["--json"]):
        assert command(managed, "history", MODEL, *form).returncode == 1
    assert managed.read(f"{PATH}/history")["is_whole"] is False


def test_a_token_goes_to_this_machine_or_over_https(shared):
    words = ["list", "--admin", "http://galen.example:8003", "--token-file", "/dev/null"]
    done = subprocess.run([BINARY, "model", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, "over https" in done.stderr) == (2, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_repository_that_cannot_be_written_is_read_and_not_changed(tmp_path):
    managed = Managed(tmp_path, prefix=read_only)
    for action in CHANGES:
        body = {"version": 3, "percent": 5} if action == "canary" else {}
        reply = managed.ask("POST", f"{PATH}/{action}",
                            {"version": 3} if action == "promote" else body)
        assert (reply.status, reply.json()["type"]) == (503, "/problems/unavailable"), reply.body
        assert "Read-only" in reply.json()["detail"]
    assert managed.stands()["tags"] == {"current": 2, "previous": 1}
    assert managed.version_of() == "2"
    managed.stop()


@pytest.mark.parametrize("role", ["gateway", "engine"])
def test_each_role_that_reads_the_repository_manages_it(tmp_path, role):
    nobody = {"preprocess": "http://127.0.0.1:9", "engines.default": "http://127.0.0.1:9"}
    managed = Managed(tmp_path, role, **(nobody if role == "gateway" else {}))
    assert managed.change("promote", {"version": 3})["after"]["tags"]["current"] == 3
    assert managed.stands()["tags"] == {"current": 3, "previous": 2}
    status = managed.ask("POST", "/v2/repository/index", scope="models:read").status
    assert status == (404 if role == "gateway" else 200)
    managed.stop()


def test_a_triton_has_loaded_what_is_promoted_and_drops_what_gave_way(told, triton):
    assert told.change("promote", {"version": 3})["after"]["tags"] == {"current": 3, "previous": 2}
    until(lambda: len(triton.loads) == 2, "what gave way is dropped")
    assert triton.loads == [("2", [1, 2, 3]), ("3", [2, 3])]


def test_a_triton_unloads_what_is_disabled_and_loads_it_before_it_is_enabled(told, triton):
    told.change("disable")
    until(lambda: triton.unloads == [True], "it is unloaded")
    told.change("enable")
    assert triton.ready == {1, 2}


def test_a_triton_that_refuses_stops_a_release(told, triton):
    triton.refuses = b'{"error": "no memory"}'
    problem = told.change("promote", {"version": 3}, 503)
    assert "no memory" in problem["detail"]
    assert told.stands()["tags"]["current"] == 2


def test_nothing_waits_for_a_triton_that_loads_but_who_asked_for_it(told, triton):
    triton.may_load.clear()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(told.change, "promote", {"version": 3})
        until((told.model / "releases/.lock").exists, "it has begun")
        until(lambda: told.ask("POST", f"{PATH}/rollback").status == 409, "another is refused at once")
        assert told.version_of() == "2"
        assert told.read("/galen/models")["models"]
        other = told.ask("POST", "/galen/models/phantom-nodule/disable")
        assert other.status == 200
        assert not slow.done()
        triton.may_load.set()
        assert slow.result()["after"]["tags"]["current"] == 3


def test_a_triton_is_told_of_a_canary_that_is_promoted_by_itself(told, triton):
    told.change("canary", {"version": 3, "percent": 50, "auto": True})
    patients = itertools.count()
    until(lambda: told.version_of(**{"Galen-Subject": f"Patient/{next(patients)}"})
          and told.tag() == "3", "it is found to be good")
    until(lambda: triton.loads[-1] == ("3", [2, 3]), "Triton drops what gave way")
    releases = told.read(f"{PATH}/history")["releases"]
    assert [each["record"]["actor"] for each in releases] == ["ward via ward", "galen"]


def test_without_an_issuer_everybody_on_this_machine_manages(tmp_path):
    shutil.copytree(ROOT / "models", tmp_path / "models", symlinks=True)
    galen = Process("serve", tmp_path, {"repository": tmp_path / "models"})
    galen.wait_for("/readyz")
    reply = exchange(galen.admin_port, "POST", f"{PATH}/rollback", b"",
                     {"Content-Type": "application/json"})
    assert (reply.status, reply.json()["after"]["tags"]) == (200, {"current": 1, "previous": 2})
    galen.check_end()
    record = json.loads(next((tmp_path / "models" / MODEL / "releases").glob("*.json")).read_text())
    assert record["actor"] == "unidentified"
