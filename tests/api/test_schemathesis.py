# SPDX-License-Identifier: Apache-2.0
"""No request that schemathesis makes of /openapi.json gets an answer that it does not tell of."""
import os
import pathlib
import subprocess
import sys

import deployment
import pytest
import repository
from process import ROOT

SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "8")
TIMEOUT_S = 900
PROGRAM = pathlib.Path(sys.executable).parent / "schemathesis"


def begin(galen, folder: pathlib.Path) -> subprocess.Popen:
    words = [PROGRAM, "--config-file", ROOT / "tests/api/schemathesis.toml", "run",
             f"{galen.url}/openapi.json", "--seed", SEED, "--max-examples", EXAMPLES,
             "--phases", "examples,coverage,fuzzing,stateful", "--mode", "all", "--no-color"]
    places = {"PYTHONPATH": str(ROOT / "tests/api"), "HYPOTHESIS_STORAGE_DIRECTORY": str(folder)}
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, env=os.environ | places)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Both at once: most of the time is the tester's own."""
    folders = {name: tmp_path_factory.mktemp(name) for name in deployment.NAMES}
    running = {name: deployment.start(name, folder, **repository.write(folder))
               for name, folder in folders.items()}
    started = {name: begin(galen, folders[name]) for name, galen in running.items()}
    yield started
    for process in started.values():
        process.kill()
        process.wait()
    for galen in running.values():
        galen.stop()


@pytest.mark.parametrize("name", deployment.NAMES)
def test_schemathesis_finds_nothing(runs, name):
    said, _ = runs[name].communicate(timeout=TIMEOUT_S)
    print(said)
    assert runs[name].returncode == 0, said[-20_000:]
    assert all(phase in said for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"))
