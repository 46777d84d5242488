#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the small ONNX models that tests run: this folder's, ../odd, ../refused and ../conformance.

Needs onnx==1.17.0 (Python 3.11): python3 -m venv venv && venv/bin/pip install onnx==1.17.0.
Nothing is random: a second run writes the same bytes.
"""
from pathlib import Path

from onnx import TensorProto, checker, helper

DATA = Path(__file__).resolve().parent.parent
OPSET = 17
IR_VERSION = 8

DATATYPES = {
    "bool": TensorProto.BOOL,
    "uint8": TensorProto.UINT8,
    "uint16": TensorProto.UINT16,
    "uint32": TensorProto.UINT32,
    "uint64": TensorProto.UINT64,
    "int8": TensorProto.INT8,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "fp16": TensorProto.FLOAT16,
    "bf16": TensorProto.BFLOAT16,
    "fp32": TensorProto.FLOAT,
    "fp64": TensorProto.DOUBLE,
    "bytes": TensorProto.STRING,
}


def tensor(name, datatype, shape):
    return helper.make_tensor_value_info(name, datatype, shape)


def write(path, nodes, inputs, outputs, initializers=(), check=True):
    graph = helper.make_graph(nodes, path.parent.parent.name, inputs, outputs, list(initializers))
    model = helper.make_model(
        graph,
        producer_name="galen-tests",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    if check:
        checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def served(name):
    return DATA / "models" / name / "1" / "model.onnx"


def odd(name):
    return DATA / "odd" / name / "1" / "model.onnx"


def refused(name):
    return DATA / "refused" / name / "1" / "model.onnx"


def simple():
    """The `simple` of Triton's quick start: sum and difference."""
    row = (TensorProto.INT32, ["batch", 16])
    write(
        served("simple"),
        [
            helper.make_node("Add", ["INPUT0", "INPUT1"], ["OUTPUT0"]),
            helper.make_node("Sub", ["INPUT0", "INPUT1"], ["OUTPUT1"]),
        ],
        [tensor("INPUT0", *row), tensor("INPUT1", *row)],
        [tensor("OUTPUT0", *row), tensor("OUTPUT1", *row)],
    )


def add():
    """The smallest network worth measuring."""
    row = (TensorProto.FLOAT, ["batch", 16])
    write(
        served("add"),
        [helper.make_node("Add", ["INPUT0", "INPUT1"], ["OUTPUT0"])],
        [tensor("INPUT0", *row), tensor("INPUT1", *row)],
        [tensor("OUTPUT0", *row)],
    )


def identities():
    for name, datatype in DATATYPES.items():
        write(
            served("identity_" + name),
            [helper.make_node("Identity", ["INPUT0"], ["OUTPUT0"])],
            [tensor("INPUT0", datatype, ["batch", "columns"])],
            [tensor("OUTPUT0", datatype, ["batch", "columns"])],
        )


def scalar():
    """Rank 0 in and out."""
    write(
        served("scalar"),
        [helper.make_node("Neg", ["INPUT0"], ["OUTPUT0"])],
        [tensor("INPUT0", TensorProto.FLOAT, [])],
        [tensor("OUTPUT0", TensorProto.FLOAT, [])],
    )


def nonzero():
    """An output whose shape depends on the values of the input; two sizes vary."""
    write(
        served("nonzero"),
        [helper.make_node("NonZero", ["INPUT0"], ["OUTPUT0"])],
        [tensor("INPUT0", TensorProto.FLOAT, ["rows", "columns"])],
        [tensor("OUTPUT0", TensorProto.INT64, [2, "found"])],
    )


def lookup():
    """Fails inside the network when an index is not 0 to 2."""
    table = helper.make_tensor("table", TensorProto.FLOAT, [3], [10.0, 11.0, 12.0])
    write(
        served("lookup"),
        [helper.make_node("Gather", ["table", "INPUT0"], ["OUTPUT0"], name="embedding")],
        [tensor("INPUT0", TensorProto.INT64, ["batch"])],
        [tensor("OUTPUT0", TensorProto.FLOAT, ["batch"])],
        [table],
    )


def grow():
    """Asks for as much memory as the input says."""
    write(
        served("grow"),
        [helper.make_node("ConstantOfShape", ["INPUT0"], ["OUTPUT0"], name="grow")],
        [tensor("INPUT0", TensorProto.INT64, [2])],
        [tensor("OUTPUT0", TensorProto.FLOAT, ["rows", "columns"])],
    )


