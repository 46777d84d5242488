# SPDX-License-Identifier: Apache-2.0
"""The load generator: wrk with one request, over keep-alive connections."""
import dataclasses
import http.client
import json
import math
import os
import pathlib
import subprocess
import tempfile

SCRIPT = pathlib.Path(__file__).with_name("load.lua")
CONNECTIONS = 16


@dataclasses.dataclass
class Message:
    path: str
    body: bytes
    headers: dict[str, str | list[str]]  # of a list one a request, in turn

    def values(self) -> dict[str, list[str]]:
        return {name: value if isinstance(value, list) else [value]
                for name, value in self.headers.items()}

    def send(self, port: int) -> bytes:
        """Once, from Python: to see that the answer is right."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", self.path, self.body, {name: values[0] for name, values
                                                          in self.values().items()})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200:
            raise SystemExit(f"{self.path}: {response.status} {body!r}")
        return body


@dataclasses.dataclass
class Load:
    requests: int = 0
    p50_us: float = 0
    p99_us: float = 0


def run(port: int, message: Message, seconds: int, connections: int = CONNECTIONS) -> Load:
    with tempfile.NamedTemporaryFile() as body:
        body.write(message.body)
        body.flush()
        headers = [f"{name}: {value}" for name, values in message.values().items()
                   for value in values]
        done = subprocess.run(
            ["taskset", "-c", str(max(os.sched_getaffinity(0))),
             "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", SCRIPT,
             f"http://127.0.0.1:{port}", "--", body.name, "POST", message.path, *headers],
            capture_output=True, text=True, check=True)
    result = json.loads(done.stdout.splitlines()[-1])
    if result["failed"] or not result["requests"]:
        raise SystemExit(f"{message.path}: {result['failed']} of {result['requests']} failed")
    return Load(result["requests"], result["p50_us"], result["p99_us"])


def seconds_for(port: int, message: Message, count: int, connections: int) -> int:
    """Warms up, and tells how long `count` requests take."""
    probe = run(port, message, 1, connections)
    return max(1, math.ceil(1.1 * count / probe.requests))


def run_at_least(port: int, message: Message, count: int, seconds: int, connections: int) -> Load:
    total = Load()
    while total.requests < count:
        part = run(port, message, seconds, connections)
        total = Load(total.requests + part.requests, part.p50_us, part.p99_us)
    return total
