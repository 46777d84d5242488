# SPDX-License-Identifier: Apache-2.0
"""A gateway that asks for tokens, its issuer, and what may be asked of it."""
import dataclasses
import pathlib

from issuer import Issuer
from message import Reply, connect, encode, read_reply
from process import Process, until


@dataclasses.dataclass
class Request:
    method: str
    path: str
    body: bytes | dict | None = None
    headers: dict | None = None

    def at(self, path: str) -> "Request":
        return dataclasses.replace(self, path=path)


def form(name: str, kind: str, content: bytes, **parts: str) -> tuple[bytes, dict]:
    said = "".join(f'--x\r\nContent-Disposition: form-data; name="{part}"\r\n\r\n{value}\r\n'
                   for part, value in parts.items())
    head = (f'{said}--x\r\nContent-Disposition: form-data; name="input"; filename="{name}"\r\n'
            f"Content-Type: {kind}\r\n\r\n").encode()
    return head + content + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


def chunked(content: bytes, headers: dict) -> tuple[bytes, dict]:
    body = f"{len(content):x}\r\n".encode() + content + b"\r\n0\r\n\r\n"
    return body, headers | {"Transfer-Encoding": "chunked", "Content-Length": None}


class Guarded:
    """An issuer, and a gateway that asks for its tokens."""

    def __init__(self, folder: pathlib.Path, settings: dict | None = None, config: str = ""):
        self.issuer = Issuer(folder)
        self.forge = self.issuer.forge()
        if config:
            (folder / "galen.yaml").write_text(config)
        written = {"config": folder / "galen.yaml"} if config else {}
        self.process = Process("serve", folder, written | {
            "auth.issuer": self.issuer.url, "threads": 2,
            "auth.jwks_interval_s": 1} | (settings or {}))
        self.process.wait_for("/readyz")
        until(lambda: "jwks.fetched" in self.process.log(), "the keys are there")

    def send(self, request: Request, token: str | None) -> Reply:
        headers = dict(request.headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        with connect(self.process.port) as connection:
            connection.sendall(encode(request.method, request.path, request.body, headers))
            return read_reply(connection, request.method)

    def stop(self) -> None:
        self.process.check_end()
        self.issuer.stop()


def challenge(reply: Reply) -> str:
    return reply.headers.get("www-authenticate", "")
