# SPDX-License-Identifier: Apache-2.0
"""schemathesis, on its way through all operations of one document."""
import os
import pathlib
import subprocess
import sys

from process import ROOT

SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "8")
TIMEOUT_S = 900
PROGRAM = pathlib.Path(sys.executable).parent / "schemathesis"
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")


def begin(url: str, config: str, folder: pathlib.Path, token: str | None = None) -> subprocess.Popen:
    """config: a file of this folder, which names its hooks."""
    words = [PROGRAM, "--config-file", ROOT / "tests/api" / config, "run", f"{url}/openapi.json",
             "--seed", SEED, "--max-examples", EXAMPLES, "--phases", ",".join(PHASES).lower(),
             "--mode", "all", "--no-color"]
    words += [] if token is None else ["--header", f"Authorization: Bearer {token}"]
    places = {"PYTHONPATH": str(ROOT / "tests/api"), "HYPOTHESIS_STORAGE_DIRECTORY": str(folder)}
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, env=os.environ | places)


def end(started: subprocess.Popen) -> None:
    """It went through all phases and found nothing."""
    said, _ = started.communicate(timeout=TIMEOUT_S)
    print(said)
    assert started.returncode == 0, said[-20_000:]
    assert all(phase in said for phase in PHASES)
