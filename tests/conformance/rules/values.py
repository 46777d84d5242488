# SPDX-License-Identifier: Apache-2.0
"""Elements that do not fit their datatype: exact, or refused. The protocol lets a server turn
one into the other; a number that became another number is what these rules forbid."""
import json
from collections.abc import Iterator

from conformance.bodies import MARK, infer, one_input, written
from conformance.models import identity
from conformance.rule import GALEN, STRICT, TRITON, Rule, each, gives, in_turn, is_400, is_refused
from conformance.server import Answer

# One more than the largest, one less than the smallest, and far beyond.
BEYOND = {
    "UINT8": ("256", "300", "-1", "18446744073709551616"), "INT8": ("128", "-129", "300"),
    "UINT16": ("65536", "-1"), "INT16": ("32768", "-32769"),
    "UINT32": ("4294967296", "-1"), "INT32": ("2147483648", "-2147483649"),
    "UINT64": ("18446744073709551616", "-1"), "INT64": ("9223372036854775808", "-9223372036854775809"),
}
NOT_WHOLE = ("1.5", '"1"', "true", "null", "[]", "{}")
FLOAT_LIKE = ("1.0", "1e2")
NOT_NUMBERS = ("true", '"1"', "null", "[]", "{}")
TOO_LARGE = {"FP32": ("1e39", "-1e39", "3.5e38"), "FP64": ("1e309", "-1e309")}
FAR_TOO_LARGE = "1e400"


def unchanged(datatype: str, number: str):
    """The value that was sent, or an error."""
    value = json.loads(number)

    def complain(answer: Answer) -> str:
        return is_refused(answer) and gives(OUTPUT0=(datatype, [1, 3], [1, value, 3]))(answer) \
            and f"expected an error, never another number than {number}"
    return complain


def integers(datatype: str) -> Iterator[Rule]:
    model, name = identity(datatype), f"value.{datatype.lower()}"
    some = {"models": (model,)}
    beyond = tuple(written(datatype, number) for number in BEYOND[datatype])
    yield Rule(f"{name}.beyond", f"A number that {datatype} has not is not turned into another", GALEN,
               STRICT, beyond, in_turn(*(unchanged(datatype, each) for each in BEYOND[datatype])),
               **some)
    yield Rule(f"{name}.beyond.400", f"A number that {datatype} has not is a 400", GALEN, STRICT,
               beyond, each(is_400), **some)
    yield Rule(f"{name}.type", f"A fraction, a text, a truth value, null, an array and an object are no"
               f" {datatype}", GALEN, STRICT,
               tuple(written(datatype, each) for each in NOT_WHOLE), each(is_400), **some)
    yield Rule(f"{name}.float-like", f"1.0 and 1e2 are no {datatype}: they are refused, or exact",
               GALEN, STRICT, tuple(written(datatype, each) for each in FLOAT_LIKE),
               in_turn(*(unchanged(datatype, each) for each in FLOAT_LIKE)), **some)


def floats(datatype: str) -> Iterator[Rule]:
    model, name = identity(datatype), f"value.{datatype.lower()}"
    some = {"models": (model,)}
    yield Rule(f"{name}.beyond", f"A number larger than any {datatype} is a 400, not infinity", GALEN,
               STRICT, tuple(written(datatype, each) for each in TOO_LARGE[datatype]),
               each(is_400), **some)
    yield Rule(f"{name}.far-beyond", f"{FAR_TOO_LARGE} is a 400 where {datatype} is due", GALEN,
               STRICT, (written(datatype, FAR_TOO_LARGE),), each(is_400), **some)
    yield Rule(f"{name}.type", f"A truth value, a text, null, an array and an object are no {datatype}",
               GALEN, STRICT, tuple(written(datatype, each) for each in NOT_NUMBERS),
               each(is_400), **some)
    yield Rule(f"{name}.whole", f"A whole number is a {datatype}", TRITON, STRICT,
               (written(datatype, "2"),), each(gives(OUTPUT0=(datatype, [1, 3], [1, 2, 3]))), **some)


def others() -> Iterator[Rule]:
    flag, text = identity("BOOL"), identity("BYTES")
    flags = json.dumps(one_input("BOOL", [True, "@", False]))
    words = json.dumps(one_input("BYTES", ["a", "@", "b"]))

    def within(model: str, document: str, values: tuple[str, ...]):
        return tuple(infer(model, document.replace(MARK, value), label=value) for value in values)
    yield Rule("value.bool.type", "A text, null, an array and an object are no BOOL", GALEN,
               STRICT, within(flag, flags, ('"true"', "null", "[]", "{}")), each(is_400),
               models=(flag,))
    yield Rule("value.bool.number", "A number is no BOOL: neither 1 nor 2 is true", GALEN, STRICT,
               within(flag, flags, ("1", "0", "2", "0.5")), each(is_400), models=(flag,))
    yield Rule("value.bytes.type", "A number, a truth value, null, an array and an object are no BYTES",
               GALEN, STRICT, within(text, words, ("1", "true", "null", "[]", "{}")),
               each(is_400), models=(text,))


def named() -> Rule:
    model = identity("UINT8")

    def names_two(answer: Answer) -> str:
        try:
            document = answer.json()
            pointer = document.get("pointer", "")
        except (ValueError, AttributeError):
            return "expected an error object"
        return "" if "2" in answer.error().replace("INPUT2", "") + pointer \
            else "expected an error that names element 2"
    return Rule("value.named", "The error names the element that does not fit", GALEN, STRICT,
                (infer(model, one_input("UINT8", [1, 0, 300])),), each(is_400, names_two),
                models=(model,))


def rules(_: str) -> Iterator[Rule]:
    for datatype in BEYOND:
        yield from integers(datatype)
    for datatype in TOO_LARGE:
        yield from floats(datatype)
    yield from others()
    yield named()
