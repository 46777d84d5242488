# SPDX-License-Identifier: Apache-2.0
"""The sample vectors, as features and as v2 tensors."""
import json
import struct

from process import ROOT

MODEL = "breast-cancer"
FEATURE_COUNT = 30
LABELS = ("malignant", "benign")
VOLATILE = ("request_id", "timing_us")


def features(label: str) -> dict[str, float]:
    return json.loads((ROOT / f"examples/breast-cancer-{label}.json").read_bytes())["input"]


def held_out() -> list[dict]:
    return json.loads((ROOT / "tests/data/breast-cancer/heldout.json").read_bytes())


def by_features(label: str = "malignant", **members) -> dict:
    return {"model": MODEL, "input": features(label)} | members


def as_tensor(label: str = "malignant", **members) -> dict:
    values = list(features(label).values())
    tensor = {"name": "features", "shape": [1, FEATURE_COUNT], "datatype": "FP32", "data": values}
    return {"inputs": [tensor]} | members


def as_binary(label: str = "malignant", **members) -> tuple[bytes, dict[str, str]]:
    """A body and its headers."""
    values = list(features(label).values())
    raw = struct.pack(f"<{len(values)}f", *values)
    tensor = {"name": "features", "shape": [1, FEATURE_COUNT], "datatype": "FP32",
              "parameters": {"binary_data_size": len(raw)}}
    return binary_body({"inputs": [tensor]} | members, raw)


def binary_body(document: dict, raw: bytes) -> tuple[bytes, dict[str, str]]:
    header = json.dumps(document).encode()
    return header + raw, {"Content-Type": "application/octet-stream",
                          "Inference-Header-Content-Length": str(len(header))}


def stable(document):
    """Without what differs from one request to the next."""
    if not isinstance(document, dict):
        return document
    return {name: value for name, value in document.items() if name not in VOLATILE}
