# SPDX-License-Identifier: Apache-2.0
"""A row of docs/benchmarks.md."""
import dataclasses

from compare import Measured, Ratio


@dataclasses.dataclass
class Effort:
    """How much a row is worth; --quick asks for less."""
    requests: int = 12_500
    rounds: int = 13


@dataclasses.dataclass
class Row:
    what: str
    value: float
    unit: str
    against: str = ""
    other: float | None = None
    ratio: Ratio | None = None
    bar: str = ""
    met: bool | None = None
    latency: str = ""
    note: str = ""


def latency(measured: Measured) -> str:
    return f"{measured.p50_us:.0f} / {measured.p99_us:.0f}"
