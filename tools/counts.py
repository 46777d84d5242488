# SPDX-License-Identifier: Apache-2.0
"""How many tests ran, out of what each runner wrote. A runner that ran nothing has failed."""
import dataclasses
import json
import re
from xml.etree import ElementTree

CMOCKA_RUN = re.compile(r"^\[=+\] .*\d+ test\(s\) run\.", re.MULTILINE)
CMOCKA_OK = re.compile(r"^\[       OK \] ", re.MULTILINE)
CMOCKA_FAILED = re.compile(r"^\[  FAILED  \] (\S+)$", re.MULTILINE)
CMOCKA_SKIPPED = re.compile(r"^\[  SKIPPED \] (\S+)$", re.MULTILINE)


@dataclasses.dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skips: tuple[str, ...] = ()  # names of what was skipped, with the reason where there is one
    failures: tuple[str, ...] = ()  # names of what failed, where they are known

    @property
    def skipped(self):
        return len(self.skips)

    def __add__(self, other):
        return Counts(self.passed + other.passed, self.failed + other.failed,
                      self.skips + other.skips, self.failures + other.failures)

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


def of_program(name, result, output):
    """One program of Meson's: a cmocka program counts its tests, any other counts as one."""
    if not CMOCKA_RUN.search(output):
        fine = {"OK": Counts(passed=1), "SKIP": Counts(skips=(name,))}
        return fine.get(result, Counts(failed=1, failures=(f"{name}: {result}",)))
    failures = [f"{name}: {test}" for test in sorted(set(CMOCKA_FAILED.findall(output)))]
    if result != "OK" and not failures:
        failures = [f"{name}: {result}"]
    skips = sorted(set(CMOCKA_SKIPPED.findall(output)))
    return Counts(len(CMOCKA_OK.findall(output)), len(failures), tuple(skips), tuple(failures))


def of_meson(testlog):
    """meson-logs/testlog.json: one object a line and program. No file: nothing ran."""
    total = Counts()
    if not testlog.exists():
        return total
    for line in testlog.read_text().splitlines():
        program = json.loads(line)
        output = program.get("stdout", "") + "\n" + program.get("stderr", "")
        total += of_program(program["name"], program["result"], output)
    return total


def of_junit(report):
    """pytest --junitxml."""
    total = Counts()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skips = tuple(f"{case.get('name')}: {case.find('skipped').get('message')}"
                      for case in suite.iter("testcase") if case.find("skipped") is not None)
        failures = tuple(f"{case.get('classname')}.{case.get('name')}"
                         for case in suite.iter("testcase")
                         if case.find("failure") is not None or case.find("error") is not None)
        total += Counts(int(suite.get("tests", 0)) - failed - len(skips), failed, skips, failures)
    return total


def of_unittest(output):
    """python3 -m unittest -v."""
    ran = re.findall(r"^Ran (\d+) tests? in", output, re.MULTILINE)
    bad = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", output))
    skips = tuple(": ".join(found) for found in
                  re.findall(r"^(\w+) \(.*\) \.\.\. skipped [\"'](.*)[\"']$", output, re.MULTILINE))
    return Counts(int(ran[-1]) - bad - len(skips) if ran else 0, bad, skips)


def of_fuzz(output):
    """What tools/fuzz says of each target."""
    found = tuple(re.findall(r"^(\w+: FOUND.*)$", output, re.MULTILINE))
    return Counts(output.count(" inputs, nothing found"), len(found), failures=found)
