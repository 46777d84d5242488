# SPDX-License-Identifier: Apache-2.0
"""A real NVIDIA Triton behind the gateway: it knows no tags, and no request is lost when they move.

Its ONNX backend is not in the wheel: what runs here is its Python backend, on the same ONNX files.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess

import keys
import pytest
import triton_repository
import triton_wheel
from field import COMMON, GATEWAY
from message import exchange
from process import BINARY, DEADLINE_S, Process, free_port, until
from rows import About
from run import Expected, under_load
from samples import MODEL, by_features

pytestmark = pytest.mark.skipif(bool(triton_wheel.why_not()), reason=triton_wheel.why_not() or "-")
LINGER_MS = 500
REQUEST_TIMEOUT_MS = 30_000  # loads hold up what else comes to the same thread of Triton's
ABOUT = About("engine", "one NVIDIA Triton in explicit mode; tags move with `galen model`", 0)


class Triton:
    """Versions 1, 2 and 3 of one model; it has loaded version 1, which is `current`."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.repository = folder / "models"
        self.model = triton_repository.make(self.repository)
        self.ids = folder / "ids"
        self.port = free_port()
        words = triton_wheel.words(self.repository, self.port, "--model-control-mode=explicit",
                                   f"--load-model={MODEL}")
        environment = triton_wheel.environment() | {"REQUEST_IDS": str(self.ids)}
        self.log = (folder / "triton.log").open("wb")
        self.popen = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL,
                                      stdout=self.log, stderr=subprocess.STDOUT, env=environment)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def status(self, path: str) -> int:
        try:
            return exchange(self.port, "GET", path).status
        except ConnectionError:
            return 0

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            assert self.popen.poll() is None, (self.folder / "triton.log").read_text()[-3000:]
            return self.status(f"/v2/models/{MODEL}/ready") == 200
        until(is_ready, "Triton has loaded its model", 60)

    def versions(self) -> set[int]:
        """That answer."""
        return {version for version in range(1, 5)
                if self.status(f"/v2/models/{MODEL}/versions/{version}/ready") == 200}

    def allowed(self) -> list[int]:
        """By its configuration."""
        text = (self.model / "config.pbtxt").read_text()
        return [int(each) for each in re.search(r"versions:\s*\[?([\d, ]+)", text)[1].split(",")]

    def do(self, *words) -> subprocess.CompletedProcess:
        settings = {"repository": self.repository, "models.triton": self.url,
                    "models.linger_ms": LINGER_MS, "audit.directory": self.folder / "audit"}
        sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        return subprocess.run([BINARY, "model", words[0], *words[1:], *sets], capture_output=True,
                              text=True, timeout=DEADLINE_S * 3, check=False,
                              env=os.environ | keys.environment(BINARY, self.folder / "audit"))

    def end(self) -> None:
        self.popen.terminate()
        self.popen.wait(60)
        self.log.close()


@pytest.fixture
def triton(tmp_path):
    server = Triton(tmp_path)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.end()


@pytest.fixture
def gateway(triton, tmp_path):
    preprocess = Process("preprocess", tmp_path, COMMON | {"repository": triton.repository})
    preprocess.wait_for("/v2/health/ready")
    running = Process("gateway", tmp_path, GATEWAY | {
        "request_timeout_ms": REQUEST_TIMEOUT_MS, "repository": triton.repository,
        "preprocess": preprocess.url, "engines.default": triton.url})
    yield running.wait_for("/readyz")
    running.check_end()
    preprocess.check_end()


def served(gateway: Process) -> str:
    reply = exchange(gateway.port, "POST", "/infer", by_features())
    assert reply.status == 200, reply.body
    return reply.json()["model"]["version"]


def move(triton: Triton, gateway: Process, version: int, *words) -> None:
    done = triton.do(*words)
    assert done.returncode == 0, done.stderr
    until(lambda: served(gateway) == str(version), f"version {version} serves")


def test_tags_move_without_a_lost_request(triton, gateway, timing, hold):
    def move_all(_load):
        move(triton, gateway, 2, "promote", MODEL, "2")
        assert triton.versions() == {1, 2}
        move(triton, gateway, 3, "promote", MODEL, "3")
        move(triton, gateway, 2, "rollback", MODEL)
    hold(under_load(ABOUT, gateway, timing, move_all, Expected(one_answer=False)))
    assert triton.allowed() == [2, 3]
    assert triton.versions() == {2, 3}
    assert "# of the tests" in (triton.model / "config.pbtxt").read_text()


def test_a_version_that_triton_cannot_load_is_not_promoted(triton, gateway):
    shutil.copytree(triton.model / "2", triton.model / "4")
    (triton.model / "4/model.py").write_text("this is no Python")
    done = triton.do("promote", MODEL, "4")
    assert done.returncode == 1
    assert "refuses to load" in done.stderr
    assert (triton.model / "current").readlink() == pathlib.Path("1")
    assert triton.allowed() == [1]
    assert served(gateway) == "1"


def test_a_triton_that_is_away_stops_a_promotion(triton):
    triton.popen.kill()
    triton.popen.wait()
    done = triton.do("promote", MODEL, "2")
    assert done.returncode == 1
    assert triton.url in done.stderr
    assert (triton.model / "current").readlink() == pathlib.Path("1")
    assert triton.allowed() == [1]


def test_it_is_told_the_id_of_the_request(triton, gateway):
    reply = exchange(gateway.port, "POST", "/infer", by_features(), {"X-Request-Id": "visit-4711"})
    assert reply.status == 200
    assert json.loads(reply.body)["request_id"] == "visit-4711"
    assert "visit-4711" in triton.ids.read_text().splitlines()
