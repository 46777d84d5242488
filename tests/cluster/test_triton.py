# SPDX-License-Identifier: Apache-2.0
"""The overlay `triton`: NVIDIA's server behind the proxy in its pod. On a GPU; or on a processor with
the image that GALEN_CLUSTER_TRITON_IMAGE names, one with a Python backend and ONNX Runtime."""
import json

import client
import kube
import manifests
import pytest
import triton_repository
from kube import ROOT, get, pods, until
from readme import SECRETS, model, shell

FEATURES = json.loads((ROOT / "examples/breast-cancer-benign.json").read_text())
INFER = "/v2/models/breast-cancer/versions/1/infer"
LOAD = "/v2/repository/models/breast-cancer/load"
TENSOR = {"name": "features", "shape": [1, 30], "datatype": "FP32",
          "data": list(FEATURES["input"].values())}


def why_not() -> str:
    if manifests.TRITON_IMAGE:
        return "" if manifests.HOST_PATH else "its repository is put into GALEN_CLUSTER_HOST_PATH"
    nodes = json.loads(kube.run("get", "nodes", "-o", "json"))["items"]
    if any("nvidia.com/gpu" in node["status"].get("capacity", {}) for node in nodes):
        return ""
    return "no node has a GPU, and GALEN_CLUSTER_TRITON_IMAGE names no image for processors"


@pytest.fixture(scope="module", autouse=True)
def triton(trial):
    if reason := why_not():
        pytest.skip(reason)
    manifests.remove_all()
    fill = triton_repository.make if manifests.TRITON_IMAGE else manifests.copy_models
    manifests.prepare_storage(fill)
    manifests.apply(manifests.adapted(manifests.rendered("triton")))
    shell(SECRETS)
    kube.wait_for_all()
    yield
    manifests.remove_all()


def served(trial) -> str:
    status, answer = client.ask(trial, body=FEATURES)
    assert (status, answer["predictions"][0]["label"]) == (200, "benign"), answer
    return answer["model"]["version"]


def test_triton_answers_and_a_release_loses_nothing(trial, under_load):
    assert served(trial) == "1"
    with under_load("a release told to Triton", body=FEATURES):
        model("promote", "breast-cancer", "2", "--set", "models.triton=https://galen-engine:8000")
        until(lambda: served(trial) == "2", "version 2 serves")


@pytest.mark.parametrize(("name", "path", "status"), [
    ("galen-gateway", INFER, 200), ("galen-gateway", LOAD, 403),
    ("galen-gateway", "/v2/trace/setting", 403), ("galen-operator", LOAD, 200),
    ("galen-operator", INFER, 403), ("client", INFER, 403)])
def test_proxy_lets_each_do_what_is_theirs(trial, name, path, status):
    body = {"inputs": [TENSOR]} if path == INFER else {}
    assert post(trial, path, body, name) == status


def test_proxy_answers_nobody_without_a_certificate(trial):
    assert post(trial, INFER, {"inputs": [TENSOR]}, "") == 400


def post(trial, path: str, body: dict, name: str) -> int:
    """To the pod itself."""
    [pod] = pods("engine")
    at = (pod["status"]["podIP"], 8000)
    return client.send(at, "galen-engine", client.trust(trial, name), path, body)[0]


def test_triton_itself_listens_on_loopback_alone():
    [pod] = pods("engine")
    words = next(each["args"] for each in pod["spec"]["containers"] if each["name"] == "engine")
    assert "--http-address=127.0.0.1" in words
    assert get("networkpolicy", "galen-triton")
