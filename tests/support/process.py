# SPDX-License-Identifier: Apache-2.0
"""One galen process: started, waited for, measured, stopped, and held to a clean end."""
import http.client
import itertools
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

import keys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("GALEN_BIN", ROOT / "build/galen")).resolve()
SANITIZED = b"__asan_init" in BINARY.read_bytes() if BINARY.exists() else False
SANITIZER_REPORTS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")
DEADLINE_S = 60 if SANITIZED else 20
PAUSE_S = 0.01
numbers = itertools.count()  # a process may have the port of one before it


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(holds, what: str, seconds: float = DEADLINE_S):
    """Asks again and again until it holds; what it returned then."""
    deadline = time.monotonic() + seconds
    while True:
        answer = holds()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        time.sleep(PAUSE_S)


class Process:
    """trust: whom a client of it believes, and who that is; None: it speaks no TLS. prefix: the
    words of a command that runs it somewhere else, such as in a namespace."""

    def __init__(self, role: str, log_folder: pathlib.Path, settings: dict[str, object],
                 trust: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0,
                 prefix: tuple = ()):
        self.host = host
        self.port = port or free_port()
        self.role = role
        self.trust = trust
        self.log_file = log_folder / f"{role}-{self.port}-{next(numbers)}.log"
        self.trail = log_folder / "audit"
        settings = {"listen.http": f"{host}:{self.port}", "listen.metrics": "127.0.0.1:0",
                    "listen.admin": "127.0.0.1:0",
                    "audit.directory": self.trail,
                    "keys.directory": keys.folder(BINARY)} | settings
        config = settings.pop("config", None)  # a file, beside single settings
        words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        words += ["--config", str(config)] if config else []
        with self.log_file.open("wb") as log:
            self.popen = subprocess.Popen([*prefix, BINARY, role, *words], stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)

    @property
    def url(self) -> str:
        return f"{'https' if self.trust else 'http'}://{self.host}:{self.port}"

    def connect(self) -> http.client.HTTPConnection:
        if self.trust:
            return http.client.HTTPSConnection(self.host, self.port, timeout=DEADLINE_S,
                                               context=self.trust)
        return http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE_S)

    def get_status(self, path: str) -> int:
        """0 while nothing answers."""
        connection = self.connect()
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except ConnectionError:
            return 0
        finally:
            connection.close()

    def wait_for(self, path: str, status: int = 200) -> "Process":
        def answers() -> bool:
            assert self.popen.poll() is None, f"{self.role} ended at its start:\n{self.log()}"
            return self.get_status(path) == status
        until(answers, f"{self.role} answers {path} with {status}")
        return self

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    @property
    def metrics_port(self) -> int:
        return int(re.search(r'"metrics_port":(\d+)', self.log())[1])

    @property
    def admin_port(self) -> int:
        """0: it has nothing to manage."""
        return int(re.search(r'"admin_port":(\d+)', self.log())[1])

    def metrics(self) -> dict[str, float]:
        """By name, labels included."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as reply:
            lines = reply.read().decode().splitlines()
        return {name: float(value) for name, value in
                (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}

    def file_count(self) -> int:
        return len(os.listdir(f"/proc/{self.popen.pid}/fd"))

    def resident_bytes(self) -> int:
        fields = pathlib.Path(f"/proc/{self.popen.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> int:
        """Drains; its exit code. Kills what does not end."""
        self.popen.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        try:
            return self.popen.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise

    def check_end(self) -> None:
        code = self.stop()
        log = self.log()
        assert not any(report in log for report in SANITIZER_REPORTS), log[-20_000:]
        assert code == 0, f"{self.role} ended with {code}:\n{log[-5_000:]}"
