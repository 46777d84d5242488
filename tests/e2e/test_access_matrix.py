# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every route of a configured list by every form of a body, and every operation by
every method, each by every set of scopes. What is expected is computed here, by docs/auth.md."""
import base64
import dataclasses
import gzip
import json
import struct

import counted
import pytest
from guarded import Guarded, Request, challenge, chunked, form
from message import Reply
from openapi import Document
from process import ROOT, SANITIZED
from samples import binary_body, features

ROUTES = """routes:
  - {match: {content: text/*}, model: clinical-ner, scope: infer:text}
  - {match: {content: image/*}, model: phantom-nodule, scope: system/ImagingStudy.c}
  - {match: {content: application/json}, model: breast-cancer}
"""
SCOPE_SETS = [
    "", "infer:text", "infer:clinical-ner", "infer:breast-cancer", "infer:phantom-nodule",
    "infer:tensor:breast-cancer", "infer:tensor:clinical-ner", "infer:tensor:phantom-nodule",
    "infer:tensor:*", "infer:*", "infer:raw", "models:read", "models:admin", "models:*",
    "infer:text models:read", "infer:breast-cancer infer:tensor:*",
    "infer:text infer:tensor:clinical-ner", "infer:clinical-ner infer:tensor:clinical-ner",
    "infer:phantom-nodule infer:tensor:phantom-nodule",
    "system/ImagingStudy.c infer:tensor:phantom-nodule", "system/ImagingStudy.c",
    "system/ImagingStudy.cruds", "system/*.cruds", "system/*.rs",
    "system/Observation.cruds", "user/ImagingStudy.cruds", "patient/*.cruds", "infer", "infer:",
    "infer:texts", "infer:tex", "INFER:TEXT", "infer:text:*", "*", "admin", "audit:read breakglass"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
OPEN = ["/healthz", "/readyz", "/openapi.json", "/docs", "/web/docs.css", "/v2/health/live",
        "/v2/health/ready"]
NOT_HERE = ["/v2/repository/index", "/v2/repository/models/breast-cancer/load",
            "/v2/repository/models/breast-cancer/unload", "/v2/logging", "/v2/trace/setting",
            "/v2/models/breast-cancer/trace/setting", "/metrics", "/console", "/nowhere",
            "/galen/models", "/galen/models/breast-cancer/promote"]
TENSORS = {"clinical-ner": ("q", "INT64", {"input_ids": [1, 4], "attention_mask": [1, 4]}),
           "phantom-nodule": ("f", "FP32", {"pixels": [1, 1, 96, 96]}),
           "breast-cancer": ("f", "FP32", {"features": [1, 30]})}
NOTE = b"Denies chest pain."
IMAGE = (ROOT / "examples/phantom-nodule.png").read_bytes()
VECTOR = features("malignant")


@dataclasses.dataclass
class Case:
    """A request, and which scopes it needs: all of `needs`, or any of `or_else`."""
    what: str
    request: Request
    needs: tuple[str, ...]
    or_else: tuple[str, ...] = ()
    status: int = 200

    def is_allowed(self, scopes: str) -> bool:
        def has(scope: str) -> bool:
            return any(covers(granted, scope) for granted in scopes.split())
        return all(map(has, self.needs)) or any(map(has, self.or_else))


def covers(granted: str, scope: str) -> bool:
    """Itself, what stands in for a last `*`, and SMART's letters."""
    if granted == scope or (granted.endswith(":*") and scope.startswith(granted[:-1])):
        return True
    if not (scope.startswith("system/") and granted.startswith("system/")):
        return False
    (resource, letters), (asked, needed) = (each[7:].split(".") for each in (granted, scope))
    return resource in ("*", asked) and set(needed) <= set(letters)


# Forms of a body

def in_json(document: dict) -> tuple[bytes, dict]:
    return json.dumps(document).encode(), {"Content-Type": "application/json"}


def in_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def zipped(content: bytes, headers: dict) -> tuple[bytes, dict]:
    packed = gzip.compress(content)
    return packed, headers | {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}


def inputs(kind: str, content: bytes, model: str) -> dict[str, tuple[str, bytes, dict]]:
    """Path, body and headers of an input, by the form of the body."""
    raw = (content, {"Content-Type": kind})
    coded = {"input": in_base64(content), "content_type": kind}
    return {
        "JSON, base64": ("/infer", *in_json(coded)),
        "JSON, model named": ("/infer", *in_json(coded | {"model": model})),
        "JSON, version named": ("/infer", *in_json(coded | {"model": model, "version": "1"})),
        "JSON, data URI": ("/infer", *in_json({"input": f"data:{kind};base64,{in_base64(content)}"})),
        "raw": ("/infer", *raw),
        "raw, model in the query": (f"/infer?model={model}", *raw),
        "raw, chunked": ("/infer", *chunked(*raw)),
        "raw, gzip": ("/infer", *zipped(*raw)),
        "form": ("/infer", *form("a", kind, content)),
        "form, model named": ("/infer", *form("a", kind, content, model=model)),
        "form, chunked": ("/infer", *chunked(*form("a", kind, content))),
    }


def vectors() -> dict[str, tuple[str, bytes, dict]]:
    """A vector is JSON whichever way it comes."""
    plain, named = {"input": VECTOR}, {"input": VECTOR, "model": "breast-cancer"}
    part = form("a.json", "application/json", json.dumps(VECTOR).encode())
    return {
        "JSON": ("/infer", *in_json(plain)),
        "JSON, model named": ("/infer", *in_json(named)),
        "JSON, version named": ("/infer", *in_json(named | {"version": "previous"})),
        "JSON, chunked": ("/infer", *chunked(*in_json(plain))),
        "JSON, gzip": ("/infer", *zipped(*in_json(plain))),
        "form": ("/infer", *part),
        "form, chunked": ("/infer", *chunked(*part)),
    }


def tensors(model: str) -> dict[str, tuple[str, bytes, dict]]:
    """As v2 JSON and as v2 binary, at each path that takes them."""
    letter, datatype, shapes = TENSORS[model]
    sizes = {name: product_of(shape) for name, shape in shapes.items()}
    told = [{"name": name, "datatype": datatype, "shape": shape} for name, shape in shapes.items()]
    plain = {"inputs": [each | {"data": [1] * sizes[each["name"]]} for each in told]}
    raws = [struct.pack(f"<{size}{letter}", *[1] * size) for size in sizes.values()]
    binary = binary_body({"inputs": [each | {"parameters": {"binary_data_size": len(raw)}}
                                     for each, raw in zip(told, raws, strict=True)]}, b"".join(raws))
    of_model, of_version = f"/v2/models/{model}/infer", f"/v2/models/{model}/versions/1/infer"
    return {
        "v2 JSON at /infer": ("/infer", *in_json(plain | {"model": model})),
        "v2 binary at /infer": (f"/infer?model={model}", *binary),
        "v2 JSON": (of_model, *in_json(plain)),
        "v2 JSON, gzip": (of_model, *zipped(*in_json(plain))),
        "v2 JSON, version named": (of_version, *in_json(plain)),
        "v2 binary": (of_model, *binary),
        "v2 binary, chunked": (of_model, *chunked(*binary)),
        "v2 binary, version named": (of_version, *binary),
    }


def product_of(shape: list[int]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product


# Cases

def tensor_status(model: str, path: str) -> int:
    """A model that finds entities wants the text that they are in."""
    return 422 if model == "clinical-ner" and path.startswith("/infer") else 200


def bodies(routed: dict[str, str]) -> list[Case]:
    """Every route by every form; routed: the scope of each model's route."""
    forms = {"clinical-ner": inputs("text/plain", NOTE, "clinical-ner") | {
                 "JSON": ("/infer", *in_json({"input": NOTE.decode()}))},
             "phantom-nodule": inputs("image/png", IMAGE, "phantom-nodule"),
             "breast-cancer": vectors()}
    cases = [Case(f"{model}: {what}", Request("POST", *sent), (routed[model],))
             for model, each in forms.items() for what, sent in each.items()]
    for model in forms:
        for what, sent in tensors(model).items():
            needs = (f"infer:tensor:{model}",)
            needs += (f"infer:{model}",) if sent[0].startswith("/infer") else ()  # of no route
            cases.append(Case(f"{model}: {what}", Request("POST", *sent), needs,
                              status=tensor_status(model, sent[0])))
    return cases


def operations() -> list[Case]:
    """One request of each operation; those that infer are among the bodies, too."""
    read = ("models:read",)
    found = [Case(path, Request("GET", path), ()) for path in OPEN]
    found += [Case(path, Request("GET", path), read) for path in ("/v2", "/v2/models/stats")]
    for model in TENSORS:
        for version in ("", "/versions/1"):
            path = f"/v2/models/{model}{version}"
            found += [Case(path + what, Request("GET", path + what), read, (f"infer:tensor:{model}",))
                      for what in ("", "/ready", "/config", "/stats")]
            found.append(Case(f"{path}/infer", Request("POST", *tensors(model)["v2 JSON"])
                              .at(f"{path}/infer"), (f"infer:tensor:{model}",)))
    found.append(Case("/infer", Request("POST", "/infer", *in_json({"input": VECTOR})),
                      ("infer:breast-cancer",)))
    nobody = Request("POST", *tensors("breast-cancer")["v2 JSON"]).at("/v2/models/nobody/infer")
    return [*found, Case("nobody", nobody, ("infer:tensor:nobody",), status=404)]


CONFIGURED = {"clinical-ner": "infer:text", "phantom-nodule": "system/ImagingStudy.c",
              "breast-cancer": "infer:breast-cancer"}
LISTS = {"a list of routes": (ROUTES, CONFIGURED),
         "no routes": ("", {model: f"infer:{model}" for model in TENSORS})}


@pytest.fixture(scope="module", params=LISTS)
def listed(request, tmp_path_factory):
    config, routed = LISTS[request.param]
    guarded = Guarded(tmp_path_factory.mktemp("matrix"), config=config)
    yield guarded, bodies(routed)
    guarded.stop()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    guarded = Guarded(tmp_path_factory.mktemp("methods"), config=ROUTES)
    yield guarded
    guarded.stop()


# What each answer has to be

def fault_of(case: Case, scopes: str | None, reply: Reply) -> str | None:
    """scopes: None: there was no token."""
    asked = f"{case.what} by {scopes!r}: {reply.status} {challenge(reply)}"
    if not case.needs or (scopes is not None and case.is_allowed(scopes)):
        return None if (reply.status, challenge(reply)) == (case.status, "") else asked
    if scopes is None:
        return None if (reply.status, challenge(reply)) == (401, 'Bearer realm="galen"') else asked
    start = 'Bearer realm="galen", error="insufficient_scope", scope="'
    is_told = challenge(reply).startswith(start) and "nobody" not in challenge(reply)
    return None if reply.status == 403 and is_told else asked


def fault_of_method(case: Case, method: str, reply: Reply) -> str | None:
    """The method is another than the operation's: whoever asks, nothing is done."""
    allowed = reply.headers.get("allow", "").split(", ")
    is_refused = reply.status == 405 and method not in allowed and case.request.method in allowed
    return None if is_refused else f"{method} {case.what}: {reply.status} {reply.headers}"


def fault_of_absent(asked: str, reply: Reply) -> str | None:
    """No scope would help, and none is named."""
    is_absent = reply.status in (403, 404, 405) and challenge(reply) == ""
    return None if is_absent else f"{asked}: {reply.status} {challenge(reply)}"


class Asker:
    """Asks all of it, and keeps count."""

    def __init__(self, guarded: Guarded):
        self.guarded = guarded
        self.tokens = {scopes: guarded.forge.token(scope=scopes) for scopes in SCOPE_SETS}
        self.tokens[None] = None
        self.faults: list[str] = []
        self.statuses: list[int] = []

    def ask(self, request: Request, scopes: str | None) -> Reply:
        reply = self.guarded.send(request, self.tokens[scopes])
        self.statuses.append(reply.status)
        return reply

    def find(self, fault: str | None) -> None:
        self.faults += [fault] if fault else []


def test_every_route_needs_its_scope_whatever_form_the_body_has(listed, request, capsys):
    guarded, cases = listed
    asker = Asker(guarded)
    for case in cases:
        for scopes in asker.tokens:
            asker.find(fault_of(case, scopes, asker.ask(case.request, scopes)))
    assert asker.faults == []
    name = "access-bodies-" + request.node.callspec.params["listed"].replace(" ", "-")
    counted.check(capsys, name, routes=len(CONFIGURED), bodies=len(cases),
                  scope_sets=len(SCOPE_SETS), requests=len(asker.statuses),
                  let_in=sum(status in (200, 422) for status in asker.statuses),
                  refused=sum(status in (401, 403) for status in asker.statuses))


@pytest.mark.skipif(SANITIZED, reason="asks many thousand times")
def test_every_operation_needs_its_scope_and_its_method(guarded, capsys):
    asker = Asker(guarded)
    cases = operations()
    for case in cases:
        for method in METHODS:
            for scopes in asker.tokens:
                reply = asker.ask(dataclasses.replace(case.request, method=method), scopes)
                asker.find(fault_of(case, scopes, reply) if method == case.request.method
                           else fault_of_method(case, method, reply))
    assert asker.faults == []
    counted.check(capsys, "access-methods", operations=len(cases), methods=len(METHODS),
                  scope_sets=len(SCOPE_SETS), requests=len(asker.statuses),
                  let_in=sum(status < 400 for status in asker.statuses))


@pytest.mark.skipif(SANITIZED, reason="asks many thousand times")
def test_what_is_not_public_is_not_there_for_anybody(guarded, capsys):
    """Models are managed on the admin listener, and measured on that of metrics."""
    asker = Asker(guarded)
    for path in NOT_HERE:
        for method in METHODS:
            for scopes in asker.tokens:
                reply = asker.ask(Request(method, path), scopes)
                asker.find(fault_of_absent(f"{method} {path} by {scopes!r}", reply))
    assert asker.faults == []
    counted.check(capsys, "access-not-public", paths=len(NOT_HERE), requests=len(asker.statuses))


def test_the_matrix_has_every_operation_of_the_document(guarded):
    document = Document(guarded.send(Request("GET", "/openapi.json"), None).json())
    found = {(case.request.method, path) for case in operations() if case.status == 200
             for path in [document.template(case.request.method, case.request.path)]}
    told = {(method, path) for path, method, _ in document.operations()}
    assert told - found <= {("GET", "/console")}
    assert found <= told


def test_a_bad_token_opens_nothing_at_all(guarded):
    for case in operations():
        reply = guarded.send(case.request, "not.a.token")
        if case.needs:
            assert reply.status == 401, case.what
            assert challenge(reply).startswith('Bearer realm="galen", error="invalid_token"')
