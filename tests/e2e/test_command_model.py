# SPDX-License-Identifier: Apache-2.0
"""`galen model init`: what it refuses, by name; docs/onboarding.md is followed elsewhere."""
import json
import subprocess

import pytest
from process import BINARY, DEADLINE_S, ROOT

SOURCE = ROOT / "tests/data/notes/lexicon/1"
LABELS = ["O", "B-DRUG", "I-DRUG", "B-DOSE", "I-DOSE", "B-SIGN", "I-SIGN"]
CONFIG = {"architectures": ["XForTokenClassification"], "max_position_embeddings": 64,
          "id2label": dict(enumerate(LABELS))}


def run(*words) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "model", *words], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "tagger"
    made.mkdir()
    for name in ("model.onnx", "tokenizer.json"):
        (made / name).write_bytes((SOURCE / name).read_bytes())
    (made / "config.json").write_text(json.dumps(CONFIG))
    return made


def init(folder, *words) -> subprocess.CompletedProcess:
    return run("init", folder, "--repository", folder.parent / "models", *words)


def test_a_folder_becomes_a_model_and_its_sample_is_shown(folder):
    done = init(folder, "--name", "drugs", "--text", "denies chest pain")
    assert done.returncode == 0, done.stderr
    sample = json.loads(done.stdout.splitlines()[0].removeprefix("sample: "))
    found = [(entity["label"], entity["text"]) for entity in sample["entities"]]
    assert found == [("SIGN", "chest pain")]
    made = folder.parent / "models/drugs"
    assert sorted(path.name for path in (made / "current").iterdir()) == [
        "model.onnx", "model.yaml", "tokenizer.json"]
    again = init(folder, "--name", "drugs")
    assert again.returncode == 2
    assert "drugs: is there already" in again.stderr


def test_a_network_below_onnx_is_found(folder):
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx/model.onnx")
    assert init(folder).returncode == 0


def without(name):
    return lambda folder: (folder / name).unlink()


def with_config(**members):
    return lambda folder: (folder / "config.json").write_text(json.dumps(CONFIG | members))


def with_file(name, content):
    return lambda folder: (folder / name).write_bytes(content)


REFUSED = {
    "no tokenizer": (without("tokenizer.json"), "there is no tokenizer.json"),
    "no network": (without("model.onnx"), "there is neither model.onnx nor onnx/model.onnx"),
    "no configuration": (without("config.json"), "config.json: "),
    "another class": (with_config(architectures=["GPT2LMHeadModel"]), "GPT2LMHeadModel is not served"),
    "fewer labels": (with_config(id2label={"0": "O"}), "each of the 1 labels"),
    "a tokenizer of another kind": (with_file("tokenizer.json", b'{"model": {"type": "Unigram"}}'),
                                    "Unigram"),
    "a network that is none": (with_file("model.onnx", b"no network"), "model.onnx: "),
    "a label twice": (with_config(id2label=dict(enumerate(["O", *LABELS[:6]]))),
                      "labels[1]: is there twice"),
    "no room": (with_config(max_position_embeddings=2), "no room"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_served_is_named_and_leaves_nothing(folder, name):
    spoil, why = REFUSED[name]
    spoil(folder)
    done = init(folder)
    assert done.returncode == 2
    assert why in done.stderr
    assert not list(folder.parent.glob("models/*"))


def test_a_folder_of_images_is_refused_for_now(folder):
    (folder / "tokenizer.json").rename(folder / "preprocessor_config.json")
    assert "models of images are not served" in init(folder).stderr


@pytest.mark.parametrize("words", [(), ("list",), ("init",), ("init", "a", "b"),
                                   ("init", "/nowhere"), ("init", ".", "--name", "a b")])
def test_wrong_usage_is_2(words):
    assert run(*words).returncode == 2
