# SPDX-License-Identifier: Apache-2.0
"""Runs inside MLServer: the ONNX file that a model's settings name, with ONNX Runtime.

MLServer leaves it to a runtime which inputs there are and what they may be. This one asks for
the inputs of the network, decodes them with MLServer's own codecs, and refuses what ONNX
Runtime refuses.
"""
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse, MetadataTensor
from mlserver.utils import get_model_uri

DATATYPES = {
    "tensor(bool)": "BOOL", "tensor(string)": "BYTES", "tensor(float16)": "FP16",
    "tensor(float)": "FP32", "tensor(double)": "FP64",
    **{f"tensor({sign}int{bits})": f"{sign.upper()}INT{bits}"
       for sign in ("", "u") for bits in (8, 16, 32, 64)},
}


def describe(tensors) -> list[MetadataTensor]:
    return [MetadataTensor(name=each.name, datatype=DATATYPES[each.type],
                           shape=[size if isinstance(size, int) else -1 for size in each.shape])
            for each in tensors]


class OnnxRuntime(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            await get_model_uri(self._settings), options, providers=["CPUExecutionProvider"])
        self.inputs = describe(self.session.get_inputs())
        self.outputs = describe(self.session.get_outputs())
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        names = [each.name for each in self.outputs]
        wanted = [each.name for each in payload.outputs or []] or names
        try:
            arrays = {each.name: self.decode_array(each) for each in payload.inputs}
            found = self.session.run(wanted, arrays)
        except Exception as failure:
            raise InferenceError(str(failure)) from failure
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[
            self.encode_array(name, array) for name, array in zip(wanted, found, strict=True)])

    def decode_array(self, tensor):
        if tensor.datatype == "BYTES":
            import numpy
            return numpy.array(StringCodec.decode_input(tensor), object).reshape(tensor.shape)
        return NumpyCodec.decode_input(tensor)

    def encode_array(self, name, array):
        if array.dtype != object:
            return NumpyCodec.encode_output(name, array)
        output = StringCodec.encode_output(name, array.flatten().tolist(), use_bytes=False)
        output.shape = list(array.shape)
        return output
