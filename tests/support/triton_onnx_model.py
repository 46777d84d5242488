# SPDX-License-Identifier: Apache-2.0
"""Runs inside Triton's Python backend: the network beside it, and a note of each request's id in the
file that REQUEST_IDS names."""
import os
import pathlib

import onnxruntime
import triton_python_backend_utils as backend


class TritonPythonModel:
    def initialize(self, arguments):
        folder = pathlib.Path(arguments["model_repository"], arguments["model_version"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])

    def execute(self, requests):
        return [backend.InferenceResponse([self.run(request)]) for request in requests]

    def run(self, request):
        if "REQUEST_IDS" in os.environ:
            with open(os.environ["REQUEST_IDS"], "a") as ids:
                print(request.request_id(), file=ids)
        features = backend.get_input_tensor_by_name(request, "features").as_numpy()
        (probabilities,) = self.session.run(["probabilities"], {"features": features})
        return backend.Tensor("probabilities", probabilities)
