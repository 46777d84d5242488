# SPDX-License-Identifier: Apache-2.0
"""Runs inside Triton's Python backend: the ONNX file beside it, with ONNX Runtime.

BF16 and BYTES pass as they came: NumPy has no BF16, and ONNX Runtime's Python takes texts, not
any bytes.
"""
import json
import pathlib

import onnxruntime
import triton_python_backend_utils as backend


class TritonPythonModel:
    def initialize(self, arguments):
        folder = pathlib.Path(arguments["model_repository"]) / arguments["model_version"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        config = json.loads(arguments["model_config"])
        self.inputs = [each["name"] for each in config["input"]]
        self.datatype = config["output"][0]["data_type"]

    def execute(self, requests):
        return [backend.InferenceResponse(self.run(request)) for request in requests]

    def run(self, request):
        given = {name: backend.get_input_tensor_by_name(request, name) for name in self.inputs}
        if self.datatype == "TYPE_BF16":
            return [backend.Tensor.from_dlpack("OUTPUT0", given["INPUT0"].to_dlpack())]
        if self.datatype == "TYPE_STRING":
            return [backend.Tensor("OUTPUT0", given["INPUT0"].as_numpy())]
        wanted = list(request.requested_output_names())
        arrays = {name: tensor.as_numpy() for name, tensor in given.items()}
        return [backend.Tensor(name, array)
                for name, array in zip(wanted, self.session.run(wanted, arrays), strict=True)]
