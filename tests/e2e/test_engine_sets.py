# SPDX-License-Identifier: Apache-2.0
"""Engines in several sets behind one gateway: a model moves from one to another, in part or
whole, and what is wrong with such engines is nobody's loss."""
import json
import pathlib
import shutil
import subprocess

import pytest
import trail
from message import exchange
from process import BINARY, ROOT, Process, until
from samples import MODEL, by_features

QUICK = {"models": {"poll_ms": 20}, "rollout": {"bake_s": 0, "requests": 100, "latency_ms": 1000}}


class Sets:
    """A gateway with the engines of the default set and of one called green."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.models = folder / "models"
        shutil.copytree(ROOT / "models", self.models, symlinks=True)
        base = {"repository": self.models, "models.poll_ms": 20}
        self.preprocess = Process("preprocess", folder, base).wait_for("/v2/health/ready")
        self.engines = {name: Process("engine", folder, base).wait_for("/v2/health/ready")
                        for name in ("default", "green")}
        config = {"preprocess": self.preprocess.url, "repository": str(self.models), "threads": 1,
                  "engines": {name: each.url for name, each in self.engines.items()}} | QUICK
        (folder / "galen.yaml").write_text(json.dumps(config))
        self.gateway = Process("gateway", folder, {"config": folder / "galen.yaml"})
        self.gateway.wait_for("/readyz")

    def run(self, *words) -> subprocess.CompletedProcess:
        return subprocess.run([BINARY, "model", words[0], "--repository", self.models, *words[1:]],
                              capture_output=True, text=True, check=False)

    def do(self, *words) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, count: int = 1) -> None:
        for _ in range(count):
            reply = exchange(self.gateway.port, "POST", "/infer", by_features())
            assert reply.status == 200, reply.body

    def note(self) -> str:
        return exchange(self.gateway.port, "GET", "/readyz").json().get("note", "")

    def logged(self, *words) -> bool:
        return any(all(word in line for word in words)
                   for line in self.gateway.log().splitlines())

    def newest(self) -> dict:
        folder = self.models / MODEL / "releases"
        return json.loads(sorted(folder.glob("[0-9]*.json"))[-1].read_text())

    def answered(self, event: str = "infer") -> list[dict]:
        """What the trail says of each request, or of each shadow, once all is stopped."""
        self.gateway.stop()
        chains = trail.check(self.folder / "audit")
        return [each for each in trail.requests(chains, "gateway") if each["event"] == event]

    def stop(self) -> None:
        for process in [self.gateway, self.preprocess, *self.engines.values()]:
            process.stop()


@pytest.fixture
def sets(tmp_path):
    each = Sets(tmp_path)
    yield each
    each.stop()


def test_a_canary_on_other_engines_is_promoted_and_rolled_back(sets):
    said = sets.do("canary", MODEL, "--engine", "green", "--percent", "5", "--shadow", "20")
    assert "canary takes 5 % on engines green, shadow 20 %" in said
    until(lambda: sets.logged("rollout.serves", '"engine":"green"'), "the canary serves")
    sets.ask(200)
    assert "engines as configured -> green" in sets.do("promote", MODEL, "--engine", "green")
    assert sets.newest()["after"]["engines"] == {"current": "green", "previous": ""}
    until(lambda: sets.logged("model.serves", '"engine":"green"'), "green serves")
    sets.ask(20)
    assert "engines green -> as configured" in sets.do("rollback", MODEL)
    until(lambda: sets.gateway.log().count("model.serves") == 2, "the default serves")
    sets.ask(10)
    records = sets.answered()
    tried, green, back = records[:200], records[200:220], records[220:]
    assert {each["upstream"]["engine"] for each in green} == {"green"}
    assert {each["upstream"]["engine"] for each in back} == {"default"}
    assert all(each["upstream"]["engine"] ==
               {"canary": "green", "stable": "default"}[each["model"]["arm"]] for each in tried)
    assert {each["model"]["arm"] for each in tried} == {"canary", "stable"}
    shadows = sets.answered("shadow")
    assert {each["upstream"]["engine"] for each in shadows} == {"green"}


def test_engines_that_a_gateway_has_not_take_no_traffic(sets):
    sets.do("promote", MODEL, "--engine", "blue")
    until(lambda: "engines 'blue'" in sets.note(),
          "readiness has a note")
    sets.ask(20)
    assert sets.logged("model.serves", "engines 'blue'")
    assert {each["upstream"]["engine"] for each in sets.answered()} == {"default"}


def test_engines_that_are_dead_are_refused_before_traffic(sets):
    sets.engines["green"].stop()
    sets.do("canary", MODEL, "--engine", "green", "--percent", "50")
    until(sets.note, "readiness has a note")
    sets.ask(30)
    assert {each["upstream"]["engine"] for each in sets.answered()} == {"default"}


def test_a_canary_whose_engines_die_is_rolled_back_and_nothing_is_lost(sets):
    sets.do("canary", MODEL, "--engine", "green", "--percent", "50")
    until(lambda: sets.logged("rollout.serves", '"engine":"green"'), "the canary serves")
    sets.ask(20)
    sets.engines["green"].popen.kill()
    for _ in range(40):
        sets.ask(10)
        if sets.logged("rollout.verdict", '"verdict":"errs"'):
            break
    until(lambda: sets.newest()["action"] == "rollback", "it is rolled back")
    assert "fallback" in {each["model"].get("arm_by") for each in sets.answered()}
