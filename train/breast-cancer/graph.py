# SPDX-License-Identifier: Apache-2.0
"""The ONNX graph of a scaler and dense layers, written node by node: `features`, FP32
[batch, n], in, `probabilities`, FP32 [batch, 2], out."""
import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper
from sklearn.preprocessing import StandardScaler

OPSET = 17
IR_VERSION = 8


def constant(name: str, values: np.ndarray) -> TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(values, dtype=np.float32), name)


def two_sided(weights: np.ndarray, biases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn ends in one logit z, for the second label; softmax of (0, z) is its
    logistic function, without the cancellation of 1 - p for the first."""
    return (np.hstack([np.zeros_like(weights), weights]),
            np.hstack([np.zeros_like(biases), biases]))


def of_layers(scaler: StandardScaler, weights: list[np.ndarray],
              biases: list[np.ndarray]) -> bytes:
    nodes = [helper.make_node("Sub", ["features", "mean"], ["centred"]),
             helper.make_node("Div", ["centred", "scale"], ["scaled"])]
    constants = [constant("mean", scaler.mean_), constant("scale", scaler.scale_)]
    layers = list(zip(weights, biases, strict=True))
    last, value = len(layers) - 1, "scaled"
    layers[last] = two_sided(*layers[last])
    for index, (weight, bias) in enumerate(layers):
        constants += [constant(f"weight_{index}", weight), constant(f"bias_{index}", bias)]
        nodes.append(helper.make_node(
            "Gemm", [value, f"weight_{index}", f"bias_{index}"], [f"logits_{index}"]))
        value = f"hidden_{index}" if index < last else "probabilities"
        attributes = {} if index < last else {"axis": 1}
        nodes.append(helper.make_node(
            "Relu" if index < last else "Softmax", [f"logits_{index}"], [value], **attributes))
    return serialized(nodes, constants, len(scaler.mean_))


def serialized(nodes: list, constants: list[TensorProto], feature_count: int) -> bytes:
    def tensor(name: str, size: int):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
    graph = helper.make_graph(nodes, "breast-cancer", [tensor("features", feature_count)],
                              [tensor("probabilities", 2)], constants)
    model: ModelProto = helper.make_model(
        graph, producer_name="galen", ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)])
    checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)
