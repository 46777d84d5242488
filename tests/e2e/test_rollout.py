# SPDX-License-Identifier: Apache-2.0
"""Canaries: who is answered by one, and how it goes by itself: promoted, or rolled back."""
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import time

import pytest
import trail
from networks import network
from process import BINARY, ROOT, until
from samples import MODEL, as_tensor, by_features, held_out

QUICK = {"models__poll_ms": 20, "rollout__bake_s": 0, "rollout__requests": 100,
         "rollout__latency_ms": 2}
VERDICT_DEADLINE_S = 20
REQUEST_COUNT_MAX = 4000
SUBJECT_COUNT = 60


class Rollout:
    """A copy of the sample models with one more version of one, and what serves it."""

    def __init__(self, folder: pathlib.Path, launch):
        self.models = folder / "models"
        self.launch = launch
        self.galen = None
        shutil.copytree(ROOT / "models", self.models, symlinks=True)
        self.model = self.models / MODEL

    def add_version(self, change=lambda contract: contract) -> None:
        """Version 3, as 2 but for its contract."""
        shutil.copytree(self.model / "2", self.model / "3")
        contract = self.model / "3/model.yaml"
        contract.write_text(change(contract.read_text()))

    def start(self, name: str = "one", **settings) -> None:
        self.galen = self.launch(name, repository=self.models, **QUICK | settings)

    def run(self, *words) -> subprocess.CompletedProcess:
        return subprocess.run([BINARY, "model", words[0], "--repository", self.models, *words[1:]],
                              capture_output=True, text=True, check=False)

    def do(self, *words) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def begin(self, *words, model: str = MODEL, version: int = 3) -> None:
        before = self.galen.log().count("rollout.serves")
        self.do("canary", model, "--version", str(version), *words)
        until(lambda: self.galen.log().count("rollout.serves") > before, "the canary serves")

    def listed(self, model: str = MODEL) -> dict:
        return json.loads(self.do("list", model, "--json"))["models"][0]["stands"]

    def newest(self, model: str = MODEL) -> dict:
        return json.loads(sorted((self.models / model).glob("releases/*.json"))[-1].read_text())

    def version_of(self, body=None, **headers) -> str:
        reply = self.galen.request("POST", "/infer", body or by_features(), headers)
        return reply.headers["galen-model"].removeprefix(f"{MODEL}/")

    def load_until(self, holds, ask=None) -> int:
        """Requests, one after another, until it holds; how many it took."""
        rows = held_out()
        ask = ask or (lambda i: self.galen.infer({"model": MODEL,
                                                  "input": rows[i % len(rows)]["input"]}))
        deadline = time.monotonic() + VERDICT_DEADLINE_S
        for i in range(REQUEST_COUNT_MAX):
            ask(i)
            if i % 20 == 0 and holds():
                return i + 1
            assert time.monotonic() < deadline, "the verdict is late"
        raise AssertionError(f"no verdict within {REQUEST_COUNT_MAX} requests")

    def rolled_back(self, verdict: str) -> bool:
        return f'"verdict":"{verdict}"' in self.galen.log()


@pytest.fixture
def rollout(tmp_path, launch):
    return Rollout(tmp_path, launch)


def refuse_nearly_all(contract: str) -> str:
    return contract.replace("mean radius, unit: \"1\", min: 0, max: 57",
                            "mean radius, unit: \"1\", min: 0, max: 1")


def reverse_features(contract: str) -> str:
    lines = re.findall(r"  - \{name: .*\n", contract)
    open_ranges = [re.sub(r"max: [0-9.]+", "max: 10000", line) for line in reversed(lines)]
    return contract.replace("".join(lines), "".join(open_ranges))


def swap_labels(contract: str) -> str:
    return contract.replace("labels: [malignant, benign]", "labels: [benign, malignant]")


def until_recorded(rollout, action: str, model: str = MODEL) -> dict:
    return until(lambda: (newest := rollout.newest(model))["action"] == action and newest,
                 f"the record says {action}")


