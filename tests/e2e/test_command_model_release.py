# SPDX-License-Identifier: Apache-2.0
"""`galen model list|promote|rollback|disable|enable|history`: tags move whole, once, on record."""
import collections
import fcntl
import getpass
import hashlib
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import time
from concurrent import futures

import pytest
import trail
from process import BINARY, DEADLINE_S, ROOT, SANITIZED, until
from strace import read_calls

SOURCE = ROOT / "tests/data/notes/lexicon/1"
NOTE = {"input": "denies chest pain", "content_type": "text/plain"}
KILL_COUNT = 200
RACE_COUNT = 30
AT_ONCE = 4
SEED = 20261125
NO_LEAK_CHECK = {  # which traces too
    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
SECOND_IS_TOLD = re.compile(r"release \d{6} was made by \S+ meanwhile; look at `galen model list`|"
                            r"another release is being made; look at `galen model list`|"
                            r"`current` is \d, and \d was expected; look at `galen model list`")


class Repository:
    """models/tagger with versions 1, 2 and 3, and a trail beside it."""

    def __init__(self, folder):
        self.folder, self.models, self.trail = folder, folder / "models", folder / "audit"
        self.model = self.models / "tagger"
        for version in "123":
            shutil.copytree(SOURCE, self.model / version)
        (self.model / "current").symlink_to("1")

    def words(self, name, *words) -> list:
        return [BINARY, "model", name, "--repository", self.models, "--set",
                f"audit.directory={self.trail}", *words]

    def run(self, *words, **environment) -> subprocess.CompletedProcess:
        return subprocess.run(self.words(*words), capture_output=True, text=True,
                              timeout=DEADLINE_S, check=False, env=os.environ | environment)

    def do(self, *words) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *words) -> subprocess.Popen:
        return subprocess.Popen(self.words(*words), stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def listed(self) -> dict:
        return json.loads(self.do("list", "tagger", "--json"))["models"][0]

    def tags(self) -> dict[str, int]:
        return {path.name: int(path.readlink().name) for path in self.model.iterdir()
                if path.is_symlink() and path.name != "disabled"}

    def records(self) -> list[dict]:
        return [json.loads(path.read_text()) for path in sorted(self.model.glob("releases/*.json"))]

    def history(self) -> list[dict]:
        return json.loads(self.do("history", "tagger", "--json"))["releases"]

    def audited(self) -> list[dict]:
        return [record for each in trail.of_service(trail.check(self.trail), "model")
                for record in each.requests]

    def left_behind(self) -> list:
        return list(self.model.rglob(".release-*"))


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


def test_a_promotion_moves_current_and_previous(repository):
    assert repository.do("promote", "tagger", "2") == (
        "tagger: release 000001: current 1 -> 2, previous -> 1\n")
    assert repository.tags() == {"current": 2, "previous": 1}
    assert repository.do("promote", "tagger", "3") == (
        "tagger: release 000002: current 2 -> 3, previous 1 -> 2\n")
    assert repository.tags() == {"current": 3, "previous": 2}


def test_a_record_says_who_when_why_and_what(repository):
    repository.do("promote", "tagger", "2", "--reason", "better \"F1\"", "--actor", "Ada")
    repository.do("promote", "tagger", "3")
    first, second = repository.records()
    assert first["actor"] == "Ada"
    assert first["reason"] == 'better "F1"'
    assert first["before"] == {"tags": {"current": 1}, "disabled": False}
    assert first["after"] == {"tags": {"current": 2, "previous": 1}, "disabled": False}
    hashes = {name: hashlib.sha256((SOURCE / name).read_bytes()).hexdigest()
              for name in ("model.onnx", "model.yaml")}
    assert first["versions"] == [
        {"number": number, "network_sha256": hashes["model.onnx"],
         "model_yaml_sha256": hashes["model.yaml"]} for number in (1, 2)]
    assert first["previous"] == "0" * 64
    assert second["actor"] == f"{getpass.getuser()}@{socket.gethostname()}"
    assert "reason" not in second
    file = repository.model / "releases/000001.json"
    assert second["previous"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_same_version_again_is_no_release(repository):
    assert repository.do("promote", "tagger", "1") == "tagger: current is 1 already\n"
    assert repository.records() == []
    assert repository.do("enable", "tagger") == "tagger: is enabled already\n"
    answer = json.loads(repository.do("promote", "tagger", "1", "--json"))
    assert answer["release"] is None
    assert answer["before"] == answer["after"]


def test_another_tag_moves_alone(repository):
    repository.do("promote", "tagger", "3", "--tag", "canary")
    assert repository.tags() == {"current": 1, "canary": 3}


def test_a_rollback_exchanges_current_and_previous(repository):
    repository.do("promote", "tagger", "2")
    answer = json.loads(repository.do("rollback", "tagger", "--json"))
    assert answer["release"] == 2
    assert answer["after"]["tags"] == {"current": 1, "previous": 2} == repository.tags()
    repository.do("rollback", "tagger", "--to", "3")
    assert repository.tags() == {"current": 3, "previous": 1}


def test_a_disabled_model_keeps_its_tags_and_says_who_did_it(repository):
    repository.do("disable", "tagger", "--reason", "alerts", "--actor", "Ada")
    assert (repository.model / "disabled").readlink().name == "000001.json"
    model = repository.listed()
    assert model["state"] == "disabled"
    assert re.fullmatch(r"disabled by Ada at \S+Z: alerts", model["why"])
    assert model["stands"] == {"tags": {"current": 1}, "disabled": True}
    promoted = repository.run("promote", "tagger", "2")
    assert promoted.returncode == 0
    assert "tagger is disabled: no version of it answers until" in promoted.stderr
    repository.do("enable", "tagger")
    assert repository.listed()["state"] == "usable"
    assert repository.tags() == {"current": 2, "previous": 1}


def test_the_list_says_what_is_there_and_what_is_wrong(repository):
    repository.do("promote", "tagger", "2")
    shutil.copytree(SOURCE, repository.models / "broken/1")
    (repository.models / "broken/1/model.yaml").write_text("{")
    head, broken, why, tagger = repository.do("list").splitlines()
    assert head.split() == ["MODEL", "STATE", "TASK", "VERSIONS", "TAGS"]
    assert broken.split() == ["broken", "unusable", "-", "1!", "-"]
    assert "broken/1/model.yaml" in why
    assert re.split(r" {2,}", tagger) == ["tagger", "usable", "token-classification", "1 2 3",
                                          "current 2, previous 1"]
    assert [model["name"] for model in json.loads(repository.do("list", "--json"))["models"]] == [
        "broken", "tagger"]


def test_tags_that_were_moved_by_hand_are_told_of_and_not_undone(repository):
    repository.do("promote", "tagger", "2")
    (repository.model / "current").unlink()
    (repository.model / "current").symlink_to("1")
    assert "moved by hand since release 000001" in repository.do("list", "tagger")
    repository.do("promote", "tagger", "3")
    assert repository.tags() == {"current": 3, "previous": 1}
    assert [entry["moved_by_hand_before"] for entry in repository.history()] == [False, True]


def spoil_network(repository):
    (repository.model / "2/model.onnx").write_bytes(b"another")


def spoil_contract(repository):
    (repository.model / "2/model.yaml").write_text("{")


def remove_network(repository):
    (repository.model / "2/model.yaml").unlink()
    (repository.model / "2/model.onnx").unlink()


def put_file(repository):
    (repository.model / "canary").write_text("")


def spoil_record(repository):
    repository.do("promote", "tagger", "3")
    (repository.model / "releases/000001.json").write_text("{}\n")


def nothing(_repository):
    pass


REFUSED = {
    "no such model": (nothing, ["promote", "nope", "2"], 2, "/nope: there is no such model"),
    "no such version": (nothing, ["promote", "tagger", "9"], 2, "there is no version 9"),
    "another network": (spoil_network, ["promote", "tagger", "2"], 2,
                        "2/model.onnx: its SHA-256 is not the one that model.yaml states"),
    "a broken contract": (spoil_contract, ["promote", "tagger", "2"], 2, "2/model.yaml"),
    "no network": (remove_network, ["promote", "tagger", "2"], 2, "holds no network"),
    "a tag that is a file": (put_file, ["promote", "tagger", "2", "--tag", "canary"], 2,
                             "canary: is there and is no tag"),
    "no previous": (nothing, ["rollback", "tagger"], 2, "there is no `previous` to go back to"),
    "a rollback to another network": (spoil_network, ["rollback", "tagger", "--to", "2"], 2,
                                      "SHA-256"),
    "another current": (nothing, ["promote", "tagger", "2", "--expect", "3"], 1,
                        "`current` is 1, and 3 was expected"),
    "no such tag": (nothing, ["promote", "tagger", "2", "--tag", "canary", "--expect", "3"], 1,
                    "there is no tag `canary`"),
    "no canary to promote": (nothing, ["promote", "tagger"], 2, "no canary is under way"),
    "a canary that is current": (nothing, ["canary", "tagger", "--version", "1", "--percent", "5"], 2,
                                 "this version is `current` already"),
    "a damaged record": (spoil_record, ["promote", "tagger", "2"], 2, "releases/000001.json: v: "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_moves_nothing_and_is_in_the_trail(repository, name):
    spoil, words, code, why = REFUSED[name]
    spoil(repository)
    before, count = repository.tags(), len(list(repository.model.glob("releases/*.json")))
    done = repository.run(*words, "--actor", "Ada")
    assert done.returncode == code
    assert why in done.stderr
    assert done.stdout == ""
    assert repository.tags() == before
    assert len(list(repository.model.glob("releases/*.json"))) == count
    record = repository.audited()[-1]
    assert (record["event"], record["outcome"]) == (f"model.{words[0]}", "refused")
    assert record["actor"]["operator"] == "Ada"
    assert record["model"]["name"] == words[1]


@pytest.mark.parametrize("words", [
    ("list", "a", "b"), ("list", "--actor", "x"), ("promote",), ("canary",),
    ("promote", "tagger", "x"), ("promote", "tagger", "0"), ("promote", "tagger", "1", "2"),
    ("promote", "tagger", "2", "--tag", "7"), ("promote", "tagger", "2", "--tag", "previous"),
    ("promote", "tagger", "2", "--tag", "2-old"), ("promote", "tagger", "2", "--tag=-2"),
    ("promote", "tagger", "2", "--tag", "disabled"), ("promote", "tagger", "2", "--to", "1"),
    ("promote", "tagger", "2", "--expect", "x"), ("promote", "tagger", "2", "--actor", ""),
    ("promote", "tagger", "2", "--reason", "a\nb"), ("promote", "tagger", "2", "--reason", "a" * 1025),
    ("promote", "tagger", "2", "--config", "/nowhere.yaml"), ("promote", "tagger", "2", "--set", "x"),
    ("promote", "tagger", "2", "--set", "no.such=1"), ("promote", "tagger", "2", "--json=1"),
    ("rollback",), ("rollback", "tagger", "2"), ("rollback", "tagger", "--to", "x"),
    ("disable",), ("disable", "tagger", "--tag", "x"), ("enable",), ("history",)])
def test_wrong_usage_is_2_and_leaves_no_trace(repository, words):
    done = repository.run(*words)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("galen: ")
    assert not repository.trail.exists()
    assert repository.tags() == {"current": 1}


@pytest.mark.parametrize("name", ["list", "promote", "rollback", "disable", "enable", "history"])
def test_each_has_its_help(name):
    done = subprocess.run([BINARY, "model", name, "--help"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: galen model {name}")
    assert "Exit codes: 0" in done.stdout


def test_a_file_of_settings_says_where_the_repository_is(repository, tmp_path):
    config = tmp_path / "galen.yaml"
    config.write_text(f"repository: {repository.models}\naudit: {{directory: {tmp_path}/elsewhere}}\n")
    done = subprocess.run([BINARY, "model", "promote", "tagger", "2", "--config", config],
                          capture_output=True, text=True, check=False,
                          env={name: value for name, value in os.environ.items()
                               if name != "GALEN_AUDIT_DIRECTORY"})
    assert done.returncode == 0, done.stderr
    assert repository.tags()["current"] == 2
    assert list((tmp_path / "elsewhere").glob("model-*"))


# History.

def test_history_tells_each_release(repository):
    repository.do("promote", "tagger", "2", "--actor", "Ada", "--reason", "better")
    repository.do("rollback", "tagger", "--actor", "Bob")
    repository.do("disable", "tagger", "--actor", "Bob")
    lines = repository.do("history", "tagger").splitlines()
    rows = [re.split(r" {2,}", line.rstrip()) for line in lines]
    assert [[row[0], *row[2:]] for row in rows] == [
        ["000001", "promote", "Ada", "current 1 -> 2, previous -> 1", "better"],
        ["000002", "rollback", "Bob", "current 2 -> 1, previous 1 -> 2"],
        ["000003", "disable", "Bob"]]
    entries = repository.history()
    assert [entry["record"] for entry in entries] == repository.records()
    files = sorted(repository.model.glob("releases/*.json"))
    assert [entry["sha256"] for entry in entries] == [
        hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


def test_history_names_what_was_changed_or_removed(repository):
    for version in ("2", "3", "1", "2"):
        repository.do("promote", "tagger", version)
    first = repository.model / "releases/000001.json"
    first.write_text(first.read_text().replace('"current":2', '"current":3'))
    (repository.model / "releases/000003.json").unlink()
    done = repository.run("history", "tagger")
    assert done.returncode == 1
    assert "000002.json: does not follow the record before it" in done.stderr
    assert "000003.json: does not exist" in done.stderr
    assert json.loads(repository.run("history", "tagger", "--json").stdout)["is_whole"] is False


# The audit trail.

def outcomes(records) -> list[tuple]:
    return [(record["event"], record.get("outcome"), record["release"]["number"]) for record in records]


def test_a_release_is_in_the_trail_before_and_after(repository):
    repository.do("promote", "tagger", "2", "--actor", "Ada")
    repository.do("rollback", "tagger")
    repository.do("disable", "tagger")
    repository.do("enable", "tagger")
    records = repository.audited()
    assert outcomes(records) == [
        (f"model.{action}", outcome, number)
        for number, action in enumerate(("promote", "rollback", "disable", "enable"), 1)
        for outcome in (None, "ok")]
    file = repository.model / "releases/000001.json"
    network = hashlib.sha256((SOURCE / "model.onnx").read_bytes()).hexdigest()
    for record in records[:2]:
        assert record["actor"]["operator"] == "Ada"
        assert record["model"] == {"name": "tagger", "version": 2, "version_before": 1,
                                   "tag": "current", "sha256": network}
        assert record["release"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert "version" not in records[4]["model"]
    assert records[4]["model"]["version_before"] == 1
    assert records[6]["model"]["version"] == 1


def test_what_cannot_be_recorded_is_not_done(repository):
    repository.trail.write_text("no folder")
    for words in (("promote", "tagger", "2"), ("disable", "tagger")):
        done = repository.run(*words)
        assert done.returncode == 1, done.stderr
        assert "audit" in done.stderr
    assert repository.tags() == {"current": 1}
    assert repository.records() == []
    assert not (repository.model / "disabled").is_symlink()


def test_without_keys_nothing_is_done_and_the_command_that_helps_is_named(repository, tmp_path):
    done = repository.run("promote", "tagger", "2", GALEN_KEYS_DIRECTORY=str(tmp_path / "none"))
    assert done.returncode == 2
    assert "galen key rotate --all" in done.stderr
    assert repository.records() == []


def test_where_no_trail_is_wanted_none_is_written(repository, tmp_path):
    done = repository.run("promote", "tagger", "2", "--set", "audit.enabled=false",
                          GALEN_KEYS_DIRECTORY=str(tmp_path / "none"))
    assert done.returncode == 0, done.stderr
    assert not repository.trail.exists()
    assert repository.tags()["current"] == 2


# System calls, and being killed at each.

CHANGING = ("openat", "write", "pwrite64", "fsync", "fdatasync", "flock", "mkdir", "mkdirat", "link",
            "linkat", "rename", "renameat", "renameat2", "symlink", "symlinkat", "unlink", "unlinkat",
            "close")


def strace(repository, output, *words, inject=()) -> int:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    done = subprocess.run(
        ["strace", "-f", "-y", "-s", "4096", "-o", output, "-e", "trace=" + ",".join(CHANGING),
         *inject, *repository.words(*words)], capture_output=True, text=True, timeout=DEADLINE_S,
        env=os.environ | NO_LEAK_CHECK, check=False)
    if "PTRACE_TRACEME" in done.stderr:
        pytest.skip(f"no process may be traced here: {done.stderr}")
    return done.returncode


def calls_of(repository, output, *words) -> list:
    assert strace(repository, output, *words) == 0
    return read_calls(output.read_text(errors="replace"))


def index_of(calls, name: str, text: str, after: int = -1) -> int:
    found = [i for i, call in enumerate(calls)
             if i > after and call.name in name.split("|") and text in call.text]
    assert found, f"{name} with {text}"
    return found[0]


def test_intent_then_record_then_tags_then_outcome(repository, tmp_path):
    calls = calls_of(repository, tmp_path / "trace", "promote", "tagger", "2")
    intent = index_of(calls, "write", '\\"event\\":\\"model.promote\\"')
    assert '\\"outcome\\"' not in calls[intent].text
    steps = [("fdatasync|fsync", "/audit/"), ("write", '\\"action\\":\\"promote\\"'),
             ("fsync", "/.release-"), ("linkat", '"000001.json"'), ("fsync", "/releases>"),
             ("renameat|renameat2", '"previous"'), ("renameat|renameat2", '"current"'),
             ("fsync", "/tagger>"), ("renameat|renameat2", '"done"'),
             ("write", '\\"outcome\\":\\"ok\\"'), ("fdatasync|fsync", "/audit/")]
    at = intent
    for name, text in steps:
        at = index_of(calls, name, text, at)
    first_move = index_of(calls, "renameat|renameat2", "")
    assert first_move > index_of(calls, "linkat", '"000001.json"')


def test_a_rollback_leaves_neither_version_without_a_tag(repository, tmp_path):
    repository.do("promote", "tagger", "2")
    calls = calls_of(repository, tmp_path / "trace", "rollback", "tagger")
    exchange = calls[index_of(calls, "renameat2", "RENAME_EXCHANGE")]
    assert '"current"' in exchange.text
    assert '"previous"' in exchange.text


def expect_good(repository, versions) -> None:
    """It opens, and `current` names a usable version: what it was, or what it was to be."""
    model = repository.listed()
    assert model["state"] == "usable", model
    current = model["stands"]["tags"]["current"]
    assert current in versions
    assert {"number": current, "usable": True} in model["versions"]
    assert repository.tags()["current"] == current


def next_version(repository) -> int:
    return repository.tags()["current"] % 3 + 1


def expect_next(repository) -> None:
    """Which also finishes what was cut off."""
    version = next_version(repository)
    done = repository.run("promote", "tagger", str(version))
    assert done.returncode == 0, done.stderr
    if "is finished first" in done.stderr and repository.tags()["current"] != version:
        repository.do("promote", "tagger", str(version))
    model = repository.listed()
    assert model["stands"]["tags"]["current"] == version
    assert model["release"]["state"] == "settled"
    assert repository.left_behind() == []


def expect_all_on_record(repository) -> None:
    entries = repository.history()
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
    assert all("fault" not in entry and not entry["moved_by_hand_before"] for entry in entries)
    audited = repository.audited()
    intended = {record["release"]["number"] for record in audited if "outcome" not in record}
    assert {entry["number"] for entry in entries} <= intended


def expect_to_serve(repository, launch) -> None:
    galen = launch("one", repository=repository.models)
    reply = galen.request("POST", "/infer", NOTE)
    assert reply.status == 200, reply.json()
    assert reply.json()["model"]["version"] == str(repository.tags()["current"])


def words_of(action, repository) -> tuple:
    return (action, "tagger", str(next_version(repository))) if action == "promote" else (
        action, "tagger")


def kill_at_each(repository, action, name, count) -> int:
    """Of these system calls; how many were killed before their end."""
    killed = 0
    for number in range(1, count + 1):
        before, words = repository.tags(), words_of(action, repository)
        to = int(words[2]) if action == "promote" else before["previous"]
        code = strace(repository, repository.folder / "trace", *words,
                      inject=["-e", f"inject={name}:signal=KILL:when={number}"])
        killed += code not in (0, 1, 2)
        expect_good(repository, {before["current"], to})
        expect_next(repository)
    expect_all_on_record(repository)
    return killed


@pytest.mark.skipif(SANITIZED, reason="of who is killed a sanitizer says nothing")
@pytest.mark.parametrize("action", ["promote", "rollback"])
def test_a_kill_at_any_system_call_leaves_a_model_that_serves(repository, tmp_path, launch, action):
    repository.do("promote", "tagger", "2")
    counts = collections.Counter(call.name for call in calls_of(
        repository, tmp_path / "trace", *words_of(action, repository)))

    def kill(name):
        """In a repository of its own: they need not wait for one another."""
        own = Repository(tmp_path / name)
        own.do("promote", "tagger", "2")
        return own, kill_at_each(own, action, name, counts[name])
    with futures.ThreadPoolExecutor(AT_ONCE) as pool:
        tried = list(pool.map(kill, counts))
    assert sum(killed for _, killed in tried) > 0.9 * counts.total()
    for own, _ in tried:
        expect_to_serve(own, launch)


def usual_seconds(repository) -> float:
    """That a release takes here when nobody kills it."""
    taken = []
    for _ in range(5):
        start = time.monotonic()
        repository.do("promote", "tagger", str(next_version(repository)))
        taken.append(time.monotonic() - start)
    return statistics.median(taken)


@pytest.mark.skipif(SANITIZED, reason="of who is killed a sanitizer says nothing")
def test_kills_at_random_times_leave_a_model_that_serves(repository, launch):
    chance = random.Random(SEED)
    repository.do("promote", "tagger", "2")
    latest = usual_seconds(repository)
    killed = tried = 0
    while killed < KILL_COUNT:
        tried += 1
        assert tried < 10 * KILL_COUNT, f"seed {SEED}: only {killed} were killed before their end"
        before = repository.tags()
        version = next_version(repository)
        words = chance.choice([("promote", "tagger", str(version)), ("rollback", "tagger")])
        to = version if words[0] == "promote" else before["previous"]
        process = repository.start(*words)
        try:
            process.wait(timeout=chance.uniform(0, latest))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.communicate()
        expect_good(repository, {before["current"], to})
        expect_next(repository)
    expect_all_on_record(repository)
    expect_to_serve(repository, launch)


def test_a_release_that_was_cut_off_is_listed_and_finished(repository, tmp_path):
    strace(repository, tmp_path / "trace", "promote", "tagger", "2", "--actor", "Ada",
           inject=["-e", "inject=symlinkat:signal=KILL:when=1"])
    assert repository.tags()["current"] == 1
    model = repository.listed()
    assert model["state"] == "usable"
    assert model["release"] == {"newest": 1, "state": "unfinished"}
    assert "unfinished: release 000001 (promote by Ada) was cut off" in repository.do("list")
    done = repository.run("promote", "tagger", "3", "--actor", "Bob")
    assert "tagger: release 000001, which was cut off, is finished first" in done.stderr
    assert repository.tags() == {"current": 3, "previous": 2}
    assert outcomes(repository.audited()) == [
        ("model.promote", None, 1), ("model.promote", "ok", 1),
        ("model.promote", None, 2), ("model.promote", "ok", 2)]
    assert [record["actor"]["operator"] for record in repository.audited()] == [
        "Ada", "Bob", "Bob", "Bob"]


def test_a_running_server_follows_releases(repository, launch):
    galen = launch("one", repository=repository.models)

    def version() -> str | None:
        reply = galen.request("POST", "/infer", NOTE)
        return reply.json()["model"]["version"] if reply.status == 200 else None

    repository.do("promote", "tagger", "2")
    until(lambda: version() == "2", "the promoted version answers")
    repository.do("rollback", "tagger")
    until(lambda: version() == "1", "the version before answers")
    repository.do("disable", "tagger", "--actor", "Ada", "--reason", "alerts")
    until(lambda: version() is None, "nothing answers")
    repository.do("enable", "tagger")
    until(lambda: version() == "1", "it answers again")


# Two at once.

def test_of_two_at_once_exactly_one_wins_and_the_other_is_told(repository):
    for number in range(1, RACE_COUNT + 1):
        current = repository.tags()["current"]
        others = [version for version in (1, 2, 3) if version != current]
        racers = {version: repository.start("promote", "tagger", str(version), "--expect", str(current),
                                            "--actor", f"racer-{version}") for version in others}
        said = {version: racer.communicate()[1] for version, racer in racers.items()}
        codes = {version: racer.returncode for version, racer in racers.items()}
        assert sorted(codes.values()) == [0, 1], said
        winner, = [version for version, code in codes.items() if code == 0]
        loser, = [version for version, code in codes.items() if code == 1]
        assert SECOND_IS_TOLD.search(said[loser]), said[loser]
        assert repository.tags() == {"current": winner, "previous": current}
        assert repository.records()[-1]["actor"] == f"racer-{winner}"
        assert len(repository.records()) == number
    expect_all_on_record(repository)
    refused = [record for record in repository.audited() if record.get("outcome") == "refused"]
    assert len(refused) == RACE_COUNT


def test_many_at_once_leave_one_chain(repository):
    for _ in range(RACE_COUNT // 5):
        racers = [repository.start("promote", "tagger", str(version)) for version in (1, 2, 3, 1, 2, 3)]
        said = [(racer.communicate()[1], racer.returncode) for racer in racers]
        assert {code for _, code in said} <= {0, 1}
        assert all(code == 0 or SECOND_IS_TOLD.search(why) for why, code in said), said
        expect_good(repository, {1, 2, 3})
    expect_all_on_record(repository)


def test_many_may_begin_a_trail_at_once(repository):
    for number in range(RACE_COUNT):
        folder = repository.folder / f"audit-{number}"
        racers = [repository.start("promote", "nope", "1", "--set", f"audit.directory={folder}")
                  for _ in range(4)]
        said = [racer.communicate()[1].splitlines() for racer in racers]
        assert all(len(lines) == 1 and "there is no such model" in lines[0] for lines in said), said
        assert len(trail.requests(trail.check(folder))) == len(racers)


def test_while_somebody_makes_a_release_nobody_else_does(repository):
    repository.do("promote", "tagger", "2")
    with (repository.model / "releases/.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = repository.run("promote", "tagger", "3")
    assert done.returncode == 1
    assert "another release is being made; look at `galen model list`" in done.stderr
    assert repository.tags()["current"] == 2
    repository.do("promote", "tagger", "3")
