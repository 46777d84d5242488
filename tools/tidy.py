#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over our C sources, side by side. What was clean and has not changed since,
headers included, is not looked at again."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

import tree

TIDY = tree.ROOT / ".deps/lint/bin/clang-tidy"
CACHE = tree.ROOT / "build-test/tidy"
# Steps of the analyser in one function; by itself it takes 225,000, and three times as long for
# them all.
ANALYSER_STEPS = 50_000
ANALYSER = [f"--extra-arg={word}" for word in (
    "-Xclang", "-analyzer-config", "-Xclang", f"max-nodes={ANALYSER_STEPS}")]


def output_of(*words, cwd=None):
    return subprocess.run(words, cwd=cwd, check=True, capture_output=True, text=True).stdout


def our_commands(build):
    """{source: (folder, words)} of the compilation database, each source once, without what is
    generated."""
    found = {}
    for entry in json.loads((tree.ROOT / build / "compile_commands.json").read_text()):
        path = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        ours = path.is_relative_to(tree.ROOT) and not path.is_relative_to(tree.ROOT / build)
        if path.suffix == ".c" and ours:
            found[path] = (entry["directory"], shlex.split(entry["command"]))
    return found


def without_output(words):
    """The command without what names its output and its dependency file."""
    kept, skip = [], False
    for word in words:
        if skip or word in ("-MD", "-MMD"):
            skip = False
        elif word in ("-o", "-MF", "-MQ", "-MT"):
            skip = True
        elif word != "-c":
            kept.append(word)
    return kept


def key_of(folder, words):
    """A hash of everything that the verdict depends on."""
    rule = output_of(*without_output(words), "-MM", cwd=folder).replace("\\\n", " ")
    digest = hashlib.sha256((tree.ROOT / ".clang-tidy").read_bytes())
    digest.update((tree.ROOT / "tools/requirements.txt").read_bytes())
    digest.update(" ".join(words + ANALYSER).encode())
    for name in shlex.split(rule.partition(": ")[2]):
        digest.update((pathlib.Path(folder) / name).read_bytes())
    return digest.hexdigest()


def complaint(build, resource_dir, path, command):
    """What clang-tidy says against the file; None when it is clean, now or before."""
    clean = CACHE / key_of(*command)
    if clean.exists():
        return None
    done = subprocess.run(
        [TIDY, "--quiet", "-p", build, f"--extra-arg=-resource-dir={resource_dir}",
         "--extra-arg=-fno-sanitize=all", *ANALYSER, str(path)],
        cwd=tree.ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        return done.stdout + done.stderr
    clean.touch()
    return None


def main(build="build-asan"):
    CACHE.mkdir(parents=True, exist_ok=True)
    commands = our_commands(build)
    resource_dir = output_of("clang", "-print-resource-dir").strip()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = pool.map(lambda item: complaint(build, resource_dir, *item), commands.items())
        failures = [verdict for verdict in verdicts if verdict]
    return tree.report("tidy", len(commands), "sources", failures)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
