# SPDX-License-Identifier: Apache-2.0
"""POST /infer with a note: galen beside a Python server that does the same.

Two networks: the sample model, a transformer of two layers; and one that costs next to
nothing and gives each token some label, which leaves what serving a text costs.
"""
import contextlib
import dataclasses
import hashlib
import json
import pathlib
import re
import shutil
import tempfile
from collections.abc import Iterator

import numpy as np
import onnx
from load import Message
from onnx import TensorProto, helper
from server import ROOT, Server, start_fastapi, start_galen
from tokenizer_peer import SENTENCE
from tokenizers import Tokenizer

SAMPLE = ROOT / "models/clinical-ner/2"
MESSAGE = Message("/infer", json.dumps({"input": SENTENCE}).encode(),
                  {"Content-Type": "application/json"})
OPSET = 17
IR_VERSION = 8
SURE = 8.0


def contract_list(text: str, name: str) -> list[str]:
    """A list of model.yaml, on one line or in lines."""
    found = re.search(rf"^{name}:\s*\[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    rows = found[1].split(",") if found else re.search(rf"^{name}:\n((?:\s*- .*\n)+)", text,
                                                       re.MULTILINE)[1].split("- ")[1:]
    return [row.strip() for row in rows]


def labels() -> list[str]:
    return contract_list((SAMPLE / "model.yaml").read_text(), "labels")


def threshold() -> float:
    return float(re.search(r"^threshold: (.*)$", (SAMPLE / "model.yaml").read_text(), re.MULTILINE)[1])


def cheap_network() -> bytes:
    """The label of a token is its id's remainder."""
    count = len(labels())
    nodes = [helper.make_node("Mod", ["input_ids", "count"], ["label"]),
             helper.make_node("OneHot", ["label", "count", "range"], ["logits"], axis=-1)]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
              for name in ("input_ids", "attention_mask")]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "tokens", count])
    constants = [helper.make_tensor("count", TensorProto.INT64, [1], [count]),
                 helper.make_tensor("range", TensorProto.FLOAT, [2], [0.0, SURE])]
    model = helper.make_model(helper.make_graph(nodes, "cheap", inputs, [output], constants),
                              ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)])
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def write_cheap(folder: pathlib.Path) -> pathlib.Path:
    """A repository of one model: the sample's files around the cheap network."""
    version = folder / "cheap/1"
    version.mkdir(parents=True)
    network = cheap_network()
    (version / "model.onnx").write_bytes(network)
    shutil.copy(SAMPLE / "tokenizer.json", version)
    contract = (SAMPLE / "model.yaml").read_text()
    before = hashlib.sha256((SAMPLE / "model.onnx").read_bytes()).hexdigest()
    (version / "model.yaml").write_text(contract.replace(before, hashlib.sha256(network).hexdigest()))
    return version


@dataclasses.dataclass
class Pair:
    name: str
    network: pathlib.Path
    token_count: int  # of one row as it reaches the network
    galen: Server
    peer: Server


def same_answer(pair: Pair) -> None:
    ours, theirs = (json.loads(MESSAGE.send(each.port))["entities"] for each in (pair.galen, pair.peer))
    if not ours or len(ours) != len(theirs):
        raise SystemExit(f"{pair.name}: {len(ours)} entities and {len(theirs)}")
    for one, other in zip(ours, theirs, strict=True):
        same = all(one[name] == other[name] for name in ("label", "start", "end"))
        if not same or not np.isclose(one["score"], other["score"], atol=1e-4):
            raise SystemExit(f"{pair.name}: {one} and {other}")


def token_count() -> int:
    """Of the row, padded as model.yaml says."""
    count = len(Tokenizer.from_file(str(SAMPLE / "tokenizer.json")).encode(SENTENCE).ids)
    bucket = int(re.search(r"^ *bucket: (\d+)", (SAMPLE / "model.yaml").read_text(), re.MULTILINE)[1])
    return -(-count // bucket) * bucket


@contextlib.contextmanager
def running(name: str, version: pathlib.Path, repository: pathlib.Path) -> Iterator[Pair]:
    galen = start_galen(repository)
    peer = start_fastapi(version, labels(), threshold())
    try:
        galen.wait_for("/readyz")
        peer.wait_for("/ready")
        pair = Pair(name, version / "model.onnx", token_count(), galen, peer)
        same_answer(pair)
        yield pair
    finally:
        peer.stop()
        galen.stop()


@contextlib.contextmanager
def cheap() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as folder:
        version = write_cheap(pathlib.Path(folder))
        with running("a network that costs next to nothing", version, pathlib.Path(folder)) as pair:
            yield pair


@contextlib.contextmanager
def sample() -> Iterator[Pair]:
    with running("clinical-ner, two layers", SAMPLE, ROOT / "models") as pair:
        yield pair
