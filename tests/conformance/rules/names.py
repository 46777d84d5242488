# SPDX-License-Identifier: Apache-2.0
"""Paths, methods and names."""
from collections.abc import Iterator

from conformance.bodies import get, infer, post, quote, sum_document
from conformance.rule import (
    HTTP,
    OIP,
    REQUIRED,
    STRICT,
    TRITON,
    URI,
    Compare,
    Rule,
    all_alike,
    each,
    has_type,
    is_error,
    is_json,
    is_refused,
    says,
    status,
)
from conformance.rules.describing import if_versioned
from conformance.server import Request

UNKNOWN = ("/v2/nope", "/v2/models", "/v2/models/", "/v2/health", "/v2/health/live/",
           "/v2/models/{model}/nope", "/v2/models/{model}/infer/", "/v2/models/{model}/versions",
           "/v2/models/{model}/versions/", "/v2/models/{model}/versions/1/nope")


def unknown(model: str) -> Iterator[Rule]:
    metadata, run = get("/v2/models/nope"), infer("nope", sum_document())
    versions = (get(f"/v2/models/{quote(model)}/versions/9", label="metadata"),
                infer(f"{model}/versions/9", sum_document(), label="infer"))
    for name, request in (("metadata", metadata), ("infer", run)):
        yield Rule(f"unknown.model.{name}", f"{name} of an unknown model is refused with an error"
                   " object", OIP, REQUIRED, (request,), each(is_refused))
        yield Rule(f"unknown.model.{name}.404", f"{name} of an unknown model is a 404 that names it",
                   TRITON, STRICT, (request,),
                   each(is_error(404), says("unknown model: 'nope'")))
    yield Rule("unknown.model.ready", "An unknown model is not ready", OIP, REQUIRED,
               (get("/v2/models/nope/ready"),), each(status(*range(400, 500))),
               compare=Compare.STATUS)
    yield Rule("unknown.version", "A version that is not there is refused with an error object", OIP,
               REQUIRED, versions, each(is_refused))
    yield Rule("unknown.version.404", "A version that is not there is a 404 that names it", TRITON,
               STRICT, versions,
               each(is_error(404), says(f"'{model}' version 9 is not found")))
    yield Rule("unknown.path", "A path that is none of the protocol's is a 404", HTTP, STRICT,
               tuple(get(path.format(model=quote(model)), label=path) for path in UNKNOWN),
               each(status(404)), compare=Compare.STATUS)


def methods(model: str) -> Iterator[Rule]:
    path = f"/v2/models/{quote(model)}"
    requests = [Request(method, where, b"", label=f"{method} {where}")
                for where in ("/v2", "/v2/health/live", "/v2/health/ready", path, f"{path}/ready")
                for method in ("POST", "PUT", "DELETE")]
    requests += [Request(method, f"{path}/infer", label=f"{method} {path}/infer")
                 for method in ("GET", "PUT", "DELETE")]
    yield Rule("method.405", "Another method is a 405", HTTP, STRICT, tuple(requests),
               each(status(405)), compare=Compare.STATUS)
    yield Rule("method.405.allow", "The 405 names the methods that are allowed", HTTP, STRICT,
               tuple(requests), each(lambda answer: "" if answer.headers.get("Allow")
                                     else "expected an Allow header"), compare=Compare.STATUS)
    yield Rule("method.405.error", "The 405 has an error object, declared as JSON", TRITON, STRICT,
               tuple(requests), each(has_type("application/json"), is_refused),
               compare=Compare.STATUS)


def spellings(model: str) -> Iterator[Rule]:
    path, document = f"/v2/models/{quote(model)}", sum_document()
    encoded = "".join(f"%{byte:02X}" for byte in model.encode())
    query = "?test_1=1&test_2=2"  # tritonclient's query_params
    yield Rule("name.percent-encoded", "A name may be percent-encoded: the path is the same", URI,
               STRICT, (get(path, label="plain"), get(f"/v2/models/{encoded}", label="encoded")),
               all_alike, compare=Compare.FORM)
    yield Rule("name.percent-encoded.infer", "A percent-encoded name infers as the plain one", URI,
               STRICT, (infer(model, document, label="plain"),
                              infer(encoded, document, label="encoded")), all_alike)
    yield Rule("name.traversal", "A name that climbs out of a folder is not found", HTTP, STRICT,
               tuple(get(f"/v2/models/{name}", label=name)
                     for name in ("..%2F..%2Fetc", "%2E%2E", "%00", f"{quote(model)}%2F1")),
               each(status(400, 404)), compare=Compare.STATUS)
    yield Rule("query.ignored", "A query is ignored: clients send what they like", TRITON, STRICT,
               (infer(model, document, label="plain"),
                post(f"{path}/infer{query}", document, headers={"Content-Type": "application/json"},
                     label="with a query")), all_alike)
    yield Rule("query.ignored.metadata", "A query is ignored with metadata and health too", TRITON,
               STRICT, tuple(get(where + query, label=where) for where in
                                   ("/v2", "/v2/health/live", path, f"{path}/ready")),
               each(status(200)), compare=Compare.STATUS)
    yield Rule("version.infer", "A version infers as the model that has no other", OIP, REQUIRED,
               (get(path, label="metadata"), infer(model, document, label="no version"),
                infer(f"{model}/versions/1", document, label="version 1")),
               if_versioned(all_alike), compare=Compare.FORM)
    yield Rule("version.not-a-number", "A version that is no number is refused", TRITON, STRICT,
               tuple(get(f"{path}/versions/{name}", label=name)
                     for name in ("one", "-1", "1.0", "01x")), each(status(400, 404)),
               compare=Compare.STATUS)


def rules(model: str) -> Iterator[Rule]:
    yield from unknown(model)
    yield from methods(model)
    yield from spellings(model)
    yield Rule("http.still-there", "After all of that the server still answers", OIP, REQUIRED,
               (get(f"/v2/models/{quote(model)}"),), each(is_json(bool, "the model")),
               compare=Compare.STATUS)
