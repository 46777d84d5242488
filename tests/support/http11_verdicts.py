# SPDX-License-Identifier: Apache-2.0
"""What galen, nginx and haproxy each make of the requests of tests/data/http11, compared:
`python tests/support/http11_verdicts.py` prints the tables of docs/http.md."""
import dataclasses
import pathlib
import sys
import tempfile
from concurrent import futures

import front_ends
import http11

NAMES = ("nginx", "haproxy")
AT_ONCE = 8  # most of the time is theirs, for what never comes


@dataclasses.dataclass
class Verdicts:
    case: http11.Case
    galen: str
    nginx: str
    haproxy: str

    @property
    def others(self) -> tuple[str, str]:
        return self.nginx, self.haproxy


def verdict(answers: list[http11.Answer]) -> str:
    """The refusal, or that there is none: whatever it led to, it was understood."""
    if not answers:
        return "closes"
    return next((str(answer.status) for answer in answers if answer.status >= 400), "takes")


def of_front_end(case: http11.Case, port: int) -> str:
    try:
        return verdict(http11.ask(port, case.request + http11.CANARY, 4)[0])
    except http11.NoReplyError:
        return "other protocol"


def of_galen(case: http11.Case) -> str:
    return str(case.statuses[-1]) if case.is_refused else "takes"


def judge(case: http11.Case, fronts: list[front_ends.FrontEnd]) -> Verdicts:
    return Verdicts(case, of_galen(case), *(of_front_end(case, front.port) for front in fronts))


def judge_all(folder: pathlib.Path) -> tuple[list[Verdicts], list[str]]:
    fronts = [front_ends.FrontEnd(name, folder) for name in NAMES]
    try:
        with futures.ThreadPoolExecutor(AT_ONCE) as pool:
            verdicts = list(pool.map(lambda case: judge(case, fronts), http11.read_cases()))
        return verdicts, [f"{front.name} {front.version()}" for front in fronts]
    finally:
        for front in fronts:
            front.stop()


def is_looser(each: Verdicts) -> bool:
    """galen takes what both refuse."""
    return each.galen == "takes" and "takes" not in each.others


def table(title: str, rows: list[Verdicts]) -> str:
    lines = [f"\n#### {title}: {len(rows)}\n", "| request | rule | galen | nginx | haproxy |",
             "|---|---|---|---|---|"]
    lines += [f"| {each.case.name} | {each.case.rule} | {each.galen} | {each.nginx} | {each.haproxy} |"
              for each in rows]
    return "\n".join(lines)


def write(verdicts: list[Verdicts], versions: list[str]) -> str:
    refused = [each for each in verdicts if each.galen != "takes"]
    taken = [each for each in verdicts if each.galen == "takes"]
    groups = {
        "galen refuses, both take": [e for e in refused if e.others == ("takes", "takes")],
        "galen refuses, nginx takes": [e for e in refused if e.nginx == "takes" != e.haproxy],
        "galen refuses, haproxy takes": [e for e in refused if e.haproxy == "takes" != e.nginx],
        "galen takes, one refuses": [e for e in taken if e.others.count("takes") == 1],
        "galen takes, both refuse": [e for e in taken if is_looser(e)],
    }
    head = f"{len(verdicts)} requests, {len(versions)} others: {', '.join(versions)}.\n"
    return head + "\n".join(table(title, rows) for title, rows in groups.items())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        sys.stdout.write(write(*judge_all(pathlib.Path(scratch))) + "\n")
