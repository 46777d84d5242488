#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Load and faults for ten minutes: no process has more memory or more open files at the end.

usage: tests/faults/soak.py [MINUTES]

A gateway with three engines and three preprocessors, under an open loop of both kinds of
requests. One of three engines is hit for a minute, again and again in another way, then the next one;
between them the faults rest, and what each process holds is looked at. Exit status 1: a request was
lost, or a process grew.
"""
import itertools
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from events import Told  # noqa: E402
from field import ROLES, Field, Node  # noqa: E402
from process import Process  # noqa: E402
from rows import CONTENT, NETWORK, STATUS  # noqa: E402
from run import BODY  # noqa: E402
from steady import SteadyLoad  # noqa: E402

RATE = {"engine": 100, "preprocess": 30}
FAULT_S = 3.0
ROUND_S = 60.0
REST_S = 12.0  # until who was ejected is back, and connections of what is past are closed
GROWTH_BYTES_MAX = 4 << 20  # 78,000 requests that keep 54 bytes each
GROWTH_FILES_MAX = 16
EVENTS = [event for event in (*NETWORK, *STATUS, *CONTENT)
          if isinstance(event, Told) and "500" not in event.what]


class Holdings:
    """What a process holds, looked at again and again."""

    def __init__(self, process: Process):
        self.process = process
        self.bytes: list[int] = []
        self.files: list[int] = []

    def look(self) -> None:
        self.bytes.append(self.process.resident_bytes())
        self.files.append(self.process.file_count())

    def growth(self) -> tuple[int, int]:
        """Of the least that it held, from the first half after a minute to the second: how many
        requests were under way at a time differs, and so do the connections that are kept."""
        def grown(seen: list[int]) -> int:
            middle = len(seen) // 2 + 1
            return min(seen[middle:] or seen[-1:]) - min(seen[1:middle] or seen)
        return grown(self.bytes), grown(self.files)

    @property
    def is_flat(self) -> bool:
        size_bytes, files = self.growth()
        return size_bytes <= GROWTH_BYTES_MAX and files <= GROWTH_FILES_MAX

    def line(self) -> str:
        size_bytes, files = self.growth()
        memory = f"{self.bytes[-1] / 2**20:.1f} MiB ({size_bytes / 2**10:+.0f} KiB)"
        verdict = "" if self.is_flat else " GREW"
        return f"{self.process.role}: {memory}, {self.files[-1]} files ({files:+}){verdict}"


def hit(node: Node, until_s: float, events) -> None:
    while time.monotonic() < until_s:
        next(events).happen([node], FAULT_S)


def soak(field: Field, gateway: Process, rounds: int) -> tuple[list[SteadyLoad], list[Holdings]]:
    holdings = [Holdings(each) for each in (gateway, *(node.process for node in field.all_nodes()))]
    loads = [SteadyLoad(gateway.port, "/infer", BODY[role], RATE[role]) for role in ROLES]
    events = itertools.cycle(EVENTS)
    nodes = itertools.cycle(field.nodes["engine"])
    with loads[0], loads[1]:
        for _ in range(rounds):
            hit(next(nodes), time.monotonic() + ROUND_S - REST_S, events)
            time.sleep(REST_S)
            for each in holdings:
                each.look()
            print(holdings[0].line(), *(load.counts for load in loads), flush=True)
    return loads, holdings


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as folder, Field(pathlib.Path(folder)) as field:
        gateway = field.start_gateway("engine").wait_for("/readyz")
        loads, holdings = soak(field, gateway, rounds)
        gateway.check_end()
    lost = [each for load in loads for each in load.lost]
    print("\n".join(each.line() for each in holdings))
    print("\n".join(f"lost: {each.name} {each.body[:300]!r}" for each in lost[:3]))
    print(f"{len(lost)} of {sum(len(load.outcomes) for load in loads)} requests lost")
    return int(bool(lost) or not all(each.is_flat for each in holdings))


if __name__ == "__main__":
    sys.exit(main())
