# SPDX-License-Identifier: Apache-2.0
"""What happens to some of the servers for a while."""
import dataclasses
import signal
import time

from field import Node
from proxy import Fault, pass_on


@dataclasses.dataclass(frozen=True)
class Event:
    """by_proxy: it is told to the proxies of those hit. one_by_one: the others are well.
    is_false: what those hit answer is not to be believed. passed_on: the status that they answer,
    where clients get it."""
    what: str
    passed_on = 0
    by_proxy = False
    one_by_one = False
    is_false = False

    def happen(self, nodes: list[Node], seconds: float) -> None:
        """Returns when it is over, and all are well again."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Told(Event):
    fault: Fault
    by_proxy = True

    def happen(self, nodes: list[Node], seconds: float) -> None:
        for node in nodes:
            node.proxy.fault = self.fault
        time.sleep(seconds)
        for node in nodes:
            node.proxy.fault = pass_on


@dataclasses.dataclass(frozen=True)
class ToldFalsehoods(Told):
    is_false = True


@dataclasses.dataclass(frozen=True)
class ToldToFail(Told):
    passed_on = 500


@dataclasses.dataclass(frozen=True)
class Killed(Event):
    def happen(self, nodes: list[Node], seconds: float) -> None:
        for node in nodes:
            node.kill()
        time.sleep(seconds)
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait_until_ready()


@dataclasses.dataclass(frozen=True)
class Stopped(Event):
    def happen(self, nodes: list[Node], seconds: float) -> None:
        for node in nodes:
            node.signal(signal.SIGSTOP)
        time.sleep(seconds)
        for node in nodes:
            node.signal(signal.SIGCONT)
        for node in nodes:
            node.wait_until_ready()


@dataclasses.dataclass(frozen=True)
class Restarted(Event):
    """As a rollout does it: the next one ends when the last is ready."""
    one_by_one = True

    def happen(self, nodes: list[Node], seconds: float) -> None:
        for node in nodes:
            node.process.check_end()
            node.start()
            node.wait_until_ready()
            time.sleep(seconds / len(nodes))
