# SPDX-License-Identifier: Apache-2.0
"""Bodies as gzip or deflate, both ways."""
import gzip
import json
import zlib
from collections.abc import Callable, Iterator

from conformance.bodies import DIFFERENCES, SUMS, infer, raw_document, sum_document, tensor
from conformance.models import ROW
from conformance.rule import (
    COMPRESSION,
    EXTENSION,
    HTTP,
    REQUIRED,
    STRICT,
    TRITON,
    Compare,
    NotOffered,
    Rule,
    each,
    gives,
    in_turn,
    is_400,
    is_refused,
    says,
    status,
)
from conformance.server import HEADER_LENGTH, Answer, Request

CODERS = {"gzip": lambda body: gzip.compress(body, mtime=0), "deflate": zlib.compress}
DECODERS = {"gzip": gzip.decompress, "deflate": zlib.decompress}
UNSUPPORTED = (415, 501)
REFUSALS = (400, 415, 422, 501)
GOOD = gives(OUTPUT0=("INT32", [1, ROW], SUMS), OUTPUT1=("INT32", [1, ROW], DIFFERENCES))
BIG = 1_000_000


def if_offered(check: Callable[[Answer], str], *refusals: int):
    """A server need not read a coding; then it refuses it."""
    def complain(answers) -> str:
        for answer in answers:
            if answer.status in refusals:
                raise NotOffered(f"it refuses a compressed body: {answer.status}")
        return each(check)(answers)
    return complain


def requests(model: str) -> Iterator[Rule]:
    body = json.dumps(sum_document()).encode()
    document, raw = raw_document()
    header = json.dumps(document).encode()
    for coding, encode in CODERS.items():
        yield Rule(f"compression.request.{coding}", f"A body may come as {coding}", COMPRESSION,
                   EXTENSION, (infer(model, encode(body), Content_Encoding=coding),),
                   if_offered(GOOD, *REFUSALS))
        yield Rule(f"compression.request.{coding}.raw", f"With {coding}, the header length counts bytes"
                   " as they were before", COMPRESSION, EXTENSION,
                   (infer(model, encode(header + raw), Content_Encoding=coding,
                          **{HEADER_LENGTH: str(len(header))}),),
                   if_offered(GOOD, *REFUSALS), extension="binary_tensor_data")


def decoded(answer: Answer, coding: str) -> Answer:
    return Answer(answer.status, answer.headers, DECODERS[coding](answer.body))


def comes_as(coding: str, check: Callable[[Answer], str]):
    def complain(answers) -> str:
        found = answers[0].headers.get("Content-Encoding")
        if found != coding and answers[0].status == 200:
            raise NotOffered(f"it sends {found or 'it as it is'}, which clients have to put up with")
        if found != coding:
            return f"expected Content-Encoding: {coding}"
        try:
            return check(decoded(answers[0], coding))
        except (OSError, zlib.error):
            return f"expected a body of {coding}"
    return complain


def large(model: str, accepted: str) -> Request:
    document = {"inputs": [tensor(name, [BIG] * 8 * ROW, shape=[8, ROW])
                           for name in ("INPUT0", "INPUT1")]}
    return infer(model, document, Accept_Encoding=accepted)


def answers(model: str) -> Iterator[Rule]:
    check = gives(OUTPUT0=[2 * BIG] * 8 * ROW, OUTPUT1=[0] * 8 * ROW)
    for coding in CODERS:
        yield Rule(f"compression.answer.{coding}", f"An answer comes as {coding} where it may",
                   COMPRESSION, EXTENSION, (large(model, coding),), comes_as(coding, check))
    yield Rule("compression.answer.preference", "It comes as the client likes best",
               COMPRESSION, EXTENSION, (large(model, "gzip;q=.5, deflate;q=.8"),),
               comes_as("deflate", check))
    yield Rule("compression.answer.zero", "A coding of weight 0 is not used", HTTP, STRICT,
               (large(model, "gzip;q=0, identity"),), each(
                   lambda answer: "expected no Content-Encoding"
                   if answer.headers.get("Content-Encoding") else "", check))
    yield Rule("compression.answer.unknown", "A coding that is not known is not an error: the answer"
               " comes as it is", HTTP, REQUIRED, (large(model, "br"),), each(check))


def refused(model: str) -> Iterator[Rule]:
    broken = tuple(infer(model, b"\x1f\x8bnot compressed", Content_Encoding=coding, label=coding)
                   for coding in CODERS)
    whole = {coding: encode(json.dumps(sum_document()).encode()) for coding, encode in CODERS.items()}
    cut = tuple(infer(model, body[:-9], Content_Encoding=coding, label=coding)
                for coding, body in whole.items())
    unknown = tuple(infer(model, b"{}", Content_Encoding=coding, label=coding)
                    for coding in ("br", "compress", "gzip, gzip"))
    yield Rule("compression.corrupt", "A body that is not what its coding says is refused", HTTP,
               STRICT, broken, if_offered(is_400, *UNSUPPORTED))
    yield Rule("compression.corrupt.named", "The error names the coding", TRITON, STRICT, broken,
               in_turn(*(says(coding) for coding in CODERS)), compare=Compare.STATUS)
    yield Rule("compression.cut", "A compressed body that ends early is refused", HTTP, STRICT,
               cut, if_offered(is_400, *UNSUPPORTED))
    yield Rule("compression.unknown", "A body in a coding that is not known is refused", HTTP,
               STRICT, unknown, each(is_refused))
    yield Rule("compression.unknown.status", "It is a 415 or a 501 that names the codings that are"
               " known", HTTP, STRICT, unknown, each(
                   status(*UNSUPPORTED), lambda answer: "" if answer.headers.get("Accept-Encoding")
                   else "expected an Accept-Encoding header"))


def rules(model: str) -> Iterator[Rule]:
    for some in (requests, answers, refused):
        yield from some(model)
