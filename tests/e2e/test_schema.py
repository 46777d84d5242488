# SPDX-License-Identifier: Apache-2.0
"""JSON bodies meet the JSON Schema of the route that their input matches, or are refused."""
import json
import subprocess

import pytest
from deployment import NAMES
from process import BINARY, DEADLINE_S, ROOT
from samples import as_tensor, by_features, features

CANARY = "Jane Roe 1934-05-06"
NUMBER = {"type": "number", "minimum": 0}
VECTOR = {
    "type": "object",
    "required": ["input", "model"],
    "properties": {
        "input": {"properties": {"mean radius": {"$ref": "common.json#/$defs/length"}},
                  "required": ["mean radius", "mean texture"], "minProperties": 30,
                  "additionalProperties": NUMBER},
        "model": {"const": "breast-cancer"},
        "version": {"pattern": "^[0-9]{1,3}$"},
        "content_type": {"enum": ["application/json"]},
    },
    "unevaluatedProperties": False,
}
COMMON = {"$defs": {"length": NUMBER | {"maximum": 100, "multipleOf": 0.01}}}
NOTE = {"properties": {"input": {"maxLength": 60, "pattern": "\\S", "not": {"pattern": "^(a|a)*$"}}}}


def write_config(folder, **schemas: dict):
    (folder / "schemas").mkdir()
    for name, schema in schemas.items():
        (folder / f"schemas/{name}.json").write_text(json.dumps(schema))
    path = folder / "galen.yaml"
    path.write_text(
        "routes:\n"
        "  - {match: {content: application/json}, model: breast-cancer, schema: schemas/vector.json}\n"
        "  - {match: {content: text/*}, model: clinical-ner, schema: schemas/note.json}\n")
    return path


@pytest.fixture(scope="module", params=NAMES)
def galen(request, tmp_path_factory):
    """In the place of the one without routes."""
    import deployment  # noqa: PLC0415
    folder = tmp_path_factory.mktemp("schema")
    config = write_config(folder, vector=VECTOR, common=COMMON, note=NOTE)
    running = deployment.start(request.param, folder, config=config)
    yield running
    running.stop()


def changed(**members) -> dict:
    """The sample, with other values; None: without that member."""
    vector = (features("malignant") | members).items()
    return by_features() | {"input": {name: value for name, value in vector if value is not None}}


def test_a_body_that_meets_the_schema_is_answered(galen):
    reply = galen.infer(by_features())
    assert reply.status == 200, reply.body


WRONG = {
    "out of range": (changed(**{"mean radius": 100.5}), "/input/mean radius", "maximum",
                     "is greater than 100"),
    "too fine": (changed(**{"mean radius": 17.995}), "/input/mean radius", "multipleOf",
                 "is not a multiple of 0.01"),
    "of another type": (changed(**{"mean radius": CANARY}), "/input/mean radius", "type",
                        "is not a number"),
    "of a name that the schema has not": (changed(**{CANARY: -1}), "/input", "minimum",
                                          "member 30: is less than 0"),
    "missing": (changed(**{"mean texture": None, CANARY: 1}), "/input", "required",
                '"mean texture" is missing'),
    "missing at the top": ({"input": features("malignant")}, "", "required", '"model" is missing'),
    "none that is listed": (by_features(content_type="application/json; q=1"), "/content_type", "enum",
                            "is none of the values that are allowed: 1 are"),
    "of another pattern": (by_features(version="current"), "/version", "pattern",
                           "does not match the pattern ^[0-9]{1,3}$"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_by_its_place(galen, name):
    body, pointer, keyword, message = WRONG[name]
    reply = galen.infer(body)
    problem = reply.json()
    assert reply.status == 422, reply.body
    assert reply.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "/problems/schema"
    assert problem["errors"] == [{"pointer": pointer, "keyword": keyword, "message": message}]
    assert CANARY.encode() not in reply.body
    assert CANARY not in galen.log()


def test_several_errors_are_told_together(galen):
    reply = galen.infer(changed(**{"mean radius": -1, "mean texture": CANARY}))
    assert [(error["pointer"], error["keyword"]) for error in reply.json()["errors"]] == [
        ("/input/mean radius", "minimum"), ("/input/mean texture", "type")]
    assert CANARY.encode() not in reply.body


def test_each_route_has_its_own_schema(galen):
    assert galen.infer({"input": "He takes metformin."}).status == 200
    reply = galen.infer({"input": "He takes metformin. " * 4})
    assert reply.status == 422
    assert reply.json()["errors"] == [
        {"pointer": "/input", "keyword": "maxLength", "message": "has more than 60 characters"}]


def test_naming_a_model_leads_around_no_schema(galen):
    reply = galen.infer({"input": "  ", "model": "clinical-ner"})
    assert [error["keyword"] for error in reply.json()["errors"]] == ["pattern"]


def test_a_search_without_end_is_given_up(galen):
    reply = galen.infer({"input": "a" * 40 + "!"})
    assert reply.status == 422
    assert reply.json()["errors"] == [
        {"pointer": "/input", "keyword": "pattern",
         "message": "is too costly to search for the pattern that the schema has"}]


def test_what_is_no_json_body_around_an_input_is_not_checked(galen):
    note = b"He takes metformin. " * 4
    assert galen.request("POST", "/infer", note, {"Content-Type": "text/plain"}).status == 200
    assert galen.infer(as_tensor(model="breast-cancer")).status == 200
    assert galen.request("POST", "/v2/models/breast-cancer/infer", as_tensor()).status == 200


REFUSED = {
    "not there": ({}, "vector.json: No such file or directory"),
    "no JSON": ({"vector": "{"}, "vector.json: byte offset 1: "),
    "an unknown keyword": ({"vector": '{"properties": {"input": {"typ": "object"}}}'},
                           'vector.json: /properties/input: "typ" is not a keyword that is supported'),
    "a remote reference": ({"vector": '{"$ref": "https://example.org/x.json"}'},
                           "/$ref: refers to https://example.org/x.json, which is not here: nothing"),
    "a fault of another file": ({"vector": '{"$ref": "common.json"}', "common": '{"type": 1}'},
                                "common.json: is not a type that there is"),
    "a pattern of another language": ({"vector": '{"pattern": "(?i)a"}'},
                                      "vector.json: /pattern: pattern, byte offset 0: a group that"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_schema_that_is_wrong_is_refused_at_the_start(tmp_path, name):
    files, message = REFUSED[name]
    config = write_config(tmp_path, note=NOTE)
    for file, text in files.items():
        (tmp_path / f"schemas/{file}.json").write_text(text)
    words = [BINARY, "serve", "--config", config, "--set", f"repository={ROOT / 'models'}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 2
    assert "routes[0].schema: " in done.stderr
    assert message in done.stderr