@pytest.mark.parametrize("name", ["one", "three"])
def test_a_canary_that_errs_is_rolled_back_by_itself(rollout, name):
    rollout.add_version(refuse_nearly_all)
    rollout.start(name)
    rollout.begin("--percent", "20")
    count = rollout.load_until(lambda: rollout.rolled_back("errs"))
    assert count <= 1000  # a look after the first that would do, however busy the machine is
    record = until_recorded(rollout, "rollback")
    assert record["actor"] == "galen"
    assert re.match(r"errs: \d+ of \d+ requests failed, of the stable version 0 of \d+",
                    record["reason"])
    until(lambda: rollout.listed()["tags"] == {"current": 2, "previous": 1}, "its tag is gone")
    assert {rollout.version_of() for _ in range(50)} == {"2"}


def test_what_is_found_and_done_is_in_the_trail(rollout, tmp_path):
    rollout.add_version(refuse_nearly_all)
    rollout.start()
    rollout.begin("--percent", "50")
    rollout.load_until(lambda: rollout.rolled_back("errs"))
    until_recorded(rollout, "rollback")
    rollout.galen.stop()
    chains = trail.check(tmp_path / "audit")
    asked = [each["model"] for each in trail.requests(chains, "serve")
             if each["event"] in ("infer", "validate")]
    assert {(each["arm"], each["version"], each["arm_by"]) for each in asked if "arm" in each} == {
        ("stable", 2, "chance"), ("canary", 3, "chance")}
    made = [each for records in trail.of_service(chains, "model") for each in records.requests
            if each["event"] == "model.rollback"]
    assert [each.get("outcome") for each in made] == [None, "ok"]
    assert made[0]["actor"]["operator"] == "galen"
    assert made[0]["model"] | {"sha256": ""} == {
        "name": MODEL, "version_before": 3, "tag": "canary", "sha256": ""}


@pytest.mark.parametrize("change", [reverse_features, swap_labels])
def test_a_canary_that_disagrees_is_rolled_back_and_was_never_heard(rollout, change):
    rollout.add_version(change)
    rollout.start()
    rollout.begin("--percent", "0", "--shadow", "100")
    versions = set()
    rows = held_out()

    def ask(i):
        body = {"model": MODEL, "input": rows[i % len(rows)]["input"]}
        versions.add(rollout.version_of(body))
    rollout.load_until(lambda: rollout.rolled_back("disagrees"), ask)
    assert versions == {"2"}
    assert "answers differ" in until_recorded(rollout, "rollback")["reason"]


def test_a_shadow_leaves_an_event_of_its_own(rollout, tmp_path):
    rollout.add_version(swap_labels)
    rollout.start()
    rollout.begin("--percent", "0", "--shadow", "100")
    for _ in range(5):
        assert rollout.version_of() == "2"
    rollout.galen.stop()
    records = trail.requests(trail.check(tmp_path / "audit"), "serve")
    shadows = [each for each in records if each["event"] == "shadow"]
    asked = {each["request_id"] for each in records if each["event"] == "infer"}
    assert {each["request_id"] for each in shadows} == asked
    for each in shadows:
        assert each["model"]["version"] == 3
        assert each["shadow"] == {"outputs": 1, "differing": 1}
        assert not each.keys() & {"in", "out", "actor", "subject_hmac"}


def test_a_canary_that_is_slow_is_rolled_back(rollout):
    speed = rollout.models / "speed"
    for version, product_count in ((1, 1), (2, 400)):
        (speed / str(version)).mkdir(parents=True)
        (speed / f"{version}/model.onnx").write_bytes(network(product_count))
    (speed / "current").symlink_to("1")
    rollout.start(mode="standard")
    rollout.begin("--percent", "30", model="speed", version=2)
    body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}

    def ask(_):
        reply = rollout.galen.request("POST", "/v2/models/speed/infer", body)
        assert reply.status == 200, reply.body
    rollout.load_until(lambda: rollout.rolled_back("slows"), ask)
    assert "took longer than" in until_recorded(rollout, "rollback", "speed")["reason"]


