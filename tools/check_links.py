#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a page of ours links to a file of the tree that is not there."""
import re
import sys

import tree

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
FOLDERS = ("src", "include", "tests", "tools", "train", "models", "docs", "site")


def complaints(path):
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for target in LINK.findall(line):
            if ":" not in target and not (path.parent / target).exists():
                yield f"{tree.name(path)}:{number}: {target} does not exist"


def main():
    pages = [*sorted(tree.ROOT.glob("*.md")), *tree.files(*FOLDERS, suffixes=(".md",))]
    failures = [c for page in pages for c in complaints(page)]
    return tree.report("links", len(pages), "pages", failures)


if __name__ == "__main__":
    sys.exit(main())
