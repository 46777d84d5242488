#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the image models that tests run: networks that take the mean of each channel, so that a
test can tell every answer from the colours of an image.

Needs what train/requirements.txt pins: .deps/models/bin/python tests/data/images/make.py.
Nothing is random: a second run writes the same bytes.
"""
import hashlib
from pathlib import Path

from onnx import TensorProto, checker, helper

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "image-source"
OPSET = 17
IR_VERSION = 8

YAML = """\
# SPDX-License-Identifier: Apache-2.0
task: image-classification
title: Takes means
media_types: [image/png, image/jpeg]
input: {{tensor: pixels, datatype: {datatype}}}
image:
{image}
output: {{tensor: logits, activation: softmax}}
labels: [{labels}]
threshold: 0.6
files:
  model.onnx: {model}
card:
  demonstration: true
  intended_use: Tests.
"""

COLOUR = """\
  channels: rgb
  width: 8
  height: 8
  fit: cover
  min_width: 4
  min_height: 4
  mean: [0.5, 0.5, 0.5]
  std: [0.1, 0.1, 0.1]"""

SHADE = """\
  channels: gray
  layout: nhwc
  width: 6
  height: 4
  fit: contain
  min_width: 10
  min_height: 4
  convert: true"""


def network(nodes, datatype, shape, constants=(), name="pixels"):
    pixels = helper.make_tensor_value_info(name, datatype, ["batch", *shape])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", None])
    graph = helper.make_graph(nodes, "means", [pixels], [logits], list(constants))
    model = helper.make_model(graph, producer_name="galen-tests", ir_version=IR_VERSION,
                              opset_imports=[helper.make_opsetid("", OPSET)])
    checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def colour(name="pixels"):
    """The scores are the channels' means."""
    node = helper.make_node("ReduceMean", [name], ["logits"], axes=[2, 3], keepdims=0)
    return network([node], TensorProto.FLOAT, [3, 8, 8], name=name)


def shade():
    """The mean in fifties, and five less that."""
    nodes = [helper.make_node("Cast", ["pixels"], ["numbers"], to=TensorProto.FLOAT),
             helper.make_node("ReduceMean", ["numbers"], ["mean"], axes=[1, 2], keepdims=0),
             helper.make_node("Div", ["mean", "fifty"], ["light"]),
             helper.make_node("Sub", ["five", "light"], ["dark"]),
             helper.make_node("Concat", ["light", "dark"], ["logits"], axis=1)]
    constants = [helper.make_tensor(name, TensorProto.FLOAT, [1], [value])
                 for name, value in (("fifty", 50.0), ("five", 5.0))]
    return network(nodes, TensorProto.UINT8, [4, 6, 1], constants)


def write(name, model, datatype, image, labels):
    folder = HERE / name / "1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model)
    (folder / "model.yaml").write_text(YAML.format(
        datatype=datatype, image=image, labels=", ".join(labels),
        model=hashlib.sha256(model).hexdigest()))


def main():
    write("colour", colour(), "FP32", COLOUR, ["red", "green", "blue"])
    SOURCE.mkdir(exist_ok=True)
    (SOURCE / "model.onnx").write_bytes(colour("pixel_values"))  # as `transformers` names it
    write("shade", shade(), "UINT8", SHADE, ["light", "dark"])


if __name__ == "__main__":
    main()
