# SPDX-License-Identifier: Apache-2.0
"""Holds a server to the Open Inference Protocol v2, and prints what it found."""
import argparse
import json
import pathlib
import shlex
import sys

from conformance import known, report
from conformance.models import SUM
from conformance.rule import Level
from conformance.rules import rules
from conformance.runner import Outcome, Result, Subject, run
from conformance.server import Server

TIMEOUT_S = 60


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("--url", required="--list" not in words, help="the server, http://HOST:PORT")
    parser.add_argument("--admin-url", help="where models are loaded and unloaded; without it nothing"
                        " is. The model identity_int8 is unloaded and loaded again")
    parser.add_argument("--model", default=SUM, help="which of its models adds and subtracts two INT32"
                        " tensors [-1,16] (default: %(default)s)")
    parser.add_argument("--level", action="append", choices=[str(each) for each in Level],
                        help="only rules of this level (may be repeated; default: all)")
    parser.add_argument("--rule", action="append", metavar="ID", help="only this rule, or those whose"
                        " ids begin with it and a dot (may be repeated)")
    parser.add_argument("--profile", choices=("none", *known.PROFILES), default="none",
                        help="allow what this server is known to do otherwise")
    parser.add_argument("--dangerous", action="store_true", help="also send what a server may die of")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, metavar="SECONDS",
                        help="for one answer (default: %(default)s)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the report")
    parser.add_argument("--html", type=pathlib.Path, metavar="FILE", help="write it as a page")
    parser.add_argument("--list", action="store_true", help="print the rules, ask nothing")
    parser.add_argument("--quiet", action="store_true", help="print only what failed")
    return parser.parse_args(words)


def chosen(options: argparse.Namespace) -> list:
    def is_wanted(rule) -> bool:
        return (not options.level or rule.level in options.level) and (not options.rule or any(
            f"{rule.id}.".startswith(f"{name}.") for name in options.rule))
    return [rule for rule in rules(options.model) if is_wanted(rule)]


def hold(subject: Subject, options: argparse.Namespace) -> list[Result]:
    results = []
    for rule in chosen(options):
        result = run(rule, subject)
        results.append(result)
        if not options.quiet or result.outcome == Outcome.FAILED:
            print(report.line(result), flush=True)
    return results


def subject_of(options: argparse.Namespace) -> Subject:
    admin = Server(options.admin_url, options.timeout) if options.admin_url else None
    subject = Subject(Server(options.url, options.timeout), admin, options.dangerous)
    subject.is_known = known.PROFILES.get(options.profile, subject.is_known)
    return subject


def write(told: dict, options: argparse.Namespace) -> None:
    if options.json:
        options.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    if options.html:
        options.html.write_text(report.page(told))


def main(words: list[str]) -> int:
    """0: no rule failed; 1: some did; 2: there is nothing to hold to them."""
    options = parse(words)
    if options.list:
        for rule in chosen(options):
            print(f"{rule.id:36} {rule.level:9} {rule.sentence} [{rule.source}]")
        return 0
    subject = subject_of(options)
    if not subject.server.is_live():
        print(f"conformance: nothing answers at {options.url}/v2/health/live", file=sys.stderr)
        return 2
    results = hold(subject, options)
    write(report.document(results, subject, shlex.join(["python3", "-m", "conformance", *words])),
          options)
    print(report.summary(results))
    return int(any(result.outcome == Outcome.FAILED for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
