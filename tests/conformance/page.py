# SPDX-License-Identifier: Apache-2.0
"""Writes a page out of the reports of several servers, which `--json` wrote.

usage: python3 -m conformance.page REPORT.json... > docs/conformance.md
"""
import json
import pathlib
import sys

from conformance import known

LEVELS = {"required": "required by the protocol", "extension": "extensions of Triton's",
          "strict": "beyond the protocol"}
CELLS = {"pass": "pass", "not offered": "not offered", "skipped": "not tried", "known": "known"}
SHOWN = 420
SHORTER = {json.dumps(list(range(16))): "[0, 1 … 15]", json.dumps([1] * 16): "[1 … 1]",
           "[Content-Type: application/json] ": ""}
INTRO = """# Conformance to the Open Inference Protocol v2

What galen, NVIDIA Triton and MLServer do with the same {count} rules, {requests} requests, of
[`tests/conformance`](../tests/conformance/README.md), which holds any v2 server to the protocol by its
URL. **This page is generated**: `make conformance` starts all three with the same models, runs the kit
and writes it. What it says of a server is what was seen, with the request.

Rules have a level: *required* by the protocol (`inference_rest.md`, `required_api.md`); *extension*,
for servers that list it (`GET /v2`), else "not offered", which is no failure; *strict*, beyond the
protocol: no server has to keep these. They are what galen promises (exact or refused; a client's fault
is a 4xx) and what clients rely on.
"""

DIFFERENCES = """## What galen does otherwise than Triton, and why

All of it: `test_differential.py` sends both the same bytes, and fails on any other difference, and on
a row here that no request needs; what ends a process is seen by `make conformance` only. Errors that
Triton finds early are JSON declared as `text/plain`; galen's are always declared as JSON.
"""


def load(name: str) -> dict:
    return json.loads(pathlib.Path(name).read_text())


def cell(text: str) -> str:
    """Fit for a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str, size: int = SHOWN) -> str:
    """As code, which a backtick inside does not end; tensors of the sum are told in short."""
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    cut = text if len(text) <= size else text[:size] + "…"
    fence = "``" if "`" in cut else "`"
    return f"{fence}{cell(cut).strip()}{fence}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def name_of(report: dict) -> str:
    return report.get("label") or report["server"]["name"]


def versions(reports: list[dict]) -> str:
    rows = [[f"**{name_of(report)}**", str(report["server"]["version"]), report.get("models", ""),
             cell(", ".join(report["server"]["extensions"] or []) or "none")] for report in reports]
    return table(["server", "version", "how it runs the models here", "extensions that it lists"], rows)


def kept(report: dict, level: str) -> str:
    counts = report["totals"][level]
    tried = counts["pass"] + counts["fail"]
    rest = f", {counts['not offered']} not offered" if counts["not offered"] else ""
    rest += f", {counts['skipped']} not tried" if counts["skipped"] else ""
    return f"{counts['pass']} of {tried}{rest}"


def totals(reports: list[dict]) -> str:
    rows = [[told, *(kept(report, level) for report in reports)] for level, told in LEVELS.items()]
    return table(["rules that are kept", *map(name_of, reports)], rows)


def outcome(told: dict) -> str:
    if told["outcome"] != "fail":
        return CELLS[told["outcome"]]
    died = told["status"] == 0
    return f"**fail** ({'no answer' if died else told['status']})"


def families(reports: list[dict]) -> str:
    """One table for each family of rules; one row for each rule."""
    by_id = [{each["id"]: each for each in report["rules"]} for report in reports]
    grouped: dict[str, list[list[str]]] = {}
    for rule in reports[0]["rules"]:
        grouped.setdefault(rule["id"].split(".")[0], []).append(
            [f"`{rule['id']}`", cell(rule["sentence"]), rule["level"], rule["source"],
             *(outcome(rules[rule["id"]]) for rules in by_id)])
    head = ["rule", "what it says", "level", "source", *map(name_of, reports)]
    return "\n".join(f"### {name}\n\n{table(head, rows)}" for name, rows in grouped.items())


def findings(report: dict) -> str:
    """Each rule that failed: what was sent, what came back."""
    rows = [[f"`{each['id']}`", each["level"], cell(each["why"]), code(each["request"]),
             code(each["answer"])] for each in report["rules"] if each["outcome"] == "fail"]
    if not rows:
        return "None.\n"
    return table(["rule", "level", "what was missing", "request", "answer"], rows)


def differences() -> str:
    def statuses(codes: tuple[int, ...]) -> str:
        return ", ".join("no answer" if each == 0 else str(each) for each in codes)
    return table(["request", "Triton 2.51", "galen", "why"],
                 [[cell(row.what), statuses(row.triton), statuses(row.galen), cell(row.why)]
                  for row in known.TABLE])


def page(reports: list[dict]) -> str:
    first = reports[0]
    requests = sum(each.get("requests", 0) for each in first["rules"])
    parts = [INTRO.format(count=len(first["rules"]), requests=requests),
             f"Seen {first['date'][:10]}, with kit {first['kit']}, by `make conformance`, which runs\n"
             f"`{first['command']}` and the like.\n", versions(reports), totals(reports),
             DIFFERENCES, differences(),
             "## Rule by rule\n", families(reports)]
    parts += [f"## Rules that {name_of(report)} does not keep\n\n{findings(report)}"
              for report in reports]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page([load(name) for name in sys.argv[1:]]))
