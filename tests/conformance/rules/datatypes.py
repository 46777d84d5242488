# SPDX-License-Identifier: Apache-2.0
"""Each datatype, through a model that gives back what it was given."""
import json
import struct
from collections.abc import Iterator

from conformance.bodies import elements, infer, one_input, raw_input
from conformance.models import DATATYPES, HALVES, VALUES, identity
from conformance.rule import (
    BINARY,
    EXTENSION,
    GALEN,
    JSON,
    KSERVE,
    OIP,
    REQUIRED,
    STRICT,
    Rule,
    each,
    gives,
    gives_raw,
    is_400,
    is_refused,
)

BINARY_OUT = {"parameters": {"binary_data_output": True}}
TEXTS = ["", "abc", "µ → \U0001f600", 'a"b\\c\n\t']
NEAREST = "[16777217, 1.00000017881393432617187499, 1e-45, 3.4028234663852886e38]"
NEAREST_RAW = struct.pack("<4f", 16777216.0, 1.00000011920928955078125, 1.401298464324817e-45,
                          3.4028234663852886e38)
HALF_VALUES = [1.0, -2.0, 0.5]


def in_json(datatype: str) -> Rule:
    values, _ = VALUES[datatype]
    model = identity(datatype)
    return Rule(f"datatype.json.{datatype.lower()}",
                f"{datatype} passes through JSON to its last value", OIP, REQUIRED,
                (infer(model, one_input(datatype, values)),),
                each(gives(OUTPUT0=(datatype, [1, 3], values))), models=(model,))


def in_raw(datatype: str) -> Rule:
    values, form = VALUES.get(datatype, ([0x3C00, 0x7C00, 0x8001], "<3H"))
    raw, model = struct.pack(form, *values), identity(datatype)
    return Rule(f"datatype.raw.{datatype.lower()}", f"{datatype} passes through raw bytes bit by bit",
                BINARY, EXTENSION,
                (infer(model, raw_input(datatype, len(raw), [1, 3]) | BINARY_OUT, raw),),
                each(gives_raw(raw, lambda document: document["outputs"][0]["datatype"] == datatype)),
                extension="binary_tensor_data", models=(model,))


def halves(datatype: str) -> Rule:
    model = identity(datatype)

    def is_exact_or_refused(answer) -> str:
        return is_refused(answer) and gives(OUTPUT0=(datatype, [1, 3], HALF_VALUES))(answer) \
            and "expected an error, or these values exactly"
    return Rule(f"datatype.json.{datatype.lower()}", f"{datatype} in JSON, which the protocol calls"
                " problematic, is exact or refused", KSERVE, STRICT,
                (infer(model, one_input(datatype, HALF_VALUES)),), each(is_exact_or_refused),
                models=(model,))


def texts() -> Iterator[Rule]:
    model = identity("BYTES")
    some = {"models": (model,)}
    raw = elements(*[text.encode() for text in TEXTS])
    no_text = elements(b"\xff\x00\xfe", b"\0")
    escaped = json.dumps(one_input("BYTES", ["@", "b"])).replace("@", "\\u00b5\\ud83d\\ude00\\/")
    yield Rule("datatype.json.bytes", "BYTES passes through JSON as text", OIP, REQUIRED,
               (infer(model, one_input("BYTES", TEXTS)),),
               each(gives(OUTPUT0=("BYTES", [1, len(TEXTS)], TEXTS))), **some)
    yield Rule("datatype.json.bytes.escapes", "Escaped characters are the characters", JSON,
               REQUIRED, (infer(model, escaped),),
               each(gives(OUTPUT0=["µ\U0001f600/", "b"])), **some)
    yield Rule("datatype.raw.bytes", "BYTES passes through raw bytes, each with its length before it",
               BINARY, EXTENSION,
               (infer(model, raw_input("BYTES", len(raw), [1, len(TEXTS)]) | BINARY_OUT, raw),),
               each(gives_raw(raw)), extension="binary_tensor_data", **some)
    yield Rule("datatype.raw.bytes.no-text", "Bytes that are no text pass through raw", BINARY,
               EXTENSION,
               (infer(model, raw_input("BYTES", len(no_text), [1, 2]) | BINARY_OUT, no_text),),
               each(gives_raw(no_text)), extension="binary_tensor_data", **some)
    yield Rule("datatype.raw.bytes.no-text-in-json", "Bytes that are no text are not sent as JSON that"
               " is none: escaped, or refused", GALEN, STRICT,
               (infer(model, raw_input("BYTES", len(no_text), [1, 2]), no_text),),
               each(is_json_or_refused), extension="binary_tensor_data", **some)


