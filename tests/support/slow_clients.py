# SPDX-License-Identifier: Apache-2.0
"""Clients that hold connections: each kind sends or reads as little as it can get away with, in
plaintext or over TLS. One thread moves all of them."""
import dataclasses
import multiprocessing
import pathlib
import selectors
import socket
import ssl
import time

from message import encode

DRIP_S = 0.25
PAUSE_S = 0.05
PATH = "/infer"
SETTLE_S = 2  # until the buffers of those who do not read are full


NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclasses.dataclass
class Target:
    """authority: who certifies the server; None: it speaks no TLS."""
    port: int
    authority: pathlib.Path | None = None

    def context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.authority) if self.authority else None


class SlowClient:
    """Connected; `step` moves it a little; it has ended when the server has closed."""
    reads = True

    def __init__(self, port: int, context: ssl.SSLContext | None):
        self.answer = b""
        self.ended_s: float | None = None
        self.socket = self.secure(self.connect(port), context)
        self.started_s = time.monotonic()
        self.start()
        self.socket.setblocking(False)

    def connect(self, port: int) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), 10)

    def secure(self, connection: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
        if context is None:
            return connection
        return context.wrap_socket(connection, server_hostname="127.0.0.1")

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
        except NOT_YET:
            pass
        except OSError:
            self.end()

    def read(self, size: int = 65536) -> None:
        try:
            piece = self.socket.recv(size)
        except NOT_YET:
            return
        except OSError:
            self.end()
            return
        self.answer += piece
        if not piece:
            self.end()


class SlowHead(SlowClient):
    def start(self) -> None:
        self.socket.sendall(f"POST {PATH} HTTP/1.1\r\nHost: slow\r\nX-Slow: ".encode())

    def step(self) -> None:
        self.drip(b"x")


class SlowBody(SlowClient):
    def start(self) -> None:
        head = encode("POST", PATH, None, {"Content-Type": "text/plain",
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
            except NOT_YET:
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


class Handshaker(SlowClient):
    """Stays where no TLS is spoken yet; the bytes of its handshake are made beside the socket."""

    def secure(self, connection: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
        self.outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(ssl.MemoryBIO(), self.outgoing, server_hostname="127.0.0.1")
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self.hello = self.outgoing.read()
        return connection


class SilentHandshake(Handshaker):
    """Connects, and says nothing."""

    def start(self) -> None:
        """Nothing."""


class SlowHandshake(Handshaker):
    """Says hello byte by byte."""

    def start(self) -> None:
        self.step()

    def step(self) -> None:
        self.drip(self.hello[:1])
        self.hello = self.hello[1:]


class HalfHandshake(Handshaker):
    """Says hello, hears the answer, and then nothing."""

    def start(self) -> None:
        self.socket.sendall(self.hello)


KINDS = (SlowHead, SlowBody, SlowReader, IdleHoarder)
HANDSHAKERS = (SilentHandshake, SlowHandshake, HalfHandshake)


def kinds(target: Target) -> tuple:
    """Those that there can be."""
    return KINDS + HANDSHAKERS if target.authority else KINDS


class Crowd:
    """Holds them until the server has closed each."""

    def __init__(self, target: Target, count_of_each: int):
        context = target.context()
        self.clients = [kind(target.port, context) for kind in kinds(target)
                        for _ in range(count_of_each)]
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


def hold(target: Target, count_of_each: int, connection) -> None:
    """In a process of its own, so that it takes no time from who measures: says when all are
    there, and when told to end, how many still were."""
    crowd = Crowd(target, count_of_each)
    crowd.run(SETTLE_S)
    connection.send(len(crowd.clients))
    while not connection.poll():
        crowd.run(DRIP_S)
    connection.send(len(crowd.held))
    crowd.close()


class CrowdElsewhere:
    def __init__(self, target: Target, count_of_each: int):
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=hold, args=(target, count_of_each, theirs), daemon=True)
        self.process.start()
        self.count = self.connection.recv()

    def end(self) -> int:
        """How many were held to the end."""
        self.connection.send("end")
        held = self.connection.recv()
        self.process.join()
        return held
