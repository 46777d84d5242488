# SPDX-License-Identifier: Apache-2.0
"""HTTP as bytes on a socket: what a careful client sends, and what none should."""
import contextlib
import dataclasses
import http.client
import json
import socket

TIMEOUT_S = 60


@dataclasses.dataclass
class Reply:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    def json(self):
        return json.loads(self.body)

    def everything(self) -> bytes:
        """Whatever a client could read."""
        return repr(sorted(self.headers.items())).encode() + self.body


def encode(method: str, path: str, body: bytes | dict | None = None,
           headers: dict[str, str] | None = None) -> bytes:
    """A whole request; headers of ours give way to those given, None leaves one out."""
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    chosen: dict[str, str | None] = {"Host": "galen"}
    if content is not None:
        chosen |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    chosen |= headers or {}
    lines = [f"{name}: {value}" for name, value in chosen.items() if value is not None]
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""])
    return head.encode() + (content or b"")


def connect(port: int, timeout_s: float = TIMEOUT_S) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout_s)




class Stream:
    """A connection that several replies are read from; HTTPResponse would close its own."""

    def __init__(self, connection: socket.socket):
        self.file = connection.makefile("rb")
        self.file.close = lambda: None

    def makefile(self, _mode: str):
        return self.file


def read_reply(connection: socket.socket | Stream, method: str = "POST") -> Reply:
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    response.close()
    return Reply(response.status, headers, body)


def send_raw(port: int, request: bytes, method: str = "POST") -> Reply:
    """For requests that are answered before they are read to the end too."""
    with connect(port) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        return read_reply(connection, method)


def exchange(port: int, method: str, path: str, body: bytes | dict | None = None,
             headers: dict[str, str] | None = None) -> Reply:
    return send_raw(port, encode(method, path, body, headers), method)
