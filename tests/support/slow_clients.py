# SPDX-License-Identifier: Apache-2.0
"""Clients that hold connections: each kind sends or reads as little as it can get away with.
One thread moves all of them."""
import multiprocessing
import selectors
import socket
import time

from message import encode

DRIP_S = 0.25
PAUSE_S = 0.05
SETTLE_S = 2  # until the buffers of those who do not read are full


class SlowClient:
    """Connected; `step` moves it a little; it has ended when the server has closed."""
    reads = True

    def __init__(self, port: int, path: str):
        self.path = path
        self.answer = b""
        self.ended_s: float | None = None
        self.socket = self.connect(port)
        self.started_s = time.monotonic()
        self.start()
        self.socket.setblocking(False)

    def connect(self, port: int) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), 10)

    def start(self) -> None:
        raise NotImplementedError

    def step(self) -> None:
        """Every DRIP_S."""

    @property
    def held_s(self) -> float:
        return self.ended_s - self.started_s

    def end(self) -> None:
        if self.ended_s is None:
            self.ended_s = time.monotonic()

    def drip(self, data: bytes) -> None:
        try:
            self.socket.send(data)
        except BlockingIOError:
            pass
        except OSError:
            self.end()

    def read(self, size: int = 65536) -> None:
        try:
            piece = self.socket.recv(size)
        except BlockingIOError:
            return
        except OSError:
            self.end()
            return
        self.answer += piece
        if not piece:
            self.end()


class SlowHead(SlowClient):
    def start(self) -> None:
        self.socket.sendall(f"POST {self.path} HTTP/1.1\r\nHost: slow\r\nX-Slow: ".encode())

    def step(self) -> None:
        self.drip(b"x")


class SlowBody(SlowClient):
    def start(self) -> None:
        head = encode("POST", self.path, None, {"Content-Type": "text/plain",
                                                "Content-Length": "1000000"})
        self.socket.sendall(head)

    def step(self) -> None:
        self.drip(b"x")


class SlowReader(SlowClient):
    """Asks again and again and takes a byte now and then, from a window as small as may be."""
    reads = False

    def connect(self, port: int) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", port))
        return connection

    def start(self) -> None:
        self.asked = encode("GET", "/openapi.json") * 500

    def step(self) -> None:
        if self.asked:
            try:
                self.asked = self.asked[self.socket.send(self.asked):]
            except BlockingIOError:
                pass
            except OSError:
                self.end()
                return
        self.read(1)
        if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.end()  # reset, though there are bytes left to be read


class IdleHoarder(SlowClient):
    """Is served once and then stays."""

    def start(self) -> None:
        self.socket.sendall(encode("GET", "/healthz"))


KINDS = (SlowHead, SlowBody, SlowReader, IdleHoarder)


class Crowd:
    """Holds them until the server has closed each."""

    def __init__(self, port: int, count_of_each: int, path: str = "/infer"):
        self.clients = [kind(port, path) for kind in KINDS for _ in range(count_of_each)]
        self.selector = selectors.DefaultSelector()
        for client in self.clients:
            if client.reads:
                self.selector.register(client.socket, selectors.EVENT_READ, client)

    @property
    def held(self) -> list[SlowClient]:
        return [client for client in self.clients if client.ended_s is None]

    def close_ended(self) -> None:
        for client in self.clients:
            if client.ended_s is not None and client.socket.fileno() >= 0:
                if client.reads:
                    self.selector.unregister(client.socket)
                client.socket.close()

    def run(self, seconds: float) -> None:
        """Until all have ended, or so long."""
        next_s = time.monotonic()
        end_s = next_s + seconds
        while self.held and time.monotonic() < end_s:
            for key, _ in self.selector.select(PAUSE_S):
                key.data.read()
            if time.monotonic() >= next_s:
                next_s += DRIP_S
                for client in self.held:
                    client.step()
            self.close_ended()

    def close(self) -> None:
        for client in self.clients:
            client.socket.close()
        self.selector.close()


def hold(port: int, count_of_each: int, connection) -> None:
    """In a process of its own, so that it takes no time from who measures: says when all are
    there, and when told to end, how many still were."""
    crowd = Crowd(port, count_of_each)
    crowd.run(SETTLE_S)
    connection.send(len(crowd.clients))
    while not connection.poll():
        crowd.run(DRIP_S)
    connection.send(len(crowd.held))
    crowd.close()


class CrowdElsewhere:
    def __init__(self, port: int, count_of_each: int):
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=hold, args=(port, count_of_each, theirs), daemon=True)
        self.process.start()
        self.count = self.connection.recv()

    def end(self) -> int:
        """How many were held to the end."""
        self.connection.send("end")
        held = self.connection.recv()
        self.process.join()
        return held
