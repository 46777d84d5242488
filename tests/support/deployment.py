# SPDX-License-Identifier: Apache-2.0
"""galen as one process, and as three that speak v2 to one another on loopback."""
import pathlib

from message import Reply, exchange
from process import ROOT, Process

NAMES = ("one", "three")
QUICK_END = {"drain_delay_ms": 0}


class Deployment:
    """The last process is the one that answers clients."""

    def __init__(self, processes: list[Process]):
        self.processes = processes

    @property
    def port(self) -> int:
        return self.processes[-1].port

    @property
    def url(self) -> str:
        return self.processes[-1].url

    def request(self, method: str, path: str, body: bytes | dict | None = None,
                headers: dict[str, str] | None = None) -> Reply:
        return exchange(self.port, method, path, body, headers)

    def infer(self, body: dict) -> Reply:
        return self.request("POST", "/infer", body)

    def log(self) -> str:
        return "".join(process.log() for process in self.processes)

    def file_counts(self) -> list[int]:
        return [process.file_count() for process in self.processes]

    def resident_bytes(self) -> int:
        return sum(process.resident_bytes() for process in self.processes)

    def stop(self) -> None:
        """From the edge inwards, as one would roll it out."""
        for process in reversed(self.processes):
            process.check_end()


def start_one(log_folder: pathlib.Path, settings: dict) -> list[Process]:
    return [Process("serve", log_folder, settings)]


def start_three(log_folder: pathlib.Path, settings: dict) -> list[Process]:
    behind = [Process(role, log_folder, settings) for role in ("engine", "preprocess")]
    for process in behind:
        process.wait_for("/v2/health/live")
    engine, preprocess = behind
    urls = {"preprocess": preprocess.url, "engines.default": engine.url}
    return [engine, preprocess, Process("gateway", log_folder, settings | urls)]


def start(name: str, log_folder: pathlib.Path, ready_status: int = 200,
          **settings: object) -> Deployment:
    """settings: with `__` for the dot of a key."""
    chosen = {"repository": ROOT / "models", "threads": 1} | QUICK_END
    chosen |= {key.replace("__", "."): value for key, value in settings.items()}
    starter = start_one if name == "one" else start_three
    processes = starter(log_folder, chosen)
    processes[-1].wait_for("/readyz", ready_status)
    return Deployment(processes)
