# SPDX-License-Identifier: Apache-2.0
"""The server under test, and the requests that the protocol's rules are stated with."""
import dataclasses
import http.client
import json
import struct

ROW = 16
TIMEOUT_S = 60
HEADER_LENGTH = "Inference-Header-Content-Length"


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return self.json()["error"]

    def split(self) -> tuple[dict, bytes]:
        """The JSON and the raw tensors behind it."""
        size = int(self.headers[HEADER_LENGTH])
        return json.loads(self.body[:size]), self.body[size:]


@dataclasses.dataclass
class Server:
    host: str
    port: int
    model: str
    profile: str

    def request(self, method: str, path: str, body: bytes | None = None,
                headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def infer(self, document: dict | str, raw: bytes = b"", model: str | None = None) -> Answer:
        header = (document if isinstance(document, str) else json.dumps(document)).encode()
        headers = {HEADER_LENGTH: str(len(header))} if raw else {}
        return self.request("POST", f"/v2/models/{model or self.model}/infer", header + raw, headers)

    def allows(self, answer: Answer, strict: int, triton: int | tuple[int, ...] | None = None) -> bool:
        if self.profile == "strict" or triton is None:
            return answer.status == strict
        return answer.status in (triton if isinstance(triton, tuple) else (triton,)) + (strict,)


def tensor(name: str, values: list | None = None, **members) -> dict:
    return {"name": name, "datatype": "INT32", "shape": [1, ROW],
            "data": list(range(ROW)) if values is None else values} | members


def sum_request(**members) -> dict:
    return {"inputs": [tensor("INPUT0"), tensor("INPUT1", [1] * ROW)]} | members


def raw_tensor(name: str, size: int = 4 * ROW, **members) -> dict:
    return {"name": name, "datatype": "INT32", "shape": [1, ROW],
            "parameters": {"binary_data_size": size}} | members


def raw_request(**members) -> tuple[dict, bytes]:
    document = {"inputs": [raw_tensor("INPUT0"), raw_tensor("INPUT1")]} | members
    return document, struct.pack(f"<{2 * ROW}i", *range(ROW), *[1] * ROW)


def changed(**members) -> dict:
    """The sum request with its first input changed."""
    document = sum_request()
    document["inputs"][0] |= members
    return document


def one_input(datatype: str, data, shape: list[int] | None = None) -> dict:
    return {"inputs": [{"name": "INPUT0", "datatype": datatype,
                        "shape": shape or [1, len(data)], "data": data}]}
