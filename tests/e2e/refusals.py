# SPDX-License-Identifier: Apache-2.0
"""Requests that must be refused, each with the refusal. Wherever a client could put a patient's
data there is a canary, which no reply and no log may repeat."""
import dataclasses
import json

from message import encode
from samples import FEATURE_COUNT, MODEL, as_binary, as_tensor, binary_body, by_features, features

CANARY = "Zebedee Quux"
CANARY_NUMBER = 8675309.25
CANARIES = (CANARY, "Zebedee", "Quux", "8675309")
BODY_MAX = 64 << 20
HEADER_LENGTH = "Inference-Header-Content-Length"
V2_INFER = f"/v2/models/{MODEL}/infer"


@dataclasses.dataclass
class Refusal:
    name: str
    request: bytes
    status: int
    pointer: str | None = None  # None: nothing is said of it

    @property
    def speaks_v2(self) -> bool:
        return self.request.split(b" ", 2)[1].startswith(b"/v2")


def post(name: str, body: bytes | dict, status: int, pointer: str | None = None,
         **message) -> Refusal:
    """message: path and headers, where they are not those of JSON to /infer."""
    request = encode("POST", message.get("path", "/infer"), body, message.get("headers"))
    return Refusal(name, request, status, pointer)


def text(name: str, body: bytes | str, status: int = 400) -> Refusal:
    """A body that is not JSON as we take it."""
    return post(name, body.encode() if isinstance(body, str) else body, status)


def feature(name: str, value, pointer: str = "/input/mean radius") -> Refusal:
    return post(name, {"model": MODEL, "input": features("benign") | {"mean radius": value}}, 422,
                pointer)


def number(name: str, digits: str) -> Refusal:
    body = json.dumps(by_features() | {"input": features("benign") | {"mean radius": "@"}})
    return post(name, body.replace('"@"', digits).encode(), 422, "/input/mean radius")


def without(name: str) -> dict:
    return {key: value for key, value in features("benign").items() if key != name}


SYNTAX = [
    text("an empty body", ""),
    text("JSON that ends early", f'{{"model": "{MODEL}", "input": {{"{CANARY}": '),
    text("JSON with something behind it", json.dumps(by_features()) + CANARY),
    text("a bare word", CANARY),
    text("a name twice", f'{{"input": "{CANARY}", "model": "x", "model": "y"}}'),
    text("a feature twice", f'{{"model": "{MODEL}", "input": {{"mean radius": 1, "mean radius": '
                            f'{CANARY_NUMBER}}}}}'),
    text("bad UTF-8", b'{"input": "' + CANARY.encode() + b'\xff\xfe"}'),
    text("half a surrogate pair", '{"input": "\\ud800"}'),
    text("a control character", '{"input": "\x01"}'),
    text("too deep", "[" * 65 + "]" * 65),
    text("far too deep", "[" * 500_000),
    text("NaN", '{"input": {"mean radius": NaN}}'),
    text("a number with a leading zero", f'{{"input": {{"{CANARY}": 017}}}}'),
]

DOCUMENT = [
    text("an array", f'["{CANARY}"]', 422),
    text("a string", f'"{CANARY}"', 422),
    post("neither input nor inputs", {"model": MODEL}, 422),
    post("input and inputs", by_features() | as_tensor(), 422),
    post("a member that is not ours", by_features() | {CANARY: CANARY}, 422),
    post("a model that is no string", by_features() | {"model": CANARY_NUMBER}, 422, "/model"),
    post("a model that is not there", by_features() | {"model": CANARY}, 404),
    post("a model with a path in its name", by_features() | {"model": "../" + CANARY}, 404),
    post("a version that is no string", by_features() | {"version": CANARY_NUMBER}, 422, "/version"),
    post("a version that is not there", by_features() | {"version": "9"}, 404),
    post("a tag that is not there", by_features() | {"version": "canary"}, 404),
    post("a query that differs", by_features(), 422, "/model", path="/infer?model=other"),
    post("another content type", by_features(), 415, headers={"Content-Type": "text/plain"}),
    post("a content type that is none", by_features(), 400, headers={"Content-Type": CANARY}),
    post("another content type inside", by_features() | {"content_type": "image/png"}, 415),
    post("a content type inside that is none", by_features() | {"content_type": CANARY}, 422,
         "/content_type"),
]

