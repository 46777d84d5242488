# SPDX-License-Identifier: Apache-2.0
"""Runs inside Triton's Python backend: one network, with ONNX Runtime on one thread."""
import os

import onnxruntime
import triton_python_backend_utils as backend


class TritonPythonModel:
    def initialize(self, _arguments):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["BENCH_NETWORK"], options, providers=["CPUExecutionProvider"])

    def execute(self, requests):
        return [backend.InferenceResponse([self.run(request)]) for request in requests]

    def run(self, request):
        features = backend.get_input_tensor_by_name(request, "features").as_numpy()
        (probabilities,) = self.session.run(["probabilities"], {"features": features})
        return backend.Tensor("probabilities", probabilities)
