# SPDX-License-Identifier: Apache-2.0
import os

import deployment
import keys
import process
import pytest
from samples import by_features


def pytest_sessionstart():
    if not process.BINARY.exists():
        pytest.exit(f"{process.BINARY} is not built (GALEN_BIN names another)", returncode=2)


@pytest.fixture(scope="session", autouse=True)
def records(tmp_path_factory):
    """Programs that a test starts by hand leave their records here."""
    os.environ |= keys.environment(process.BINARY, tmp_path_factory.mktemp("records") / "audit")


def wait_for_checkpoints(running, trail):
    """With the first one its file is opened, and stays so: not amid tests that count files."""
    process_count = sum(len(each.processes) for each in running)
    assert {each.infer(by_features()).status for each in running} == {200}
    process.until(lambda: len(list(trail.glob("*/checkpoints"))) == process_count,
                  "each process has signed a checkpoint")


@pytest.fixture(scope="session")
def deployments(tmp_path_factory):
    """Both, running; their ends are part of the test."""
    folder = tmp_path_factory.mktemp("logs")
    running = {name: deployment.start(name, folder, audit__checkpoint_seconds=1)
               for name in deployment.NAMES}
    wait_for_checkpoints(running.values(), folder / "audit")
    yield running
    for each in running.values():
        each.stop()


@pytest.fixture(params=deployment.NAMES)
def galen(request, deployments):
    return deployments[request.param]


@pytest.fixture
def launch(tmp_path):
    """Starts a deployment of a test's own, which ends with the test."""
    started = []

    def start(name, **settings):
        started.append(deployment.start(name, tmp_path, **settings))
        return started[-1]
    yield start
    for each in started:
        each.stop()
