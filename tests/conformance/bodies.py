# SPDX-License-Identifier: Apache-2.0
"""The requests that rules are stated with."""
import json
import struct
import urllib.parse

from conformance.models import ROW, identity
from conformance.server import HEADER_LENGTH, Request

SUMS = [each + 1 for each in range(ROW)]
DIFFERENCES = [each - 1 for each in range(ROW)]
RAW_SUMS = struct.pack(f"<{ROW}i", *SUMS)
RAW_DIFFERENCES = struct.pack(f"<{ROW}i", *DIFFERENCES)
MARK = '"@"'  # gives way to a number as it is written


def get(path: str, **members) -> Request:
    return Request("GET", path, **members)


def post(path: str, body: bytes | str | dict = b"", **members) -> Request:
    return Request("POST", path, encode(body), **members)


def encode(body) -> bytes:
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def infer(model: str, document, raw: bytes = b"", label: str = "", **headers: str) -> Request:
    """model: with its version, where it has one, and with escapes as they are. headers: with `_`
    for `-`. The header length is told where raw tensors follow."""
    header = encode(document)
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    if raw and HEADER_LENGTH not in told:
        told[HEADER_LENGTH] = str(len(header))
    path = f"/v2/models/{urllib.parse.quote(model, safe='/%')}/infer"
    return Request("POST", path, header + raw,
                   {"Content-Type": "application/octet-stream" if raw else "application/json"} | told,
                   label)


def quote(name: str) -> str:
    return urllib.parse.quote(name, safe="")


def tensor(name: str, values: list | None = None, **members) -> dict:
    return {"name": name, "datatype": "INT32", "shape": [1, ROW],
            "data": list(range(ROW)) if values is None else values} | members


def sum_document(**members) -> dict:
    return {"inputs": [tensor("INPUT0"), tensor("INPUT1", [1] * ROW)]} | members


def raw_tensor(name: str, size: int = 4 * ROW, **members) -> dict:
    return {"name": name, "datatype": "INT32", "shape": [1, ROW],
            "parameters": {"binary_data_size": size}} | members


def raw_document(**members) -> tuple[dict, bytes]:
    document = {"inputs": [raw_tensor("INPUT0"), raw_tensor("INPUT1")]} | members
    return document, struct.pack(f"<{2 * ROW}i", *range(ROW), *[1] * ROW)


def changed(**members) -> dict:
    """The sum's document with its first input changed."""
    document = sum_document()
    document["inputs"][0] |= members
    return document


def one_input(datatype: str, data, shape: list[int] | None = None, **members) -> dict:
    return {"inputs": [{"name": "INPUT0", "datatype": datatype,
                        "shape": shape or [1, len(data)], "data": data}]} | members


def raw_input(datatype: str, size: int, shape: list[int], **members) -> dict:
    return {"inputs": [{"name": "INPUT0", "datatype": datatype, "shape": shape,
                        "parameters": {"binary_data_size": size}}]} | members


def written(datatype: str, number: str) -> Request:
    """Three elements, the middle one as it is written."""
    body = json.dumps(one_input(datatype, [1, "@", 3])).replace(MARK, number)
    return infer(identity(datatype), body, label=number)


def elements(*texts: bytes) -> bytes:
    """BYTES in raw bytes."""
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)
