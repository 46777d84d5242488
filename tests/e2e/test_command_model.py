# SPDX-License-Identifier: Apache-2.0
"""`galen model init`: what it refuses, by name; docs/onboarding.md is followed elsewhere."""
import json
import subprocess

import pytest
from PIL import Image
from process import BINARY, DEADLINE_S, ROOT

SOURCE = ROOT / "tests/data/notes/lexicon/1"
LABELS = ["O", "B-DRUG", "I-DRUG", "B-DOSE", "I-DOSE", "B-SIGN", "I-SIGN"]
CONFIG = {"architectures": ["XForTokenClassification"], "max_position_embeddings": 64,
          "id2label": dict(enumerate(LABELS))}

IMAGE_NETWORK = ROOT / "tests/data/image-source/model.onnx"
COLOURS = ["red", "green", "blue"]
PREPROCESSOR = {"do_resize": True, "size": {"height": 8, "width": 8}, "resample": 2, "do_rescale": True,
                "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5, 0.5, 0.5],
                "image_std": [0.5, 0.5, 0.5]}


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
    "no tokenizer": (without("tokenizer.json"),
                     "there is neither tokenizer.json nor preprocessor_config.json"),
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


@pytest.fixture
def image_folder(tmp_path):
    made = tmp_path / "eye"
    made.mkdir()
    (made / "model.onnx").write_bytes(IMAGE_NETWORK.read_bytes())
    (made / "config.json").write_text(json.dumps(
        {"architectures": ["ViTForImageClassification"], "id2label": dict(enumerate(COLOURS))}))
    (made / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    return made


def test_a_folder_of_images_becomes_a_model_that_answers(image_folder, tmp_path, launch):
    picture = tmp_path / "green.png"
    Image.new("RGB", (20, 20), (10, 250, 20)).save(picture)
    done = init(image_folder, "--image", picture)
    assert done.returncode == 0, done.stderr
    sample = json.loads(done.stdout.splitlines()[0].removeprefix("sample: "))
    assert sample["predictions"][0]["label"] == "green"
    made = tmp_path / "models"
    assert {path.name for path in (made / "eye/current").iterdir()} == {"model.onnx", "model.yaml"}
    galen = launch("one", repository=made)
    reply = galen.request("POST", "/infer", picture.read_bytes(), {"Content-Type": "image/png"})
    assert reply.json()["predictions"] == sample["predictions"]


def test_a_folder_of_images_needs_no_sample(image_folder):
    done = init(image_folder)
    assert done.returncode == 0, done.stderr


def test_what_cannot_be_done_to_images_is_named(image_folder):
    (image_folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR | {"do_pad": True}))
    done = init(image_folder)
    assert done.returncode == 2
    assert "preprocessor_config.json: do_pad: is not served" in done.stderr


def test_a_sample_that_is_no_image_is_refused(image_folder, tmp_path):
    (tmp_path / "no.png").write_bytes(b"no image")
    done = init(image_folder, "--image", tmp_path / "no.png")
    assert done.returncode == 2
    assert not list(tmp_path.glob("models/*"))


@pytest.mark.parametrize("words", [(), ("unlist",), ("init",), ("init", "a", "b"),
                                   ("init", "/nowhere"), ("init", ".", "--name", "a b")])
def test_wrong_usage_is_2(words):
    assert run(*words).returncode == 2
