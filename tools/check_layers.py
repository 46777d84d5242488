#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a file includes a header that its folder may not, or opens what holds patient
data where it may not. What is allowed stands in tools/layers.txt. Tests are free."""
import re
import sys

import tree

INCLUDE = re.compile(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
ANYTHING = "everything"


def read_layers():
    """{section: {key: words after the colon}}; a line without a colon has no words."""
    sections = {}
    section = None
    for written in (tree.ROOT / "tools/layers.txt").read_text().splitlines():
        line = written.partition("#")[0].strip()
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line:
            key, _, words = line.partition(":")
            section[key.strip()] = words.split()
    return sections


def project_complaint(folder, header, folders):
    target, slash, _ = header.partition("/")
    if not slash or target == "..":
        return f'write "{header}" from the root, as "folder/name.h"'
    if target == folder:
        return None
    if header.endswith("_impl.h"):
        return f"{header} is private to {target}"
    allowed = folders.get(folder)
    if allowed is None:
        return f"folder {folder} has no line in tools/layers.txt"
    if target in allowed or ANYTHING in allowed:
        return None
    return f"{folder} may not include {target}"


def system_complaint(folder, header, owners):
    for owned, allowed in owners.items():
        belongs = header.startswith(owned) if owned.endswith("/") else header == owned
        if belongs and folder not in allowed:
            return f"<{header}> is for {' '.join(allowed)} only"
    return None


def include_complaint(folder, line, layers):
    match = INCLUDE.match(line)
    if match is None:
        return None
    if match[1]:
        return project_complaint(folder, match[1], layers["folders"])
    return system_complaint(folder, match[2], layers["system headers"])


def complaints(path, folder, layers):
    text = path.read_text()
    for number, line in enumerate(text.splitlines(), start=1):
        why = include_complaint(folder, line, layers)
        if why:
            yield f"{tree.name(path)}:{number}: {why}"
    if tree.name(path) in layers["may reveal patient data"]:
        return
    for number, line in enumerate(tree.code_of(text).splitlines(), start=1):
        if re.search(r"\bphi_reveal\b|\bbytes_\b", line):
            yield f"{tree.name(path)}:{number}: this file may not look into a struct phi"


def is_for_tests(path, layers):
    return path.stem.endswith("_test") or tree.name(path) in layers["test support"]


def stale_names(layers):
    for section in ("cores", "pure base", "may reveal patient data", "test support"):
        for file in layers[section]:
            if not any(tree.ROOT.glob(file)):
                yield f"tools/layers.txt: [{section}] names {file}, which does not exist"


def main():
    layers = read_layers()
    failures, count = list(stale_names(layers)), 0
    for base in ("src", "include"):
        for path in tree.files(base):
            if not is_for_tests(path, layers):
                count += 1
                folder = path.relative_to(tree.ROOT / base).parts[0]
                failures += complaints(path, folder, layers)
    return tree.report("layers", count, "files", failures)


if __name__ == "__main__":
    sys.exit(main())
