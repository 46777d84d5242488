# SPDX-License-Identifier: Apache-2.0
"""MLServer with the models of the kit, in a runtime of ours."""
import json
import pathlib
import shutil
import sys

from conformance import models
from conformance.peers import MODELS, ROOT, Peer, free_port

VENV = ROOT / ".deps/mlserver"
NOT_IN_NUMPY = "BF16"


def why_not() -> str:
    """Empty where it can run."""
    if sys.version_info >= (3, 13):
        return "MLServer is not made for Python 3.13"
    if not VENV.exists():
        return f"{VENV.relative_to(ROOT)} is missing: tools/bootstrap --conformance"
    return ""


def add(repository: pathlib.Path, name: str) -> None:
    shutil.copytree(MODELS / name / "1", repository / name)
    shutil.copy(pathlib.Path(__file__).with_name("mlserver_runtime.py"), repository / name)
    (repository / name / "model-settings.json").write_text(json.dumps({
        "name": name, "implementation": "mlserver_runtime.OnnxRuntime",
        "platform": "onnx_onnxv1", "parameters": {"uri": "./model.onnx", "version": "1"}}))


def make_repository(folder: pathlib.Path, ports: list[int]) -> pathlib.Path:
    add(folder, models.SUM)
    for datatype in models.DATATYPES:
        if datatype != NOT_IN_NUMPY:
            add(folder, models.identity(datatype))
    http, grpc, metrics = ports
    (folder / "settings.json").write_text(json.dumps({
        "host": "127.0.0.1", "http_port": http, "grpc_port": grpc, "metrics_port": metrics,
        "parallel_workers": 0, "debug": False}))
    return folder


def start(folder: pathlib.Path) -> Peer:
    ports = [free_port() for _ in range(3)]
    repository = make_repository(folder / "repository", ports)
    return Peer("MLServer", [VENV / "bin/mlserver", "start", repository], ports[0], folder)
