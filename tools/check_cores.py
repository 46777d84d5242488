#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when the object of an I/O-free core wants a symbol that cores may not have: a clock,
a socket, a thread, a file, a log. Also when a core keeps writable state of its own."""
import json
import re
import shlex
import subprocess
import sys
import tempfile

import check_layers
import tree

# A core is compiled once more: alone, not instrumented, and never as LTO's bytecode.
DROPPED = re.compile(r"-flto.*|-fsanitize.*|-M[DQF]|-fprofile.*")
WRITABLE = re.compile(r"\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*")
SYSV_COLUMN_COUNT = 7


def compile_commands(build):
    commands = json.loads((tree.ROOT / build / "compile_commands.json").read_text())
    return {str((tree.ROOT / build / c["file"]).resolve()): c for c in commands}


def compile_alone(command, folder, output):
    words = shlex.split(command)
    kept = []
    skip_next = False
    for word in words:
        if skip_next:
            skip_next = False
        elif word in ("-o", "-MQ", "-MF"):
            skip_next = True
        elif not DROPPED.fullmatch(word):
            kept.append(word)
    subprocess.run([*kept, "-fno-lto", "-o", output], cwd=folder, check=True)


def symbols_of(path, commands, scratch):
    """(wanted, defined, writable) names of the object that this source gives."""
    command = commands.get(str(tree.ROOT / path))
    if command is None:
        sys.exit(f"cores: {path} is not compiled by anything")
    output = f"{scratch}/{path.replace('/', '_')}.o"
    compile_alone(command["command"], command["directory"], output)
    wanted, defined, writable = set(), set(), set()
    for line in subprocess.run(["nm", "--format=sysv", output], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        columns = [column.strip() for column in line.split("|")]
        if len(columns) != SYSV_COLUMN_COUNT:
            continue
        name, kind, section = columns[0], columns[2], columns[-1]
        if kind in "Uvw":
            wanted.add(name)
        elif kind.isupper():
            defined.add(name)
        if WRITABLE.match(section):
            writable.add(name)
    return wanted, defined, writable


def sources_of(patterns):
    """The sources that the lines of a section stand for; tests are none."""
    found = {path for pattern in patterns for path in tree.ROOT.glob(pattern)}
    return sorted(tree.name(path) for path in found if not path.stem.endswith("_test"))


def is_listed(name, listed):
    return any(name == word or (word.endswith("*") and name.startswith(word[:-1]))
               for word in listed)


def main(build="build"):
    layers = check_layers.read_layers()
    commands = compile_commands(build)
    with tempfile.TemporaryDirectory() as scratch:
        pure = [symbols_of(path, commands, scratch) for path in sources_of(layers["pure base"])]
        cores = {path: symbols_of(path, commands, scratch) for path in sources_of(layers["cores"])}
    allowed = set().union(*(defined for _, defined, _ in [*pure, *cores.values()]))
    failures = []
    for path, (wanted, _, writable) in cores.items():
        for name in sorted(wanted - allowed):
            if not is_listed(name, layers["cores may call"]):
                failures.append(f"{path}: a core may not use {name}")
        failures += (f"{path}: a core keeps no state of its own: {name}" for name in sorted(writable))
    return tree.report("cores", len(cores), "cores", failures)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
