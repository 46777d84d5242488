# SPDX-License-Identifier: Apache-2.0
"""What a rule is, and the checks that rules are made of.

A check takes an answer and returns what is wrong with it, or nothing. A rule's check takes all
of its answers: `each` makes one of the other.
"""
import dataclasses
import enum
from collections.abc import Callable, Sequence

from conformance.server import Answer, Request

# Where a rule comes from.
OIP = "OIP inference_rest.md"
OIP_YAML = "OIP open_inference_rest.yaml"
KSERVE = "KServe required_api.md"
BINARY = "Triton extension_binary_data.md"
CLASSES = "Triton extension_classification.md"
PARAMETERS = "Triton extension_parameters.md"
STATISTICS = "Triton extension_statistics.md"
CONFIGURATION = "Triton extension_model_configuration.md"
REPOSITORY = "Triton extension_model_repository.md"
COMPRESSION = "Triton inference_protocols.md, compression"
TRITON = "Triton 2.51, as it answers"
TRITON_MAIN = "Triton after 2.51, as it answers"
HTTP = "RFC 9110"
URI = "RFC 3986"
JSON = "RFC 8259"
GALEN = "galen: exact or refused"


class Level(enum.StrEnum):
    REQUIRED = "required"    # by the Open Inference Protocol
    EXTENSION = "extension"  # of Triton's, where the server lists it
    STRICT = "strict"        # beyond the protocol


REQUIRED, EXTENSION, STRICT = Level


class Compare(enum.StrEnum):
    """How two servers' answers to one request are compared, where both are good."""
    RESULT = "result"  # the same values
    FORM = "form"      # the same members of the same types
    STATUS = "status"  # the same class of status


NOT_DECLARED = "expected Content-Type: application/json"

check_fn = Callable[[Answer], str]
rule_check_fn = Callable[[Sequence[Answer]], str]


class NotOffered(Exception):
    """Raised by a check: the server does not do this, and need not."""


@dataclasses.dataclass(frozen=True)
class Rule:
    id: str
    sentence: str
    source: str
    level: Level
    requests: tuple[Request, ...]
    check: rule_check_fn
    extension: str = ""              # the server lists it, or the rule is not for it
    models: tuple[str, ...] = ()     # beside the model of sums
    needs_admin: bool = False        # its requests go to the URL that manages
    is_dangerous: bool = False       # a server may die of it
    compare: Compare = Compare.RESULT


def both(*checks: check_fn) -> check_fn:
    """One answer has to pass all of them."""
    return lambda answer: next((what for check in checks if (what := check(answer))), "")


def each(*checks: check_fn) -> rule_check_fn:
    """Every answer has to pass every check."""
    def complain(answers: Sequence[Answer]) -> str:
        for at, answer in enumerate(answers):
            for check in checks:
                if what := check(answer):
                    return Complaint(what, at)
        return ""
    return complain


def in_turn(*checks: check_fn) -> rule_check_fn:
    """Each answer has to pass a check of its own."""
    def complain(answers: Sequence[Answer]) -> str:
        for at, (answer, check) in enumerate(zip(answers, checks, strict=True)):
            if what := check(answer):
                return Complaint(what, at)
        return ""
    return complain


class Complaint(str):
    """Knows which request it is about."""
    at: int

    def __new__(cls, text: str, at: int) -> "Complaint":
        made = super().__new__(cls, text)
        made.at = at
        return made


def status(*wanted: int) -> check_fn:
    def complain(answer: Answer) -> str:
        if answer.status in wanted:
            return ""
        return f"expected {' or '.join(map(str, wanted))}"
    return complain


def is_refused(answer: Answer) -> str:
    """An error status and an error object: what the protocol asks of every failure."""
    if not 400 <= answer.status < 600:
        return "expected an error status"
    return "" if answer.error() else 'expected {"error": "…"}'


def is_400(answer: Answer) -> str:
    """The client's fault, said in the protocol's words and declared as such."""
    return is_error(400)(answer)


def is_error(*wanted: int) -> check_fn:
    def complain(answer: Answer) -> str:
        if what := status(*wanted)(answer) or is_refused(answer):
            return what
        return "" if answer.type == "application/json" else NOT_DECLARED
    return complain


def says(*texts: str) -> check_fn:
    """The error's text has them."""
    def complain(answer: Answer) -> str:
        missing = [text for text in texts if text not in answer.error()]
        return f"expected an error that says \"{missing[0]}\"" if missing else ""
    return complain


def has_type(wanted: str) -> check_fn:
    return lambda answer: "" if answer.type == wanted else f"expected Content-Type: {wanted}"


def is_json(holds: Callable[[object], bool], what: str) -> check_fn:
    """200 with a JSON document of which something holds; what, in words."""
    def complain(answer: Answer) -> str:
        if answer.status != 200:
            return "expected 200"
        try:
            document = answer.json()
        except ValueError as failure:
            return f"expected JSON: {failure}"
        try:
            return "" if holds(document) else f"expected {what}"
        except (KeyError, TypeError, IndexError, AttributeError):
            return f"expected {what}"
    return complain


def outputs_of(document: dict) -> dict[str, dict]:
    return {each["name"]: each for each in document["outputs"]}


def gives(**outputs) -> check_fn:
    """name=data, or name=(datatype, shape, data): these outputs and no others, in JSON."""
    def holds(document) -> bool:
        found = outputs_of(document)
        return set(found) == set(outputs) and all(
            matches(found[name], wanted) for name, wanted in outputs.items())
    return is_json(holds, "other values or outputs")


def flatten(data) -> list:
    """Row-major; a server may nest its answer."""
    return [leaf for item in data for leaf in flatten(item)] if isinstance(data, list) else [data]


def matches(output: dict, wanted) -> bool:
    datatype, shape, data = wanted if isinstance(wanted, tuple) else (None, None, wanted)
    return same_values(flatten(output["data"]), data) \
        and (datatype is None or (output["datatype"], output["shape"]) == (datatype, shape))


def same_values(found: list, wanted: list) -> bool:
    """1 is 1.0, but true is not 1."""
    return len(found) == len(wanted) and all(
        one == other and (isinstance(one, bool) == isinstance(other, bool))
        for one, other in zip(found, wanted, strict=True))


def gives_raw(values: bytes, holds: Callable[[dict], bool] = lambda _: True) -> check_fn:
    """200 with these bytes behind the JSON."""
    def complain(answer: Answer) -> str:
        if answer.status != 200:
            return "expected 200"
        try:
            document, raw = answer.split()
        except ValueError as failure:
            return f"expected JSON, then raw tensors: {failure}"
        if raw != values:
            return f"expected other raw tensors than {raw[:32]!r}"
        try:
            return "" if holds(document) else "expected other outputs"
        except (KeyError, TypeError, IndexError):
            return "expected other outputs"
    return complain


def all_alike(answers: Sequence[Answer]) -> str:
    """200s with one document."""
    for at, answer in enumerate(answers):
        if answer.status != 200:
            return Complaint("expected 200", at)
        if without_id(answer) != without_id(answers[0]):
            return Complaint("expected what the first request got", at)
    return ""


def without_id(answer: Answer):
    document = answer.json()
    return {name: value for name, value in document.items() if name != "id"}