def odd_models():
    """What a file may say of its outputs without being wrong as a file."""
    write(  # rows and columns are what the input says, whatever is declared
        odd("fixed"),
        [helper.make_node("ConstantOfShape", ["INPUT0"], ["OUTPUT0"])],
        [tensor("INPUT0", TensorProto.INT64, [2])],
        [tensor("OUTPUT0", TensorProto.FLOAT, [2, 2])],
    )
    write(  # as many as the input has zeros, called by the name of its size
        odd("misnamed"),
        [
            helper.make_node("Equal", ["INPUT0", "zero"], ["is_zero"]),
            helper.make_node("NonZero", ["is_zero"], ["found"]),
            helper.make_node("Squeeze", ["found", "first"], ["OUTPUT0"]),
        ],
        [tensor("INPUT0", TensorProto.FLOAT, ["batch"])],
        [tensor("OUTPUT0", TensorProto.INT64, ["batch"])],
        [
            helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
            helper.make_tensor("first", TensorProto.INT64, [1], [0]),
        ],
    )
    row = (TensorProto.FLOAT, ["batch", 2])
    write(  # an output that is the input: no node writes it
        odd("through"),
        [helper.make_node("Neg", ["INPUT0"], ["OUTPUT1"])],
        [tensor("INPUT0", *row)],
        [tensor("INPUT0", *row), tensor("OUTPUT1", *row)],
    )
    write(  # a constant, and one that is nobody's doing at run time
        odd("constant"),
        [helper.make_node("Identity", ["INPUT0"], ["OUTPUT0"])],
        [tensor("INPUT0", *row)],
        [tensor("OUTPUT0", *row), tensor("OUTPUT1", TensorProto.FLOAT, [2])],
        [helper.make_tensor("OUTPUT1", TensorProto.FLOAT, [2], [5.0, 6.0])],
    )


def refused_models():
    row = tensor("INPUT0", TensorProto.FLOAT, ["batch", 2])
    write(
        refused("sequence"),
        [helper.make_node("SequenceConstruct", ["INPUT0"], ["OUTPUT0"])],
        [row],
        [helper.make_tensor_sequence_value_info("OUTPUT0", TensorProto.FLOAT, None)],
    )
    optional = helper.make_optional_type_proto(
        helper.make_tensor_type_proto(TensorProto.FLOAT, ["batch", 2])
    )
    write(
        refused("optional"),
        [helper.make_node("OptionalGetElement", ["INPUT0"], ["OUTPUT0"])],
        [helper.make_value_info("INPUT0", optional)],
        [tensor("OUTPUT0", TensorProto.FLOAT, ["batch", 2])],
    )
    write(
        refused("complex"),
        [helper.make_node("Identity", ["INPUT0"], ["OUTPUT0"])],
        [tensor("INPUT0", TensorProto.COMPLEX64, ["batch"])],
        [tensor("OUTPUT0", TensorProto.COMPLEX64, ["batch"])],
    )
    nine = [1] * 9
    write(
        refused("rank9"),
        [helper.make_node("Identity", ["INPUT0"], ["OUTPUT0"])],
        [tensor("INPUT0", TensorProto.FLOAT, nine)],
        [tensor("OUTPUT0", TensorProto.FLOAT, nine)],
    )
    escaping = helper.make_tensor("weights", TensorProto.FLOAT, [2], [0.0, 0.0])
    escaping.ClearField("float_data")
    escaping.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../../../../../../../../etc/passwd"), ("length", "8")):
        entry = escaping.external_data.add()
        entry.key, entry.value = key, value
    write(
        refused("external"),
        [helper.make_node("Add", ["INPUT0", "weights"], ["OUTPUT0"])],
        [row],
        [tensor("OUTPUT0", TensorProto.FLOAT, ["batch", 2])],
        [escaping],
        check=False,
    )


def conformance():
    """As model.identity beside it says."""
    pairs = [
        (TensorProto.FLOAT, ["rows", "columns"]),
        (TensorProto.STRING, ["rows"]),
        (TensorProto.BOOL, ["rows", 2]),
    ]
    write(
        DATA / "conformance" / "model.onnx",
        [helper.make_node("Identity", [f"INPUT{i}"], [f"OUTPUT{i}"]) for i in range(3)],
        [tensor(f"INPUT{i}", *pair) for i, pair in enumerate(pairs)],
        [tensor(f"OUTPUT{i}", *pair) for i, pair in enumerate(pairs)],
    )


MODELS = (
    simple, add, identities, scalar, nonzero, lookup, grow, odd_models, refused_models, conformance
)

if __name__ == "__main__":
    for make in MODELS:
        make()
