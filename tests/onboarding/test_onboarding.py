# SPDX-License-Identifier: Apache-2.0
"""docs/onboarding.md, followed from its first line to its last: what it shows is what happens."""
import json
import os
import re
import subprocess

import pytest
from process import BINARY, ROOT, Process

PAGE = (ROOT / "docs/onboarding.md").read_text()
SCRIPT = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
STEPS = re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.DOTALL)
TIMEOUT_S = 300


def has_torch() -> bool:
    return subprocess.run(["/usr/bin/python3", "-c", "import torch"], capture_output=True,
                          check=False).returncode == 0


@pytest.fixture
def folder(tmp_path):
    """The page's script, and its command as `galen`."""
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/galen").symlink_to(BINARY)
    return tmp_path


def run(command: str, folder) -> str:
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, capture_output=True,
                          text=True, env=os.environ | {"PATH": path}, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def comparable(text: str) -> str:
    """Without what differs from machine to machine and from run to run."""
    text = re.sub(r'"(request_id|sha256)":"[^"]*"', r'"\1":"…"', text)
    text = re.sub(r'"score":([0-9.e-]+)', lambda found: f'"score":{float(found[1]):.1f}', text)
    return re.sub(r'"(preprocess|infer|total)":\d+', r'"\1":…', text)


@pytest.mark.skipif(not has_torch(), reason="PyTorch is not there: apt install python3-torch")
def test_the_page_shows_what_happens(folder):
    (train, made), (init, said), (ask, answer) = STEPS
    assert run(train, folder).splitlines()[-3:] == made.splitlines()
    assert comparable(run(init, folder)) == comparable(said)
    galen = Process("serve", folder, {"repository": folder / "models", "drain_delay_ms": 0})
    galen.wait_for("/readyz")
    found = run(ask.replace("localhost:8000", f"127.0.0.1:{galen.port}"), folder)
    galen.check_end()
    assert comparable(found) == comparable(answer).strip()
    assert json.loads(found)["entities"]


def test_a_card_that_waits_cannot_say_that_it_is_no_demonstration(folder):
    """What the page says of the card: also where PyTorch is not there."""
    source = ROOT / "tests/data/notes/lexicon/1"
    tagger = folder / "tagger"
    tagger.mkdir()
    for name in ("model.onnx", "tokenizer.json"):
        (tagger / name).write_bytes((source / name).read_bytes())
    labels = ["O", "B-DRUG", "I-DRUG", "B-DOSE", "I-DOSE", "B-SIGN", "I-SIGN"]
    (tagger / "config.json").write_text(json.dumps({
        "architectures": ["XForTokenClassification"], "max_position_embeddings": 64,
        "id2label": dict(enumerate(labels))}))
    run("galen model init tagger", folder)
    contract = folder / "models/tagger/1/model.yaml"
    contract.write_text(contract.read_text().replace("demonstration: true", "demonstration: false"))
    words = [BINARY, "serve", "--repository", folder / "models", "--listen", "127.0.0.1:0"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 2
    assert "is to be filled in" in done.stderr
