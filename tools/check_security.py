#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when SECURITY.md claims what is not there: a control without behaviour, setting and test, a
setting or a test that does not exist, and what is said to be built and not to be built at once."""
import dataclasses
import re
import sys

import tree

PAGE = "SECURITY.md"
CONTROLS, NOT_BUILT = "## Controls", "## What is not built yet"
TEST = re.compile(r"\[`(\w+)`\]\(([^)]+)\)")
CODE = re.compile(r"`([^`]+)`")
SETTING = re.compile(r'^(?:SETTING|LIVE)\(\s*"([^"]+)"', re.MULTILINE)
LISTED = re.compile(r"^\| `([a-z_.]+)` \|", re.MULTILINE)
TERM = re.compile(r"- \*\*([^*]+)\*\*")
COLUMNS = ("clause", "behaviour", "setting", "test")


@dataclasses.dataclass
class Control:
    line: int
    cells: list[str]

    @property
    def tests(self):
        """Names and files."""
        return TEST.findall(self.cells[3])


def section(lines, heading):
    """Numbered lines below a heading, as far as the next of its level."""
    inside = False
    for number, line in enumerate(lines, start=1):
        if line.startswith("## "):
            inside = line == heading
        elif inside:
            yield number, line


def controls(text):
    for number, line in section(text.splitlines(), CONTROLS):
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and cells[0] != COLUMNS[0]:
            yield Control(number, cells)


def terms(text):
    """What is not built: the words that each item of that list begins with."""
    for number, line in section(text.splitlines(), NOT_BUILT):
        if found := TERM.match(line):
            yield from ((number, term) for term in found[1].split(", "))


def settings():
    """Of settings.def, and routes[].scope and the like, of lists, as docs/settings.md has them."""
    known = set(SETTING.findall((tree.ROOT / "src/service/settings.def").read_text()))
    page = (tree.ROOT / "docs/settings.md").read_text()
    for part in page.split("\n## ")[1:]:
        known |= {f"{part.splitlines()[0]}[].{key}" for key in LISTED.findall(part)}
    return known


def is_there(name, file):
    path = tree.ROOT / file
    if not path.is_file():
        return False
    begin = rf"^def {name}\(" if path.suffix == ".py" else rf"^static void {name}\(void"
    return bool(re.search(begin, path.read_text(), re.MULTILINE))


def complaints_of(control, known):
    if len(control.cells) != len(COLUMNS) or not all(control.cells):
        yield f"a control has {', '.join(COLUMNS)}"
        return
    named = CODE.findall(control.cells[2])
    if not named:
        yield "no setting is named"
    yield from (f"there is no setting {name}" for name in named if name not in known)
    if not control.tests:
        yield "no test is named"
    yield from (f"{file} has no test {name}" for name, file in control.tests
                if not is_there(name, file))


def contradictions(rows, items):
    for number, term in items:
        if [other for _, other in items].count(term) > 1:
            yield f"{PAGE}:{number}: {term} is not built twice"
        word = re.compile(rf"\b{re.escape(term)}\b", re.IGNORECASE)
        yield from (f"{PAGE}:{row.line}: {term} is not built, line {number} says"
                    for row in rows if word.search(" ".join(row.cells[:2])))


def main():
    text = (tree.ROOT / PAGE).read_text()
    rows, items, known = list(controls(text)), list(terms(text)), settings()
    failures = [f"{PAGE}:{row.line}: {why}" for row in rows for why in complaints_of(row, known)]
    failures += contradictions(rows, items)
    failures += [f"{PAGE}: nothing below {heading}"
                 for heading, found in ((CONTROLS, rows), (NOT_BUILT, items)) if not found]
    return tree.report("security", len(rows), "controls", failures)


if __name__ == "__main__":
    sys.exit(main())
