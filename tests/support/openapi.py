# SPDX-License-Identifier: Apache-2.0
"""The document that a gateway serves: its operations, its examples, and what it allows."""
import dataclasses
import functools
import json
import re

from jsonschema import Draft202012Validator

JSON_TYPE = "application/json"


@dataclasses.dataclass
class Example:
    """One request, with the answer that is told of it; None: nothing is."""
    operation: str
    method: str
    path: str
    body: object
    answer: object
    schema: dict

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Document:
    def __init__(self, document: dict):
        self.document = document

    def operations(self):
        """(path template, method, operation)"""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield path, method.upper(), operation

    @functools.cached_property
    def patterns(self) -> list:
        return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), method, operation)
                for path, method, operation in self.operations()]

    def template(self, method: str, path: str) -> str | None:
        """The path as the document has it, the one with the fewest places in it."""
        known = [each for each, told, _ in self.operations() if told == method and re.fullmatch(
            re.sub(r"\{\w+\}", "[^/]+", each), path)]
        return min(known, key=lambda each: each.count("{"), default=None)

    def find(self, method: str, path: str) -> dict | None:
        for pattern, known, operation in self.patterns:
            if known == method and pattern.fullmatch(path.partition("?")[0]):
                return operation
        return None

    def resolve(self, value: dict) -> dict:
        while "$ref" in value:
            found = self.document
            for name in value["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def complaints(self, schema: dict, value: object) -> list[str]:
        whole = schema | {"components": self.document["components"]}
        return [each.message for each in Draft202012Validator(whole).iter_errors(value)]

    def response(self, operation: dict, status: int) -> dict | None:
        told = operation["responses"].get(str(status))
        return None if told is None else self.resolve(told)

    def check(self, operation: dict, reply) -> None:
        """The reply's status, media type and body are ones that the operation tells of."""
        response = self.response(operation, reply.status)
        assert response is not None, f"{operation['operationId']} does not tell of {reply.status}"
        if "content" not in response:
            assert reply.body == b""
            return
        media_type = reply.headers["content-type"].partition(";")[0]
        assert media_type in response["content"]
        if media_type.endswith("json"):
            assert self.complaints(response["content"][media_type]["schema"], reply.json()) == []

    def examples(self):
        for path, method, operation in self.operations():
            yield from self._examples_of(path, method, operation)

    def _examples_of(self, path: str, method: str, operation: dict):
        parameters = [self.resolve(each) for each in operation["parameters"]]
        in_path = {each["name"]: each.get("examples", {}) for each in parameters
                   if each["in"] == "path"}
        requests = operation.get("requestBody", {}).get("content", {}).get(JSON_TYPE, {})
        answer = operation["responses"]["200"].get("content", {}).get(JSON_TYPE, {})
        told = answer.get("examples", {})
        names = list(requests.get("examples", {})) if requests else list(
            next(iter(in_path.values()))) if in_path else ["always"]
        for name in names:
            filled = path
            for parameter, examples in in_path.items():
                filled = filled.replace(f"{{{parameter}}}", examples.get(name, {}).get("value", ""))
            yield Example(operation["operationId"], method, filled,
                          requests["examples"][name]["value"] if requests else None,
                          told.get(name, {}).get("value"), answer.get("schema", {}))


def of(galen) -> Document:
    return Document(json.loads(galen.request("GET", "/openapi.json").body))
