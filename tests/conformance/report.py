# SPDX-License-Identifier: Apache-2.0
"""What a run found, as a table for people, as JSON and as a page of HTML."""
import collections
import datetime
import html

from conformance import VERSION
from conformance.runner import Outcome, Result, Subject
from conformance.server import SHOWN

FULL = 4000
MARKS = {Outcome.PASSED: "pass", Outcome.FAILED: "FAIL", Outcome.KNOWN: "known",
         Outcome.NOT_OFFERED: "-", Outcome.SKIPPED: "skip"}
STYLE = """body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:75em}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.3em .6em;
text-align:left;vertical-align:top}.fail{background:#fdd}.pass{background:#efe}
code{font-size:12px;overflow-wrap:anywhere}"""


def entry(result: Result) -> dict:
    rule = result.rule
    told = {"id": rule.id, "sentence": rule.sentence, "source": rule.source,
            "level": str(rule.level), "requests": len(rule.requests),
            "outcome": str(result.outcome)}
    if result.why:
        told["why"] = result.why
    if result.request:
        told["label"] = result.request.label
        told["request"] = result.request.describe(FULL)
        told["answer"] = result.answer.describe(FULL)
        told["status"] = result.answer.status
    return told


def totals(results: list[Result]) -> dict:
    """By level, then by outcome."""
    counted: dict[str, dict[str, int]] = {}
    for result in results:
        level = counted.setdefault(str(result.rule.level), dict.fromkeys(map(str, Outcome), 0))
        level[str(result.outcome)] += 1
    return counted


def document(results: list[Result], subject: Subject, command: str) -> dict:
    metadata = subject.metadata
    return {
        "kit": VERSION, "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "command": command, "url": subject.server.url,
        "server": {name: metadata.get(name) for name in ("name", "version", "extensions")},
        "totals": totals(results), "rules": [entry(result) for result in results],
    }


def line(result: Result) -> str:
    text = f"{MARKS[result.outcome]:5} {result.rule.id:36} {result.rule.level:9} {result.rule.sentence}"
    if result.request:
        text += f"\n      {result.why}\n      > {result.request.describe()}" \
                f"\n      < {result.answer.describe()}"
    elif result.why:
        text += f" ({result.why})"
    return text


def summary(results: list[Result]) -> str:
    counts = collections.Counter(result.outcome for result in results)
    return ", ".join(f"{counts[outcome]} {name}" for outcome, name in (
        (Outcome.PASSED, "passed"), (Outcome.FAILED, "failed"), (Outcome.KNOWN, "known"),
        (Outcome.NOT_OFFERED, "not offered"), (Outcome.SKIPPED, "skipped")) if counts[outcome]
        or outcome in (Outcome.PASSED, Outcome.FAILED))


def row(told: dict) -> str:
    seen = told.get("why", "")
    cells = [f"<code>{html.escape(told['id'])}</code>", html.escape(told["sentence"]),
             html.escape(told["source"]), told["level"], told["outcome"], html.escape(seen)]
    if "request" in told:
        request, answer = (html.escape(told[name][:2 * SHOWN]) for name in ("request", "answer"))
        cells[-1] += f"<br><code>{request}</code><br><code>{answer}</code>"
    return f'<tr class="{told["outcome"]}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def page(report: dict) -> str:
    server = report["server"]
    title = html.escape(f"{server['name']} {server['version']}: conformance to v2")
    counts = collections.Counter(each["outcome"] for each in report["rules"])
    told = html.escape(", ".join(f"{count} {name}" for name, count in counts.items()))
    head = "".join(f"<th>{name}</th>" for name in
                   ("rule", "what it says", "source", "level", "outcome", "what was seen"))
    rows = "\n".join(map(row, report["rules"]))
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>{STYLE}</style><h1>{title}</h1>
<p>{told}. {report['date']}, kit {report['kit']}: <code>{html.escape(report['command'])}</code></p>
<table><thead><tr>{head}</tr></thead><tbody>
{rows}
</tbody></table></html>
"""
