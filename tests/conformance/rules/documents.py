# SPDX-License-Identifier: Apache-2.0
"""JSON that is no request: members that are missing, or of another type."""
import json
from collections.abc import Iterator

from conformance.bodies import changed, infer, sum_document
from conformance.rule import (
    GALEN,
    KSERVE,
    OIP,
    REQUIRED,
    STRICT,
    TRITON_MAIN,
    Rule,
    each,
    is_400,
    is_refused,
)
from conformance.server import Request

OUTPUT = {"name": "OUTPUT0"}
NO_INPUTS = {"no inputs": {}, "an object": {"inputs": {}}, "a string": {"inputs": "x"},
             "null": {"inputs": None}, "a list of numbers": {"inputs": [1]},
             "a nameless input": {"inputs": [{}]}}
NOT_AN_OBJECT = {"an array": [], "a number": 1, "a string": "x", "null": None}
OTHER_TYPES = {
    "id: 7": {"id": 7}, "id: []": {"id": []}, "outputs: {}": {"outputs": {}},
    "outputs: [{}]": {"outputs": [{}]}, "outputs: [1]": {"outputs": [1]},
    "outputs: [\"OUTPUT0\"]": {"outputs": ["OUTPUT0"]}, "parameters: []": {"parameters": []},
    "parameters: \"x\"": {"parameters": "x"},
}
WRONG_PARAMETERS = {
    "priority: \"high\"": {"priority": "high"}, "priority: -1": {"priority": -1},
    "timeout: \"soon\"": {"timeout": "soon"}, "binary_data_output: 1": {"binary_data_output": 1},
    "binary_data_output: \"true\"": {"binary_data_output": "true"},
}
INPUT_MEMBERS = {
    "name: 7": {"name": 7}, "datatype: 7": {"datatype": 7}, "datatype: null": {"datatype": None},
    "shape: \"x\"": {"shape": "x"}, "shape: null": {"shape": None}, "data: \"x\"": {"data": "x"},
    "data: 1": {"data": 1}, "data: null": {"data": None}, "data: {}": {"data": {}},
}


def without(name: str) -> dict:
    document = sum_document()
    del document["inputs"][0][name]
    return document


def both(name: str, what: str, requests: tuple[Request, ...], source: str = OIP) -> Iterator[Rule]:
    """What the protocol asks of a failure, and what is asked beyond it."""
    yield Rule(name, f"{what} is refused with an error object", source, REQUIRED, requests,
               each(is_refused))
    yield Rule(f"{name}.400", f"{what} is a 400: the fault is the client's", GALEN, STRICT,
               requests, each(is_400))


def sent(model: str, documents: dict) -> tuple[Request, ...]:
    return tuple(infer(model, json.dumps(document), label=name) for name, document in documents.items())


def rules(model: str) -> Iterator[Rule]:
    yield from both("document.inputs", "A request without inputs, or with others than objects",
                    sent(model, NO_INPUTS))
    yield from both("document.object", "A request that is no object", sent(model, NOT_AN_OBJECT))
    yield from both("document.types", "A member of another type", sent(
        model, {name: sum_document(**members) for name, members in OTHER_TYPES.items()}))
    yield from both("document.input.missing", "An input without name, shape, datatype or data", sent(
        model, {name: without(name) for name in ("name", "shape", "datatype", "data")}))
    yield from both("document.input.types", "An input with a member of another type", sent(
        model, {name: changed(**members) for name, members in INPUT_MEMBERS.items()}))
    yield Rule("document.parameters", "A parameter that is not of its type is a 400", GALEN,
               STRICT, sent(model, {name: sum_document(parameters=each) for name, each
                                          in WRONG_PARAMETERS.items()}), each(is_400))
    yield Rule("document.parameters.array", "Parameters of an input or output that are an array are"
               " refused", KSERVE, STRICT, sent(model, {
                   "input": changed(parameters=[]),
                   "output": sum_document(outputs=[OUTPUT | {"parameters": []}])}), each(is_refused))
    yield Rule("document.parameters.null", "A parameter that is null is refused", KSERVE, STRICT,
               sent(model, {"null": sum_document(parameters={"x": None})}), each(is_refused))
    yield Rule("document.outputs.twice", "An output that is asked for twice is a 400", TRITON_MAIN,
               STRICT, sent(model, {"twice": sum_document(outputs=[OUTPUT, OUTPUT])}),
               each(is_400))
    inputs = sum_document()["inputs"]
    yield Rule("document.inputs.twice", "An input that comes twice is a 400: which one is meant?",
               GALEN, STRICT, sent(model, {"twice": {"inputs": [*inputs, inputs[0]]}}), each(is_400))
