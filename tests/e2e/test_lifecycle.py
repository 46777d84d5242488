# SPDX-License-Identifier: Apache-2.0
"""The repository changes while requests come: what serves follows, and nobody is lost."""
import json
import os
import pathlib
import shutil
import time

import pytest
from process import ROOT, SANITIZED, Process, until
from samples import MODEL, as_tensor, by_features
from steady import SteadyLoad

BROKEN = b"this is no network"


@pytest.fixture
def repository(tmp_path) -> pathlib.Path:
    """A copy of the sample models, whose version 1 is tagged nowhere."""
    folder = tmp_path / "models"
    shutil.copytree(ROOT / "models", folder, symlinks=True)
    (folder / MODEL / "previous").unlink()
    return folder


def point(repository: pathlib.Path, target: object, tag: str = "current", model: str = MODEL) -> None:
    """As one rename, which is how tags move."""
    fresh = repository / model / ".fresh"
    fresh.symlink_to(str(target))
    os.replace(fresh, repository / model / tag)


def copy_version(repository: pathlib.Path, number: object, source: object = 2) -> pathlib.Path:
    """Under a name of no meaning until it is whole."""
    partial = repository / MODEL / ".partial"
    shutil.copytree(repository / MODEL / str(source), partial)
    return partial.rename(repository / MODEL / str(number))


def version(galen) -> str:
    reply = galen.infer(by_features())
    assert reply.status == 200, reply.body
    return reply.json()["model"]["version"]


def until_version(galen, number: object) -> None:
    until(lambda: version(galen) == str(number), f"version {number} serves")


def until_told_broken(galen, repository: pathlib.Path, number: int) -> None:
    before = galen.log().count('"model.failed"')
    point(repository, number)
    until(lambda: galen.log().count('"model.failed"') > before, "it is said to be broken")


@pytest.mark.parametrize("name", ["one", "three"])
def test_promotions_rollbacks_and_broken_versions_lose_no_request(launch, repository, name):
    galen = launch(name, repository=repository)
    copy_version(repository, 66)
    (repository / MODEL / "66/model.onnx").write_bytes(BROKEN)
    with SteadyLoad(galen.port, "/infer", by_features(), rate=100) as load:
        for turn in range(20):
            point(repository, 1 + turn % 2)
            until_version(galen, 1 + turn % 2)
            if turn % 4 == 0:
                until_told_broken(galen, repository, 66)
                assert version(galen) == str(1 + turn % 2)
    assert not load.lost, load.lost[:3]
    assert {json.loads(each.body)["model"]["version"] for each in load.outcomes} == {"1", "2"}


@pytest.mark.parametrize("name", ["one", "three"])
def test_broken_version_is_told_of_and_serves_once_it_is_mended(launch, repository, name):
    galen = launch(name, repository=repository)
    whole = (repository / MODEL / "2/model.onnx").read_bytes()
    copy_version(repository, 3)
    (repository / MODEL / "3/model.onnx").write_bytes(BROKEN)
    point(repository, 3)

    def note() -> str:
        reply = galen.request("GET", "/readyz")
        assert reply.status == 200, "what served goes on serving"
        return reply.json().get("note", "")
    until(lambda: "SHA-256" in note(), "readiness says why")
    assert version(galen) == "2"

    (repository / MODEL / "3/model.onnx").write_bytes(whole)
    until_version(galen, 3)
    until(lambda: note() == "", "all is as it should be")


def test_model_comes_and_goes(launch, repository):
    away = repository.parent / "away"
    (repository / MODEL).rename(away)
    galen = launch("one", repository=repository)
    assert galen.infer(by_features()).status == 404
    away.rename(repository / MODEL)
    until(lambda: galen.infer(by_features()).status == 200, "it is served")
    (repository / MODEL).rename(away)
    until(lambda: galen.infer(by_features()).status == 404, "it is gone")


def test_model_that_changes_in_place_is_read_again(launch, repository):
    galen = launch("one", repository=repository)
    contract = repository / MODEL / "2/model.yaml"
    text = contract.read_text()
    assert "benign" in text
    contract.write_text(text.replace("benign", "harmless"))
    until(lambda: {each["label"] for each in galen.infer(by_features()).json()["predictions"]} ==
          {"malignant", "harmless"}, "its labels are the new ones")


