# SPDX-License-Identifier: Apache-2.0
"""NVIDIA Triton as the wheel nvidia-pytriton carries it, in a virtual environment of its own
(tools/bootstrap --bench or --conformance). It has the Python backend and no other."""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / ".deps/triton"
VERSION = "2.51.0"
STUB = "triton_python_backend_stub"


def why_not() -> str:
    """Empty where it can run: its Python backend needs NumPy 1, which ends with Python 3.12."""
    if sys.version_info >= (3, 13):
        return "its Python backend needs NumPy 1, which Python 3.13 has not"
    if not VENV.exists():
        return f"{VENV.relative_to(ROOT)} is missing: tools/bootstrap --conformance"
    return ""


def packages() -> pathlib.Path:
    return next(VENV.glob("lib/python3.*/site-packages"))


def home() -> pathlib.Path:
    return packages() / "pytriton/tritonserver"


def install_stub() -> None:
    """The wheel carries the Python backend's half for each Python beside it."""
    version = subprocess.run(
        [VENV / "bin/python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True, text=True, check=True).stdout.strip()
    target = home() / "backends/python" / STUB
    if not target.exists():
        shutil.copy(home() / "python_backend_stubs" / version / STUB, target)


def words(repository: pathlib.Path, port: int, *options: str) -> list:
    """The command line: HTTP on loopback, and nothing else."""
    install_stub()
    return [home() / "bin/tritonserver", f"--model-repository={repository}",
            f"--backend-directory={home() / 'backends'}", "--http-address=127.0.0.1",
            f"--http-port={port}", "--allow-metrics=false", "--allow-grpc=false",
            "--allow-gpu-metrics=false", "--log-info=false", *options]


def environment() -> dict[str, str]:
    return {"LD_LIBRARY_PATH": str(packages() / "nvidia_pytriton.libs"),
            "PATH": f"{VENV / 'bin'}:/usr/bin:/bin"}
