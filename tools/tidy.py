#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over our C sources, side by side. What was clean and has not changed since,
headers included, is not looked at again."""
import concurrent.futures
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import tree

DEPS = re.compile(r"^(\S+): #deps \d+, deps mtime (\d+) \(VALID\)\n((?:    .+\n)*)", re.MULTILINE)
TIDY = tree.ROOT / ".deps/lint/bin/clang-tidy"
CACHE = tree.ROOT / "build-test/tidy"
# Steps of the analyser in one function; by itself it takes 225,000, and three times as long for
# them all.
ANALYSER_STEPS = 50_000
ANALYSER = [f"--extra-arg={word}" for word in (
    "-Xclang", "-analyzer-config", "-Xclang", f"max-nodes={ANALYSER_STEPS}")]


def output_of(*words, cwd=None):
    return subprocess.run(words, cwd=cwd, check=True, capture_output=True, text=True).stdout


@dataclasses.dataclass
class Command:
    folder: str
    words: list[str]
    read: list[str] | None  # what the compiler read; None: the build is not up to date


def files_read(build):
    """{object: what its compiler read}, of objects that are newer than all of that."""
    found = {}
    for output, when, lines in DEPS.findall(output_of("ninja", "-C", build, "-t", "deps")):
        paths = lines.split()
        if all(changed_at(os.path.join(build, path)) <= int(when) for path in paths):
            found[output] = paths
    return found


@functools.cache
def changed_at(path):
    """In ns, as ninja has it; for ever, when it is gone."""
    path = pathlib.Path(path)
    return path.stat().st_mtime_ns if path.exists() else sys.maxsize


@functools.cache
def hash_of(path):
    return hashlib.sha256(path.read_bytes()).digest()


def our_commands(build):
    """{source: command} of the compilation database, each source once, without what is
    generated."""
    found, read = {}, files_read(tree.ROOT / build)
    for entry in json.loads((tree.ROOT / build / "compile_commands.json").read_text()):
        path = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        ours = path.is_relative_to(tree.ROOT) and not path.is_relative_to(tree.ROOT / build)
        if path.suffix == ".c" and ours:
            found[path] = Command(entry["directory"], shlex.split(entry["command"]),
                                  read.get(entry["output"]))
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


def is_ours(path):
    return path.is_relative_to(tree.ROOT) and not path.is_relative_to(tree.ROOT / ".deps")


def files_of(command):
    """The source and our headers that it includes."""
    names = command.read
    if names is None:
        rule = output_of(*without_output(command.words), "-MM", cwd=command.folder)
        names = shlex.split(rule.replace("\\\n", " ").partition(": ")[2])
    paths = {pathlib.Path(os.path.normpath(pathlib.Path(command.folder) / name)) for name in names}
    return sorted(filter(is_ours, paths))


def key_of(command):
    """A hash of everything that the verdict depends on."""
    digest = hashlib.sha256((tree.ROOT / ".clang-tidy").read_bytes())
    digest.update((tree.ROOT / "tools/requirements.txt").read_bytes())
    digest.update(" ".join(command.words + ANALYSER).encode())
    for path in files_of(command):
        digest.update(hash_of(path))
    return digest.hexdigest()


def complaint(build, resource_dir, path, command):
    """What clang-tidy says against the file; None when it is clean, now or before."""
    clean = CACHE / key_of(command)
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
