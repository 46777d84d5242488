# SPDX-License-Identifier: Apache-2.0
"""The kserve client, which nobody here wrote, gets right answers. It has a virtual environment of
its own, for what it pulls in: tools/bootstrap --conformance."""
import json
import pathlib
import subprocess

import pytest
from process import ROOT
from samples import FEATURE_COUNT, MODEL, features

PYTHON = ROOT / ".deps/kserve/bin/python"
SCRIPT = pathlib.Path(__file__).with_name("kserve_client.py")
if not PYTHON.exists():
    pytest.skip("the kserve client is missing: tools/bootstrap --conformance", allow_module_level=True)

ROWS = [list(features(label).values()) for label in ("malignant", "benign")]


@pytest.fixture
def answers(galen):
    done = subprocess.run([PYTHON, SCRIPT, galen.url, MODEL, "features", "probabilities"],
                          input=json.dumps(ROWS), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_kserve_client_finds_infers_and_is_refused(answers):
    found = [answers[name] for name in ("live", "ready", "model", "nope")]
    assert found == [True, True, True, False]
    for mode in answers["modes"]:
        (output,) = mode["outputs"]
        assert (mode["id"], mode["model"], output["name"]) == ("r1", MODEL, "probabilities")
        assert (output["shape"], len(output["data"])) == ([2, 2], 4)
        assert output["data"][0] > output["data"][1]
        assert output["data"][2] < output["data"][3]
    assert len({json.dumps(mode["outputs"]) for mode in answers["modes"]}) == 1
    assert f"Expected [-1,{FEATURE_COUNT}], got [2,{FEATURE_COUNT - 1}]" in answers["narrow"]
    assert "'400 Bad Request'" in answers["narrow"]
    assert "Request for unknown model: 'nope' is not found, '404 Not Found'" in answers["unknown"]
