# SPDX-License-Identifier: Apache-2.0
"""tests/data/http11/requests.txt, and what a server makes of each request on a socket."""
import contextlib
import dataclasses
import re
import socket

from message import connect
from process import ROOT

FILE = ROOT / "tests/data/http11/requests.txt"
LINE = re.compile(r"(?P<parser>[\d,]+)(?:/(?P<server>[\d,]+))? +(?P<rule>\S+) +(?P<name>.*?) +\| "
                  r"(?P<request>.*)")
TOKEN = re.compile(r"\{(?P<unit>(?:\\.|[^*\\])+)\*(?P<count>\d+)\}|\\x(?P<hex>[0-9a-f]{2})"
                   r"|\\(?P<escape>.)|(?P<plain>.)")
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t"}
CANARY = b"GET /healthz HTTP/1.1\r\nHost: canary\r\nX-Request-Id: canary\r\nConnection: close\r\n\r\n"
HEAD = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")


class NoReplyError(AssertionError):
    """Bytes that HTTP/1.1 does not answer with."""


def unescape(text: str) -> bytes:
    def one(token: re.Match) -> bytes:
        if token["unit"]:
            return unescape(token["unit"]) * int(token["count"])
        if token["hex"]:
            return bytes([int(token["hex"], 16)])
        if token["escape"]:
            return ESCAPES.get(token["escape"], token["escape"].encode())
        return token["plain"].encode()
    return b"".join(map(one, TOKEN.finditer(text)))


@dataclasses.dataclass(frozen=True)
class Case:
    statuses: tuple[int, ...]  # what galen gateway answers
    is_refused: bool           # by the parser, for good
    rule: str
    name: str
    request: bytes


def statuses_of(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def case_of(line: str) -> Case:
    fields = LINE.fullmatch(line)
    assert fields, line
    parser = statuses_of(fields["parser"])
    server = statuses_of(fields["server"]) if fields["server"] else parser
    return Case(server, parser[-1] != 200, fields["rule"], fields["name"],
                unescape(fields["request"]))


def read_cases() -> list[Case]:
    lines = FILE.read_text().splitlines()
    return [case_of(line) for line in lines if line and not line.startswith("#")]


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


def headers_of(block: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.decode("latin-1").splitlines())
    return {name.lower(): value.strip() for name, _, value in pairs}


def body_of(data: bytes, headers: dict[str, str], is_bare: bool) -> tuple[bytes, bytes]:
    """The body at the start of the data, and what follows it."""
    if is_bare:
        return b"", data
    if "chunked" in headers.get("transfer-encoding", ""):
        end = data.index(b"0\r\n\r\n") + 5
        return data[:end], data[end:]
    size = int(headers["content-length"]) if "content-length" in headers else len(data)
    assert len(data) >= size, f"{len(data)} bytes of a body of {size}"
    return data[:size], data[size:]


def split_answers(data: bytes, answers_head: bool = False) -> list[Answer]:
    """answers_head: the first one, which has no body then."""
    answers: list[Answer] = []
    while data:
        head = HEAD.match(data)
        if not head:
            raise NoReplyError(f"no reply: {data[:80]!r}")
        status, headers, data = int(head[1]), headers_of(head[2]), data[head.end():]
        if status < 200:
            continue
        is_bare = status in (204, 304) or (answers_head and not answers)
        body, data = body_of(data, headers, is_bare)
        answers.append(Answer(status, headers, body))
    return answers


def drain(connection: socket.socket) -> tuple[bytes, bool]:
    """All that comes, and whether the server closed."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionError:
        return data, True
    except TimeoutError:
        return data, False
    return data, True


def ask(port: int, request: bytes, timeout_s: float = 10) -> tuple[list[Answer], bool]:
    """The answers to what these bytes are, and whether the connection was closed."""
    with connect(port, timeout_s) as connection:
        with contextlib.suppress(ConnectionError):  # refused before it was read to its end
            connection.sendall(request)
        data, is_closed = drain(connection)
    return split_answers(data, request.lstrip(b"\r\n").startswith(b"HEAD ")), is_closed
