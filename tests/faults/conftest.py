# SPDX-License-Identifier: Apache-2.0
import dataclasses
import json

import process
import pytest
import run
from field import Field
from process import ROOT

REPORT = ROOT / "build-test/faults.json"
results: list[run.Result] = []


def pytest_addoption(parser):
    parser.addoption("--whole", action="store_true", help="every row, each for longer")


def pytest_sessionstart():
    if not process.BINARY.exists():
        pytest.exit(f"{process.BINARY} is not built (GALEN_BIN names another)", returncode=2)


@pytest.fixture(scope="session")
def timing(request) -> run.Timing:
    return run.WHOLE if request.config.getoption("--whole") else run.SHORT


@pytest.fixture(scope="session")
def field(tmp_path_factory):
    with Field(tmp_path_factory.mktemp("field")) as running:
        yield running


@pytest.fixture
def hold():
    """Keeps a result for the report, and fails with what must not be."""
    def check(result: run.Result) -> None:
        results.append(result)
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps([dataclasses.asdict(each) for each in results], indent=1) + "\n")
        assert not result.faults, result.faults
    return check


def pytest_terminal_summary(terminalreporter):
    for result in results:
        terminalreporter.write_line(result.line())
