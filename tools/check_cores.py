#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when the object of an I/O-free core wants a symbol that cores may not have: a clock,
a socket, a thread, a file, a log. Also when a core keeps writable state of its own."""
import json
import re
import subprocess
import sys
import tempfile

import check_layers
import tree

WRITABLE = re.compile(r"\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*")
SYSV_COLUMN_COUNT = 7


def objects_of(build, paths):
    """{path: its object}, as the build has it, and up to date."""
    folder = tree.ROOT / build
    outputs = {str((folder / each["file"]).resolve()): each["output"]
               for each in json.loads((folder / "compile_commands.json").read_text())}
    for path in paths:
        if str(tree.ROOT / path) not in outputs:
            sys.exit(f"cores: {path} is not compiled by anything")
    found = {path: outputs[str(tree.ROOT / path)] for path in paths}
    subprocess.run(["ninja", "--quiet", "-C", folder, *found.values()], check=True)
    return {path: folder / output for path, output in found.items()}


def symbols_of(built, scratch):
    """(wanted, defined, writable) names of the object's machine code: of LTO's bytecode beside it
    nm would tell something else."""
    output = f"{scratch}/core.o"
    subprocess.run(["objcopy", "--strip-debug", "--remove-section=.gnu.lto_*", built, output],
                   check=True)
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
    pure, listed = sources_of(layers["pure base"]), sources_of(layers["cores"])
    with tempfile.TemporaryDirectory() as scratch:
        found = {path: symbols_of(built, scratch)
                 for path, built in objects_of(build, [*pure, *listed]).items()}
    cores = {path: found[path] for path in listed}
    allowed = set().union(*(defined for _, defined, _ in found.values()))
    failures = []
    for path, (wanted, _, writable) in cores.items():
        for name in sorted(wanted - allowed):
            if not is_listed(name, layers["cores may call"]):
                failures.append(f"{path}: a core may not use {name}")
        failures += (f"{path}: a core keeps no state of its own: {name}" for name in sorted(writable))
    return tree.report("cores", len(cores), "cores", failures)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
