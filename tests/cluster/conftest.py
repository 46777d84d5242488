# SPDX-License-Identifier: Apache-2.0
import pathlib
import shutil
import subprocess

import kube
import process
import pytest
from load import ClusterLoad

lines: list[str] = []


def pytest_sessionstart():
    if not process.BINARY.exists():
        pytest.exit(f"{process.BINARY} is not built (GALEN_BIN names another)", returncode=2)
    if not shutil.which(kube.KUBECTL):
        pytest.exit("kubectl is not here (KUBECTL names another)", returncode=2)
    words = [kube.KUBECTL, "version", "--request-timeout=10s"]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.exit(f"no cluster: {found.stderr.strip()}", returncode=2)


@pytest.fixture(scope="session")
def trial() -> pathlib.Path:
    """What deploy/secrets.sh makes, where the README has it."""
    folder = kube.ROOT / "trial"
    if not kube.RESUMES:
        shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture
def tell():
    return lines.append


@pytest.fixture
def under_load(trial, tell):
    """with under_load('what', lost=0) as load: …"""
    return lambda what, **options: Watched(trial, tell, what, **options)


class Watched:
    """A load, and what of it may be lost (None: it is only counted)."""

    def __init__(self, trial, tell, what: str, lost: int | None = 0, **options):
        self.load = ClusterLoad(trial, **options)
        self.tell, self.what, self.allowed = tell, what, lost

    def __enter__(self) -> ClusterLoad:
        self.load.__enter__()
        kube.until(lambda: len(self.load.outcomes) >= 20, "the load is under way")
        return self.load

    def __exit__(self, kind, *_) -> None:
        self.load.__exit__()
        self.tell(self.load.line(self.what))
        if kind is None and self.allowed is not None:
            assert len(self.load.lost) <= self.allowed, self.load.line(self.what)


def pytest_terminal_summary(terminalreporter):
    for line in lines:
        terminalreporter.write_line(line)
