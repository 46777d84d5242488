# SPDX-License-Identifier: Apache-2.0
"""/v2 on the gateway: what a v2 client does with a sample model."""
import json
import struct

import pytest
from samples import FEATURE_COUNT, MODEL, as_binary, as_tensor, by_features


def scores(galen, version: str) -> list[float]:
    predictions = galen.infer(by_features(version=version)).json()["predictions"]
    by_label = {each["label"]: each["score"] for each in predictions}
    return [by_label["malignant"], by_label["benign"]]


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
def test_the_server_names_itself(galen, path):
    document = galen.request("GET", path).json()
    assert document["name"] == "galen"
    assert document["version"]
    assert "binary_tensor_data" in document["extensions"]


def test_it_is_live_and_ready(galen):
    live, ready = (galen.request("GET", f"/v2/health/{each}") for each in ("live", "ready"))
    assert (live.status, live.json()["live"]) == (200, True)
    assert (ready.status, ready.json()["ready"]) == (200, True)


def test_a_model_says_what_it_takes_and_gives(galen):
    document = galen.request("GET", f"/v2/models/{MODEL}").json()
    assert document["name"] == MODEL
    assert sorted(document["versions"]) == ["1", "2"]
    assert document["inputs"] == [
        {"name": "features", "datatype": "FP32", "shape": [-1, FEATURE_COUNT]}]
    assert document["outputs"] == [
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}]


@pytest.mark.parametrize("path", ["", "/versions/1", "/versions/2"])
def test_a_model_is_ready(galen, path):
    reply = galen.request("GET", f"/v2/models/{MODEL}{path}/ready")
    assert (reply.status, reply.json()["ready"]) == (200, True)


@pytest.mark.parametrize(("path", "version"), [("", "2"), ("/versions/1", "1"), ("/versions/2", "2")])
def test_json_tensors_are_answered_in_json(galen, path, version):
    reply = galen.request("POST", f"/v2/models/{MODEL}{path}/infer", as_tensor(id="seventeen"))
    document = reply.json()
    output = document["outputs"][0]
    assert reply.headers["content-type"] == "application/json"
    assert (document["id"], document["model_name"]) == ("seventeen", MODEL)
    assert document["model_version"] == version
    assert (output["name"], output["datatype"], output["shape"]) == ("probabilities", "FP32", [1, 2])
    assert output["data"] == scores(galen, version)


def test_binary_tensors_are_answered_as_asked_for(galen):
    body, headers = as_binary(parameters={"binary_data_output": True})
    reply = galen.request("POST", f"/v2/models/{MODEL}/infer", body, headers)
    header_size = int(reply.headers["inference-header-content-length"])
    assert reply.headers["content-type"] == "application/octet-stream"
    assert [struct.pack("<f", each) for each in scores(galen, "2")] \
        == [reply.body[header_size:][at:at + 4] for at in (0, 4)]


def as_raw() -> tuple[bytes, dict[str, str]]:
    values = as_tensor()["inputs"][0]["data"]
    return struct.pack(f"<{len(values)}f", *values), {
        "Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "0"}


def test_a_raw_request_is_one_row_of_the_only_input(galen):
    reply = galen.request("POST", f"/v2/models/{MODEL}/infer", *as_raw())
    header_size = int(reply.headers["inference-header-content-length"])
    assert reply.status == 200
    assert json.loads(reply.body[:header_size])["outputs"][0]["shape"] == [1, 2]
    assert reply.body[header_size:] == struct.pack("<2f", *scores(galen, "2"))


def test_a_raw_request_to_infer_is_answered_in_the_models_words(galen):
    body, headers = as_raw()
    reply = galen.request("POST", f"/infer?model={MODEL}", body, headers)
    assert reply.status == 200
    assert {each["label"] for each in reply.json()["predictions"]} == {"malignant", "benign"}


def test_a_raw_request_of_another_size_is_400(galen):
    body, headers = as_raw()
    reply = galen.request("POST", f"/v2/models/{MODEL}/infer", body[:-4], headers)
    assert reply.status == 400
    assert "raw input 'features': 116 bytes, but the model takes 120" in reply.json()["error"]


def test_nested_data_is_the_same_as_flat(galen):
    body = as_tensor()
    flat = galen.request("POST", f"/v2/models/{MODEL}/infer", body).json()
    body["inputs"][0]["data"] = [body["inputs"][0]["data"]]
    assert galen.request("POST", f"/v2/models/{MODEL}/infer", body).json() == flat


def test_many_rows_are_answered_row_by_row(galen):
    one = as_tensor()
    many = as_tensor()
    many["inputs"][0] |= {"shape": [5, FEATURE_COUNT], "data": one["inputs"][0]["data"] * 5}
    expected = galen.request("POST", f"/v2/models/{MODEL}/infer", one).json()["outputs"][0]["data"]
    output = galen.request("POST", f"/v2/models/{MODEL}/infer", many).json()["outputs"][0]
    assert output["shape"] == [5, 2]
    assert output["data"] == pytest.approx(expected * 5, abs=1e-6)


@pytest.mark.parametrize(("path", "status"), [
    ("/v2/models/nope", 404), ("/v2/models/nope/infer", 404),
    (f"/v2/models/{MODEL}/versions/9/infer", 404), ("/v2/nope", 404),
    (f"/v2/models/{MODEL}/nope", 404)])
def test_what_is_not_there_is_404_with_an_error(galen, path, status):
    method, body = ("POST", as_tensor()) if path.endswith("infer") else ("GET", None)
    reply = galen.request(method, path, body)
    assert reply.status == status
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["error"]


@pytest.mark.parametrize(("method", "path", "allow"), [
    ("POST", "/v2", "GET"), ("DELETE", f"/v2/models/{MODEL}", "GET"),
    ("GET", f"/v2/models/{MODEL}/infer", "POST"), ("POST", "/v2/health/live", "GET"),
    ("PUT", f"/v2/models/{MODEL}/ready", "GET")])
def test_another_method_is_405_and_named(galen, method, path, allow):
    reply = galen.request(method, path, b"" if method != "GET" else None)
    assert (reply.status, reply.headers["allow"]) == (405, allow)
    assert reply.json()["error"]