def test_tag_in_the_path_is_a_version(launch, repository):
    point(repository, 1, "canary")
    galen = launch("one", repository=repository)
    reply = galen.request("POST", f"/v2/models/{MODEL}/versions/canary/infer", as_tensor())
    assert (reply.status, reply.json()["model_version"]) == (200, "1")
    assert galen.request("POST", f"/v2/models/{MODEL}/versions/none/infer", as_tensor()).status == 404


def test_who_follows_nothing_stays_as_it_was(launch, repository):
    galen = launch("one", repository=repository, models__control="none")
    point(repository, 1)
    following = launch("one", repository=repository)
    assert version(following) == "1"
    assert version(galen) == "2"


def test_gateway_waits_for_an_engine_that_lags(repository, tmp_path):
    """Each has its own copy, as pods do that pull."""
    behind = tmp_path / "behind"
    shutil.copytree(repository, behind, symlinks=True)
    engine, preprocess = (Process(role, tmp_path, {"repository": folder})
                          for role, folder in (("engine", behind), ("preprocess", repository)))
    for process in (engine, preprocess):
        process.wait_for("/v2/health/ready")
    gateway = Process("gateway", tmp_path, {"repository": repository, "preprocess": preprocess.url,
                                            "engines.default": engine.url}).wait_for("/readyz")

    point(repository, 1)
    until(lambda: "version 1 is not found" in gateway.log(), "the gateway has asked for it")
    with SteadyLoad(gateway.port, "/infer", by_features(), rate=50) as load:
        point(behind, 1)
        until(lambda: load.outcomes and
              json.loads(load.outcomes[-1].body)["model"]["version"] == "1", "version 1 serves")
    assert not load.lost
    for process in (gateway, preprocess, engine):
        process.check_end()


def settled_bytes(process: Process) -> int:
    """Resident, once what was unloaded is given back: the least of half a second."""
    end = time.monotonic() + 0.5
    sizes = [process.resident_bytes()]
    while time.monotonic() < end:
        sizes.append(process.resident_bytes())
    return min(sizes)


@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps what is freed")
def test_three_hundred_reloads_grow_by_less_than_a_megabyte(repository, tmp_path):
    model = "clinical-ner"
    (repository / model / "previous").unlink()
    settings = {"repository": repository, "models.linger_ms": 0, "threads": 1}
    engine = Process("engine", tmp_path, settings)
    engine.wait_for("/v2/health/ready")

    def reload(number: int) -> None:
        point(repository, number, model=model)
        path = f"/v2/models/{model}/versions"
        until(lambda: engine.get_status(f"{path}/{number}/ready") == 200 and
              engine.get_status(f"{path}/{3 - number}/ready") == 404, "it is loaded")
    for turn in range(50):
        reload(1 + turn % 2)
    before = settled_bytes(engine)
    for turn in range(250):
        reload(1 + turn % 2)
    growth = settled_bytes(engine) - before
    print(f"{growth / 1000:.0f} kB from reload 50 to 300")
    assert growth < 1_000_000
    engine.check_end()


@pytest.mark.parametrize("name", ["one", "three"])
def test_model_that_is_disabled_answers_nobody_until_it_is_enabled(launch, repository, name):
    galen = launch(name, repository=repository)
    (repository / MODEL / "disabled").touch()

    until(lambda: galen.infer(by_features()).status == 503, "it is disabled")
    assert "is disabled" in galen.infer(by_features(version="2")).json()["detail"]
    path = f"/v2/models/{MODEL}/versions/2/infer"
    until(lambda: galen.request("POST", path, as_tensor()).status == 503, "for tensors too")
    assert galen.request("GET", "/readyz").status == 200
    assert galen.infer({"input": "Denies chest pain."}).status == 200

    (repository / MODEL / "disabled").unlink()
    until(lambda: galen.infer(by_features()).status == 200, "it answers again")
