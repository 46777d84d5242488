# SPDX-License-Identifier: Apache-2.0
"""NVIDIA Triton with its Python backend, running the same network with ONNX Runtime. The
server is the one inside the wheel nvidia-pytriton, in a virtual environment of its own."""
import pathlib
import shutil
import subprocess
import sys

from server import ROOT, Server, free_port

VENV = ROOT / ".deps/triton"
VERSION = "2.51.0"
CONFIG = """name: "breast-cancer"
backend: "python"
max_batch_size: 0
input [ { name: "features" data_type: TYPE_FP32 dims: [ -1, 30 ] } ]
output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ -1, 2 ] } ]
instance_group [ { kind: KIND_CPU count: 1 } ]
"""


def why_not() -> str:
    """Empty where it can run: its Python backend needs NumPy 1, which ends with Python 3.12."""
    if sys.version_info >= (3, 13):
        return "its Python backend needs NumPy 1, which Python 3.13 has not"
    if not VENV.exists():
        return f"{VENV.relative_to(ROOT)} is missing: tools/bootstrap --bench"
    return ""


def packages() -> pathlib.Path:
    return next(VENV.glob("lib/python3.*/site-packages"))


def make_repository(folder: pathlib.Path) -> pathlib.Path:
    model = folder / "breast-cancer"
    (model / "1").mkdir(parents=True)
    (model / "config.pbtxt").write_text(CONFIG)
    shutil.copy(pathlib.Path(__file__).with_name("triton_model.py"), model / "1/model.py")
    return folder


def install_stub(home: pathlib.Path) -> None:
    """The wheel carries the Python backend's half for each Python beside it."""
    version = subprocess.run(
        [VENV / "bin/python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True, text=True, check=True).stdout.strip()
    name = "triton_python_backend_stub"
    shutil.copy(home / "python_backend_stubs" / version / name, home / "backends/python" / name)


def start(network: pathlib.Path, folder: pathlib.Path) -> Server:
    home, port = packages() / "pytriton/tritonserver", free_port()
    install_stub(home)
    words = [home / "bin/tritonserver", f"--model-repository={make_repository(folder)}",
             f"--backend-directory={home / 'backends'}", "--http-address=127.0.0.1",
             f"--http-port={port}", "--http-thread-count=1", "--allow-metrics=false",
             "--allow-grpc=false", "--allow-gpu-metrics=false", "--log-info=false"]
    return Server("Triton", words, port, {
        "LD_LIBRARY_PATH": str(packages() / "nvidia_pytriton.libs"),
        "PATH": f"{VENV / 'bin'}:/usr/bin:/bin", "BENCH_NETWORK": str(network)})
