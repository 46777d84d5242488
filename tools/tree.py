# SPDX-License-Identifier: Apache-2.0
"""The source tree, as the checks see it."""
import os
import pathlib
import re

ROOT = pathlib.Path(os.environ.get("GALEN_TREE", pathlib.Path(__file__).parent.parent)).resolve()
C_SUFFIXES = (".c", ".h", ".cc", ".def")

COMMENT_OR_LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def files(*folders, suffixes=C_SUFFIXES):
    """Paths below these folders of the tree that end so, in order."""
    found = []
    for folder in folders:
        found += (p for p in (ROOT / folder).rglob("*") if p.is_file() and p.suffix in suffixes)
    return sorted(found)


def name(path):
    return str(path.relative_to(ROOT))


def code_of(text):
    """The text with comments and literals blanked, line by line as before."""
    return COMMENT_OR_LITERAL.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def report(check, count, what, failures):
    """Prints complaints or one line of summary; the exit status."""
    if failures:
        print("\n".join(failures))
        print(f"{check}: {len(failures)} wrong in {count} {what}")
        return 1
    print(f"{check}: {count} {what}, nothing wrong")
    return 0
