# SPDX-License-Identifier: Apache-2.0
"""The profiles of docker-compose.yaml: an engine more, and NVIDIA Triton in the engine's place."""
import contextlib
import json
import pathlib
import re
import tempfile

import images
import project
import pytest
import triton_repository
import triton_wheel
from message import exchange
from process import ROOT, until

BENIGN = (ROOT / "examples/breast-cancer-benign.json").read_bytes()
WITHOUT_GPU = ("-f", "docker-compose.yaml", "-f", "tests/compose/without-gpu.yaml")
REQUESTS = 200


@pytest.fixture
def answered(galen):
    """How many attempts each engine has answered, as Prometheus knows it."""
    if "prometheus" not in galen:
        pytest.skip("Prometheus is left out")

    def by_address() -> dict[str, float]:
        series = project.query('galen_upstream_attempts_total{service="engine",outcome="ok"}')
        return {re.search('endpoint="(.+):8000"', labels)[1]: count for labels, count in series.items()}
    return by_address


@pytest.fixture
def repository():
    """That whoever Triton runs as may read."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        triton_repository.make(folder, current=2)  # as in the gateway's image
        yield folder


@contextlib.contextmanager
def profile(galen, name: str, service: str, engines: int, files=(), **environment):
    """With this service too, and so many engines; ends as it began."""
    others = [each for each in galen if each != "engine" or engines]
    try:
        project.compose(*files, "--profile", name, "up", "--detach", "--wait", "--no-build", "--scale",
                        f"engine={engines}", *others, service, **environment)
        yield
    finally:
        project.compose(*files, "--profile", name, "rm", "--stop", "--force", service, **environment)
        project.compose("up", "--detach", "--wait", "--no-build", *galen)


def predict() -> dict:
    reply = exchange(project.PORT, "POST", "/infer", BENIGN, {"Content-Type": "application/json"})
    assert reply.status == 200, reply.body
    return reply.json()


def test_a_canary_beside_four_engines_takes_its_part(galen, answered):
    with profile(galen, "canary", "engine-canary", engines=4):
        [canary] = project.containers("engine-canary")
        assert len(project.containers("engine")) == 4
        before = answered()

        def since() -> dict[str, float]:
            return {each: count - before.get(each, 0) for each, count in answered().items()}
        for _ in range(REQUESTS):
            predict()
        until(lambda: sum(since().values()) >= REQUESTS, "Prometheus has seen all", 60)
        taken = since()[project.address(canary, "engine")]
    print(f"canary: {taken:.0f} of {REQUESTS}")
    assert 0 < taken <= REQUESTS / 2


def test_triton_answers_in_the_engines_place(galen, answered, repository):
    """A real one, with a repository of its own. Where NVIDIA's image cannot be had it is the tests',
    whose only backend is Python."""
    name = json.loads(project.compose("--profile", "triton", "config", "--format", "json").stdout)[
        "services"]["triton"]["image"]
    if not images.is_there(name):
        if triton_wheel.why_not():
            pytest.skip(triton_wheel.why_not())
        images.build_triton(name)
    if not images.is_stand_in(name):
        pytest.skip("NVIDIA's own image has no Python backend with ONNX Runtime")
    with profile(galen, "triton", "triton", engines=0, files=WITHOUT_GPU, GALEN_MODELS=str(repository)):
        [server] = project.containers("triton")
        assert not project.containers("engine")
        before = answered().get(project.address(server, "engine"), 0)
        answer = until(lambda: project.health(server) == "healthy" and predict(), "Triton answers", 60)
        assert answer["model"]["name"] == "breast-cancer"
        assert answer["predictions"][0]["label"] == "benign"
        until(lambda: answered().get(project.address(server, "engine"), 0) > before,
              "it was Triton", 60)
