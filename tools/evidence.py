#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests that SECURITY.md names, and writes build-test/evidence.md: clause, test, outcome."""
import json
import os
import pathlib
import re
import subprocess
import sys
from xml.etree import ElementTree

import check_security
import tree

OUT = tree.ROOT / "build-test"
CASE = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] (\w+)$", re.MULTILINE)
CMOCKA = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}
WORST = ("failed", "skipped", "passed", "not run")


def run(*words, env=None):
    """Tests that fail are told by what they have written."""
    subprocess.run(words, cwd=tree.ROOT, env=os.environ | (env or {}), check=False)


def of_junit(report):
    """Outcomes by test and file; of a test with several cases the worst."""
    outcomes = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        key = case.get("name").partition("[")[0], f"tests/{case.get('classname').replace('.', '/')}.py"
        bad = case.find("failure") is not None or case.find("error") is not None
        one = "failed" if bad else "skipped" if case.find("skipped") is not None else "passed"
        outcomes[key] = min(one, outcomes.get(key, "not run"), key=WORST.index)
    return outcomes


def of_python(tests):
    """A folder at a time: files of two folders may have one name."""
    outcomes = {}
    for folder in sorted({pathlib.Path(file).parent for _, file in tests}):
        outcomes |= of_folder([test for test in tests if pathlib.Path(test[1]).parent == folder])
    return outcomes


def of_folder(tests):
    report = OUT / "evidence.xml"
    report.unlink(missing_ok=True)
    run(".deps/venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", report,
        *(f"{file}::{name}" for name, file in tests),
        env={"GALEN_BIN": str(tree.ROOT / "build/galen"), "GALEN_BUILD": str(tree.ROOT / "build")})
    return of_junit(report) if report.exists() else {}


def introspect(what):
    return json.loads(subprocess.run(["meson", "introspect", "build", what], cwd=tree.ROOT, check=True,
                                     capture_output=True, text=True).stdout)


def programs(files):
    """Names that Meson has for the tests of these sources, and the sources."""
    made = {target["filename"][0]: file for target in introspect("--targets") for file in files
            for each in target["target_sources"] if str(tree.ROOT / file) in each.get("sources", [])}
    return {test["name"]: made[test["cmd"][0]] for test in introspect("--tests")
            if test["cmd"][0] in made}


def of_c(tests):
    names = programs({file for _, file in tests})
    if not names:
        return {}
    log = tree.ROOT / "build/meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    run("meson", "test", "-C", "build", *names)
    outcomes = {}
    for line in log.read_text().splitlines() if log.exists() else ():
        program = json.loads(line)
        for result, case in CASE.findall(program.get("stdout", "")):
            key = case, names[program["name"].split(" / ")[-1]]
            outcomes[key] = min(CMOCKA[result], outcomes.get(key, "not run"), key=WORST.index)
    return outcomes


def page(rows, outcomes):
    lines = ["# Evidence", "", "What the tests that [SECURITY.md](../SECURITY.md) names have come to: "
             "`make evidence`.", "", "| clause | test | outcome |", "|---|---|---|"]
    lines += [f"| {row.cells[0]} | [`{test[0]}`](../{test[1]}) | {outcomes.get(test, 'not run')} |"
              for row in rows for test in row.tests]
    return "\n".join(lines) + "\n"


def main():
    rows = list(check_security.controls((tree.ROOT / check_security.PAGE).read_text()))
    tests = sorted({test for row in rows for test in row.tests})
    OUT.mkdir(exist_ok=True)
    outcomes = of_c([t for t in tests if t[1].endswith(".c")]) \
        | of_python([t for t in tests if t[1].endswith(".py")])
    (OUT / "evidence.md").write_text(page(rows, outcomes))
    counted = [outcomes.get(test, "not run") for test in tests]
    print("build-test/evidence.md: " + ", ".join(f"{counted.count(word)} {word}" for word in WORST))
    return bool(counted.count("failed") + counted.count("not run"))


if __name__ == "__main__":
    sys.exit(main())
