# SPDX-License-Identifier: Apache-2.0
"""`galen model check`: what runs here of a repository that Triton has, and what does not."""
import json
import shutil
import subprocess

import pytest
from process import BINARY, DEADLINE_S, ROOT

NETWORK = ROOT / "tests/data/models/simple/1/model.onnx"  # two inputs, two outputs: INT32 [-1,16]
TENSORS = "".join(f'{kind} {{ name: "{kind.upper()}{i}" data_type: TYPE_INT32 dims: 16 }}\n'
                  for kind in ("input", "output") for i in (0, 1))


def check(*words) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "model", "check", *words], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    return folder


def add(repository, name, config=None, versions=(1,), file="model.onnx"):
    """A model of the network above."""
    for version in versions:
        made = repository / name / str(version)
        made.mkdir(parents=True)
        if file:
            shutil.copy(NETWORK, made / file)
    if config is not None:
        (repository / name / "config.pbtxt").write_text(config)


SAMPLE = "data_type: TYPE_INT32 dims: 16 zero_data: true"
RUNS = {
    "no_config": None,
    "empty": "",
    "named": 'name: "named" platform: "onnxruntime_onnx"',
    "whole": 'backend: "onnxruntime" max_batch_size: 8 '
             "dynamic_batching { preferred_batch_size: [ 4, 8 ] }\n" + TENSORS,
    "no_rows": TENSORS.replace("dims: 16", "dims: [ -1, 16 ]"),
    "one_row": TENSORS.replace("dims: 16", "dims: [ 1, 16 ]"),
    "some_outputs": "max_batch_size: 4\n" + TENSORS.rsplit("output", 1)[0],
    "warmed": 'max_batch_size: 4 model_warmup { name: "w" batch_size: 1 '
              + " ".join(f'inputs {{ key: "INPUT{i}" value {{ {SAMPLE} }} }}' for i in (0, 1)) + "}",
}


@pytest.mark.parametrize("name", RUNS)
def test_it_runs_here(repository, name):
    add(repository, name, RUNS[name])
    done = check(repository)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{name}: runs here\n", "")


