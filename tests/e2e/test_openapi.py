# SPDX-License-Identifier: Apache-2.0
"""/openapi.json says what the gateway does: each example is sent, each refusal is looked up."""
import json

import openapi
import pytest
from message import send_raw
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from process import ROOT
from refusals import ALL
from samples import by_features, stable

CONDITIONAL = ("/openapi.json", "/docs", "/web/docs.js")


@pytest.fixture
def document(galen):
    return openapi.of(galen)


def rounded(value):
    """Without what differs from one request to the next, and the processor's last digits."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in stable(value).items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 4) if isinstance(value, float) else value


def test_it_is_valid(document):
    validate(document.document, cls=OpenAPIV31SpecValidator)


def test_one_process_and_three_describe_themselves_alike(deployments):
    bodies = {each.request("GET", "/openapi.json").body for each in deployments.values()}
    assert len(bodies) == 1


def test_each_example_is_answered_as_it_says(galen, document):
    examples = list(document.examples())
    assert {each.operation for each in examples} >= {"infer", "v2_infer", "v2_model", "ready"}
    for example in examples:
        if example.path.endswith("/"):
            continue  # a file of the pages: below
        reply = galen.request(example.method, example.path, example.body)
        assert reply.status == 200, (example.name, reply.body)
        document.check(document.find(example.method, example.path), reply)
        if example.answer is not None:
            assert rounded(reply.json()) == rounded(example.answer), example.name


def test_each_sample_of_the_repository_is_an_example(document):
    content = document.find("POST", "/infer")["requestBody"]["content"]["application/json"]
    sent = [each["value"] for each in content["examples"].values()]
    for file in ROOT.glob("examples/*.json"):
        assert json.loads(file.read_text()) in sent


def test_requests_of_the_schema_are_taken_and_others_are_not(document):
    content = document.find("POST", "/infer")["requestBody"]["content"]["application/json"]
    assert document.complaints(content["schema"], by_features()) == []
    assert document.complaints(content["schema"], by_features(patient="x"))
    assert document.complaints(content["schema"], by_features(subject="x", purpose="TREAT")) == []
    assert document.complaints(content["schema"], by_features(purpose="treat"))
    negative = by_features()
    negative["input"] = negative["input"] | {"mean radius": -1}
    assert document.complaints(content["schema"], negative)


@pytest.mark.parametrize("refusal", ALL, ids=lambda each: each.name)
def test_each_refusal_is_told_of(galen, document, refusal):
    """What is no request, or for no path of ours, has the shape of any other refusal."""
    method, path = (refusal.request.decode("latin-1").split(" ") + [""])[:2]
    otherwise = document.find("GET", "/v2" if refusal.speaks_v2 else "/openapi.json")
    operation = document.find(method, path)
    if operation is None and refusal.status == 404:
        operation = document.find("POST", "/infer")  # which tells of 404
    document.check(operation or otherwise, send_raw(galen.port, refusal.request))


@pytest.mark.parametrize("path", CONDITIONAL)
def test_what_a_client_has_is_not_sent_again(galen, path):
    first = galen.request("GET", path)
    assert first.status == 200
    assert first.headers["cache-control"] == "no-cache"
    again = galen.request("GET", path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = galen.request("GET", path, headers={"If-None-Match": '"another"'})
    assert other.body == first.body


def test_each_file_of_the_pages_is_there(galen, document):
    for name in document.document["components"]["schemas"]["FileName"]["enum"]:
        reply = galen.request("GET", f"/web/{name}")
        assert reply.status == 200
        assert reply.headers["x-content-type-options"] == "nosniff"
        document.check(document.find("GET", "/web/x"), reply)
    assert galen.request("GET", "/web/../README.md").status == 404


def test_the_console_is_there_in_demo_mode_only(galen, launch):
    demo = launch("one", mode="demo")
    assert galen.request("GET", "/console").status == 404
    assert galen.request("GET", "/web/console.js").status == 404
    page = demo.request("GET", "/console")
    assert page.status == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert openapi.of(demo).find("GET", "/console") is not None
