# SPDX-License-Identifier: Apache-2.0
"""Inference in JSON."""
import json
from collections.abc import Iterator

from conformance.bodies import (
    DIFFERENCES,
    SUMS,
    changed,
    infer,
    post,
    quote,
    sum_document,
    tensor,
)
from conformance.models import ROW
from conformance.rule import (
    BINARY,
    EXTENSION,
    HTTP,
    JSON,
    KSERVE,
    OIP,
    PARAMETERS,
    REQUIRED,
    STRICT,
    TRITON,
    Rule,
    all_alike,
    each,
    gives,
    has_type,
    in_turn,
    is_json,
    is_refused,
    status,
)

GOOD = gives(OUTPUT0=("INT32", [1, ROW], SUMS), OUTPUT1=("INT32", [1, ROW], DIFFERENCES))
IDS = {"returned": ("An id comes back as it was given", ("42", "x" * 128)),
       "escaped": ("An id with quotes and a backslash comes back", ('a "quoted" id', "back\\slash")),
       "unicode": ("An id in any script comes back", ("µ", "→ \U0001f600"))}


def answers(model: str) -> Iterator[Rule]:
    plain = (infer(model, sum_document()),)
    yield Rule("infer.json.values", "Tensors in JSON are answered in JSON, with the right values", OIP,
               REQUIRED, plain, each(GOOD))
    yield Rule("infer.json.type", "The answer is declared as application/json", OIP, REQUIRED,
               plain, each(status(200), has_type("application/json")))
    yield Rule("infer.json.names", "The answer names the model", OIP, REQUIRED, plain,
               each(is_json(lambda document: document["model_name"] == model, "model_name")))
    yield Rule("infer.json.version", "The answer's version, where it has one, is a string", OIP,
               REQUIRED, plain, each(is_json(
                   lambda document: isinstance(document.get("model_version", ""), str),
                   "a string for model_version")))
    yield Rule("infer.json.flat", "Data is answered flat, as Triton's clients read it", TRITON,
               STRICT, plain, each(is_json(lambda document: all(
                   not isinstance(each["data"][0], list) for each in document["outputs"]),
                   "flat data")))


def has_id(name: str):
    return is_json(lambda document: document["id"] == name, f"the id {name}")


def ids(model: str) -> Iterator[Rule]:
    for kind, (sentence, names) in IDS.items():
        yield Rule(f"infer.id.{kind}", sentence, OIP, REQUIRED,
                   tuple(infer(model, sum_document(id=name), label=name[:20]) for name in names),
                   in_turn(*map(has_id, names)))
    yield Rule("infer.id.none", "No id is made up where none was given", OIP, STRICT,
               (infer(model, sum_document()),),
               each(is_json(lambda document: "id" not in document, "no id")))