def test_a_canary_that_is_as_good_is_promoted_by_itself(rollout):
    rollout.add_version()
    rollout.start(rollout__latency_ms=200)
    rollout.begin("--percent", "40", "--shadow", "50", "--auto")
    rollout.load_until(lambda: rollout.listed()["tags"]["current"] == 3)
    record = until_recorded(rollout, "promote")
    assert record["actor"] == "galen"
    assert record["reason"].startswith("good: 0 of ")
    until(lambda: rollout.listed() == {"tags": {"current": 3, "previous": 2}, "disabled": False},
          "the canary's tag is gone")
    until(lambda: rollout.version_of() == "3", "it serves")


def test_a_canary_without_auto_waits_for_somebody(rollout):
    rollout.add_version()
    rollout.start(rollout__latency_ms=200)
    rollout.begin("--percent", "50")
    for _ in range(400):
        assert rollout.galen.infer(by_features()).status == 200
    assert rollout.listed()["canary"]["version"] == 3
    rollout.do("promote", MODEL)
    until(lambda: rollout.version_of() == "3", "it serves")


def test_a_subject_stays_on_its_arm_while_the_share_grows(rollout):
    rollout.add_version()
    rollout.start(rollout__latency_ms=200)
    subjects = [f"Patient/{i}" for i in range(SUBJECT_COUNT)]

    def ask() -> dict[str, str]:
        answers = [{each: rollout.version_of(**{"Galen-Subject": each}) for each in subjects}
                   for _ in range(2)]
        assert answers[0] == answers[1]
        return answers[0]
    rollout.begin("--percent", "20")
    before = ask()
    rollout.begin("--percent", "60")
    after = ask()
    assert set(before.values()) == {"2", "3"}
    assert {each for each in subjects if before[each] == "3"} < {
        each for each in subjects if after[each] == "3"}


def test_who_names_a_version_gets_it(rollout):
    rollout.add_version()
    rollout.start()
    rollout.begin("--percent", "99.99")
    assert {rollout.version_of(by_features(version="current")) for _ in range(20)} == {"2"}
    assert {rollout.version_of(by_features(version="canary")) for _ in range(20)} == {"3"}
    reply = rollout.galen.request("POST", f"/v2/models/{MODEL}/versions/2/infer", as_tensor())
    assert reply.json()["model_version"] == "2"
    assert rollout.galen.request("POST", f"/v2/models/{MODEL}/infer", as_tensor()).json()[
        "model_version"] == "3"


def test_metrics_tell_of_both_arms(rollout):
    rollout.add_version()
    rollout.start(rollout__latency_ms=200)
    rollout.begin("--percent", "50", "--shadow", "100")
    for _ in range(40):
        assert rollout.galen.infer(by_features()).status == 200
    process = rollout.galen.processes[-1]

    def counted(arm: str, version: int) -> float:
        return process.metrics()[f'galen_arm_requests_total{{model="{MODEL}",arm="{arm}",'
                                 f'version="{version}",outcome="answered"}}']
    assert counted("stable", 2) + counted("canary", 3) == 40
    assert counted("canary", 3) > 5
    timed = {arm: process.metrics()[f'galen_arm_duration_seconds_count{{model="{MODEL}",arm="{arm}",'
                                    f'version="{version}"}}']
             for arm, version in (("stable", 2), ("canary", 3))}
    assert timed == {"stable": counted("stable", 2), "canary": counted("canary", 3)}
    assert process.metrics()[f'galen_arm_share{{model="{MODEL}"}}'] == 0.5
    until(lambda: process.metrics()[f'galen_shadow_requests_total{{model="{MODEL}",'
                                    f'outcome="agreed"}}'] == counted("stable", 2),
          "each has been compared")


