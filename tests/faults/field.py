# SPDX-License-Identifier: Apache-2.0
"""What a gateway has behind it here: real engines and preprocessors, a FaultProxy before each."""
import pathlib
import signal

from process import ROOT, Process
from proxy import Background, FaultProxy

COUNT = 3
ROLES = ("engine", "preprocess")
SETTINGS = {"engine": "engines.default", "preprocess": "preprocess"}
COMMON = {"repository": ROOT / "models", "threads": 1, "drain_delay_ms": 0, "audit.enabled": "false"}
REQUEST_TIMEOUT_MS = 4000
GATEWAY = COMMON | {"request_timeout_ms": REQUEST_TIMEOUT_MS, "audit.enabled": "true"}


class Node:
    """One server; it keeps its address however often it is started."""

    def __init__(self, role: str, folder: pathlib.Path):
        self.role = role
        self.folder = folder
        self.process = Process(role, folder, COMMON)
        self.proxy = FaultProxy(self.process.port)

    @property
    def url(self) -> str:
        return self.process.url

    def start(self) -> None:
        """Again, after it ended; a little later it is ready."""
        self.process = Process(self.role, self.folder, COMMON, port=self.process.port)

    def wait_until_ready(self) -> None:
        self.process.wait_for("/v2/health/ready")

    def signal(self, number: signal.Signals) -> None:
        self.process.popen.send_signal(number)

    def kill(self) -> None:
        self.process.popen.kill()
        self.process.popen.wait()


class Field:
    """with Field(folder) as field: …"""

    def __init__(self, folder: pathlib.Path, count: int = COUNT):
        self.folder = folder
        self.count = count

    def __enter__(self) -> "Field":
        self.nodes = {role: [Node(role, self.folder) for _ in range(self.count)] for role in ROLES}
        self.background = Background().__enter__()
        for node in self.all_nodes():
            node.wait_until_ready()
            self.background.run(node.proxy.open())
        return self

    def __exit__(self, *_) -> None:
        self.background.__exit__()
        for node in self.all_nodes():
            node.process.check_end()

    def all_nodes(self) -> list[Node]:
        return [node for nodes in self.nodes.values() for node in nodes]

    def urls(self, role: str, by_proxy: bool) -> str:
        return ",".join((node.proxy if by_proxy else node).url for node in self.nodes[role])

    def start_gateway(self, by_proxy: str = "", prefix: tuple = (), **settings: object) -> Process:
        """by_proxy: the role whose servers it knows by their proxies; settings: with `__` for
        the dot of a key."""
        chosen = GATEWAY | {SETTINGS[role]: self.urls(role, role == by_proxy) for role in ROLES}
        chosen |= {key.replace("__", "."): value for key, value in settings.items()}
        return Process("gateway", self.folder, chosen, prefix=prefix)
