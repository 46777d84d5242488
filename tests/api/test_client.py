# SPDX-License-Identifier: Apache-2.0
"""A stock generator makes a client of /openapi.json: it compiles, and it calls."""
import compileall
import importlib
import json
import pathlib
import subprocess
import sys

import deployment
import pytest
import repository
from process import ROOT

PACKAGE = "galen_client"
GENERATOR = pathlib.Path(sys.executable).parent / "openapi-python-client"
VECTOR = json.loads((ROOT / "examples/breast-cancer-benign.json").read_text())


@pytest.fixture(scope="module", params=deployment.NAMES)
def galen(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("client")
    running = deployment.start(request.param, folder, **repository.write(folder))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(galen, tmp_path_factory):
    """The generated package, and what it said while it was made."""
    folder = tmp_path_factory.mktemp("generated")
    document = folder / "openapi.json"
    document.write_bytes(galen.request("GET", "/openapi.json").body)
    config = folder / "config.yaml"
    config.write_text("post_hooks: []\n")
    words = [GENERATOR, "generate", "--path", document, "--meta", "none", "--config", config,
             "--output-path", folder / PACKAGE]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    (folder / "said").write_text(done.stdout + done.stderr)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def load(name: str):
    return importlib.import_module(f"{PACKAGE}.{name}")


def connection(galen):
    return load("client").Client(base_url=galen.url)


def test_no_schema_is_left_out(client):
    assert "Unable to process schema" not in (client / "said").read_text()


def test_it_compiles(client):
    assert compileall.compile_dir(client / PACKAGE, quiet=1)


def test_it_asks_about_a_vector(client, galen):
    body = load("models").RequestBreastCancer.from_dict(VECTOR)
    answer = load("api.infer.infer").sync(client=connection(galen), body=body)
    assert answer.predictions[0].label == "benign"
    assert answer.model.name == "breast-cancer"


def test_it_asks_about_a_note(client, galen):
    body = load("models").RequestLexicon(input_="takes aspirin 5 mg", model="lexicon")
    answer = load("api.infer.infer").sync(client=connection(galen), body=body)
    assert [each.label for each in answer.entities] == ["DRUG", "DOSE"]


def test_it_sees_a_refusal(client, galen):
    wrong = VECTOR | {"input": VECTOR["input"] | {"mean radius": -1}}
    body = load("models").RequestBreastCancer.from_dict(wrong)
    problem = load("api.infer.infer").sync(client=connection(galen), body=body)
    assert problem.status == 422
    assert problem.errors[0].pointer == "/input/mean radius"


def test_it_reads_metadata(client, galen):
    model = load("models").ModelName("breast-cancer")
    answer = load("api.v2.v2_model").sync(model, client=connection(galen))
    assert answer.inputs[0].shape == [-1, 30]
