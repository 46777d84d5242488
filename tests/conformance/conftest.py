# SPDX-License-Identifier: Apache-2.0
"""Which server is held to the protocol: the one at --url, or galen with the test models."""
import urllib.parse

import pytest
from kit import Server
from process import ROOT, Process


def pytest_addoption(parser):
    parser.addoption("--url", help="a v2 server; without it, galen is started")
    parser.addoption("--model", default="simple", help="which of its models adds and subtracts"
                     " two INT32 tensors [-1,16] (default: simple)")
    parser.addoption("--profile", choices=("strict", "triton"), default="strict",
                     help="triton: allow the differences that Triton 2.51 is known for")


@pytest.fixture(scope="session")
def address(request, tmp_path_factory):
    url = request.config.getoption("--url")
    if url:
        parts = urllib.parse.urlsplit(url)
        yield parts.hostname, parts.port or 80
        return
    galen = Process("serve", tmp_path_factory.mktemp("logs"),
                    {"repository": ROOT / "tests/data/models"})
    galen.wait_for("/v2/health/ready")
    yield "127.0.0.1", galen.port
    galen.check_end()


@pytest.fixture(scope="session")
def server(request, address):
    return Server(*address, request.config.getoption("--model"),
                  request.config.getoption("--profile"))


@pytest.fixture
def identity(server):
    """Asks the model identity_<datatype>, or skips where there is none."""
    def model_of(datatype: str) -> str:
        name = f"identity_{datatype.lower()}"
        if server.request("GET", f"/v2/models/{name}").status != 200:
            pytest.skip(f"the server has no model {name}")
        return name
    return model_of