FEATURES = [
    post("input is text", {"model": MODEL, "input": CANARY}, 415, "/input"),
    post("input is a list", {"model": MODEL, "input": [CANARY_NUMBER] * FEATURE_COUNT}, 422, "/input"),
    post("input is null", {"model": MODEL, "input": None}, 422, "/input"),
    post("an unknown feature", {"model": MODEL, "input": features("benign") | {CANARY: 1}}, 422,
         "/input"),
    post("a missing feature", {"model": MODEL, "input": without("mean radius")}, 422,
         "/input/mean radius"),
    post("no feature", {"model": MODEL, "input": {}}, 422, "/input/mean radius"),
    feature("a feature that is null", None),
    feature("a feature that is text", CANARY),
    feature("a feature that is a number as text", str(CANARY_NUMBER)),
    feature("a feature that is a boolean", True),
    feature("a feature that is a list", [CANARY_NUMBER]),
    feature("a quantity without a unit", {"value": CANARY_NUMBER}),
    feature("a quantity in a unknown unit", {"value": 17, "unit": CANARY}),
    feature("a quantity with text for a value", {"value": CANARY, "unit": "1"}),
    feature("a feature below its range", -CANARY_NUMBER),
    feature("a feature above its range", CANARY_NUMBER),
    number("a number beyond FP64", "1e400"),
    number("a number beyond FP32", "1e39"),
]


def tensor(name: str, change: dict, status: int = 400, pointer: str | None = None) -> list[Refusal]:
    """The same tensor on /infer and on /v2: one refusal, in two forms."""
    body = as_tensor()
    body["inputs"][0] |= change
    return [post(f"{name}, to /infer", body | {"model": MODEL}, status, pointer),
            post(f"{name}, to /v2", body, status, pointer, path=V2_INFER)]


def values(count: int, last: float | str = 1.0) -> list:
    return [1.0] * (count - 1) + [last]


def digits(name: str, written: str, pointer: str) -> list[Refusal]:
    body = json.dumps(as_tensor() | {"inputs": [
        as_tensor()["inputs"][0] | {"data": values(FEATURE_COUNT, "@")}]})
    body = body.replace('"@"', written)
    return [post(f"{name}, to /infer", body.encode(), 400, pointer, path=f"/infer?model={MODEL}"),
            post(f"{name}, to /v2", body.encode(), 400, pointer, path=V2_INFER)]


def raw_tensor(change: dict, cut: int = 0, more: bytes = b"") -> tuple[bytes, dict[str, str]]:
    """A body of raw bytes with its headers, which the change, the cut or the rest make wrong."""
    body, headers = as_binary()
    json_size = int(headers[HEADER_LENGTH])
    document, values = json.loads(body[:json_size]), body[json_size:]
    document["inputs"][0] |= change
    return binary_body(document, values[:len(values) - cut] + more)


def raw(name: str, change: dict, cut: int = 0, more: bytes = b"") -> list[Refusal]:
    body, headers = raw_tensor(change, cut, more)
    return [post(f"{name}, to /infer", body, 400, path=f"/infer?model={MODEL}", headers=headers),
            post(f"{name}, to /v2", body, 400, path=V2_INFER, headers=headers)]


def header_length(name: str, value: str) -> list[Refusal]:
    body, headers = as_binary()
    headers[HEADER_LENGTH] = value
    return [post(f"{name}, to /infer", body, 400, path=f"/infer?model={MODEL}", headers=headers),
            post(f"{name}, to /v2", body, 400, path=V2_INFER, headers=headers)]


def body(name: str, content: bytes, status: int, pointer: str | None = None,
         type: str | None = "text/plain") -> Refusal:
    """A body that is the input itself; type None: none is declared."""
    return post(name, content, status, pointer, headers={"Content-Type": type})


def form(name: str, status: int, pointer: str | None = None, *, cut: int = 0,
         parts: tuple[tuple[str, bytes], ...]) -> Refusal:
    """parts: what stands behind `name=`, and the content."""
    lines = [b"--b\r\nContent-Disposition: form-data; name=%s\r\n\r\n%s\r\n" % (head.encode(), content)
             for head, content in parts]
    whole = b"".join(lines) + b"--b--\r\n"
    return body(name, whole[:len(whole) - cut], status, pointer, "multipart/form-data; boundary=b")


