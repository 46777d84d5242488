#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every check and test, and ends with "N passed, N failed". What computes runs beside what
waits (lanes.py); the report is in the order of the list, quickest first.

usage: tools/test.py [--lint] [STEP...]      --list names the steps
"""
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import counts
import manifests
import tree
from counts import Counts
from lanes import BACK, FRONT, LAST, Children, Lanes

LOGS = tree.ROOT / "build-test"
LINT = tree.ROOT / ".deps/lint/bin"
VENV = tree.ROOT / ".deps/venv/bin/python"
TAIL_LINES = 60
SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=1:"
                    "allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}
FUZZ_SECONDS = "5"
CHILDREN = Children()


class Failed(Exception):
    """A command did not exit 0."""


@dataclasses.dataclass
class Step:
    name: str
    run: Callable[[pathlib.Path], Counts]
    needs: str = ""
    lint: bool = False
    lane: str = FRONT


def command(log, *words, env=None):
    """Runs it; what it prints goes to the log."""
    with log.open("a") as out:
        out.write("$ " + " ".join(map(str, words)) + "\n")
        out.flush()
        try:
            status = CHILDREN.run(words, cwd=tree.ROOT, stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.STDOUT,
                                  env=os.environ | SANITIZERS | (env or {}))
        except OSError as missing:
            raise Failed(str(missing)) from missing
    if status:
        raise Failed(f"exit status {status}")


def check(*words):
    """A step that is one command and one test."""
    def run(log):
        command(log, *words)
        return Counts(passed=1)
    return run


def files(*folders, suffixes):
    return [tree.name(path) for path in tree.files(*folders, suffixes=suffixes)]


def format_c(log):
    sources = files("src", "include", "tests", suffixes=(".c", ".h"))
    command(log, LINT / "clang-format", "--dry-run", "-Werror", *sources)
    return Counts(passed=1)


def scripts(log):
    python = [n for n in files("tools", "tests", "train", "deploy", suffixes=(".py",))]
    command(log, LINT / "ruff", "check", "--cache-dir", LOGS / "ruff", *python)
    shell = [tree.name(p) for p in tree.files("tools", "tests", "train", ".ci", suffixes=("", ".sh"))
             if p.read_bytes().startswith((b"#!/bin/sh", b"#!/bin/bash"))]
    command(log, "shellcheck", *shell)
    return Counts(passed=2)


def own_tests(log):
    """The checks themselves are tested: each must see what it forbids."""
    command(log, "/usr/bin/python3", "-m", "unittest", "discover", "-v", "-s", "tools", "-p",
            "*_test.py")
    return counts.of_unittest(log.read_text())


def build(folder, *options, compiler="gcc", targets=lambda folder: ()):
    """targets: what of the folder, once it is set up; all of it, where none are named."""
    def run(log):
        if (tree.ROOT / folder / "build.ninja").exists():
            command(log, "meson", "setup", folder, "--reconfigure")  # sees what was installed since
        else:
            command(log, "meson", "setup", folder, *options, env={"CC": compiler})
        command(log, "ninja", "-C", folder, *targets(folder))
        return Counts(passed=1)
    return run


def threaded(folder):
    """The programs labelled as having threads."""
    tests = json.loads((tree.ROOT / folder / "meson-info/intro-tests.json").read_text())
    return [os.path.relpath(test["cmd"][0], tree.ROOT / folder) for test in tests
            if "galen:threads" in test["suite"]]


def release(log):
    """The product as make build makes it, and all that is built beside it."""
    command(log, "make", "--no-print-directory", "build/build.ninja")
    return build("build")(log)


def programs(folder, *options, sanitized=False):
    """The test programs that Meson knows of in this build."""
    def run(log):
        testlog = tree.ROOT / folder / "meson-logs/testlog.json"
        testlog.unlink(missing_ok=True)
        try:
            command(log, *(without_aslr() if sanitized else ()), "meson", "test", "-C", folder,
                    "--print-errorlogs", "--timeout-multiplier", "4", *options)
        except Failed:
            if not testlog.exists():
                raise
        return counts.of_meson(testlog)
    return run


def without_aslr():
    """Sanitizers of clang 14 cannot place their shadow where newer kernels put programs."""
    prefix = ["setarch", os.uname().machine, "--addr-no-randomize"]
    works = subprocess.run([*prefix, "true"], check=False, stderr=subprocess.DEVNULL)
    return prefix if works.returncode == 0 else []


def fuzz(log):
    """A short fresh fuzz; make fuzz goes on for longer."""
    try:
        command(log, "tools/fuzz", FUZZ_SECONDS, env={"FUZZ_SEED": "1"})
    except Failed:
        if not counts.of_fuzz(log.read_text()).failed:
            raise
    return counts.of_fuzz(log.read_text())


def pytest(folder, binary, sanitized=False, marked=""):
    """The tests of a folder that talk to the running program; those with these marks only."""
    def run(log):
        report = LOGS / f"{log.stem}.xml"
        report.unlink(missing_ok=True)
        try:
            command(log, *(without_aslr() if sanitized else ()), VENV, "-m", "pytest", "-q", "-p",
                    "no:cacheprovider", "--junitxml", report, "-m", marked, folder,
                    env={"GALEN_BIN": str(tree.ROOT / binary),
                         "GALEN_BUILD": str((tree.ROOT / binary).parent)})
        except Failed:
            if not report.exists():
                raise
        return counts.of_junit(report)
    return run


STEPS = [
    Step("format", format_c, lint=True),
    Step("source", check("tools/check_source.py"), lint=True),
    Step("links", check("tools/check_links.py"), lint=True),
    Step("claims", check("tools/check_security.py"), lint=True),
    Step("layers", check("tools/check_layers.py"), lint=True),
    Step("scripts", scripts, lint=True),
    Step("checks", own_tests),
    Step("headers", check("tools/check_headers.py"), lint=True),
    Step("manifests", manifests.run, lint=True, lane=BACK),
    Step("gcc", release),
    Step("cores", check("tools/check_cores.py", "build"), needs="gcc", lane=BACK),
    Step("units", programs("build", "--no-rebuild"), needs="gcc"),
    Step("conformance", pytest("tests/conformance", "build/galen"), needs="gcc"),
    Step("e2e", pytest("tests/e2e", "build/galen", marked="not alone"), needs="gcc"),
    Step("faults", pytest("tests/faults", "build/galen"), needs="gcc"),
    Step("security", pytest("tests/security", "build/galen"), needs="gcc"),
    Step("observability", pytest("tests/observability", "build/galen"), needs="gcc"),
    Step("parity", pytest("tests/parity", "build/galen"), needs="gcc", lane=BACK),
    Step("api", pytest("tests/api", "build/galen"), needs="gcc"),
    Step("browser", pytest("tests/browser", "build/galen"), needs="gcc"),
    Step("onboarding", pytest("tests/onboarding", "build/galen"), needs="gcc"),
    Step("clang", build("build-asan", "-Doptimization=1", "-Db_sanitize=address,undefined",
                        "-Db_lundef=false", compiler="clang"), lint=True, lane=BACK),
    Step("units-asan", programs("build-asan", "--no-rebuild", sanitized=True), needs="clang"),
    Step("conformance-asan", pytest("tests/conformance", "build-asan/galen", sanitized=True),
         needs="clang"),
    Step("e2e-asan", pytest("tests/e2e", "build-asan/galen", sanitized=True, marked="not alone"),
         needs="clang"),
    Step("tsan", build("build-tsan", "-Doptimization=1", "-Db_sanitize=thread",
                       "-Db_lundef=false", compiler="clang", targets=threaded), lane=BACK),
    Step("threads", programs("build-tsan", "--suite", "threads", sanitized=True), needs="tsan"),
    Step("fuzzers", build("build-fuzz", "-Dfuzz=true", "-Doptimization=1",
                          "-Db_sanitize=address,undefined", "-Db_lundef=false", compiler="clang",
                          targets=lambda _: ["fuzz_targets"]), lane=BACK),
    Step("tidy", check("tools/tidy.py", "build-asan"), needs="clang", lint=True, lane=BACK),
    Step("alone", pytest("tests/e2e", "build/galen", marked="alone"), needs="gcc", lane=LAST),
    Step("fuzz", fuzz, needs="fuzzers", lane=LAST),
]


def run_step(step, needed):
    """(counts, seconds, why it went wrong)"""
    log = LOGS / f"{step.name}.log"
    log.unlink(missing_ok=True)
    log.touch()
    began = time.monotonic()
    why = ""
    if needed and needed[0].failed:
        result, why = Counts(failed=1), f"not run, {step.needs} failed"
    else:
        try:
            result = step.run(log)
        except Failed as failure:
            result, why = Counts(failed=1), str(failure)
    if not result.passed and not result.failed:
        result, why = Counts(failed=1, skips=result.skips), "ran no test"
    if result.failed and not result.failures:
        result = dataclasses.replace(result, failures=(why or "see its log",))
    return result, time.monotonic() - began, why


def tell(step, result, seconds, why):
    """With the end of the log, when something went wrong."""
    print(f"{step.name:12} {result}  ({seconds:.1f} s) {why}".rstrip(), flush=True)
    for skip in result.skips:
        print(f"             skipped {skip}", flush=True)
    if result.failed:
        log = LOGS / f"{step.name}.log"
        print(f"--- the end of {tree.name(log)}")
        print("\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:]))
        print("---", flush=True)


def chosen(arguments):
    if "--list" in arguments:
        print("\n".join(step.name for step in STEPS))
        sys.exit(0)
    unknown = set(arguments) - {step.name for step in STEPS} - {"--lint"}
    if unknown:
        sys.exit(f"no such step: {' '.join(sorted(unknown))}\n{__doc__}")
    if "--lint" in arguments:
        return [step for step in STEPS if step.lint]
    return [step for step in STEPS if not arguments or step.name in arguments]


def main(arguments):
    steps = chosen(arguments)
    LOGS.mkdir(exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing is left running
    total, broken = Counts(), {}
    with Lanes(steps, run_step, CHILDREN) as lanes:
        for step, (result, seconds, why) in lanes.results():
            tell(step, result, seconds, why)
            total += result
            if result.failed:
                broken[step.name] = result.failures
    for name, failures in broken.items():
        print(f"failed in {name}: {', '.join(failures)}")
    print(total)
    return bool(total.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
