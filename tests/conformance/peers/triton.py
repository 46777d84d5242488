# SPDX-License-Identifier: Apache-2.0
"""Triton with the models of the kit, in its Python backend."""
import pathlib
import shutil

import triton_wheel

from conformance import models
from conformance.peers import MODELS, Peer, free_port

why_not = triton_wheel.why_not
NAMES = {"BYTES": "STRING"}
CONFIG = """name: "{name}"
backend: "python"
max_batch_size: {rows}
input [ {inputs} ]
output [ {outputs} ]
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
version_policy: {{ all {{ }} }}
"""


def tensors(side: str, count: int, datatype: str, columns: int) -> str:
    return ", ".join(f'{{ name: "{side}{at}" data_type: TYPE_{NAMES.get(datatype, datatype)}'
                     f" dims: [ {columns} ] }}" for at in range(count))


def add(repository: pathlib.Path, name: str, count: int, datatype: str, columns: int) -> None:
    shutil.copytree(MODELS / name, repository / name)
    shutil.copy(pathlib.Path(__file__).with_name("triton_model.py"), repository / name / "1/model.py")
    (repository / name / "config.pbtxt").write_text(CONFIG.format(
        name=name, rows=models.ROWS_MAX, inputs=tensors("INPUT", count, datatype, columns),
        outputs=tensors("OUTPUT", count, datatype, columns)))


def make_repository(folder: pathlib.Path) -> pathlib.Path:
    add(folder, models.SUM, 2, "INT32", models.ROW)
    for datatype in models.DATATYPES:
        add(folder, models.identity(datatype), 1, datatype, -1)
    return folder


def start(folder: pathlib.Path) -> Peer:
    port = free_port()
    repository = make_repository(folder / "repository")
    words = triton_wheel.words(repository, port, "--model-control-mode=explicit", "--load-model=*")
    return Peer("Triton", words, port, folder, triton_wheel.environment())