PDF = b"%PDF-1.7 " + CANARY.encode()
NOTE = CANARY.encode()
FEATURE = f'{{"{CANARY}": 1}}'.encode()
INPUTS = [
    body("a PDF", PDF, 415, "/input", "application/pdf"),
    body("a PDF that says it is text", PDF, 415, "/input"),
    body("a PDF that says nothing", PDF, 415, "/input", None),
    body("RTF", b"{\\rtf1 " + NOTE + b"}", 415, "/input", "application/rtf"),
    body("a picture that is none", b"\x89PNG\r\n\x1a\n" + NOTE, 400, "/input", "image/png"),
    body("a picture that is another", b"\xff\xd8\xff" + NOTE, 415, "/input", "image/png"),
    body("a picture that is text", NOTE, 415, "/input", "image/png"),
    body("an office file", b"PK\x03\x04" + NOTE, 415, "/input", "application/octet-stream"),
    body("text in another charset", NOTE, 415, "/input", "text/plain; charset=iso-8859-1"),
    body("a form of the other kind", b"input=" + NOTE, 415, type="application/x-www-form-urlencoded"),
    body("parts that are no form", b"--b--", 415, type="multipart/mixed; boundary=b"),
    post("a string for a model of vectors", {"model": MODEL, "input": CANARY,
                                             "content_type": "text/plain"}, 415, "/input"),
    post("a string that is no base64", {"input": CANARY, "content_type": "image/png"}, 422, "/input"),
    post("a data: URI that is not encoded", {"input": "data:," + CANARY}, 422, "/input"),
    post("a data: URI of another type", {"input": "data:image/png;base64,AAAA"}, 415, "/input"),
    post("an object that says it is text", {"input": {CANARY: 1}, "content_type": "text/plain"}, 415,
         "/content_type"),
    body("a form without a boundary", NOTE, 400, type="multipart/form-data"),
    form("a form that is cut", 400, cut=5, parts=(("input", FEATURE),)),
    form("a form of nothing", 422, "/input", parts=()),
    form("a form without an input", 422, "/input", parts=(("model", NOTE),)),
    form("a part that is not ours", 422, parts=(("input", FEATURE), (f'"{CANARY}"', NOTE))),
    form("a part twice", 422, parts=(("input", FEATURE), ("input", FEATURE))),
    form("a form with a model that is not there", 404, parts=(("input", FEATURE), ("model", NOTE))),
    form("a form with another content type", 422, "/content_type",
         parts=(("input; filename=x\r\nContent-Type: text/plain", NOTE),
                ("content_type", b"text/" + b"Quux"))),
    form("a form with more parts than are taken", 413, parts=(("input", FEATURE),) * 17),
    form("a vector in a form that is none of the model's", 422, "/input",
         parts=(("input", FEATURE), ("model", MODEL.encode()))),
]

LAST = f"/inputs/0/data/{FEATURE_COUNT - 1}"

