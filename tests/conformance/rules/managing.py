# SPDX-License-Identifier: Apache-2.0
"""The repository of models: index, load and unload. Only where a URL that manages is given; the
model that is unloaded is loaded again."""
import base64
import functools
import json
from collections.abc import Iterator

from conformance.bodies import get, infer, one_input, post
from conformance.models import identity
from conformance.rule import (
    EXTENSION,
    GALEN,
    REPOSITORY,
    STRICT,
    TRITON,
    Compare,
    each,
    gives,
    is_400,
    is_json,
    is_refused,
    says,
    status,
)
from conformance.rule import Rule as AnyRule

Rule = functools.partial(AnyRule, needs_admin=True, extension="model_repository",
                         compare=Compare.STATUS)
STATES = ("READY", "UNAVAILABLE", "LOADING", "UNLOADING", "UNKNOWN")
MOVED = identity("INT8")  # the model that is unloaded and loaded
SHAPE = {"data_type": "TYPE_INT8", "dims": [-1]}
BROKEN = {"name": MOVED, "backend": "python", "max_batch_size": 8,
          "input": [{"name": "INPUT0"} | SHAPE], "output": [{"name": "OUTPUT0"} | SHAPE]}
AS_JSON = {"Content-Type": "application/json"}


def index(document: dict | str = "", label: str = ""):
    return post("/v2/repository/index", document, label=label, headers=AS_JSON if document else {})


def load(name: str, parameters: dict | None = None, label: str = ""):
    body = {"parameters": parameters} if parameters else ""
    headers = AS_JSON if body else {}
    return post(f"/v2/repository/models/{name}/load", body, headers=headers, label=label)


def unload(name: str, label: str = ""):
    return post(f"/v2/repository/models/{name}/unload", label=label)


def is_entry(each: dict) -> bool:
    return isinstance(each["name"], str) and each["state"] in STATES \
        and isinstance(each.get("version", ""), str) and isinstance(each.get("reason", ""), str)


def indexes(model: str) -> Iterator[AnyRule]:
    def lists(document) -> bool:
        return all(map(is_entry, document)) \
            and any(each["name"] == model and each["state"] == "READY" for each in document)
    for name, body, label in (("", {}, "{}"), (".empty", "", "no body"), (".ready", {"ready": True},
                                                                          "ready")):
        yield Rule(f"repository.index{name}", f"The index ({label}) has an entry with name and state"
                   " for each model", REPOSITORY, EXTENSION, (index(body),),
                   each(is_json(lists, "entries with name and state")))
    yield Rule("repository.index.method", "The index is asked for with POST: GET is a 405", REPOSITORY,
               STRICT, (get("/v2/repository/index"),), each(status(405)))
    yield Rule("repository.index.body", "An index request that is no JSON is refused", REPOSITORY,
               STRICT, (index("{"),), each(is_refused))


def moves() -> Iterator[AnyRule]:
    ready, run = get(f"/v2/models/{MOVED}/ready"), infer(MOVED, one_input("INT8", [1, 2]))
    good = gives(OUTPUT0=("INT8", [1, 2], [1, 2]))
    yield Rule("repository.unload", "A model that is unloaded is not ready and does not infer",
               REPOSITORY, EXTENSION, (unload(MOVED), ready, run),
               lambda answers: each(status(200))(answers[:1])
               or each(status(*range(400, 600)))(answers[1:]), models=(MOVED,))
    yield Rule("repository.index.unloaded", "The index of what is ready leaves it out", REPOSITORY,
               EXTENSION, (index({"ready": True}),), each(is_json(
                   lambda document: MOVED not in [each["name"] for each in document
                                                  if each["state"] == "READY"], "no entry for it")))
    yield Rule("repository.load", "A model that is loaded again is ready and infers", REPOSITORY,
               EXTENSION, (load(MOVED), ready, run),
               lambda answers: each(status(200))(answers[:2]) or good(answers[2]))
    yield Rule("repository.load.again", "A model may be loaded again while it serves", REPOSITORY,
               EXTENSION, (load(MOVED), run),
               lambda answers: each(status(200))(answers[:1]) or good(answers[1]))


def unknown() -> Iterator[AnyRule]:
    yield Rule("repository.load.unknown", "Loading an unknown model is refused with an error object",
               REPOSITORY, EXTENSION, (load("nope"),), each(is_refused))
    yield Rule("repository.load.unknown.404", "Loading an unknown model is a 404", GALEN, STRICT,
               (load("nope"),), each(status(404), says("nope")))
    yield Rule("repository.unload.unknown", "Unloading an unknown model changes nothing: 200 or 404",
               TRITON, STRICT, (unload("nope"),), each(status(200, 404)))
    yield Rule("repository.named", "Loading from a repository by its name is a 501 or 404", TRITON,
               STRICT, (post(f"/v2/repository/other/models/{MOVED}/load"),), each(status(404, 501)))


def wrong() -> Iterator[AnyRule]:
    content = base64.b64encode(b"x").decode()
    names = ("..%2F..%2Fetc", "%2E%2E", "a%2F..%2Fb", "%00")
    yield Rule("repository.load.traversal", "A name that climbs out of the repository is refused",
               REPOSITORY, EXTENSION, tuple(load(name, label=name) for name in names),
               each(status(*range(400, 600))))
    files = {"up": "file:../../x", "absolute": "file:/tmp/x", "up from a version": "file:1/../../../x"}
    yield Rule("repository.load.file", "A file that climbs out of the model's folder is refused",
               REPOSITORY, EXTENSION, tuple(
                   load(MOVED, {"config": json.dumps({"name": MOVED}), path: content}, label=name)
                   for name, path in files.items()), each(is_refused))
    yield Rule("repository.load.config", "A configuration that is no JSON is refused", REPOSITORY,
               EXTENSION, (load(MOVED, {"config": "{"}),), each(is_refused))
    broken = {"config": json.dumps(BROKEN), "file:1/model.py": base64.b64encode(b"(").decode(),
              "file:1/model.onnx": content}
    good = gives(OUTPUT0=("INT8", [1, 2], [1, 2]))
    yield Rule("repository.load.broken", "Loading broken files is refused, and what served goes on",
               REPOSITORY, EXTENSION, (load(MOVED, broken), infer(MOVED, one_input("INT8", [1, 2]))),
               lambda answers: each(is_refused)(answers[:1]) or good(answers[1]), models=(MOVED,))
    yield Rule("repository.load.serves", "After refused loads the model still serves", TRITON,
               STRICT, (infer(MOVED, one_input("INT8", [1, 2])),),
               each(good), models=(MOVED,))
    yield Rule("repository.load.body", "A load request of another form is a 400", GALEN, STRICT,
               tuple(post(f"/v2/repository/models/{MOVED}/load", body, headers=AS_JSON, label=body)
                     for body in ("{", "[]", '{"parameters": 1}')), each(is_400))


def rules(model: str) -> Iterator[AnyRule]:
    yield from indexes(model)
    yield from moves()
    yield from unknown()
    yield from wrong()
