#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures, prints a table and writes docs/benchmarks.md.

usage: tests/bench/run [--quick] [--out FOLDER] [ROW...]
"""
import argparse
import pathlib

import load
import machine
import report
from row import Effort
from rows import ROWS, why_not
from server import GALEN, ROOT

QUICK = Effort(requests=5_000, rounds=2)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer requests, two rounds")
    parser.add_argument("--out", type=pathlib.Path, help="where to write (default: docs,"
                        " and nothing where rows are named)")
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS], metavar="ROW",
                        help=f"of {', '.join(ROWS)}")
    return parser.parse_args()


def main() -> int:
    options = parse()
    effort = QUICK if options.quick else Effort()
    chosen = options.rows or list(ROWS)
    about = {"effort": vars(effort) | {"connections": load.CONNECTIONS},
             "machine": machine.describe(), "versions": machine.versions(GALEN)}
    missing = {name: why for name in chosen if (why := why_not(name))}
    measured = []
    for name in chosen:
        if name in missing:
            print(f"{name}: {missing[name]}", flush=True)
            continue
        for row in ROWS[name](effort):
            measured.append(row)
            print(report.line(row), flush=True)
    out = options.out or (None if options.rows or options.quick else ROOT / "docs")
    if out:
        out.mkdir(parents=True, exist_ok=True)
        report.write(out, measured, missing, about)
    return int(any(row.met is False for row in measured))


if __name__ == "__main__":
    raise SystemExit(main())
