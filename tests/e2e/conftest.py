# SPDX-License-Identifier: Apache-2.0
import os

import deployment
import keys
import process
import pytest


def pytest_sessionstart():
    if not process.BINARY.exists():
        pytest.exit(f"{process.BINARY} is not built (GALEN_BIN names another)", returncode=2)


@pytest.fixture(scope="session", autouse=True)
def records(tmp_path_factory):
    """Programs that a test starts by hand leave their records here."""
    os.environ |= keys.environment(process.BINARY, tmp_path_factory.mktemp("records") / "audit")


@pytest.fixture(scope="session")
def deployments(tmp_path_factory):
    """Both, running; their ends are part of the test."""
    folder = tmp_path_factory.mktemp("logs")
    running = {name: deployment.start(name, folder) for name in deployment.NAMES}
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