TENSORS = [
    *tensor("a wrong shape", {"shape": [1, 29], "data": values(29)}, pointer="/inputs/0/shape"),
    tensor("a wrong rank", {"shape": [FEATURE_COUNT]}, pointer="/inputs/0/shape")[1],
    *tensor("too few elements", {"data": values(29)}),
    *tensor("too many elements", {"data": values(31)}),
    *tensor("a shape below zero", {"shape": [-1, FEATURE_COUNT]}),
    *tensor("a huge shape", {"shape": [1 << 40, FEATURE_COUNT]}),
    *tensor("a shape that overflows", {"shape": [1 << 62, 1 << 62]}),
    *tensor("a shape beyond 64 bits", {"shape": [1 << 64, FEATURE_COUNT]}),
    *tensor("a shape that is text", {"shape": CANARY}),
    *tensor("another datatype", {"datatype": "FP64"}, pointer="/inputs/0/datatype"),
    *tensor("a datatype that is none", {"datatype": CANARY}),
    *tensor("an unknown input", {"name": CANARY}, pointer="/inputs/0/name"),
    *tensor("text for an element", {"data": values(FEATURE_COUNT, CANARY)}, pointer=LAST),
    *tensor("data that is text", {"data": CANARY}),
    *tensor("no data", {"data": []}),
    *digits("an element beyond FP32", "1e39", LAST),
    *digits("an element beyond FP64", "1e400", LAST),
    *digits("an element that is a boolean", "true", LAST),
    *digits("an element that is null", "null", LAST),
    *raw("raw bytes cut short", {}, cut=1),
    *raw("raw bytes too long", {}, more=b"\0"),
    *raw("raw bytes of another size", {"parameters": {"binary_data_size": 116}}, cut=4),
    *header_length("a header length of letters", "abc"),
    *header_length("a header length below zero", "-1"),
    *header_length("a header length beyond the body", "100000"),
    *header_length("a header length beyond 64 bits", "9" * 30),
    post("one dimension to /infer", as_tensor(model=MODEL) | {"inputs": [
        as_tensor()["inputs"][0] | {"shape": [FEATURE_COUNT]}]}, 422),
    post("two rows to /infer", as_tensor(model=MODEL) | {"inputs": [
        as_tensor()["inputs"][0] | {"shape": [2, FEATURE_COUNT], "data": values(60)}]}, 422),
    post("inputs that are no list", {"inputs": CANARY}, 400, path=V2_INFER),
    post("no inputs", {"inputs": []}, 400, path=V2_INFER),
    post("an input that is no object", {"inputs": [CANARY]}, 400, path=V2_INFER),
    post("the same input twice", {"inputs": as_tensor()["inputs"] * 2}, 400, path=V2_INFER),
    post("an id that is a number", as_tensor(id=CANARY_NUMBER), 400, path=V2_INFER),
    post("a parameter that is an object", as_tensor(parameters={"x": {"y": CANARY}}), 400,
         path=V2_INFER),
    post("an output that is not there", as_tensor(outputs=[{"name": CANARY}]), 400, path=V2_INFER),
    post("v2 JSON that ends early", b'{"inputs": [' + CANARY.encode(), 400, path=V2_INFER),
    post("v2 bad UTF-8", b'{"inputs": [{"name": "\xff"}]}', 400, path=V2_INFER),
    post("v2 with a name twice", b'{"inputs": [], "inputs": []}', 400, path=V2_INFER),
]


def line(name: str, request: bytes, status: int) -> Refusal:
    return Refusal(name, request, status)


OVERSIZED = {"Content-Length": str(BODY_MAX + 1)}
CHUNKED = {"Transfer-Encoding": "chunked"}

MESSAGES = [
    line("an unknown path", encode("GET", "/nope"), 404),
    line("a path below /infer", encode("POST", "/infer/x", by_features()), 404),
    line("a path with dots", encode("GET", "/../etc/passwd"), 404),
    line("GET on /infer", encode("GET", "/infer"), 405),
    line("DELETE on /infer", encode("DELETE", "/infer"), 405),
    line("POST on /healthz", encode("POST", "/healthz", b""), 405),
    line("both lengths", encode("POST", "/infer", by_features(), CHUNKED), 400),
    line("two lengths", encode("POST", "/infer", by_features(), {"content-length": "5"}), 400),
    line("a length of letters", encode("POST", "/infer", b"", {"Content-Length": "abc"}), 400),
    line("a length below zero", encode("POST", "/infer", b"", {"Content-Length": "-1"}), 400),
    line("a length beyond 64 bits", encode("POST", "/infer", b"", {"Content-Length": "9" * 30}), 400),
    line("a body announced too large", encode("POST", "/infer", b"", OVERSIZED), 413),
    line("a body of 100 MB announced", encode("POST", "/infer", b"", {"Content-Length": "100000000"}),
         413),
    line("a chunk size of letters", encode("POST", "/infer", b"xyz\r\n", CHUNKED | {
        "Content-Length": None}), 400),
    line("no Host", encode("GET", "/healthz", headers={"Host": None}), 400),
    line("no such protocol", b"GET /healthz HTTP/3.7\r\nHost: x\r\n\r\n", 505),
    line("another expectation", encode("POST", "/infer", by_features(), {"Expect": "200-ok"}), 417),
    line("not HTTP", CANARY.encode() + b"\r\n\r\n", 400),
    line("a header without a colon", b"GET /healthz HTTP/1.1\r\nHost: x\r\nZebedee\r\n\r\n", 400),
    line("a header folded", b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\r\n Zebedee\r\n\r\n", 400),
    line("headers too large", encode("GET", "/healthz", headers={"X-Note": CANARY * 4000}), 431),
    line("too many headers", encode("GET", "/healthz", headers={f"X-{n}": "1" for n in range(200)}),
         431),
    line("a target too long", encode("GET", "/healthz?" + "Quux" * 4000), 414),
]

ALL = SYNTAX + DOCUMENT + FEATURES + INPUTS + TENSORS + MESSAGES
