# SPDX-License-Identifier: Apache-2.0
"""The bill of materials names what the loader really finds."""
import json
import os
import pathlib
import subprocess
import sys

import pytest
from process import ROOT

BUILD = pathlib.Path(os.environ.get("GALEN_BUILD", ROOT / "build"))


def said_by(*words) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def bill():
    return json.loads(said_by(sys.executable, ROOT / "tools/sbom.py", BUILD))


def files_of(bill) -> set[str]:
    return {each["value"] for part in bill["components"] for each in part.get("properties", [])}


def test_each_library_that_the_loader_finds_is_in_it(bill):
    lines = said_by("ldd", BUILD / "galen").splitlines()
    names = {pathlib.Path(line.split()[0]).name for line in lines if "/" in line}
    assert len(names) > 10
    assert names <= files_of(bill)
    assert {"libonnxruntime.so.1", "libllhttp.a"} <= files_of(bill)


def test_each_part_has_a_version_a_licence_and_a_name_of_its_own(bill):
    for part in bill["components"]:
        assert part["version"] and part["licenses"][0]["expression"]
        assert part["type"] == "machine-learning-model" or part["purl"].startswith("pkg:")
    refs = [part["bom-ref"] for part in bill["components"]]
    assert len(refs) == len(set(refs)) and bill["dependencies"] == [{"ref": "galen", "dependsOn": refs}]


def test_it_is_of_this_program(bill):
    version = bill["metadata"]["component"]["version"]
    assert said_by(BUILD / "galen", "--version").split() == ["galen", version]
