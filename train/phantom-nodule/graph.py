# SPDX-License-Identifier: Apache-2.0
"""The ONNX graph of a trained network, written node by node: `pixels`, FP32 [batch, 1, side,
side], in, `logits`, FP32 [batch, 2], out."""
import numpy as np
from network import CONTRAST, SURROUNDING, Plan
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper
from samples import LABELS, SIDE

OPSET = 17
IR_VERSION = 8
Values = dict[str, np.ndarray]


def constant(name: str, values: np.ndarray) -> TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(values, dtype=np.float32), name)


def by_channel(weight: np.ndarray) -> np.ndarray:
    """Rows, columns, in, out to out, in, rows, columns."""
    return weight.transpose(3, 2, 0, 1)


def convolution(source: str, kind: str, target: str, size: int, stride: int) -> NodeProto:
    return helper.make_node(
        "Conv", [source, f"weight_{kind}", f"bias_{kind}"], [target], kernel_shape=[size, size],
        strides=[stride, stride], pads=[size // 2] * 4)


def contrast() -> tuple[list[NodeProto], list[TensorProto], str]:
    nodes = [helper.make_node("AveragePool", ["pixels"], ["surroundings"],
                              kernel_shape=[SURROUNDING] * 2, pads=[SURROUNDING // 2] * 4,
                              count_include_pad=0),
             helper.make_node("Sub", ["pixels", "surroundings"], ["difference"]),
             helper.make_node("Mul", ["difference", "strength"], ["contrast"])]
    return nodes, [constant("strength", np.array(CONTRAST))], "contrast"


def trunk(plan: Plan, values: Values) -> tuple[list[NodeProto], list[TensorProto], str]:
    nodes, constants, source = contrast()
    for index, layer in enumerate(plan.layers):
        constants += [constant(f"weight_{index}", by_channel(values[f"weight_{index}"])),
                      constant(f"bias_{index}", values[f"bias_{index}"])]
        nodes += [convolution(source, str(index), f"summed_{index}", 3, layer.stride),
                  helper.make_node("Relu", [f"summed_{index}"], [f"features_{index}"])]
        source = f"features_{index}"
    return nodes, constants, source


def head(values: Values, source: str) -> tuple[list[NodeProto], list[TensorProto]]:
    """The surest cell's logit z becomes two of the same difference, -z/2 and z/2."""
    half = np.array([-0.5, 0.5])
    constants = [constant("weight_cells", by_channel(values["cell_weight"])),
                 constant("bias_cells", values["cell_bias"]),
                 constant("slope", (values["slope"] * half)[None, :]),
                 constant("offset", values["offset"] * half)]
    nodes = [convolution(source, "cells", "cells", 1, 1),
             helper.make_node("GlobalMaxPool", ["cells"], ["surest"]),
             helper.make_node("Flatten", ["surest"], ["evidence"], axis=1),
             helper.make_node("Gemm", ["evidence", "slope", "offset"], ["logits"])]
    return nodes, constants


def of_network(plan: Plan, values: Values) -> bytes:
    nodes, constants, source = trunk(plan, values)
    last_nodes, last_constants = head(values, source)
    return serialized(nodes + last_nodes, constants + last_constants)


def serialized(nodes: list[NodeProto], constants: list[TensorProto]) -> bytes:
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(LABELS)])
    graph = helper.make_graph(nodes, "phantom-nodule", [pixels], [logits], constants)
    model: ModelProto = helper.make_model(
        graph, producer_name="galen", ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)])
    checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)
