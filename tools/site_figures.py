#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the figures of docs/benchmarks.md into site/index.html: each row that has a bar.

usage: tools/site_figures.py [--check]      --check: exit 1 if the page has others, change nothing
"""
import html
import re
import sys

import tree

PAGE = tree.ROOT / "site/index.html"
FIGURES = tree.ROOT / "docs/benchmarks.md"
PLACE = re.compile(r"(?<=<!-- figures of docs/benchmarks.md, written by tools/site_figures.py -->\n)"
                   r".*?(?= *<!-- end of figures -->)", re.DOTALL)
COLUMNS = ("what", "galen", "against", "takes", "ratio", "bar", "met", "latency")
MADE_OF = ("measured", "processor", "memory", "other work", "system", "galen", "compiler")


class Missing(Exception):
    """A page lacks what the other needs."""


def rows_of(text):
    """The table's rows as dictionaries, the head and its line aside."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return [dict(zip(COLUMNS, row, strict=True)) for row in cells]


def properties_of(text):
    """What it was measured on and with: "- name: value"."""
    found = dict(re.findall(r"^- ([A-Za-z ]+): (.+)$", text, re.MULTILINE))
    lacking = [name for name in MADE_OF if name not in found]
    if lacking:
        raise Missing(f"docs/benchmarks.md does not say: {', '.join(lacking)}")
    return found


def inline(text):
    """A cell's Markdown, of which only code and bold are used."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
    return re.sub(r"\*\*([^*]+)\*\*", r"\1", text)


def cell(name, label, text):
    return f'<td role="cell" class="{name}" data-label="{label}">{text}</td>'


def row_of(row):
    met = row["met"] == "met"
    against = f'{inline(row["against"])}: {row["takes"]}' if row["against"] else ""
    kept = f'<span class="{"met" if met else "missed"}">{inline(row["met"])}</span>'
    bar = f'{html.escape(row["bar"], quote=False)} {kept}'
    cells = (cell("figure", "galen", inline(row["galen"])), cell("", "against", against),
             cell("figure", "ratio", row["ratio"].split(" (")[0]), cell("figure", "bar", bar))
    return (f'          <tr role="row"><th role="rowheader" scope="row">{inline(row["what"])}</th>'
            + "".join(cells) + "</tr>\n").replace(' class=""', "")


def caption_of(text):
    about = {name: html.escape(value, quote=False) for name, value in properties_of(text).items()}
    machine = ", ".join(about[name] for name in ("processor", "memory", "system"))
    return (f'Measured on {about["measured"]}: {machine}; galen {about["galen"]}, {about["compiler"]}; '
            f'other work: {about["other work"]}.')


def table_of(text):
    """The table in HTML, with its roles spelled out: styles that stack its cells take them away."""
    heads = "".join(f'<th role="columnheader" scope="col">{name}</th>'
                    for name in ("what", "galen", "against", "ratio", "bar"))
    return (f'        <table class="stack" role="table">\n'
            f'          <caption>{caption_of(text)}</caption>\n'
            f'          <thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n'
            f'          <tbody role="rowgroup">\n'
            + "".join(row_of(row) for row in rows_of(text) if row["bar"])
            + "          </tbody>\n        </table>\n")


def with_figures(page, figures):
    """The page, with the table in its place."""
    if not PLACE.search(page):
        raise Missing("site/index.html has no place for figures")
    return PLACE.sub(lambda _: table_of(figures), page, count=1)


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    page = PAGE.read_text()
    try:
        written = with_figures(page, FIGURES.read_text())
    except Missing as missing:
        sys.exit(f"site_figures: {missing}")
    if arguments and written != page:
        sys.exit("site_figures: site/index.html has not the figures of docs/benchmarks.md: "
                 "run tools/site_figures.py")
    if not arguments:
        PAGE.write_text(written)
    print("site_figures: site/index.html has the figures of docs/benchmarks.md")


if __name__ == "__main__":
    main(sys.argv[1:])
