# SPDX-License-Identifier: Apache-2.0
"""Outputs as classes."""
import functools
from collections.abc import Iterator

from conformance.bodies import elements, infer, one_input, sum_document
from conformance.models import identity
from conformance.rule import (
    CLASSES,
    EXTENSION,
    STRICT,
    TRITON,
    each,
    gives,
    gives_raw,
    is_400,
    is_refused,
    says,
)
from conformance.rule import Rule as AnyRule

Rule = functools.partial(AnyRule, extension="classification")
VALUES = [1, -2, 3]
RANKED = ["3:2", "1:0", "-2:1"]


def asking(count, **parameters) -> dict:
    return {"outputs": [{"name": "OUTPUT0",
                         "parameters": {"classification": count} | parameters}]}


def good() -> Iterator[AnyRule]:
    whole, single = identity("INT32"), identity("FP32")
    for count in (1, 2, 3):
        yield Rule(f"classification.{count}", f"The {count} largest elements come as value:index,"
                   " largest first", CLASSES, EXTENSION,
                   (infer(whole, one_input("INT32", VALUES) | asking(count)),),
                   each(gives(OUTPUT0=("BYTES", [1, count], RANKED[:count]))), models=(whole,))
    yield Rule("classification.many", "More classes than there are elements are as many as there are",
               TRITON, STRICT, (infer(whole, one_input("INT32", VALUES) | asking(9)),),
               each(gives(OUTPUT0=("BYTES", [1, 3], RANKED))), models=(whole,))
    yield Rule("classification.rows", "Each row has its own classes", CLASSES, EXTENSION,
               (infer(single, one_input("FP32", [0.25, 0.5, 4, 1], [2, 2]) | asking(1)),),
               each(gives(OUTPUT0=("BYTES", [2, 1], ["0.500000:1", "4.000000:0"]))), models=(single,))
    texts = elements(b"3:2", b"1:0")
    yield Rule("classification.raw", "Classes may come in raw bytes", CLASSES, EXTENSION,
               (infer(whole, one_input("INT32", VALUES) | asking(2, binary_data=True)),),
               each(gives_raw(texts)), models=(whole,))


def refused(model: str) -> Iterator[AnyRule]:
    text = identity("BYTES")
    yield Rule("classification.text", "Classes of text are a 400", TRITON, STRICT,
               (infer(text, one_input("BYTES", ["a", "b"]) | asking(1)),),
               each(is_400, says("class result not available")), models=(text,), is_dangerous=True)
    yield Rule("classification.count", "A number of classes that is none is refused", CLASSES,
               STRICT, tuple(infer(model, sum_document(**asking(count)), label=str(count))
                                   for count in (-1, 1.5, "1", True)), each(is_refused))


def rules(model: str) -> Iterator[AnyRule]:
    yield from good()
    yield from refused(model)
