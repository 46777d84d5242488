# SPDX-License-Identifier: Apache-2.0
"""Servers that the kit can start here, each with the kit's models."""
import contextlib
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
MODELS = ROOT / "tests/data/models"
READY_S = 180
END_S = 60
PAUSE_S = 0.05


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    """A process that answers on loopback."""

    def __init__(self, name: str, words: list, port: int, folder: pathlib.Path,
                 environment: dict[str, str] | None = None):
        self.name, self.port = name, port
        self.words, self.folder = words, folder
        self.environment = os.environ | (environment or {})
        self.log_file = folder / f"{name.lower()}.log"
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log_file.open("ab") as log:
            self.popen = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=log,
                                          stderr=subprocess.STDOUT, cwd=self.folder,
                                          env=self.environment, start_new_session=True)
        try:
            self.wait()
        except BaseException:  # an interrupt, too: in a session of its own it hears of none
            self.stop()
            raise

    def wait(self) -> None:
        deadline = time.monotonic() + READY_S
        while not self.is_ready():
            if self.popen.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not start:\n"
                                   f"{self.log_file.read_text(errors='replace')[-4000:]}")
            time.sleep(PAUSE_S)

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=READY_S)
            connection.request("GET", "/v2/health/ready")
            return connection.getresponse().status == 200
        return False

    def revive(self) -> None:
        """After a request that it died of."""
        self.stop()
        self.start()

    def stop(self) -> None:
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(END_S)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)  # what a server that died left behind
