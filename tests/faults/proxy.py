# SPDX-License-Identifier: Apache-2.0
"""Stands in front of one server and does to its answers what it is told, request by request."""
import asyncio
import contextlib
import dataclasses
import socket
import struct
import threading
from collections.abc import Awaitable, Callable

from process import free_port

RST_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds


@dataclasses.dataclass
class Message:
    head: bytes  # with the empty line
    body: bytes

    @property
    def bytes(self) -> bytes:
        return self.head + self.body

    @property
    def is_infer(self) -> bool:
        return self.head.split(b" ", 2)[1].endswith(b"/infer")

    def header(self, name: str) -> str:
        """Empty: there is none."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        fields = (line.partition(":") for line in lines)
        return next((value.strip() for key, _, value in fields if key.lower() == name.lower()), "")

    def replace(self, body: bytes, **headers: object) -> "Message":
        """With another body and other values of these headers; `_` for their hyphens."""
        chosen = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        chosen |= {"content-length": len(body)}
        first, *lines = self.head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        kept = [line for line in lines if line.partition(":")[0].lower() not in chosen]
        added = [f"{name}: {value}" for name, value in chosen.items()]
        return Message("\r\n".join([first, *kept, *added, "", ""]).encode(), body)


async def read_message(reader: asyncio.StreamReader) -> Message:
    message = Message(await reader.readuntil(b"\r\n\r\n"), b"")
    message.body = await reader.readexactly(int(message.header("content-length") or 0))
    return message


class Exchange:
    """One request, and the two connections that it is on."""

    def __init__(self, link: "Link", request: Message):
        self.link = link
        self.request = request

    async def ask(self) -> Message:
        """What the server says."""
        return await self.link.ask(self.request)

    async def say(self, data: bytes) -> None:
        self.link.writer.write(data)
        await self.link.writer.drain()

    async def wait_for_end(self) -> None:
        """Of the connection, by whoever asked."""
        while await self.link.reader.read(65536):
            pass

    def close(self) -> None:
        self.link.writer.close()

    def reset(self) -> None:
        with contextlib.suppress(OSError):  # it is closed already
            self.link.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        self.link.writer.transport.abort()


Fault = Callable[[Exchange], Awaitable[None]]


async def pass_on(exchange: Exchange) -> None:
    await exchange.say((await exchange.ask()).bytes)


class Link:
    """A connection of a client, and the one to the server that belongs to it."""

    def __init__(self, proxy: "FaultProxy", reader: asyncio.StreamReader,
                 writer: asyncio.StreamWriter):
        self.proxy = proxy
        self.reader = reader
        self.writer = writer
        self.server: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Message) -> Message:
        if self.server is None:
            self.server = await asyncio.open_connection("127.0.0.1", self.proxy.server_port)
        self.server[1].write(request.bytes)
        return await read_message(self.server[0])

    async def run(self) -> None:
        try:
            while not self.writer.is_closing():
                exchange = Exchange(self, await read_message(self.reader))
                await self.proxy.fault(exchange)
        except (OSError, EOFError):
            Exchange(self, Message(b"", b"")).reset()
        finally:
            self.end()

    def end(self) -> None:
        self.writer.close()
        if self.server:
            self.server[1].transport.abort()


class FaultProxy:
    """fault: what becomes of requests from now on; any thread may set it."""

    def __init__(self, server_port: int):
        self.server_port = server_port
        self.port = free_port()
        self.fault: Fault = pass_on

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        await asyncio.start_server(lambda *ends: Link(self, *ends).run(), "127.0.0.1", self.port)


class Background:
    """An event loop in a thread of its own."""

    def __enter__(self) -> "Background":
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.run(self._cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def run(self, work: Awaitable) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def _cancel_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*others, return_exceptions=True)
