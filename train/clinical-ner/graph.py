# SPDX-License-Identifier: Apache-2.0
"""The ONNX graph of network.py, written node by node: `input_ids` and `attention_mask`, INT64
[batch, tokens], in, `logits`, FP32 [batch, tokens, tags], out."""
import numpy as np
from network import EPSILON, FAR, HIDDEN_SCORE, Shape
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


class Builder:
    """Each call adds a node and returns the name of what comes out of it."""

    def __init__(self, values: dict[str, np.ndarray]):
        self.nodes: list[NodeProto] = []
        self.constants = [numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name)
                          for name, value in values.items()]

    def constant(self, name: str, value: object, kind: type) -> str:
        self.constants.append(numpy_helper.from_array(np.array(value, kind), name))
        return name

    def add(self, kind: str, *inputs: str, out: str | None = None, **attributes: object) -> str:
        out = out or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def norm(self, name: str, x: str) -> str:
        return self.add("LayerNormalization", x, f"{name}_scale", f"{name}_shift", axis=-1,
                        epsilon=EPSILON)


def add_constants(graph: Builder, shape: Shape) -> None:
    size = shape.width // shape.heads
    for name, number in (("zero", 0), ("one", 1), ("far", FAR), ("near", -FAR)):
        graph.constant(name, number, np.int64)
    graph.constant("heads", [0, 0, shape.heads, size], np.int64)
    graph.constant("whole", [0, 0, shape.width], np.int64)
    graph.constant("query_scale", size ** -0.5, np.float32)
    graph.constant("one_f", 1, np.float32)
    graph.constant("hiding", -HIDDEN_SCORE, np.float32)
    for name, axes in (("axis_0", [0]), ("axis_1", [1]), ("axes_12", [1, 2])):
        graph.constant(name, axes, np.int64)


def distances(graph: Builder) -> str:
    """[tokens, tokens]: rows of the bias, by how far apart two pieces are."""
    length = graph.add("Gather", graph.add("Shape", "input_ids"), "one", axis=0)
    places = graph.add("Range", "zero", length, "one")
    apart = graph.add("Sub", graph.add("Unsqueeze", places, "axis_0"),
                      graph.add("Unsqueeze", places, "axis_1"))
    return graph.add("Add", graph.add("Clip", apart, "near", "far"), "far")


def hidden(graph: Builder) -> str:
    """[batch, 1, 1, tokens]: 0 for a piece, very low for padding."""
    mask = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    low = graph.add("Mul", graph.add("Sub", mask, "one_f"), "hiding")
    return graph.add("Unsqueeze", low, "axes_12")


def heads(graph: Builder, layer: int, name: str, x: str, order: list[int]) -> str:
    parts = graph.add("Reshape", graph.add("MatMul", x, f"{layer}_{name}"), "heads")
    return graph.add("Transpose", parts, perm=order)


def attention(graph: Builder, layer: int, x: str, apart: str, padding: str) -> str:
    query = heads(graph, layer, "query", x, [0, 2, 1, 3])
    key = heads(graph, layer, "key", x, [0, 2, 3, 1])
    scores = graph.add("Mul", graph.add("MatMul", query, key), "query_scale")
    by_pair = graph.add("Gather", f"{layer}_distance", apart, axis=0)
    bias = graph.add("Transpose", by_pair, perm=[2, 0, 1])
    scores = graph.add("Add", graph.add("Add", scores, bias), padding)
    seen = graph.add("MatMul", graph.add("Softmax", scores, axis=-1),
                     heads(graph, layer, "value", x, [0, 2, 1, 3]))
    together = graph.add("Reshape", graph.add("Transpose", seen, perm=[0, 2, 1, 3]), "whole")
    return graph.add("MatMul", together, f"{layer}_mix")


def dense(graph: Builder, layer: int, x: str) -> str:
    inner = graph.add("Add", graph.add("MatMul", x, f"{layer}_in"), f"{layer}_in_bias")
    outer = graph.add("MatMul", graph.add("Relu", inner), f"{layer}_out")
    return graph.add("Add", outer, f"{layer}_out_bias")


def of_network(values: dict[str, np.ndarray], shape: Shape) -> bytes:
    graph = Builder(values)
    add_constants(graph, shape)
    apart, padding = distances(graph), hidden(graph)
    x = graph.add("Gather", "pieces", "input_ids", axis=0)
    for layer in range(shape.layers):
        x = graph.add("Add", x, attention(graph, layer, graph.norm(f"{layer}_see", x), apart, padding))
        x = graph.add("Add", x, dense(graph, layer, graph.norm(f"{layer}_think", x)))
    graph.add("Add", graph.add("MatMul", graph.norm("last", x), "tags"), "tags_bias", out="logits")
    return serialized(graph, shape)


def serialized(builder: Builder, shape: Shape) -> bytes:
    def tensor(name: str, kind: int, *more: int):
        return helper.make_tensor_value_info(name, kind, ["batch", "tokens", *more])
    inputs = [tensor("input_ids", TensorProto.INT64), tensor("attention_mask", TensorProto.INT64)]
    graph = helper.make_graph(builder.nodes, "clinical-ner", inputs,
                              [tensor("logits", TensorProto.FLOAT, shape.tags)], builder.constants)
    model: ModelProto = helper.make_model(
        graph, producer_name="galen", ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)])
    checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)
