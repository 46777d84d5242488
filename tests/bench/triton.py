# SPDX-License-Identifier: Apache-2.0
"""NVIDIA Triton with its Python backend, running the same network with ONNX Runtime. The
server is the one inside the wheel nvidia-pytriton, in a virtual environment of its own."""
import pathlib
import shutil
import sys

from server import ROOT, Server, free_port

sys.path.insert(0, str(ROOT / "tests/support"))
import triton_wheel  # noqa: E402

VERSION = triton_wheel.VERSION
why_not = triton_wheel.why_not
CONFIG = """name: "breast-cancer"
backend: "python"
max_batch_size: 0
input [ { name: "features" data_type: TYPE_FP32 dims: [ -1, 30 ] } ]
output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ -1, 2 ] } ]
instance_group [ { kind: KIND_CPU count: 1 } ]
"""


def make_repository(folder: pathlib.Path) -> pathlib.Path:
    model = folder / "breast-cancer"
    (model / "1").mkdir(parents=True)
    (model / "config.pbtxt").write_text(CONFIG)
    shutil.copy(pathlib.Path(__file__).with_name("triton_model.py"), model / "1/model.py")
    return folder


def start(network: pathlib.Path, folder: pathlib.Path) -> Server:
    port = free_port()
    words = triton_wheel.words(make_repository(folder), port, "--http-thread-count=1")
    return Server("Triton", words, port, triton_wheel.environment() | {"BENCH_NETWORK": str(network)})