def test_a_canary_that_cannot_be_loaded_takes_no_traffic_and_all_else_goes_on(rollout):
    rollout.add_version()
    contract = rollout.model / "3/model.yaml"
    garbage = b"this is no network"
    network_sha256 = hashlib.sha256(garbage).hexdigest()
    (rollout.model / "3/model.onnx").write_bytes(garbage)
    contract.write_text(re.sub(r"model.onnx: \w+", f"model.onnx: {network_sha256}",
                               contract.read_text()))
    rollout.start()
    rollout.do("canary", MODEL, "--version", "3", "--percent", "99")
    until(lambda: "model.failed" in rollout.galen.log(), "it is said to be broken")
    until(lambda: "note" in rollout.galen.request("GET", "/readyz").json(), "readiness says so")
    assert rollout.galen.request("GET", "/readyz").status == 200
    assert {rollout.version_of() for _ in range(50)} == {"2"}
    assert "rollout.serves" not in rollout.galen.log()


def test_a_rollback_ends_the_canary_and_leaves_current(rollout):
    rollout.add_version()
    rollout.start()
    rollout.begin("--percent", "50")
    assert rollout.do("rollback", MODEL) == f"{MODEL}: release 000002: canary 3 ends\n"
    assert rollout.listed() == {"tags": {"current": 2, "previous": 1}, "disabled": False}
    until(lambda: {rollout.version_of() for _ in range(20)} == {"2"}, "current answers all")


@pytest.mark.parametrize("words, why", [
    (["--version", "9", "--percent", "5"], "there is no version 9"),
    (["--version", "2", "--percent", "5"], "is `current` already"),
    (["--version", "3"], "the canary would be asked nothing"),
    (["--percent", "5"], "no canary is under way"),
    (["--version", "3", "--percent", "100"], "--percent has a value that cannot be"),
    (["--version", "3", "--percent", "-1"], "--percent has a value that cannot be"),
    (["--version", "4", "--percent", "5"], "SHA-256"),
    (["--version", "5", "--percent", "5"], "has no model.yaml"),
    (["--stop"], "no canary is under way"),
])
def test_what_cannot_be_a_canary_is_refused(rollout, words, why):
    rollout.add_version()
    shutil.copytree(rollout.model / "2", rollout.model / "4")
    (rollout.model / "4/model.onnx").write_bytes(b"this is no network")
    shutil.copytree(rollout.model / "2", rollout.model / "5")
    (rollout.model / "5/model.yaml").unlink()
    done = rollout.run("canary", MODEL, *words)
    assert done.returncode == 2, done.stdout
    assert why in done.stderr
    assert "canary" not in rollout.listed()


def test_history_and_list_show_it(rollout):
    rollout.add_version()
    assert rollout.do("canary", MODEL, "--version", "3", "--percent", "5", "--shadow", "0.5") == (
        f"{MODEL}: release 000001: canary -> 3, canary takes 5 %, shadow 0.5 %\n")
    assert rollout.do("canary", MODEL, "--percent", "12.25", "--auto") == (
        f"{MODEL}: release 000002: canary takes 12.25 %, shadow 0.5 %, auto\n")
    assert rollout.do("canary", MODEL, "--percent", "12.25") == (
        f"{MODEL}: the canary is so already\n")
    assert rollout.listed()["canary"] == {
        "version": 3, "percent": 12.25, "shadow": 0.5, "auto": True, "started": 1}
    assert "canary takes 12.25 %, shadow 0.5 %, auto" in rollout.do("list", MODEL)
    history = rollout.do("history", MODEL).splitlines()
    assert history[0].endswith("canary -> 3, canary takes 5 %, shadow 0.5 %")
    assert "  canary  " in history[1]
    assert rollout.do("canary", MODEL, "--stop") == f"{MODEL}: release 000003: canary 3 ends\n"


def test_what_cannot_be_recorded_holds_in_memory(rollout):
    rollout.add_version(refuse_nearly_all)
    rollout.start()
    rollout.begin("--percent", "50")
    (rollout.model / "releases/000002.json").symlink_to("nowhere")
    rollout.load_until(lambda: rollout.rolled_back("errs"))
    until(lambda: "rollout.unrecorded" in rollout.galen.log(), "the log says so")
    assert {rollout.version_of() for _ in range(50)} == {"2"}
    note = rollout.galen.request("GET", "/readyz").json()["note"]
    assert "this cannot be put on record" in note
    assert rollout.galen.processes[-1].metrics()[
        f'galen_rollout_unrecorded{{model="{MODEL}"}}'] == 1
