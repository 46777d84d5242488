# SPDX-License-Identifier: Apache-2.0
"""One request to two servers, and in what their answers differ."""
import dataclasses
import json
import struct

from conformance.rule import Compare, Rule, flatten
from conformance.server import Answer, Request, Server

UNLIKE = "platform"  # each server's own: not compared
TEXT_SIZE = 120


@dataclasses.dataclass(frozen=True)
class Pair:
    """What two servers answered to one of a rule's requests."""
    rule: Rule
    request: Request
    ours: Answer
    theirs: Answer

    @property
    def difference(self) -> str:
        """Empty where there is none."""
        if self.ours.status != self.theirs.status:
            return f"{self.ours.status} and {self.theirs.status}"
        if self.ours.status != 200 or self.rule.compare == Compare.STATUS:
            return ""
        return unlike_types(self.ours, self.theirs) or unlike_bodies(self.rule, self.ours, self.theirs)

    def describe(self) -> str:
        return f"{self.request.describe()}\n  ours:   {self.ours.describe(TEXT_SIZE)}\n" \
               f"  theirs: {self.theirs.describe(TEXT_SIZE)}"


def ask_both(rule: Rule, ours: Server, theirs: Server) -> list[Pair]:
    """Byte-identical requests but for Host."""
    return [Pair(rule, request, ours.send(request), theirs.send(request)) for request in rule.requests]


def unlike_types(ours: Answer, theirs: Answer) -> str:
    return "" if ours.type == theirs.type else f"Content-Type {ours.type} and {theirs.type}"


def unlike_bodies(rule: Rule, ours: Answer, theirs: Answer) -> str:
    if ours.body == theirs.body or ours.headers.get("Content-Encoding"):
        return ""
    try:
        (document, raw), (other, other_raw) = ours.split(), theirs.split()
    except ValueError as failure:
        return f"a body that is no JSON: {failure}"
    if rule.compare == Compare.FORM:
        return "" if form_of(document) == form_of(other) else "other members"
    if canonical(document) != canonical(other):
        return "other values"
    return "" if raw_by_name(document, raw) == raw_by_name(other, other_raw) else "other raw tensors"


def form_of(value):
    """Names and types; a list has the form of its first element."""
    if isinstance(value, dict):
        return {name: form_of(each) for name, each in value.items() if name != UNLIKE}
    if isinstance(value, list):
        return [form_of(each) for each in value[:1]]
    return type(value).__name__


def canonical(document):
    """Outputs by name, flat, FP32 as the bits it stands for."""
    if not isinstance(document, dict) or "outputs" not in document:
        return document
    outputs = {each["name"]: canonical_output(each) for each in document["outputs"]}
    return document | {"outputs": outputs}


def canonical_output(output: dict) -> dict:
    if "data" not in output:
        return output
    data = flatten(output["data"])
    if output["datatype"] == "FP32":
        data = [struct.pack("<f", number).hex() for number in data]
    return output | {"data": json.dumps(data)}


def raw_by_name(document: dict, raw: bytes) -> dict[str, bytes]:
    found, at = {}, 0
    for output in document.get("outputs", ()) if isinstance(document, dict) else ():
        size = output.get("parameters", {}).get("binary_data_size", 0)
        found[output["name"]] = raw[at:at + size]
        at += size
    return found
