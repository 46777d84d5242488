# SPDX-License-Identifier: Apache-2.0
"""The network itself: cut between gateway and engines, and names that move to other addresses."""
import contextlib
import time

import namespaces
import pytest
from field import COMMON, COUNT
from namespaces import Hosts, Network
from process import Process, free_port
from rows import About
from run import Expected, under_load

pytestmark = pytest.mark.skipif(bool(namespaces.why_not()), reason=namespaces.why_not() or "-")
NAME = "engines.test"
RESOLVE_MS = 300
CUT = "cut off: their interface is down"
MOVED = "moved to other addresses one after another: their name tells of the new one, the old one ends"
DEMO = {"mode": "demo"}  # who else listens beyond loopback has to know its callers


@pytest.fixture
def networks():
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Network(number)) for number in range(COUNT)]


@pytest.fixture
def far_engines(networks, tmp_path):
    """One in each network."""
    engines = [Process("engine", tmp_path, COMMON | DEMO, host=each.host, prefix=each.prefix)
               for each in networks]
    for engine in engines:
        engine.wait_for("/v2/health/ready")
    yield engines
    for engine in engines:
        engine.check_end()


@pytest.mark.parametrize("hit", [1, 2, 3])
def test_networks_are_cut(field, networks, far_engines, timing, hold, hit):
    urls = ",".join(engine.url for engine in far_engines)
    gateway = field.start_gateway(engines__default=urls).wait_for("/readyz")

    def cut(_load):
        for network in networks[:hit]:
            network.cut()
        time.sleep(timing.during_s)
        for network in networks[:hit]:
            network.mend()
    try:
        hold(under_load(About("engine", CUT, hit), gateway, timing, cut,
                        Expected(has_healthy=hit < COUNT)))
    finally:
        gateway.check_end()


class Moving:
    """Engines at 127.0.1.N, all on one port, and a name that says where they are."""

    def __init__(self, folder, hosts: Hosts):
        self.folder = folder
        self.hosts = hosts
        self.port = free_port()
        self.engines: list[Process] = []
        self.number = 0

    def add(self) -> None:
        self.number += 1
        engine = Process("engine", self.folder, COMMON, host=f"127.0.1.{self.number}", port=self.port)
        self.engines.append(engine.wait_for("/v2/health/ready"))

    def tell(self) -> None:
        self.hosts.say(NAME, [engine.host for engine in self.engines])

    def replace_all(self, seconds: float) -> None:
        for _ in range(COUNT):
            self.add()
            old = self.engines.pop(0)
            self.tell()
            old.check_end()
            time.sleep(seconds / COUNT)

    def end(self) -> None:
        for engine in self.engines:
            engine.check_end()


def test_addresses_of_a_name_change(field, tmp_path, timing, hold):
    hosts = Hosts(tmp_path / "hosts")
    moving = Moving(tmp_path, hosts)
    for _ in range(COUNT):
        moving.add()
    moving.tell()
    gateway = field.start_gateway(engines__default=f"http://{NAME}:{moving.port}",
                                  upstream__resolve_interval_ms=RESOLVE_MS, prefix=hosts.prefix)
    gateway.wait_for("/readyz")
    try:
        hold(under_load(About("engine", MOVED, 0), gateway, timing,
                        lambda _: moving.replace_all(timing.during_s)))
    finally:
        gateway.check_end()
        moving.end()
