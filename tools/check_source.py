#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails for what no source file may hold: a missing licence line, calls that cannot be made
safely, goto, typedefs of structs and enums, files that outgrew their reader."""
import re
import sys

import tree

LINES_MAX = 800
BANNED = {
    r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof|alloca)\s*\(":
        "{} is banned: it cannot know how much room there is, or hides a failure",
    r"\b(setjmp|longjmp|sigsetjmp|siglongjmp)\s*\(": "{} is banned: return a status",
    r"\b(goto)\b": "{} is banned: return early, scoped() releases",
    r"\btypedef\s+(struct|enum|union)\b": "no typedef of a {}: say what it is",
}
SCRIPTS = (".py", ".sh", ".build", ".options", ".yaml", "")


def licence_complaints(path):
    head = "\n".join(path.read_text(errors="replace").splitlines()[:3])
    if "SPDX-License-Identifier: Apache-2.0" not in head:
        yield f"{tree.name(path)}:1: no SPDX-License-Identifier in the first lines"


def code_complaints(path):
    lines = tree.code_of(path.read_text()).splitlines()
    if len(lines) > LINES_MAX and path.suffix != ".def":
        yield f"{tree.name(path)}:{LINES_MAX}: more than {LINES_MAX} lines"
    for number, line in enumerate(lines, start=1):
        for pattern, why in BANNED.items():
            match = re.search(pattern, line)
            if match:
                yield f"{tree.name(path)}:{number}: {why.format(match[1])}"


def is_script(path):
    """Scripts are known by their suffix or, without one, by their first bytes."""
    if path.suffix == "":
        return path.read_bytes()[:2] == b"#!"
    return path.suffix in SCRIPTS


def main():
    sources = tree.files("src", "include", "tests")
    scripts = [p for p in tree.files("src", "include", "tools", "train", ".ci",
                                     suffixes=SCRIPTS) if is_script(p)]
    scripts += [p for p in tree.files("tests", suffixes=(".py", ".build")) if is_script(p)]
    failures = [c for path in sources + scripts for c in licence_complaints(path)]
    failures += [c for path in sources for c in code_complaints(path)]
    return tree.report("source", len(sources) + len(scripts), "files", failures)


if __name__ == "__main__":
    sys.exit(main())
