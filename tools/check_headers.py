#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a header does not compile alone: each includes what it uses."""
import concurrent.futures
import os
import subprocess
import sys

import tree

UNPACKED = tree.ROOT / ".deps/debian13/usr/include"
COMMAND = [
    "gcc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic",
    "-Werror", "-x", "c", f"-I{tree.ROOT}/include", f"-I{tree.ROOT}/src",
    f"-I{tree.ROOT}/tests/support", f"-I{tree.ROOT}/tests", "-isystem", str(UNPACKED),
    "-isystem", str(UNPACKED / "onnxruntime"),
]


def complaint(path):
    done = subprocess.run([*COMMAND, "-include", str(path), "-"], check=False,
                          input="extern int no_empty_unit;\n", capture_output=True, text=True)
    return done.stderr if done.returncode else None


def main():
    headers = tree.files("include", "src", "tests/support", suffixes=(".h",))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [c for c in pool.map(complaint, headers) if c]
    return tree.report("headers", len(headers), "headers", failures)


if __name__ == "__main__":
    sys.exit(main())
