# SPDX-License-Identifier: Apache-2.0
"""The sample model of feature vectors, as the Triton of tests serves it: by its Python backend, which
runs the same ONNX file."""
import pathlib
import shutil

from samples import MODEL

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CONFIG = """# of the tests
backend: "python"
max_batch_size: 0
input [ { name: "features" data_type: TYPE_FP32 dims: [ -1, 30 ] } ]
output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ -1, 2 ] } ]
instance_group [ { kind: KIND_CPU count: 1 } ]
version_policy { specific { versions: %d } }
"""


def make(repository: pathlib.Path, current: int = 1) -> pathlib.Path:
    """Versions 1, 2 and 3 (which is 2 again), `current` loaded. Returns the model's folder."""
    model = repository / MODEL
    for version, source in (("1", "1"), ("2", "2"), ("3", "2")):
        shutil.copytree(ROOT / "models" / MODEL / source, model / version)
        shutil.copy(HERE / "triton_onnx_model.py", model / version / "model.py")
    (model / "current").symlink_to(str(current))
    (model / "config.pbtxt").write_text(CONFIG % current)
    return model
