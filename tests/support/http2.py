# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 with prior knowledge, over the `h2` package: what HTTP/1.1 said as bytes, said again."""
import dataclasses

import h2.config
import h2.connection
import h2.events
from message import Reply, connect


@dataclasses.dataclass
class Reset(Exception):
    """The server gave the stream or the connection up; 0: without an error."""
    error: int


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    is_whole: bool = True  # False: its body was announced, and does not come

    @classmethod
    def parse(cls, request: bytes) -> "Request":
        """From a well-formed request of HTTP/1.1 without chunks."""
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        headers = [tuple(line.split(": ", 1)) for line in lines]
        length = int(dict(headers).get("Content-Length", len(body)))
        return cls(method, path, headers, body, length == len(body))

    def fields(self) -> list[tuple[str, str]]:
        host = dict(self.headers).get("Host")
        pseudo = [(":method", self.method), (":scheme", "http"), (":path", self.path)]
        pseudo += [] if host is None else [(":authority", host)]
        return pseudo + [(name.lower(), value) for name, value in self.headers if name != "Host"]


class Client:
    """One connection, on which any number of requests may be under way."""

    def __init__(self, port: int):
        self.socket = connect(port)
        self.machine = h2.connection.H2Connection(h2.config.H2Configuration(
            header_encoding="utf-8", validate_outbound_headers=False,
            normalize_outbound_headers=False))
        self.machine.initiate_connection()
        self.replies: dict[int, Reply] = {}
        self.ended: dict[int, int | None] = {}  # its error, where it was reset

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_what) -> None:
        self.socket.close()

    def flush(self) -> None:
        self.socket.sendall(self.machine.data_to_send())

    def receive(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise Reset(-1)
        for event in self.machine.receive_data(data):
            self.take(event)
        self.flush()

    def take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            fields = dict(event.headers)
            self.replies[event.stream_id] = Reply(int(fields.pop(":status")), fields, b"")
        elif isinstance(event, h2.events.DataReceived):
            self.replies[event.stream_id].body += event.data
            self.machine.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.ended[event.stream_id] = None
        elif isinstance(event, h2.events.StreamReset):
            self.ended.setdefault(event.stream_id, event.error_code)
        elif isinstance(event, h2.events.ConnectionTerminated):
            raise Reset(event.error_code)

    def send(self, request: Request) -> int:
        """The stream; the body goes out as the windows let it."""
        stream = self.machine.get_next_available_stream_id()
        has_end = request.is_whole and not request.body
        self.machine.send_headers(stream, request.fields(), end_stream=has_end)
        self.flush()
        left = memoryview(request.body)
        while left and stream not in self.ended:
            size = min(len(left), self.machine.local_flow_control_window(stream),
                       self.machine.max_outbound_frame_size)
            if size == 0:
                self.receive()
                continue
            is_last = request.is_whole and size == len(left)
            self.machine.send_data(stream, bytes(left[:size]), end_stream=is_last)
            left = left[size:]
            self.flush()
        return stream

    def wait_for(self, stream: int) -> Reply:
        while stream not in self.ended:
            self.receive()
        if self.ended[stream] is not None:
            raise Reset(self.ended[stream])
        return self.replies[stream]

    def exchange(self, request: Request) -> Reply:
        return self.wait_for(self.send(request))
