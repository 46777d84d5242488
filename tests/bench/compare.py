# SPDX-License-Identifier: Apache-2.0
"""A-B-A-B: the same work by each in turn, so that what the machine does meanwhile meets both."""
import dataclasses
import statistics
from collections.abc import Callable

import load
from server import Server


@dataclasses.dataclass
class Measured:
    """CPU time of a request, and what its client saw."""
    cpu_us: float
    p50_us: float = 0
    p99_us: float = 0


def measure(server: Server, message: load.Message, count: int, seconds: int,
            connections: int) -> Measured:
    before = server.cpu_us()
    done = load.run_at_least(server.port, message, count, seconds, connections)
    cpu_us = (server.cpu_us() - before) / done.requests
    return Measured(cpu_us, done.p50_us, done.p99_us)


def measurement(server: Server, message: load.Message, count: int,
                connections: int = load.CONNECTIONS) -> Callable[[], Measured]:
    seconds = load.seconds_for(server.port, message, count, connections)
    return lambda: measure(server, message, count, seconds, connections)


def alternate(sides: list[Callable[[], Measured]], rounds: int) -> list[list[Measured]]:
    """For each side its rounds."""
    turns = [[side() for side in sides] for _ in range(rounds)]
    return [list(side) for side in zip(*turns, strict=True)]


def median(rounds: list[Measured]) -> Measured:
    return Measured(*(statistics.median(getattr(each, field.name) for each in rounds)
                      for field in dataclasses.fields(Measured)))


@dataclasses.dataclass
class Ratio:
    """The median of the rounds', and how far they lie apart."""
    median: float
    least: float
    most: float


def ratio_of(rounds: list[float]) -> Ratio:
    return Ratio(statistics.median(rounds), min(rounds), max(rounds))


def ratio(upper: list[Measured], lower: list[Measured]) -> Ratio:
    """Of upper to lower, round by round."""
    return ratio_of([a.cpu_us / b.cpu_us for a, b in zip(upper, lower, strict=True)])


def summed(first: list[Measured], second: list[Measured]) -> list[Measured]:
    """Round by round, what both take; the first's clients."""
    return [dataclasses.replace(a, cpu_us=a.cpu_us + b.cpu_us)
            for a, b in zip(first, second, strict=True)]


def less(first: list[Measured], second: list[Measured]) -> list[Measured]:
    """Round by round, what the first takes beside the second; the first's clients."""
    return [dataclasses.replace(a, cpu_us=a.cpu_us - b.cpu_us)
            for a, b in zip(first, second, strict=True)]
