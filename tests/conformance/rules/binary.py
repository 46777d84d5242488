# SPDX-License-Identifier: Apache-2.0
"""Tensors in raw bytes behind the JSON."""
import functools
import json
import struct
from collections.abc import Iterator

from conformance.bodies import (
    DIFFERENCES,
    RAW_DIFFERENCES,
    RAW_SUMS,
    SUMS,
    infer,
    raw_document,
    raw_tensor,
    sum_document,
    tensor,
)
from conformance.models import ROW
from conformance.rule import BINARY, EXTENSION, all_alike, each, gives, gives_raw, has_type, outputs_of
from conformance.rule import Rule as AnyRule
from conformance.server import HEADER_LENGTH

Rule = functools.partial(AnyRule, extension="binary_tensor_data")
OUT = {"binary_data_output": True}
GOOD = gives(OUTPUT0=("INT32", [1, ROW], SUMS), OUTPUT1=("INT32", [1, ROW], DIFFERENCES))
ONES = struct.pack(f"<{ROW}i", *[1] * ROW)


def into(model: str) -> Iterator[AnyRule]:
    document, raw = raw_document()
    mixed = {"inputs": [tensor("INPUT0"), raw_tensor("INPUT1")]}
    swapped = {"inputs": [raw_tensor("INPUT1"), raw_tensor("INPUT0")]}
    yield Rule("binary.in", "Raw inputs are answered in JSON where nothing else is asked for", BINARY,
               EXTENSION, (infer(model, document, raw),), each(GOOD))
    yield Rule("binary.in.mixed", "One input may be raw and the other JSON", BINARY, EXTENSION,
               (infer(model, mixed, ONES),), each(GOOD))
    yield Rule("binary.in.order", "Raw tensors come in the order of the JSON, not of the model", BINARY,
               EXTENSION, (infer(model, swapped, ONES + raw[:4 * ROW]),), each(GOOD))
    body = json.dumps(sum_document())
    yield Rule("binary.in.header-only", "A header length of the whole body is plain JSON", BINARY,
               EXTENSION, (infer(model, body, **{HEADER_LENGTH: str(len(body))}),), each(GOOD))
    yield Rule("binary.in.content-type", "Raw tensors are told by the header length, whatever the"
               " Content-Type is", BINARY, EXTENSION,
               tuple(infer(model, document, raw, label=name, Content_Type=name)
                     for name in ("application/octet-stream", "application/json")), all_alike)


def in_its_order(document: dict, values: bytes) -> bool:
    """The raw tensors stand as the JSON lists them; each tells its size and has no data."""
    sizes = [each["parameters"]["binary_data_size"] for each in document["outputs"]]
    expected = b"".join(RAW_SUMS if each["name"] == "OUTPUT0" else RAW_DIFFERENCES
                        for each in document["outputs"])
    return values == expected and sizes == [4 * ROW] * 2 \
        and all("data" not in each for each in document["outputs"])


def both_raw(answer) -> str:
    try:
        return "" if in_its_order(*answer.split()) else "expected both outputs in raw bytes"
    except (ValueError, KeyError, TypeError):
        return "expected both outputs in raw bytes"


def has_json(name: str, data: list):
    return lambda document: outputs_of(document)[name]["data"] == data


def out_of(model: str) -> Iterator[AnyRule]:
    document, raw = raw_document(parameters=OUT)
    asked = [{"name": "OUTPUT0", "parameters": {"binary_data": True}}, {"name": "OUTPUT1"}]
    excepted = [{"name": "OUTPUT0"}, {"name": "OUTPUT1", "parameters": {"binary_data": False}}]
    forced = [{"name": "OUTPUT0", "parameters": {"binary_data": True}},
              {"name": "OUTPUT1", "parameters": {"binary_data": True}}]
    sums = gives_raw(RAW_SUMS, has_json("OUTPUT1", DIFFERENCES))
    yield Rule("binary.out", "binary_data_output gives all outputs raw, in the order of the JSON",
               BINARY, EXTENSION, (infer(model, document, raw, label="raw in"), infer(
                   model, sum_document(parameters=OUT), label="JSON in")), each(both_raw))
    yield Rule("binary.out.type", "An answer with raw tensors is application/octet-stream, and tells"
               " the length of its JSON", BINARY, EXTENSION, (infer(model, document, raw),),
               each(has_type("application/octet-stream"), lambda answer:
                    "" if answer.headers.get(HEADER_LENGTH) else f"expected {HEADER_LENGTH}"))
    yield Rule("binary.out.all-named", "Each output may be asked for in raw bytes", BINARY,
               EXTENSION, (infer(model, sum_document(outputs=forced)),), each(both_raw))
    yield Rule("binary.out.one", "One output may be raw and the other JSON", BINARY, EXTENSION,
               (infer(model, sum_document(outputs=asked)),), each(sums))
    yield Rule("binary.out.default", "binary_data_output holds for outputs that are listed and say"
               " nothing", BINARY, EXTENSION, (infer(
                   model, sum_document(outputs=[{"name": "OUTPUT0"}, {"name": "OUTPUT1"}],
                                       parameters=OUT)),), each(both_raw))
    yield Rule("binary.out.override", "binary_data of an output goes before binary_data_output", BINARY,
               EXTENSION, (infer(model, sum_document(outputs=excepted, parameters=OUT)),),
               each(sums))
    yield Rule("binary.out.false", "binary_data_output: false is JSON, as nothing is", BINARY,
               EXTENSION, (infer(model, sum_document(
                   parameters={"binary_data_output": False})),), each(GOOD))


def rules(model: str) -> Iterator[AnyRule]:
    yield from into(model)
    yield from out_of(model)
