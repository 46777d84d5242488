# SPDX-License-Identifier: Apache-2.0
"""A row under load: what became of every request."""
import dataclasses
import json
import time
from collections.abc import Callable

from field import REQUEST_TIMEOUT_MS, Field
from process import Process, until
from rows import About, Row
from samples import by_features, stable
from steady import LATE, RESET, Outcome, SteadyLoad

RATE = {"engine": 100, "preprocess": 40}  # requests a second
NOTE = {"model": "clinical-ner", "input": "Denies chest pain. Takes metformin 500 mg twice daily."}
BODY = {"engine": by_features(), "preprocess": NOTE}
DEADLINE_S = REQUEST_TIMEOUT_MS / 1000
SLACK_S = 2.0  # of a busy machine
SETTLE_S = 0.5  # until what was asked before has been answered
RECOVERY_S_MAX = 10.0
CLEAR = {200, 502, 503, 504}  # what may be said where nobody is well


@dataclasses.dataclass(frozen=True)
class Timing:
    before_s: float
    during_s: float
    after_s: float


SHORT = Timing(0.3, 1.5, 0.7)
WHOLE = Timing(1.0, 4.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Expected:
    has_healthy: bool = True  # somebody is well all the while
    is_false: bool = False  # where nobody is, answers are not true
    passed_on: int = 0  # then this may be answered too
    one_answer: bool = True  # of all requests, which are the same


EXPECTED = Expected()


@dataclasses.dataclass
class Result:
    about: About
    counts: dict[str, int]  # by status, of all requests
    lost: int  # of those for whom somebody was well
    p50_ms: float
    p99_ms: float
    max_ms: float
    faults: list[str]  # what must not be; empty: it held

    def line(self) -> str:
        counts = ", ".join(f"{count} × {name}" for name, count in self.counts.items())
        return (f"{self.about}: {self.lost} lost; {counts}; p50 {self.p50_ms:.1f} ms,"
                f" p99 {self.p99_ms:.0f} ms, max {self.max_ms:.0f} ms")


def find_recovery(load: SteadyLoad, since: float) -> float:
    """When the last request that failed was due; since: none did."""
    return max((each.due for each in load.lost if each.due >= since), default=since)


def unclear(outcomes: list[Outcome], passed_on: int) -> list[str]:
    """Of answers while nobody was well: those that leave a client in the dark."""
    found = []
    for each in outcomes:
        if each.name in (RESET, LATE) or each.status not in CLEAR | {passed_on}:
            found.append(f"{each.name} while nobody was well")
        elif each.status == 503 and not each.retry_after:
            found.append("503 without Retry-After")
        if each.latency_s > DEADLINE_S + SLACK_S:
            found.append(f"{each.name} after its deadline")
    return sorted(set(found))


def believed(outcomes: list[Outcome], down: tuple[float, float]) -> list[str]:
    """What was answered with 2xx while there were false answers only. Who waits for a retry may
    get a true one afterwards."""
    found = [each for each in outcomes if not each.is_lost
             and down[0] + SETTLE_S <= each.due and each.due + each.latency_s <= down[1]]
    return [f"{len(found)} false answers were passed on"] if found else []


def contradictions(load: SteadyLoad) -> list[str]:
    """Each request is the same, and so is each answer."""
    answers = {json.dumps(stable(json.loads(each.body))) for each in load.outcomes if not each.is_lost}
    return [f"{len(answers)} different answers: {sorted(answers)[:2]}"] if len(answers) > 1 else []


def judge(about: About, load: SteadyLoad, down: tuple[float, float], expected: Expected) -> Result:
    """down: from when to when something happened."""
    lost, faults = load.lost, []
    if not expected.has_healthy:
        recovered = find_recovery(load, down[1])
        within = [each for each in load.outcomes if down[0] - DEADLINE_S <= each.due <= recovered]
        lost = [each for each in lost if each not in within]
        faults = unclear(within, expected.passed_on)
        faults += believed(within, down) if expected.is_false else []
        if recovered - down[1] > RECOVERY_S_MAX:
            faults.append(f"back only after {recovered - down[1]:.1f} s")
    if lost:
        faults.append(f"{len(lost)} lost, the first: {lost[0].name} {lost[0].body[:300]!r}")
    faults += contradictions(load) if expected.one_answer else []
    quantiles = (load.quantile_s(share) * 1000 for share in (0.5, 0.99, 1.0))
    return Result(about, load.counts, len(lost), *quantiles, faults)


def is_well(load: SteadyLoad) -> bool:
    recent = load.outcomes[-20:]
    return bool(recent) and not any(each.is_lost for each in recent)


def under_load(about: About, gateway: Process, timing: Timing,
               happen: Callable[[SteadyLoad], None], expected: Expected = EXPECTED) -> Result:
    with SteadyLoad(gateway.port, "/infer", BODY[about.role], RATE[about.role]) as load:
        time.sleep(timing.before_s)
        until(lambda: is_well(load), "requests are answered")
        began = time.monotonic()
        happen(load)
        ended = time.monotonic()
        until(lambda: is_well(load), "requests are answered again", RECOVERY_S_MAX + DEADLINE_S)
        time.sleep(timing.after_s)
    return judge(about, load, (began, ended), expected)


def run_row(row: Row, field: Field, timing: Timing) -> Result:
    gateway = field.start_gateway(row.role if row.event.by_proxy else "")
    nodes = field.nodes[row.role][:row.hit]
    expected = Expected(row.has_healthy, row.event.is_false, row.event.passed_on)
    try:
        gateway.wait_for("/readyz")
        return under_load(row.about, gateway, timing,
                          lambda _: row.event.happen(nodes, timing.during_s), expected)
    finally:
        gateway.check_end()
