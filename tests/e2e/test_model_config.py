# SPDX-License-Identifier: Apache-2.0
"""Models run as their config.pbtxt says, or are refused with its line."""
import json
import pathlib
import shutil

import pytest
from message import exchange
from process import ROOT, Process
from samples import FEATURE_COUNT, MODEL, as_tensor

TENSORS = """
input [ { name: "features" data_type: TYPE_FP32 dims: [ 30 ] } ]
output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "labels.txt" } ]
"""


@pytest.fixture
def repository(tmp_path) -> pathlib.Path:
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copytree(ROOT / "models" / MODEL, folder / MODEL, symlinks=True)
    (folder / MODEL / "labels.txt").write_text("malignant\nbenign\n")
    return folder


@pytest.fixture
def serve(repository, tmp_path):
    started = []

    def start(text: str, ready: int = 200) -> Process:
        (repository / MODEL / "config.pbtxt").write_text(text)
        started.append(Process("engine", tmp_path, {"repository": repository, "threads": 1}))
        return started[-1].wait_for("/v2/health/ready", ready)
    yield start
    for process in started:
        process.check_end()


def infer(engine: Process, body: dict):
    return exchange(engine.port, "POST", f"/v2/models/{MODEL}/infer", body)


def rows(count: int) -> dict:
    tensor = {"name": "features", "datatype": "FP32", "shape": [count, FEATURE_COUNT],
              "data": [0.5] * (count * FEATURE_COUNT)}
    return {"inputs": [tensor]}


def config(engine: Process) -> dict:
    return exchange(engine.port, "GET", f"/v2/models/{MODEL}/config").json()


def test_batch_is_as_large_as_it_says(serve):
    engine = serve("max_batch_size: 3" + TENSORS)
    assert infer(engine, rows(3)).status == 200
    reply = infer(engine, rows(4))
    assert reply.status == 400
    assert reply.json()["error"] == f"inference request batch-size must be <= 3 for '{MODEL}'"
    assert config(engine)["max_batch_size"] == 3
    assert config(engine)["input"][0]["dims"] == ["30"] or config(engine)["input"][0]["dims"] == [30]


def test_classes_have_the_labels_of_its_file(serve):
    engine = serve("max_batch_size: 3" + TENSORS)
    wanted = {"outputs": [{"name": "probabilities", "parameters": {"classification": 1}}]}
    reply = infer(engine, as_tensor("malignant") | wanted)
    assert reply.status == 200, reply.body
    output = reply.json()["outputs"][0]
    assert (output["datatype"], output["shape"]) == ("BYTES", [1, 1])
    assert output["data"][0].endswith(":0:malignant")


@pytest.mark.parametrize(("text", "where"), [
    ("max_batch_size: 3\nsequence_batching { }", "config.pbtxt:2:1: sequence_batching"),
    ("max_batch_size: 3\ninput [ { name: \"features\" data_type: TYPE_INT32 dims: [ 30 ] } ]",
     "config.pbtxt:2:"),
    ("name: \"another\"", "config.pbtxt:1:1: name"),
    ("max_batch_size: x", "config.pbtxt:1:17: max_batch_size"),
])
def test_what_it_cannot_be_is_told_with_its_line(repository, tmp_path, text, where):
    (repository / MODEL / "config.pbtxt").write_text(text)
    engine = Process("engine", tmp_path, {"repository": repository})
    assert engine.wait() == 2
    assert where in engine.log()


def test_warm_up_that_fails_is_told_and_serves_nobody(repository, tmp_path):
    shutil.copytree(ROOT / "models/phantom-nodule", repository / "phantom-nodule", symlinks=True)
    (repository / MODEL / "config.pbtxt").write_text("max_batch_size: 3" + TENSORS + """
model_warmup { name: "first" batch_size: 1 inputs { key: "features"
  value { data_type: TYPE_FP32 dims: [ 30 ] input_data_file: "absent" } } }""")
    engine = Process("engine", tmp_path, {"repository": repository}).wait_for("/v2/health/ready", 503)
    reply = infer(engine, as_tensor())
    assert reply.status == 503
    assert "warmup/absent: does not exist" in reply.json()["error"]
    engine.check_end()


def test_instances_and_priorities_are_as_it_says(serve):
    engine = serve("max_batch_size: 8" + TENSORS + """
instance_group [ { count: 3 kind: KIND_CPU } ]
dynamic_batching { preferred_batch_size: [ 2, 4 ] max_queue_delay_microseconds: 100
  priority_levels: 3 default_priority_level: 2
  priority_queue_policy { key: 1 value { max_queue_size: 7 } } }""")
    threads = pathlib.Path(f"/proc/{engine.popen.pid}/task")
    assert len(list(threads.iterdir())) >= 4
    assert infer(engine, as_tensor(parameters={"priority": 1})).status == 200
    batching = config(engine)["dynamic_batching"]
    assert batching["preferred_batch_size"] == [2, 4]
    assert json.dumps(batching["priority_queue_policy"]).count("7") == 1


def test_without_batching_each_request_runs_alone(serve):
    engine = serve("max_batch_size: 8" + TENSORS)
    for _ in range(5):
        assert infer(engine, as_tensor()).status == 200
    statistics = exchange(engine.port, "GET", f"/v2/models/{MODEL}/stats").json()["model_stats"]
    assert sum(each["execution_count"] for each in statistics) == 5