ELSEWHERE = {
    "sequences": ("\nsequence_batching {}",
                  "config.pbtxt:2:1: sequence_batching: is not supported: the engine keeps no state "
                  "between requests"),
    "a graph of models": ("ensemble_scheduling {}",
                          "config.pbtxt:1:1: ensemble_scheduling: is not supported: the engine runs "
                          "one network, no graph of models"),
    "a GPU": ("instance_group [ { kind: KIND_GPU } ]",
              "config.pbtxt:1:20: instance_group[0].kind: KIND_GPU is not supported: galen runs "
              "networks on the CPU, as KIND_AUTO and KIND_CPU say"),
    "a backend": ('backend: "python"', "config.pbtxt:1:1: backend: galen has no backend 'python'"),
    "decoupled answers": ("model_transaction_policy { decoupled: true }",
                          "config.pbtxt:1:28: model_transaction_policy.decoupled: is not supported: a "
                          "request has exactly one answer"),
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_it_needs_triton(repository, what):
    config, why = ELSEWHERE[what]
    add(repository, "m", config)
    done = check(repository)
    assert (done.returncode, done.stdout) == (1, f"m: needs Triton: {repository}/m/{why}\n")


def test_a_file_of_another_backend_needs_triton(repository):
    add(repository, "m", file="model.plan")
    done = check(repository)
    assert done.stdout == (f"m: needs Triton: {repository}/m/1/model.plan: galen has no backend for "
                           "TensorRT\n")


CHANGES = {
    "a name": ('name: "n"',
               "config.pbtxt:1:1: name: is 'n', and its folder 'm': they have to be equal"),
    "a field": ("input {\n  dim: 1\n}",
                "config.pbtxt:2:3: input[0]: dim: there is no such field in ModelInput"),
    "a syntax": ('name: "m', "config.pbtxt:1:9: name: a text ends on the line that it begins on"),
    "a datatype": ("max_batch_size: 8\n" + TENSORS.replace("INT32", "FP32"),
                   "config.pbtxt:2:24: input[0].data_type: is FP32, and the network's is INT32"),
    "dims": ("max_batch_size: 8\n" + TENSORS.replace("dims: 16", "dims: 8"),
             "config.pbtxt:2:46: input[0].dims[0]: make [-1,8] with the rows, and the network has "
             "[-1,16]"),
    "dims without rows": (TENSORS,
                          "config.pbtxt:1:46: input[0].dims[0]: make [16], and the network has "
                          "[-1,16]"),
    "a tensor": ("max_batch_size: 8\n" + TENSORS.replace("INPUT1", "X"),
                 "config.pbtxt:3:9: input[1].name: 'X': the network has no such input"),
    "too few tensors": ("max_batch_size: 8\n" + "\n".join(TENSORS.splitlines()[::2]),
                        "config.pbtxt:2:1: input[0]: the network's input 'INPUT1' is not there"),
    "versions": ("version_policy { specific { versions: 7 } }",
                 "config.pbtxt: version_policy names none of the versions that are there"),
    "labels": ("max_batch_size: 8\n" + TENSORS.replace('OUTPUT0"', 'OUTPUT0" label_filename: "l.txt"'),
               "there is no l.txt, which config.pbtxt names"),
    "a sample": ('model_warmup { batch_size: 1 inputs { key: "x" value { data_type: TYPE_INT32 '
                 'input_data_file: "s.bin" } } }',
                 "there is no warmup/s.bin, which config.pbtxt names"),
    "a file": ('backend: "onnxruntime" default_model_filename: "net.onnx"', "1: there is no net.onnx"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_it_needs_a_change(repository, what):
    config, why = CHANGES[what]
    add(repository, "m", config)
    done = check(repository)
    prefix = f"m: change: {repository}/m"
    assert done.returncode == 1
    assert done.stdout in (f"{prefix}/{why}\n", f"{prefix}: {why}\n"), done.stdout


def test_a_network_that_is_broken_is_named_with_its_version(repository):
    add(repository, "m", "version_policy { all {} }", versions=(1, 2))
    (repository / "m/1/model.onnx").write_bytes(b"none")
    done = check(repository)
    assert done.returncode == 1
    assert done.stdout.startswith(f"m: change: {repository}/m/1/model.onnx: ")


def test_only_versions_that_are_served_are_opened(repository):
    add(repository, "m", "version_policy { latest { num_versions: 1 } }", versions=(9, 10))
    (repository / "m/9/model.onnx").write_bytes(b"none")
    assert check(repository).stdout == "m: runs here\n"


def test_networks_may_be_left_closed(repository):
    add(repository, "m", TENSORS.replace("INT32", "FP32"))
    (repository / "m/1/model.onnx").write_bytes(b"none")
    assert check(repository, "--no-open").stdout == "m: runs here\n"
    assert check(repository).returncode == 1


def test_a_model_without_versions_or_with_a_name_that_is_none(repository):
    (repository / "m").mkdir()
    add(repository, "a b")
    done = check(repository)
    assert done.stdout == (f"a b: change: {repository}/a b: cannot be a model's name: letters, digits, "
                           "'.', '_' and '-' only\n"
                           f"m: change: {repository}/m: has no version: a folder like 1\n")


def test_what_is_ignored_is_noted(repository):
    add(repository, "m", "optimization { graph { level: 1 } }\nresponse_cache { enable: true }")
    done = check(repository)
    assert (done.returncode, done.stdout) == (
        0, f"m: runs here\n"
           f"  note: {repository}/m/config.pbtxt:1:16: optimization.graph: is ignored: ONNX Runtime "
           f"optimizes a network as far as it can\n"
           f"  note: {repository}/m/config.pbtxt:2:18: response_cache.enable: is ignored: there is no "
           f"cache, every request is run\n")


def test_programs_get_json(repository):
    add(repository, "a", "response_cache { enable: true }")
    add(repository, "b", "ensemble_scheduling {}")
    add(repository, "c", "max_batch_size: -1")
    (repository / "README.md").write_text("no model")
    done = check("--json", repository)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["repository"] == str(repository)
    assert [(m["name"], m["verdict"]) for m in told["models"]] == [
        ("a", "runs_here"), ("b", "needs_triton"), ("c", "change")]
    assert "reason" not in told["models"][0]
    assert len(told["models"][0]["notes"]) == 1
    why = f"{repository}/c/config.pbtxt:1:1: max_batch_size: is at least 0"
    assert told["models"][2]["reason"] == why


def test_our_own_models_run_here():
    done = check(ROOT / "models")
    assert (done.returncode, done.stdout) == (
        0, "breast-cancer: runs here\nclinical-ner: runs here\nphantom-nodule: runs here\n")


@pytest.mark.parametrize(("words", "why"), [
    ((), "needs a repository"),
    (("a", "b"), "b: is one word too many"),
    (("--what", "a"), "--what"),
    (("nowhere",), "nowhere: "),
], ids=str)
def test_wrong_usage_is_2(words, why):
    done = check(*words)
    assert done.returncode == 2
    assert why in done.stderr
    assert not done.stdout


def test_a_repository_without_models_is_2(repository):
    done = check(repository)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"galen: {repository}: there is no model in it: no folder\n"


def test_help_names_the_page():
    done = check("--help")
    assert done.returncode == 0
    assert "docs/model-config.md" in done.stdout
