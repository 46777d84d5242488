# SPDX-License-Identifier: Apache-2.0
"""Requests at a steady rate, whatever becomes of those before: an open loop.

Each leaves when it is due, on an idle connection or a new one, however many are under way. Its
latency counts from when it was due. Nothing is sent twice: what is not answered with 2xx is lost.
"""
import asyncio
import collections
import dataclasses
import threading
import time

from message import encode

REPLY_TIMEOUT_S = 30
RESET, LATE = "reset", "timeout"


@dataclasses.dataclass
class Outcome:
    due: float  # time.monotonic()
    latency_s: float
    status: int  # 0: there was no answer
    body: bytes
    why: str = ""  # RESET or LATE, where there was none
    cause: str = ""  # of RESET, and whether the connection was a new one
    retry_after: str = ""

    @property
    def is_lost(self) -> bool:
        return not 200 <= self.status <= 299

    @property
    def name(self) -> str:
        """What it is counted as."""
        return self.why or str(self.status)


class Connection:
    """One request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader = reader
        self.writer = writer
        self.is_reusable = False

    @property
    def is_usable(self) -> bool:
        """A server may have closed it since."""
        return self.is_reusable and not self.reader.at_eof() and not self.writer.is_closing()

    async def exchange(self, message: bytes) -> tuple[int, bytes, str]:
        is_kept, self.is_reusable = self.is_reusable, False
        try:
            return await self._exchange(message)
        except (OSError, EOFError) as broken:
            broken.is_kept = is_kept
            raise

    async def _exchange(self, message: bytes) -> tuple[int, bytes, str]:
        self.writer.write(message)
        status, headers = await self.read_head()
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        self.is_reusable = headers.get("connection") != "close"
        return status, body, headers.get("retry-after", "")

    async def read_head(self) -> tuple[int, dict[str, str]]:
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines if line)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in fields}

    def close(self) -> None:
        self.writer.transport.abort()


def _kind_of(broken: Exception) -> str:
    """Of the connection: none was made, it is new, or it had been kept, and its server may close it
    at any time."""
    if not hasattr(broken, "is_kept"):
        return ", not connected"
    return ", kept" if broken.is_kept else ", new"


class SteadyLoad:
    """with SteadyLoad(port, path, body, rate=100) as load: …; then load.outcomes

    port: where new connections go from now on; it may change under way, as a balancer's mind."""

    def __init__(self, port: int, path: str, body: dict, rate: float,
                 timeout_s: float = REPLY_TIMEOUT_S):
        self.port = port
        self.message = encode("POST", path, body)
        self.rate = rate
        self.timeout_s = timeout_s
        self.outcomes: list[Outcome] = []
        self._idle: list[Connection] = []
        self._stopping = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> "SteadyLoad":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        """Whatever is under way is waited for."""
        self._stopping = True
        self._thread.join()

    @property
    def lost(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.is_lost]

    @property
    def counts(self) -> dict[str, int]:
        """By status, RESET and LATE."""
        return dict(sorted(collections.Counter(each.name for each in self.outcomes).items()))

    def quantile_s(self, share: float) -> float:
        latencies = sorted(outcome.latency_s for outcome in self.outcomes)
        return latencies[min(len(latencies) - 1, int(share * len(latencies)))]

    async def _run(self) -> None:
        start, sent, under_way = time.monotonic(), 0, set()
        while not self._stopping:
            due = start + sent / self.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(self._send(due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            sent += 1
        await asyncio.gather(*under_way)
        for connection in self._idle:
            connection.close()

    async def _send(self, due: float) -> None:
        status, body, why, cause, retry_after = 0, b"", "", "", ""
        try:
            async with asyncio.timeout(self.timeout_s):
                status, body, retry_after = await self._exchange()
        except TimeoutError:
            why = LATE
        except (OSError, EOFError) as broken:
            why = RESET
            cause = f"{type(broken).__name__} at {time.strftime('%H:%M:%S')}{_kind_of(broken)}"
        self.outcomes.append(
            Outcome(due, time.monotonic() - due, status, body, why, cause, retry_after))

    async def _exchange(self) -> tuple[int, bytes, str]:
        connection = await self._take()
        try:
            return await connection.exchange(self.message)
        finally:
            if connection.is_usable:
                self._idle.append(connection)
            else:
                connection.close()

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return Connection(*await asyncio.open_connection("127.0.0.1", self.port))
