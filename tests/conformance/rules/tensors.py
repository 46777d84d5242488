# SPDX-License-Identifier: Apache-2.0
"""Tensors that are not the model's: datatypes, shapes, names, numbers of elements."""
from collections.abc import Iterator

from conformance.bodies import changed, infer, raw_document, raw_tensor, sum_document, tensor
from conformance.models import ROW
from conformance.rule import (
    GALEN,
    STRICT,
    TRITON,
    TRITON_MAIN,
    Rule,
    each,
    in_turn,
    is_400,
    is_error,
    is_refused,
    says,
)
from conformance.rules.documents import both, sent

MANY = 5000
COUNTS = {"one too few": [1] * (ROW - 1), "one too many": [1] * (ROW + 1), "none": [],
          "uneven rows": [[1] * 8, [1] * 7]}
DATATYPES = {"FP33": "FP33", "empty": "", "int32": "int32", "STRING": "STRING"}
NEGATIVE = {"[-1,16]": [-1, ROW], "[1,-16]": [1, -ROW]}
SHAPES = {"[1.5,16]": [1.5, ROW], '["1",16]': ["1", ROW], "[true,16]": [True, ROW],
          "[[1,16]]": [[1, ROW]], "[2^63,16]": [1 << 63, ROW], "[2^64,16]": [1 << 64, ROW]}
HUGE = {"[2^40,16]": [1 << 40, ROW], "[2^62,2^62]": [1 << 62, 1 << 62],
        "[2^31,2^31]": [1 << 31, 1 << 31], "[2^60,16]": [1 << 60, ROW]}


def with_input(change: str, values: dict, model: str):
    return sent(model, {name: changed(**{change: value}) for name, value in values.items()})


def elements(model: str) -> Iterator[Rule]:
    yield from both("tensor.elements", "Data of more or fewer elements than the shape has",
                    with_input("data", COUNTS, model))


def datatypes(model: str) -> Iterator[Rule]:
    other = sent(model, {"FP32": changed(datatype="FP32")})
    yield from both("tensor.datatype", "A tensor of another datatype than the model's", other)
    yield Rule("tensor.datatype.says", "The error names the input and both datatypes", TRITON,
               STRICT, other, each(is_400, says(
                   f"inference input 'INPUT0' data-type is 'FP32', but model '{model}'"
                   " expects 'INT32'")))
    yield from both("tensor.datatype.unknown", "A datatype that is none",
                    with_input("datatype", DATATYPES, model))


def shapes(model: str) -> Iterator[Rule]:
    narrow = sent(model, {"[1,8]": changed(data=[1] * 8, shape=[1, 8])})
    rank = sent(model, {"[16]": changed(shape=[ROW])})
    yield from both("tensor.shape", "A tensor of another shape than the model's", narrow)
    yield Rule("tensor.shape.says", "The error names the input and both shapes", TRITON, STRICT,
               narrow, each(is_400, says(
                   f"unexpected shape for input 'INPUT0' for model '{model}'."
                   f" Expected [-1,{ROW}], got [1,8]")))
    yield from both("tensor.rank", "A tensor of another rank than the model's", rank)
    yield from both("tensor.shape.negative", "A dimension below zero",
                    with_input("shape", NEGATIVE, model))
    yield from both("tensor.shape.none", "A shape that is none", with_input("shape", SHAPES, model))
    uneven = {"inputs": [tensor("INPUT0"), tensor("INPUT1", [1] * 2 * ROW, shape=[2, ROW])]}
    yield Rule("tensor.batch.uneven", "Inputs of different numbers of rows are a 400", TRITON, STRICT,
               sent(model, {"1 and 2": uneven}), each(is_400))


def rows(model: str) -> Iterator[Rule]:
    raw = bytes(4 * ROW * MANY)
    document = {"inputs": [raw_tensor(name, len(raw), shape=[MANY, ROW])
                           for name in ("INPUT0", "INPUT1")]}
    yield Rule("tensor.batch.max", "A batch larger than the model takes is a 400 that tells how large"
               " it may be", TRITON, STRICT, (infer(model, document, raw * 2),),
               each(is_400, says("inference request batch-size must be <= ", f"for '{model}'")),
               extension="binary_tensor_data")


def names(model: str) -> Iterator[Rule]:
    missing = sent(model, {"missing": {"inputs": [tensor("INPUT0")]}})
    more = sent(model, {"more": {"inputs": [*sum_document()["inputs"], tensor("INPUT2")]}})
    wrong = sent(model, {"wrong": {"inputs": [tensor("INPUT0"), tensor("INPUT9")]}})
    output = sent(model, {"unknown": sum_document(outputs=[{"name": "ZZ"}])})
    yield from both("tensor.missing", "A request without one of the model's inputs", missing)
    yield Rule("tensor.missing.says", "The error names what came and what is missing", TRITON,
               STRICT, missing, each(is_400, says(
                   f"expected 2 inputs but got 1 inputs for model '{model}'. Got input(s)"
                   " ['INPUT0'], but missing required input(s) ['INPUT1']")))
    yield from both("tensor.unknown", "An input that the model has not", more + wrong)
    yield from both("tensor.output.unknown", "An output that the model has not", output)
    yield Rule("tensor.output.unknown.says", "The error names the output", TRITON, STRICT, output,
               each(is_400, says(f"unexpected inference output 'ZZ' for model '{model}'")))


def huge(model: str) -> Iterator[Rule]:
    """A server that allocates before it checks may die of these."""
    overflows = {"elements": [1 << 62, 4], "bytes": [1 << 61, 1]}
    document, raw = raw_document()

    def with_shape(shape: list, label: str):
        told = {"inputs": [document["inputs"][0] | {"shape": shape}, document["inputs"][1]]}
        return infer(model, told, raw, label=label)
    yield Rule("tensor.huge.json", "A huge shape is refused before anything is made for it", GALEN,
               STRICT, with_input("shape", HUGE, model), each(is_error(400, 413)),
               is_dangerous=True)
    yield Rule("tensor.huge.says", "The error says what overflows", TRITON_MAIN, STRICT,
               with_input("shape", overflows, model), in_turn(
                   says("causes total element count to exceed maximum size of"),
                   says("byte size overflow for input")), is_dangerous=True)
    yield Rule("tensor.huge.raw", "So it is where the tensor comes in raw bytes", GALEN, STRICT,
               tuple(with_shape(shape, name) for name, shape in HUGE.items()),
               each(is_error(400, 413)), extension="binary_tensor_data", is_dangerous=True)


def not_offered(model: str) -> Iterator[Rule]:
    shared = {"shared_memory_region": "x", "shared_memory_byte_size": 4 * ROW}
    yield Rule("tensor.shared-memory.unknown", "A region of shared memory that nobody registered is"
               " refused, never ignored", GALEN, STRICT, sent(model, {
                   "output": sum_document(outputs=[{"name": "OUTPUT0", "parameters": shared}]),
                   "input": {"inputs": [tensor("INPUT0", parameters=shared), tensor("INPUT1")]}}),
               each(is_refused))


def rules(model: str) -> Iterator[Rule]:
    for some in (elements, datatypes, shapes, rows, names, not_offered, huge):
        yield from some(model)
