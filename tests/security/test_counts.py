# SPDX-License-Identifier: Apache-2.0
"""docs/security-tests.md says what tests count. Those in Python hold it to that themselves; these are
the programs."""
import json
import os
import pathlib
import re
import subprocess

import counted
import pytest
from process import BINARY, DEADLINE_S, ROOT

BUILD = pathlib.Path(os.environ.get("GALEN_BUILD", BINARY.parent))
TELLING = ["src/codec/json_suite_test", "src/codec/schema_suite_test",
           "src/service/auth_wycheproof_test"]
UNITS = {"token-units": "src/service/auth_token_test", "http2-floods": "src/net/http2_floods_test"}
COUNTED = re.compile(r"^counted (\S+) (\{.*\})$", re.MULTILINE)
PASSED = re.compile(r"^\[  PASSED  \] (\d+) test", re.MULTILINE)
RUN = re.compile(r"^(\d+) inputs run$", re.MULTILINE)


def run(program: pathlib.Path, *words) -> str:
    done = subprocess.run([program, *words], cwd=ROOT, capture_output=True, text=True, check=False,
                          timeout=5 * DEADLINE_S)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.mark.parametrize("program", TELLING)
def test_program_tells_what_the_page_says(program, capsys):
    found = {name: json.loads(counts) for name, counts in COUNTED.findall(run(BUILD / program))}
    assert found
    for name, counts in found.items():
        counted.keep(capsys, name, **counts)
    for name, counts in found.items():
        counted.hold(name, counts)


@pytest.mark.parametrize("name", UNITS)
def test_program_has_as_many_tests_as_the_page_says(name, capsys):
    counted.check(capsys, name, tests=int(PASSED.search(run(BUILD / UNITS[name]))[1]))


def test_every_fuzz_target_takes_its_corpus(capsys):
    targets = sorted(path.stem.removesuffix("_fuzz") for path in ROOT.glob("tests/fuzz/*_fuzz.c"))
    inputs = [int(RUN.search(run(BUILD / f"tests/fuzz/{name}_fuzz", f"tests/fuzz/corpus/{name}"))[1])
              for name in targets]
    counted.check(capsys, "fuzz-targets", targets=len(targets), inputs=sum(inputs))
