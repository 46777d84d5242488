# SPDX-License-Identifier: Apache-2.0
"""Requests, answers, and the server under test that turns the one into the other."""
import dataclasses
import http.client
import json
import urllib.parse

TIMEOUT_S = 60
HEADER_LENGTH = "Inference-Header-Content-Length"
NO_ANSWER = 0
SHOWN = 160


def printable(body: bytes) -> str:
    """As it is where it is plain text, else with escapes."""
    text = body.decode("latin-1")
    is_plain = body.isascii() and text.isprintable()
    return text if is_plain else text.encode("unicode_escape").decode()


def shorten(text: str, size: int = SHOWN) -> str:
    return text if len(text) <= size else f"{text[:size]}… ({len(text)} characters)"


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    label: str = ""  # which of its rule's requests this is
    is_chunked: bool = False

    def describe(self, size: int = SHOWN) -> str:
        """On one line, for people."""
        headers = [f"[{name}: {value}]" for name, value in self.headers.items()]
        return " ".join([self.method, self.path, *headers, shorten(printable(self.body or b""), size)])


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage = dataclasses.field(default_factory=http.client.HTTPMessage)
    body: bytes = b""
    lost: str = ""  # why there is none

    def describe(self, size: int = SHOWN) -> str:
        if self.status == NO_ANSWER:
            return f"no answer ({self.lost})"
        if self.headers.get("Content-Encoding"):
            return f"{self.status} ({len(self.body)} bytes of {self.headers['Content-Encoding']})"
        text = printable(self.body)
        return f"{self.status} {shorten(text, size)}".strip()

    @property
    def type(self) -> str:
        return self.headers.get_content_type() if self.headers.get("Content-Type") else ""

    def json(self):
        """Strictly: what is no JSON raises ValueError, NaN and the infinities too."""
        return json.loads(self.body, parse_constant=refuse_constant)

    def error(self) -> str:
        """The text of the error object; empty where there is none."""
        try:
            document = self.json()
        except ValueError:
            return ""
        text = document.get("error") if isinstance(document, dict) else None
        return text if isinstance(text, str) else ""

    def split(self) -> tuple[dict, bytes]:
        """The JSON and the raw tensors behind it."""
        length = self.headers.get(HEADER_LENGTH)
        if length is None:
            return self.json(), b""
        size = int(length)
        return json.loads(self.body[:size], parse_constant=refuse_constant), self.body[size:]


def refuse_constant(token: str):
    raise ValueError(f"{token} is no JSON")


class Server:
    """One at a URL; each request has a connection of its own."""

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S):
        parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not a URL of a server: {url}")
        self.url = url
        self.is_https = parts.scheme == "https"
        self.host, self.port = parts.hostname, parts.port
        self.prefix = parts.path.rstrip("/")
        self.timeout_s = timeout_s

    def connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self.is_https else http.client.HTTPConnection
        return kind(self.host, self.port, timeout=self.timeout_s)

    def send(self, request: Request) -> Answer:
        connection = self.connect()
        body = [request.body] if request.is_chunked else request.body
        try:
            connection.request(request.method, self.prefix + request.path, body, request.headers,
                               encode_chunked=request.is_chunked)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException) as failure:
            return Answer(NO_ANSWER, lost=type(failure).__name__)
        finally:
            connection.close()

    def is_live(self) -> bool:
        return self.send(Request("GET", "/v2/health/live")).status == 200

    def metadata(self) -> dict:
        """What it says of itself; empty where it says nothing."""
        answer = self.send(Request("GET", "/v2"))
        try:
            document = answer.json()
        except ValueError:
            return {}
        return document if answer.status == 200 and isinstance(document, dict) else {}

    def has_model(self, name: str) -> bool:
        path = f"/v2/models/{urllib.parse.quote(name, safe='')}"
        return self.send(Request("GET", path)).status == 200
