# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md and its picture, from the rows."""
import html
import pathlib

from compare import Ratio
from row import Row

WIDTH, LABEL, LINE, TOP = 860, 400, 26, 34
OURS, OTHER = "#1f6f8b", "#c9ced6"

METHOD = """\
User and system time of all processes of a server, from `/proc`, divided by its requests: at least
{requests:,} a round from `wrk` on {connections} kept connections, one event loop, {rounds} rounds; the
server has one core and `wrk` another.
What is compared takes turns (A-B-A-B); the ratio is the median of the rounds, with the least
and the most in brackets. The load generator is not counted. The wall-clock percentiles
are what it saw, on a machine that it shares with the server and with other work, where there was any.
"""


def figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def verdict(row: Row) -> str:
    return "" if row.met is None else "met" if row.met else "**not met**"


def share(value: float) -> str:
    return f"{value:.2f}" if value >= 1 else f"1/{1 / value:.1f}"


def spread(ratio: Ratio | None) -> str:
    if ratio is None:
        return ""
    return f"{share(ratio.median)} ({share(ratio.least)} to {share(ratio.most)})"


def line(row: Row) -> str:
    cells = [row.what, f"{figure(row.value)} {row.unit}", row.against, figure(row.other),
             spread(row.ratio), row.bar, verdict(row), row.latency]
    return "| " + " | ".join(cells) + " |"


def table(rows: list[Row]) -> str:
    head = ["what", "galen", "measured against", "it takes", "ratio", "bar", "", "p50 / p99, µs"]
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *map(line, rows)])


def properties(found: dict[str, str]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in found.items())


def notes(rows: list[Row], missing: dict[str, str]) -> str:
    said = [f"- {row.what}, against {row.against}: {row.note}." for row in rows if row.note]
    return "\n".join(said + [f"- Not measured, `{name}`: {why}." for name, why in missing.items()])


def bar(y: int, width: float, colour: str, text: str) -> str:
    return (f'<rect x="{LABEL}" y="{y}" width="{max(1, width):.1f}" height="10" fill="{colour}"/>'
            f'<text x="{LABEL + width + 6:.1f}" y="{y + 9}" font-size="10" fill="#333">{text}</text>')


def picture(rows: list[Row]) -> str:
    """CPU time of a request, ours above what it is measured against."""
    shown = [row for row in rows if row.unit.startswith("µs CPU")]
    longest = max([value for row in shown for value in (row.value, row.other or 0)], default=1)
    scale = (WIDTH - LABEL - 60) / longest
    parts = []
    for index, row in enumerate(shown):
        y = TOP + index * LINE
        name = f"{row.what} | {row.against.split(',')[0].split(':')[0]}" if row.against else row.what
        parts.append(f'<text x="{LABEL - 8}" y="{y + 11}" font-size="11" text-anchor="end"'
                     f' fill="#333">{html.escape(name)}</text>')
        parts.append(bar(y, row.value * scale, OURS, figure(row.value)))
        if row.other is not None:
            parts.append(bar(y + 11, row.other * scale, OTHER, figure(row.other)))
    height = TOP + len(shown) * LINE + 8
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
            f' viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">'
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
            f'<text x="{LABEL}" y="18" font-size="12" fill="#333">µs CPU a request: galen (dark),'
            f' what it is measured against (light)</text>\n' + "\n".join(parts) + "\n</svg>\n")


def write(folder: pathlib.Path, rows: list[Row], missing: dict[str, str], about: dict) -> None:
    text = "\n".join([
        "# Benchmarks", "", "Written by `make bench` (`tests/bench`).", "",
        "![CPU time of a request](benchmarks.svg)", "", table(rows), "", notes(rows, missing), "",
        "## Method", "", METHOD.format(**about["effort"]), "## Machine", "",
        properties(about["machine"]), "", "## Versions", "", properties(about["versions"]), ""])
    (folder / "benchmarks.md").write_text(text)
    (folder / "benchmarks.svg").write_text(picture(rows))