def forms(model: str) -> Iterator[Rule]:
    plain = infer(model, sum_document(), label="plain")
    backwards = sum_document()
    backwards["inputs"].reverse()
    nested = changed(data=[list(range(ROW))])
    yield Rule("infer.json.nested", "Nested data is the same as flat data", KSERVE, REQUIRED,
               (plain, infer(model, nested, label="nested")), all_alike)
    yield Rule("infer.json.order", "Inputs are told apart by their names, in any order", OIP,
               REQUIRED, (infer(model, backwards),), each(GOOD))
    yield Rule("infer.json.unknown-members", "Members that the protocol has not are ignored, as in the"
               " extension's own example", BINARY, STRICT,
               (infer(model, sum_document(model_name="other", zebra=[1, {"a": None}])),), each(GOOD))
    yield Rule("infer.json.whitespace", "White space around JSON is no part of it", JSON, STRICT,
               (infer(model, f"\r\n\t {json.dumps(sum_document(), indent=2)} \r\n"),), each(GOOD))
    yield Rule("infer.json.no-content-type", "A body without Content-Type is read as JSON:"
               " tritonclient declares none", TRITON, STRICT,
               (post(f"/v2/models/{quote(model)}/infer", sum_document()),), each(GOOD))
    yield Rule("infer.json.chunked", "A body may come in chunks", HTTP, STRICT,
               (post(f"/v2/models/{quote(model)}/infer", sum_document(), is_chunked=True,
                     headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"}),),
               each(GOOD))


def rows_document(rows: int) -> dict:
    return {"inputs": [tensor("INPUT0", list(range(rows * ROW)), shape=[rows, ROW]),
                       tensor("INPUT1", [1] * rows * ROW, shape=[rows, ROW])]}


def batches(model: str) -> Iterator[Rule]:
    for rows in (1, 2, 7):
        values = range(rows * ROW)
        yield Rule(f"infer.json.rows-{rows}", f"A batch of {rows} gives the values of each row", OIP,
                   REQUIRED, (infer(model, rows_document(rows)),), each(gives(
                       OUTPUT0=("INT32", [rows, ROW], [each + 1 for each in values]),
                       OUTPUT1=("INT32", [rows, ROW], [each - 1 for each in values]))))


def wanted(model: str) -> Iterator[Rule]:
    one, other = {"name": "OUTPUT0"}, {"name": "OUTPUT1"}
    sums, differences = ("INT32", [1, ROW], SUMS), ("INT32", [1, ROW], DIFFERENCES)
    yield Rule("infer.outputs.one", "Only the output that is asked for comes back", OIP, REQUIRED,
               (infer(model, sum_document(outputs=[one])),), each(gives(OUTPUT0=sums)))
    yield Rule("infer.outputs.other", "So it is with the other output", OIP, REQUIRED,
               (infer(model, sum_document(outputs=[other])),), each(gives(OUTPUT1=differences)))
    yield Rule("infer.outputs.both", "Outputs may be asked for in any order", OIP, REQUIRED,
               (infer(model, sum_document(outputs=[other, one])),), each(GOOD))
    yield Rule("infer.outputs.none", "An empty list of outputs asks for all, as no list does", TRITON,
               STRICT, (infer(model, sum_document(outputs=[])),), each(GOOD))


def parameters(model: str) -> Iterator[Rule]:
    given = {"text": "x", "number": 42, "fraction": 1.5, "flag": True}
    own = changed(parameters=given)
    refused = (infer(model, sum_document(parameters={"x": {"y": 1}}), label="an object"),
               infer(model, sum_document(parameters={"x": [1]}), label="an array"))
    yield Rule("infer.parameters", "Parameters of the request are strings, numbers and booleans",
               KSERVE, REQUIRED, (infer(model, sum_document(parameters=given)),), each(GOOD))
    yield Rule("infer.parameters.tensor", "Inputs and outputs have parameters too", KSERVE,
               REQUIRED, (infer(model, own, label="input"),
                                infer(model, sum_document(outputs=[
                                    {"name": "OUTPUT0", "parameters": given}, {"name": "OUTPUT1"}]),
                                    label="output")), each(GOOD))
    yield Rule("infer.parameters.none", "An object of no parameters is as good as none", KSERVE,
               REQUIRED, (infer(model, sum_document(parameters={})),), each(GOOD))
    yield Rule("infer.parameters.object", "A parameter that is an object or an array is refused",
               KSERVE, STRICT, refused, each(is_refused))
    yield Rule("infer.parameters.reserved", "A parameter that starts with triton_ is refused:"
               " it is reserved", PARAMETERS, EXTENSION,
               (infer(model, sum_document(parameters={"triton_x": 1})),), each(is_refused),
               extension="parameters")
    yield Rule("infer.parameters.priority", "A request may say how urgent it is, and how long it waits",
               TRITON, STRICT,
               (infer(model, sum_document(parameters={"priority": 1, "timeout": 10_000_000})),),
               each(GOOD))


def rules(model: str) -> Iterator[Rule]:
    for some in (answers, ids, forms, batches, wanted, parameters):
        yield from some(model)
