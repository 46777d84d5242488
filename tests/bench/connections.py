# SPDX-License-Identifier: Apache-2.0
"""What connections take that are kept and ask nothing."""
import contextlib
import functools
import pathlib
import resource
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable

from row import Effort, Row
from server import Server, make_networkless, running, start_galen

COUNT = 10_000
BAR_MB = 100
SETTLED_S = 1  # the server has read what came last
WAIT_S = 10

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n"

# HTTP/2: the preface, SETTINGS, and HEADERS of the same request from the static table.
FIELDS = b"\x82\x86\x04\x08/healthz\x41\x05bench"
HTTP2_REQUEST = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5) \
    + len(FIELDS).to_bytes(3, "big") + b"\x01\x05" + (1).to_bytes(4, "big") + FIELDS
HTTP2_ACKNOWLEDGED = bytes(3) + b"\x04\x01" + bytes(4)
END_STREAM = 1


def receive(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = connection.recv(size - len(found))
        if not part:
            raise SystemExit("a connection was closed")
        found += part
    return found


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), WAIT_S)


def ask(connection: socket.socket) -> None:
    connection.sendall(REQUEST)
    head, _, body = connection.recv(4096).partition(b"\r\n\r\n")
    length = int(dict(line.lower().split(b": ") for line in head.split(b"\r\n")[1:])[b"content-length"])
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"/healthz: {head!r}")
    receive(connection, length - len(body))


def open_plain(port: int) -> socket.socket:
    connection = connect(port)
    ask(connection)
    return connection


@functools.cache
def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def open_tls(port: int) -> socket.socket:
    with trusting().wrap_socket(connect(port)) as connection:
        ask(connection)
        return socket.socket(fileno=connection.detach())  # without the client's own memory


def open_http2(port: int) -> socket.socket:
    connection = connect(port)
    connection.sendall(HTTP2_REQUEST)
    while True:
        head = receive(connection, 9)
        receive(connection, int.from_bytes(head[:3], "big"))
        if head[5:] == (1).to_bytes(4, "big") and head[4] & END_STREAM:
            break
    connection.sendall(HTTP2_ACKNOWLEDGED)
    return connection


def make_certificate(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    files = {"listen__tls__certificate": folder / "certificate.pem",
             "listen__tls__key": folder / "key.pem"}
    certificate, key = files.values()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-subj", "/CN=bench", "-out", certificate, "-keyout", key],
                   check=True, capture_output=True)
    return files


def growth_mb(server: Server, opened: Callable[[int], socket.socket]) -> float:
    opened(server.port).close()
    before = server.resident_mb()
    with contextlib.ExitStack() as stack:
        for _ in range(COUNT):
            stack.enter_context(opened(server.port))
        time.sleep(SETTLED_S)
        return server.resident_mb() - before


def connections_row(repository: pathlib.Path, what: str, opened, bar: int | None, **more) -> Row:
    server = start_galen(repository, limits__connections=2 * COUNT, limits__idle_timeout_ms=600_000,
                         **more)
    with running(server, None):
        grown = growth_mb(server, opened)
    return Row(f"{COUNT:,} idle connections, {what}", grown, "MB more resident",
               bar=f"≤ {bar} MB" if bar else "", met=grown <= bar if bar else None)


def connections(_effort: Effort) -> list[Row]:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        repository = make_networkless(pathlib.Path(folder) / "models")
        tls = make_certificate(pathlib.Path(folder))
        return [connections_row(repository, "HTTP/1.1", open_plain, BAR_MB),
                connections_row(repository, "HTTP/2", open_http2, None),
                connections_row(repository, "HTTP/1.1 over TLS", open_tls, None, **tls)]
