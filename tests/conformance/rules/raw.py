# SPDX-License-Identifier: Apache-2.0
"""Raw requests, and raw bytes that do not add up."""
import functools
import json
import struct
from collections.abc import Iterator

from conformance.bodies import infer, raw_document, raw_input
from conformance.models import ROW, identity
from conformance.rule import (
    BINARY,
    EXTENSION,
    GALEN,
    STRICT,
    TRITON,
    both,
    each,
    gives_raw,
    in_turn,
    is_400,
    is_refused,
    says,
)
from conformance.rule import Rule as AnyRule
from conformance.server import HEADER_LENGTH, Request

Rule = functools.partial(AnyRule, extension="binary_tensor_data")
ZERO = {HEADER_LENGTH: "0"}


def raw_request(model: str, body: bytes, label: str = "") -> Request:
    return Request("POST", f"/v2/models/{model}/infer", body,
                   {"Content-Type": "application/octet-stream"} | ZERO, label)


def requests(model: str) -> Iterator[AnyRule]:
    whole, text = identity("INT32"), identity("BYTES")
    values = struct.pack("<3i", 1, -2, 3)
    yield Rule("raw.request", "A header length of 0 makes the body the model's only input: one row",
               BINARY, EXTENSION, (raw_request(whole, values),), each(gives_raw(
                   values, lambda document: document["outputs"][0]["shape"] == [1, 3])),
               models=(whole,))
    yield Rule("raw.request.inputs", "A raw request to a model of two inputs is refused", BINARY,
               EXTENSION, (raw_request(model, bytes(4 * ROW)),), each(is_refused))
    yield Rule("raw.request.size", "A raw request of half an element is refused", BINARY,
               EXTENSION, (raw_request(whole, b"12345"),), each(is_refused), models=(whole,))
    yield Rule("raw.request.bytes", "A raw request of text whose number of elements cannot be told is"
               " refused", BINARY, EXTENSION, (raw_request(text, b"text"),), each(is_refused),
               models=(text,))


def sizes(model: str) -> Iterator[AnyRule]:
    document, raw = raw_document()

    def telling(size) -> Request:
        told = json.loads(json.dumps(document))
        told["inputs"][0]["parameters"]["binary_data_size"] = size
        return infer(model, told, raw, label=json.dumps(size))
    short = tuple(infer(model, document, raw[:-cut], label=f"{cut} too few") for cut in (1, 4))
    long = tuple(infer(model, document, raw + bytes(more), label=f"{more} too many") for more in (1, 4))
    wrong = tuple(map(telling, (0, 4, 60, 68, 128)))
    none = tuple(map(telling, (-64, 64.5, "64", None, 1 << 63)))
    both = json.loads(json.dumps(document))
    both["inputs"][0]["data"] = [1] * ROW
    yield Rule("raw.short", "Raw bytes that end early are refused", BINARY, EXTENSION, short,
               each(is_refused))
    yield Rule("raw.long", "Raw bytes that are too many are refused", BINARY, EXTENSION, long,
               each(is_refused))
    yield Rule("raw.length.400", "Raw bytes of another length are a 400", TRITON, STRICT,
               short + long, each(is_400))
    yield Rule("raw.short.says", "The error says how many bytes are missing", TRITON, STRICT, short,
               in_turn(*(says("unexpected size for input", f"expecting {cut} additional bytes")
                         for cut in (1, 4))))
    yield Rule("raw.long.says", "The error says that there is more", TRITON, STRICT, long,
               each(says("unexpected additional input data")))
    yield Rule("raw.size", "A binary_data_size that is not the tensor's is refused", BINARY,
               EXTENSION, wrong, each(is_refused))
    yield Rule("raw.size.none", "A binary_data_size that is no size is a 400", BINARY, STRICT,
               none, each(is_400))
    yield Rule("raw.both", "Data and raw bytes for one input are a 400: which one is meant?", GALEN,
               STRICT, (infer(model, both, raw),), each(is_400))
    without = json.loads(json.dumps(document))
    del without["inputs"][0]["parameters"]
    yield Rule("raw.neither", "An input with neither data nor a size is refused", BINARY, EXTENSION,
               (infer(model, without, raw),), each(is_refused))


def header_lengths(model: str) -> Iterator[AnyRule]:
    document, raw = raw_document()

    def telling(value: str) -> Request:
        return infer(model, document, raw, label=value, **{HEADER_LENGTH: value})
    beyond = tuple(map(telling, ("-1", "100000")))
    yield Rule("raw.header-length.range", "A header length beyond the body or below zero is refused",
               BINARY, EXTENSION, beyond, each(is_refused))
    size = len(beyond[0].body)
    yield Rule("raw.header-length.range.400", "It is a 400 that tells the range", TRITON, STRICT,
               beyond, in_turn(*(both(is_400, says(
                   f"inference header size should be in range (0, {size}), got: {request.label}"))
                   for request in beyond)))
    yield Rule("raw.header-length.number", "A header length that is no number is a 400", GALEN,
               STRICT, tuple(map(telling, ("abc", "0x10", "1e2", "99999999999999999999", "12 34"))),
               each(is_400))
    whole = identity("INT32")
    yield Rule("raw.header-length.raw", "Nor does one make a raw request of the body", GALEN, STRICT,
               (infer(whole, struct.pack("<3i", 1, 2, 3), **{HEADER_LENGTH: "abc"}),), each(is_400),
               models=(whole,))
    yield Rule("raw.header-length.empty", "A header length that is empty is a 400", GALEN, STRICT,
               (telling(""),), each(is_400))
    yield Rule("raw.header-length.cut", "A header length that cuts the JSON is a 400", BINARY,
               EXTENSION, (telling("20"),), each(is_refused))


def texts() -> Iterator[AnyRule]:
    model = identity("BYTES")
    bodies = {"beyond the end": b"\x05\0\0\0abc", "half a length": b"\x01\0\0",
              "far beyond": b"\xff\xff\xff\xffabc", "more behind": struct.pack("<I", 3) + b"abcd",
              "two for one": (struct.pack("<I", 1) + b"a") * 2}
    requests = tuple(infer(model, raw_input("BYTES", len(raw), [1, 1]), raw, label=name)
                     for name, raw in bodies.items())
    yield Rule("raw.bytes.lengths", "Texts whose lengths do not add up are refused", BINARY, EXTENSION,
               requests, each(is_refused), models=(model,))
    yield Rule("raw.bytes.lengths.400", "They are a 400", GALEN, STRICT, requests, each(is_400),
               models=(model,))
    flag = identity("BOOL")
    yield Rule("raw.bool", "A BOOL that is neither 0 nor 1 is refused", GALEN, STRICT,
               (infer(flag, raw_input("BOOL", 1, [1, 1]), b"\x02"),), each(is_refused), models=(flag,))


def rules(model: str) -> Iterator[AnyRule]:
    for some in (requests, sizes, header_lengths):
        yield from some(model)
    yield from texts()
