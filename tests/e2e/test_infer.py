# SPDX-License-Identifier: Apache-2.0
"""POST /infer, as an application calls it."""
import hashlib
import json

import pytest
from process import ROOT
from samples import LABELS, MODEL, as_binary, as_tensor, by_features, features


def sha256_of(version: str) -> str:
    path = ROOT / "models" / MODEL / version / "model.onnx"
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("label", LABELS)
def test_a_vector_gets_its_label_first(galen, label):
    reply = galen.infer(by_features(label))
    predictions = reply.json()["predictions"]
    assert reply.status == 200
    assert predictions[0]["label"] == label
    assert {each["label"] for each in predictions} == set(LABELS)
    assert predictions[0]["score"] > predictions[1]["score"]
    assert sum(each["score"] for each in predictions) == pytest.approx(1, abs=1e-6)


def test_the_answer_has_the_members_of_the_contract_and_no_other(galen):
    reply = galen.infer(by_features())
    document = reply.json()
    assert reply.headers["content-type"] == "application/json"
    assert set(document) == {"request_id", "model", "task", "predictions", "abstained",
                             "warnings", "timing_us"}
    assert document["task"] == "tabular-classification"
    assert document["model"] == {"name": MODEL, "version": "2", "sha256": sha256_of("2")}
    assert document["abstained"] is None
    assert [each["code"] for each in document["warnings"]] == ["demo_model"]
    assert set(document["timing_us"]) == {"preprocess", "infer", "total"}
    assert document["timing_us"]["total"] >= document["timing_us"]["infer"]


def test_headers_name_the_request_and_the_model(galen):
    reply = galen.infer(by_features())
    assert reply.headers["x-request-id"] == reply.json()["request_id"] != ""
    assert reply.headers["galen-model"] == f"{MODEL}/2"


def test_two_requests_have_two_ids(galen):
    assert galen.infer(by_features()).json()["request_id"] \
        != galen.infer(by_features()).json()["request_id"]


def test_a_request_id_that_came_in_goes_out(galen):
    body = json.dumps(by_features()).encode()
    reply = galen.request("POST", "/infer", body, {"X-Request-Id": "ward-3.17"})
    assert reply.headers["x-request-id"] == reply.json()["request_id"] == "ward-3.17"


@pytest.mark.parametrize(("wanted", "version"), [
    ("1", "1"), ("2", "2"), ("current", "2"), ("previous", "1")])
def test_a_version_is_chosen_by_number_or_tag(galen, wanted, version):
    reply = galen.infer(by_features(version=wanted))
    assert reply.headers["galen-model"] == f"{MODEL}/{version}"
    assert reply.json()["model"]["sha256"] == sha256_of(version)


def test_the_query_names_model_and_version_too(galen):
    reply = galen.request("POST", f"/infer?model={MODEL}&version=1", {"input": features("benign")})
    assert reply.headers["galen-model"] == f"{MODEL}/1"


def test_versions_answer_differently(galen):
    first, second = (galen.infer(by_features(version=each)).json()["predictions"]
                     for each in ("1", "2"))
    assert first != second


@pytest.mark.parametrize("label", LABELS)
def test_features_tensors_and_binary_tensors_get_one_answer(galen, label):
    body, headers = as_binary(label)
    replies = [galen.infer(by_features(label)),
               galen.infer(as_tensor(label, model=MODEL)),
               galen.request("POST", f"/infer?model={MODEL}", as_tensor(label)),
               galen.request("POST", f"/infer?model={MODEL}", body, headers)]
    assert [reply.status for reply in replies] == [200] * 4
    answers = [reply.json()["predictions"] for reply in replies]
    assert answers == [answers[0]] * 4


def test_a_tensor_of_a_named_version_goes_to_it(galen):
    body, headers = as_binary()
    reply = galen.request("POST", f"/infer?model={MODEL}&version=previous", body, headers)
    assert reply.headers["galen-model"] == f"{MODEL}/1"


def test_a_quantity_with_its_unit_is_its_value(galen):
    vector = features("benign")
    quantity = vector | {"mean radius": {"value": vector["mean radius"], "unit": "1"}}
    assert galen.infer({"model": MODEL, "input": quantity}).json()["predictions"] \
        == galen.infer({"model": MODEL, "input": vector}).json()["predictions"]


def test_the_order_of_features_does_not_matter(galen):
    backwards = dict(reversed(features("malignant").items()))
    assert galen.infer({"model": MODEL, "input": backwards}).json()["predictions"] \
        == galen.infer(by_features()).json()["predictions"]


def test_a_body_in_chunks_is_put_together(galen):
    body = json.dumps(by_features()).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                      for part in (body[at:at + 100] for at in range(0, len(body), 100)))
    reply = galen.request("POST", "/infer", chunks + b"0\r\n\r\n",
                          {"Content-Length": None, "Transfer-Encoding": "chunked"})
    assert reply.status == 200
    assert reply.json()["predictions"] == galen.infer(by_features()).json()["predictions"]


def test_a_gateway_is_live_and_ready(galen):
    assert galen.request("GET", "/healthz").json() == {"live": True}
    assert galen.request("GET", "/readyz").json() == {"ready": True}