def is_json_or_refused(answer) -> str:
    try:
        answer.body.decode()
        answer.json()
    except ValueError:
        return "expected JSON in UTF-8, or an error"
    return "" if answer.status == 200 else is_refused(answer)


def precision() -> Iterator[Rule]:
    model = identity("FP32")
    document = json.dumps(one_input("FP32", ["@"], [1, 4]) | BINARY_OUT).replace('["@"]', NEAREST)
    yield Rule("datatype.json.fp32.nearest", "FP32 is the nearest to the decimal that was written,"
               " rounded once", GALEN, STRICT, (infer(model, document),),
               each(gives_raw(NEAREST_RAW)), extension="binary_tensor_data", models=(model,))
    yield Rule("datatype.json.fp32.shortest", "FP32 is answered so that FP32 reads it back exactly",
               GALEN, STRICT,
               (infer(model, one_input("FP32", [0.1, 1e-45, 3.4028235e38], [1, 3])),),
               each(gives_singles(0.1, 1e-45, 3.4028235e38)), models=(model,))
    wide = identity("FP64")
    numbers = [0.1, 5e-324, 1.7976931348623157e308, 2**53 + 1.0, -0.0]
    yield Rule("datatype.json.fp64.exact", "FP64 is answered to the last bit", GALEN, STRICT,
               (infer(wide, one_input("FP64", numbers)),),
               each(gives(OUTPUT0=("FP64", [1, 5], numbers))), models=(wide,))
    whole = identity("INT64")
    yield Rule("datatype.json.int64.exact", "INT64 beyond 2^53 is not rounded", OIP, REQUIRED,
               (infer(whole, one_input("INT64", [2**53 + 1, -2**53 - 1])),),
               each(gives(OUTPUT0=("INT64", [1, 2], [2**53 + 1, -2**53 - 1]))), models=(whole,))


def gives_singles(*wanted: float):
    """200 with what FP32 makes of these."""
    def single(number: float) -> bytes:
        return struct.pack("<f", number)

    def complain(answer) -> str:
        try:
            data = answer.json()["outputs"][0]["data"]
            found = [single(number) for number in data]
        except (ValueError, LookupError, TypeError, struct.error, OverflowError):
            return "expected numbers that FP32 has"
        return "" if found == [single(number) for number in wanted] else "expected other values"
    return complain


def empty() -> Iterator[Rule]:
    model = identity("INT32")
    yield Rule("datatype.json.empty", "A tensor of no elements is answered as one, or refused", GALEN,
               STRICT, (infer(model, one_input("INT32", [], [1, 0]), label="no columns"),
                              infer(model, one_input("INT32", [], [0, 3]), label="no rows")),
               each(lambda answer: is_400(answer) and (
                   "" if answer.status == 200 and answer.json()["outputs"][0].get("data") == []
                   else "expected an empty tensor or a 400")), models=(model,))


def rules(_: str) -> Iterator[Rule]:
    yield from map(in_json, VALUES)
    yield from map(halves, HALVES)
    yield from map(in_raw, (name for name in DATATYPES if name != "BYTES"))
    yield from texts()
    yield from precision()
    yield from empty()
