# SPDX-License-Identifier: Apache-2.0
"""What the README shows is what happens: its console blocks are run and compared."""
import re
import subprocess

import deployment
import pytest
from deployment import NAMES
from process import BINARY, ROOT

BLOCK = re.compile(r"```console\n\$ (?P<command>.*?)\n(?P<output>.*?)```", re.DOTALL)
BLOCKS = [(found["command"], found["output"])
          for found in BLOCK.finditer((ROOT / "README.md").read_text())]


def without_what_changes(text: str) -> str:
    text = re.sub(r'("request_id": ?)"[0-9a-f]{32}"', r'\1"…"', text)
    text = re.sub(r'("score": ?)([0-9.e-]+)',  # the last digits are the processor's
                  lambda found: f"{found[1]}{float(found[2]):.4f}", text)
    text = re.sub(r'("(?:preprocess|infer|total)": ?)\d+', r"\1…", text)
    text = re.sub(r"\w+-\d{8}T\d{6}Z-[0-9a-f]{16}: ok, \d+ records, \d+ of them signed,"
                  r" \d+ checkpoints, open\n", "a chain: ok\n", text)
    text = re.sub(r"(a chain: ok\n)+", r"\1", text)  # one a process
    return text.rstrip("\n")  # an answer ends without one


def run(command: str, galen: deployment.Deployment) -> str:
    port = galen.port
    here = command.replace("localhost:8000", f"127.0.0.1:{port}")
    here = here.replace("build/galen infer", f"{BINARY} infer --url http://127.0.0.1:{port}")
    here = here.replace("build/galen audit verify audit",
                        f"{BINARY} audit verify {galen.processes[-1].trail}")
    done = subprocess.run(["bash", "-o", "pipefail", "-c", here], cwd=ROOT, capture_output=True,
                          text=True, check=True, timeout=60)
    return done.stdout


@pytest.fixture(scope="module", params=NAMES)
def demo(request, tmp_path_factory):
    """As `make run` serves."""
    galen = deployment.start(request.param, tmp_path_factory.mktemp("readme"), mode="demo")
    yield galen
    galen.stop()


def test_there_are_examples():
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize(("command", "output"), BLOCKS)
def test_the_readme_shows_what_happens(demo, command, output):
    assert without_what_changes(run(command, demo)) == without_what_changes(output)
