# SPDX-License-Identifier: Apache-2.0
"""Health and metadata."""
from collections.abc import Iterator

from conformance.bodies import get, quote
from conformance.models import DATATYPES, ROW, identity
from conformance.rule import (
    OIP,
    OIP_YAML,
    REQUIRED,
    STRICT,
    Compare,
    NotOffered,
    Rule,
    each,
    has_type,
    is_json,
    status,
)


def is_text(value) -> bool:
    return isinstance(value, str) and bool(value)


def is_tensor(each: dict) -> bool:
    return is_text(each["name"]) and each["datatype"] in DATATYPES \
        and all(isinstance(size, int) and size >= -1 for size in each["shape"])


def describes_server(document) -> bool:
    return is_text(document["name"]) and isinstance(document["version"], str) \
        and all(is_text(name) for name in document["extensions"])


def tensors_of(document, side: str) -> dict[str, tuple]:
    return {each["name"]: (each["datatype"], tuple(each["shape"])) for each in document[side]}


def health(path: str) -> Iterator[Rule]:
    requests = (get(f"/v2/health/{path}"),)
    yield Rule(f"health.{path}.status", f"A server that is {path} says so with a 200", OIP,
               REQUIRED, requests, each(status(200)), compare=Compare.STATUS)
    yield Rule(f"health.{path}.body", f"The 200 has an object with {path}: true, which the kserve"
               " client reads", OIP, STRICT, requests,
               each(is_json(lambda document: document[path] is True, f"{path}: true")))


def server() -> Iterator[Rule]:
    whole = each(has_type("application/json"),
                 is_json(describes_server, "name, version and extensions"))
    yield Rule("server.metadata", "A server tells its name, version and extensions", OIP,
               REQUIRED, (get("/v2"),), whole, compare=Compare.FORM)
    yield Rule("server.metadata.slash", "A server tells them at /v2/ too, as the API description"
               " writes the path", OIP_YAML, STRICT, (get("/v2/"),), whole,
               compare=Compare.FORM)


def listed_versions(answers) -> str:
    """Complains unless the first answer lists version 1; not offered where none is listed."""
    document = answers[0].json()
    if not document.get("versions"):
        raise NotOffered("its metadata lists no versions, which are optional")
    return "" if "1" in document["versions"] else "expected version 1 among the versions"


def if_versioned(check):
    return lambda answers: listed_versions(answers) or check(answers[1:])


def model_metadata(model: str) -> Iterator[Rule]:
    path = f"/v2/models/{quote(model)}"
    wanted = {name: ("INT32", (-1, ROW)) for name in ("INPUT0", "INPUT1", "OUTPUT0", "OUTPUT1")}
    yield Rule("model.metadata.members", "A model tells its name, platform, inputs and outputs", OIP,
               REQUIRED, (get(path),), each(has_type("application/json"), is_json(
                   lambda document: document["name"] == model and is_text(document["platform"])
                   and all(map(is_tensor, document["inputs"] + document["outputs"])),
                   "name, platform, inputs, outputs")), compare=Compare.FORM)
    yield Rule("model.metadata.tensors", "A model's tensors have name, datatype and shape, -1 for a"
               " dimension that varies", OIP, REQUIRED, (get(path),), each(is_json(
                   lambda document: tensors_of(document, "inputs") | tensors_of(document, "outputs")
                   == wanted, "INT32 tensors [-1,16]")), compare=Compare.FORM)
    yield Rule("model.metadata.versions", "A model's versions are strings, each of which can be asked"
               " for", OIP, REQUIRED, (get(path), get(f"{path}/versions/1")),
               if_versioned(each(is_json(lambda document: document["name"] == model, "the model"))),
               compare=Compare.FORM)


def datatype(each_type: str) -> Rule:
    name = identity(each_type)
    return Rule(f"model.metadata.datatype.{each_type.lower()}",
                f"A tensor of {each_type} is described as such", OIP,
                REQUIRED, (get(f"/v2/models/{name}"),), each(is_json(
                    lambda document: tensors_of(document, "inputs") | tensors_of(document, "outputs")
                    == {each: (each_type, (-1, -1)) for each in ("INPUT0", "OUTPUT0")},
                    f"{each_type} tensors [-1,-1]")), models=(name,), compare=Compare.FORM)


def readiness(model: str) -> Iterator[Rule]:
    path = f"/v2/models/{quote(model)}"
    yield Rule("model.ready.status", "A model that is ready says so with a 200", OIP, REQUIRED,
               (get(f"{path}/ready"),), each(status(200)), compare=Compare.STATUS)
    yield Rule("model.ready.version", "A version that is ready says so with a 200", OIP,
               REQUIRED, (get(path), get(f"{path}/versions/1/ready")),
               if_versioned(each(status(200))), compare=Compare.STATUS)
    yield Rule("model.ready.body", "The 200 has an object with name and ready: true, which the kserve"
               " client reads", OIP, STRICT, (get(f"{path}/ready"),), each(is_json(
                   lambda document: document["name"] == model and document["ready"] is True,
                   "name and ready: true")))


def rules(model: str) -> Iterator[Rule]:
    yield from health("live")
    yield from health("ready")
    yield from server()
    yield from model_metadata(model)
    yield from map(datatype, DATATYPES)
    yield from readiness(model)
