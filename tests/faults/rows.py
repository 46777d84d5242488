# SPDX-License-Identifier: Apache-2.0
"""What is done to how many of three: one row each."""
import dataclasses

import faults
from events import Event, Killed, Restarted, Stopped, Told, ToldFalsehoods, ToldToFail
from field import COUNT


@dataclasses.dataclass(frozen=True)
class About:
    """What happened to whom."""
    role: str
    what: str
    hit: int  # of COUNT; 0: it is not for counting

    def __str__(self) -> str:
        return f"{self.role}: {f'{self.hit} of {COUNT} ' if self.hit else ''}{self.what}"


@dataclasses.dataclass(frozen=True)
class Row:
    role: str  # of the servers that are hit
    event: Event
    hit: int
    in_short: bool  # whether it is one of those that `make test` runs

    @property
    def about(self) -> About:
        return About(self.role, self.event.what, self.hit)

    @property
    def has_healthy(self) -> bool:
        """Whether one that could answer is there all the while."""
        return self.hit < COUNT or self.event.one_by_one


NETWORK = (
    Killed("killed (SIGKILL), then started again"),
    Stopped("stopped (SIGSTOP), then let go on"),
    Told("answer 300 ms late", faults.slow(0.3)),
    Told("drip their answers, 2 s each", faults.drip),
    Told("never answer", faults.be_silent),
    Told("reset the connection instead of an answer", faults.reset),
    Told("reset it amid the answer", faults.reset_midway),
    Told("close the connection instead of an answer", faults.close),
    Told("cut the answer's body", faults.truncate),
    Told("cut the answer's head", faults.truncate_head),
)
STATUS = (
    ToldToFail("answer 500", faults.answer(500)),
    Told("answer 502", faults.answer(502)),
    Told("answer 503", faults.answer(503)),
    Told("answer 503 with Retry-After: 1", faults.answer(503, "Retry-After: 1")),
    Told("answer 504", faults.answer(504)),
)
CONTENT = (
    ToldFalsehoods("answer with a row too many", faults.changed(faults.change_shape)),
    ToldFalsehoods("answer with another datatype", faults.changed(faults.change_datatype)),
    ToldFalsehoods("answer with another request's id", faults.changed(faults.change_id)),
    ToldFalsehoods("answer for another model and version", faults.changed(faults.change_model)),
    ToldFalsehoods("answer without outputs", faults.changed(faults.change_outputs)),
    ToldFalsehoods("answer with bytes that are no JSON", faults.of_infer(faults.garble)),
    ToldFalsehoods("answer with what is not HTTP", faults.of_infer(faults.babble)),
)
ROLLOUT = Restarted("restarted one after another (SIGTERM)")
OF_PREPROCESS = {*NETWORK[:2], NETWORK[4], NETWORK[5], NETWORK[8], STATUS[2], CONTENT[0], CONTENT[5]}
ALL_IN_SHORT = {NETWORK[0], NETWORK[4], STATUS[3], CONTENT[0]}


def make_rows() -> list[Row]:
    rows = []
    for event in (*NETWORK, *STATUS, *CONTENT):
        rows += [Row("engine", event, hit, hit == 2 or (hit == COUNT and event in ALL_IN_SHORT))
                 for hit in range(1, COUNT + 1)]
    rows.append(Row("engine", ROLLOUT, COUNT, True))
    for event in (each for each in (*NETWORK, *STATUS, *CONTENT) if each in OF_PREPROCESS):
        rows += [Row("preprocess", event, hit, hit == 2 and event in (*NETWORK[:2], CONTENT[5]))
                 for hit in (2, COUNT)]
    rows.append(Row("preprocess", ROLLOUT, COUNT, True))
    return rows


ROWS = make_rows()
