# SPDX-License-Identifier: Apache-2.0
"""Bodies that are no JSON, or JSON that means two things."""
import json
from collections.abc import Iterator

from conformance.bodies import infer, one_input, sum_document, written
from conformance.models import identity
from conformance.rule import (
    GALEN,
    JSON,
    OIP,
    REQUIRED,
    STRICT,
    TRITON_MAIN,
    Rule,
    each,
    is_400,
    is_json,
    is_refused,
    says,
    status,
)

WHOLE = json.dumps(sum_document())
DEEP = 1000
DEADLY = 1_000_000

NOT_JSON = {
    "nothing": "", "an open brace": "{", "truncated": WHOLE[:-1], "a bare word": "nonsense",
    "deep and open": "[" * DEEP,
}
LAX = {
    "a comma too many": WHOLE[:-1] + ",}", "single quotes": WHOLE.replace('"', "'"),
    "a comment": "/* */" + WHOLE, "a name without quotes": WHOLE.replace('"inputs"', "inputs"),
}
TRAILING = {"a letter": WHOLE + "x", "a document": WHOLE + WHOLE}
NUMBERS = ("017", "+1", ".5", "1.", "0x10", "1_000", "--1", "1e", "- 1")
TOKENS = ("NaN", "Infinity", "-Infinity")


def syntax(model: str) -> Iterator[Rule]:
    def sent(bodies: dict[str, str]):
        return tuple(infer(model, body, label=name) for name, body in bodies.items())
    kinds = {
        "json.none": ("What is not JSON", sent(NOT_JSON)),
        "json.lax": ("What is only nearly JSON", sent(LAX)),
        "json.trailing": ("JSON with more behind it", sent(TRAILING)),
    }
    for name, (what, requests) in kinds.items():
        yield Rule(name, f"{what} is refused with an error object", OIP, REQUIRED, requests,
                   each(is_refused))
        yield Rule(f"{name}.400", f"{what} is a 400: the fault is the client's", GALEN, STRICT,
                   requests, each(is_400))
    yield Rule("json.trailing.nul", "JSON with a NUL and more behind it is a 400 too", GALEN, STRICT,
               (infer(model, WHOLE + "\0" + WHOLE),), each(is_400))


def texts(model: str) -> Iterator[Rule]:
    text = identity("BYTES")
    id_of = json.dumps(sum_document(id="@"))
    utf8 = (infer(model, id_of.encode().replace(b"@", b"\xff"), label="a stray byte"),
            infer(model, id_of.encode().replace(b"@", b"\xc0\xaf"), label="an overlong form"),
            infer(model, id_of.encode().replace(b"@", b"\xed\xa0\x80"), label="a surrogate"))
    yield Rule("json.utf8", "A string that is no UTF-8 is refused, not passed on", JSON, STRICT,
               utf8, each(is_400))
    half = json.dumps(one_input("BYTES", ["@"])).replace("@", "\\ud800")
    yield Rule("json.surrogate", "Half a surrogate pair is refused: it is no character", JSON,
               STRICT, (infer(text, half),), each(is_400), models=(text,))
    control = json.dumps(one_input("BYTES", ["@"])).replace("@", "a\x01b")
    yield Rule("json.control", "A control character has to be escaped", JSON, STRICT,
               (infer(text, control),), each(is_400), models=(text,))


def numbers() -> Iterator[Rule]:
    whole, single, wide = identity("INT32"), identity("FP32"), identity("FP64")
    for name, model, datatype in (("int", whole, "INT32"), ("float", single, "FP32")):
        yield Rule(f"json.number.{name}", f"A number that JSON does not have is a 400, where {datatype}"
                   " is due", JSON, STRICT, tuple(written(datatype, each) for each in NUMBERS),
                   each(is_400), models=(model,))
    for datatype, model in (("FP32", single), ("FP64", wide)):
        yield Rule(f"json.nan.{datatype.lower()}", "NaN and the infinities are no JSON, and a 400"
                   f" where {datatype} is due (unless a setting allows them)", JSON, STRICT,
                   tuple(written(datatype, token) for token in TOKENS), each(is_400), models=(model,))
    yield Rule("json.nan.answered", "No answer has NaN or an infinity in its JSON", JSON, STRICT,
               tuple(written("FP32", token) for token in TOKENS), each(
                   lambda answer: "" if answer.status >= 400 else is_json(bool, "JSON")(answer)),
               models=(single,))


def twice(model: str) -> Iterator[Rule]:
    document = json.dumps(sum_document())
    doubles = {
        "inputs": document[:-1] + ', "inputs": []}', "id": document[:-1] + ', "id": "a", "id": "b"}',
        "datatype": document.replace('"datatype": "INT32"',
                                     '"datatype": "INT32", "datatype": "INT32"', 1),
        "shape": document.replace('"shape": [1, 16]', '"shape": [1, 16], "shape": [2, 8]', 1),
        "data": document.replace('"data"', '"data": [7], "data"', 1),
    }
    yield Rule("json.duplicate", "A name twice in one object is a 400: which one is meant?", GALEN,
               STRICT, tuple(infer(model, body, label=name) for name, body in doubles.items()),
               each(is_400))


def depth(model: str) -> Iterator[Rule]:
    def nested(count: int) -> str:
        return WHOLE[:-1] + ', "zebra": ' + "[" * count + "]" * count + "}"
    deep = (infer(model, nested(DEEP), label=f"{DEEP} deep"),)
    yield Rule("json.depth", f"JSON that is {DEEP} deep is refused", TRITON_MAIN, STRICT, deep,
               each(is_400))
    yield Rule("json.depth.says", "The error says that it is too deep", TRITON_MAIN, STRICT, deep,
               each(says("JSON nesting depth exceeds maximum allowed limit")))
    yield Rule("json.depth.shallow", "JSON that is 20 deep is not", JSON, STRICT,
               (infer(model, nested(20)),), each(status(200)))
    yield Rule("json.depth.deadly", f"JSON that is {DEADLY:,} deep does not bring the server down",
               GALEN, STRICT, (infer(model, nested(DEADLY), label="in a member"),
                                     infer(model, "[" * DEADLY, label="open")),
               each(is_400), is_dangerous=True)


def rules(model: str) -> Iterator[Rule]:
    yield from syntax(model)
    yield from texts(model)
    yield from numbers()
    yield from twice(model)
    yield from depth(model)
