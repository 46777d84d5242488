# SPDX-License-Identifier: Apache-2.0
"""A server under measurement: its processes, their CPU time and memory."""
import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
GALEN = pathlib.Path(os.environ.get("GALEN_BIN", ROOT / "build/galen"))
PROGRAMS = pathlib.Path(os.environ.get("GALEN_BENCH_PROGRAMS", ROOT / "build/tests/bench"))
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
READY_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def server_cores() -> set[int]:
    """The servers have one core, the load generator another: neither takes the other's turn."""
    return {min(os.sched_getaffinity(0))}


def load_cores() -> set[int]:
    return {max(os.sched_getaffinity(0))}


class Server:
    def __init__(self, name: str, words: list, port: int, environment: dict | None = None,
                 cores: set[int] | None = None):
        self.name = name
        self.port = port
        self.began = time.monotonic()
        self.popen = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, cwd=ROOT,
                                      env=os.environ | (environment or {}))
        os.sched_setaffinity(self.popen.pid, cores or server_cores())

    def listens(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def answers(self, path: str) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            connection.request("GET", path)
            answered = connection.getresponse().status == 200
            connection.close()
            return answered
        return False

    def wait_for(self, path: str | None) -> float:
        """Milliseconds from its start to its first 200; without a path, until it listens."""
        while not (self.answers(path) if path else self.listens()):
            if self.popen.poll() is not None or time.monotonic() - self.began > READY_S:
                raise SystemExit(f"{self.name} does not start")
            time.sleep(0.0005)
        return 1000 * (time.monotonic() - self.began)

    def processes(self) -> list[int]:
        """Itself and all below it."""
        found = [self.popen.pid]
        for pid in found:
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        return found

    def cpu_us(self) -> float:
        """User and system time of all its processes."""
        ticks = 0
        for pid in self.processes():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return 1e6 * ticks / TICKS_PER_S

    def resident_mb(self) -> float:
        pages = sum(int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
                    for pid in self.processes())
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self) -> None:
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(60)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


@contextlib.contextmanager
def running(server: Server, path: str | None) -> Iterator[Server]:
    try:
        server.wait_for(path)
        yield server
    finally:
        server.stop()


def make_networkless(folder: pathlib.Path) -> pathlib.Path:
    """A repository that needs no ONNX Runtime: one model of the backend `identity`."""
    version = folder / "identity/1"
    version.mkdir(parents=True)
    shutil.copy(ROOT / "tests/data/conformance/model.identity", version / "model.identity")
    return folder


def make_keys(folder: pathlib.Path) -> pathlib.Path:
    subprocess.run([GALEN, "key", "rotate", "--all", "--keys", folder], check=True,
                   stdout=subprocess.DEVNULL)
    return folder


def start_galen(repository: pathlib.Path, role: str = "serve", trail: pathlib.Path | None = None,
                config: pathlib.Path | None = None, **more) -> Server:
    """trail: where requests leave records; None: they leave none. more: settings, `__` for a dot."""
    port = free_port()
    settings = {"listen.http": f"127.0.0.1:{port}", "repository": repository, "threads": 1,
                "audit.enabled": "true" if trail else "false", "listen.metrics": "127.0.0.1:0",
                "listen.admin": "127.0.0.1:0"}
    settings |= {key.replace("__", "."): value for key, value in more.items()}
    if trail:
        settings |= {"audit.directory": trail, "keys.directory": make_keys(trail.with_name("keys"))}
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    if config:
        words += ["--config", config]
    return Server("galen", [GALEN, role, *words], port)


def start_fastapi(model: pathlib.Path, labels: list[str], threshold: float) -> Server:
    """One worker; uvicorn's faster loop and parser."""
    port = free_port()
    words = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir",
             ROOT / "tests/bench/peers/fastapi", "--port", str(port), "--loop", "uvloop", "--http",
             "httptools", "--no-access-log", "--log-level", "error"]
    return Server("FastAPI", words, port, {
        "GALEN_PEER_MODEL": str(model), "GALEN_PEER_LABELS": " ".join(labels),
        "GALEN_PEER_THRESHOLD": str(threshold), "TOKENIZERS_PARALLELISM": "false"})


def start_echo() -> Server:
    port = free_port()
    return Server("HTTP echo", [PROGRAMS / "http_echo_bench", str(port)], port)
