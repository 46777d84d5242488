# SPDX-License-Identifier: Apache-2.0
"""Requests at a steady rate, whatever becomes of those before: an open loop.

A request's latency counts from when it was due. Nothing is sent twice: what is not
answered with 200 is lost.
"""
import dataclasses
import threading
import time

from message import connect, encode, read_reply

CONNECTION_COUNT = 8


@dataclasses.dataclass
class Outcome:
    due: float
    latency_s: float
    status: int  # 0: the connection broke
    body: bytes


class SteadyLoad:
    """with SteadyLoad(port, path, body, rate=100) as load: …; then load.outcomes"""

    def __init__(self, port: int, path: str, body: dict, rate: float):
        self.port = port
        self.message = encode("POST", path, body)
        self.rate = rate
        self.outcomes: list[Outcome] = []
        self._lock = threading.Lock()
        self._next = 0
        self._stopping = False
        self._threads = [threading.Thread(target=self._run) for _ in range(CONNECTION_COUNT)]

    def __enter__(self) -> "SteadyLoad":
        self._start = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopping = True
        for thread in self._threads:
            thread.join()

    @property
    def lost(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status != 200]

    def quantile_s(self, share: float) -> float:
        latencies = sorted(outcome.latency_s for outcome in self.outcomes)
        return latencies[min(len(latencies) - 1, int(share * len(latencies)))]

    def _take(self) -> float:
        """When the next request is due; the caller waits for that."""
        with self._lock:
            due = self._start + self._next / self.rate
            self._next += 1
        time.sleep(max(0.0, due - time.monotonic()))
        return due

    def _run(self) -> None:
        connection = connect(self.port)
        while not self._stopping:
            due = self._take()
            try:
                connection.sendall(self.message)
                reply = read_reply(connection)
                status, body = reply.status, reply.body
            except OSError:
                status, body = 0, b""
                connection.close()
                connection = connect(self.port)
            outcome = Outcome(due, time.monotonic() - due, status, body)
            with self._lock:
                self.outcomes.append(outcome)
        connection.close()
