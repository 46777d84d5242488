# SPDX-License-Identifier: Apache-2.0
"""The part of docs/resilience.md that tells what was seen, out of the results."""
import pathlib

BEGIN, END = "<!-- make faults: -->", "<!-- :make faults -->"
INTRO = """## What was seen

**This part is generated**: `make faults` starts three engines and three preprocessors, sends requests
to a gateway before them at a steady rate, whatever becomes of those before (an open loop:
{engine_rate} a second where engines are hit, {preprocess_rate} where preprocessors are), does to some
of the servers what a row says, for {seconds} s each, and writes it. Nothing is sent twice.
*Lost* is a request that was not answered with 2xx though one that was well was there all the while.
Latencies count from when a request was due. Settings of the gateway: {settings}.
"""
NOBODY = """With all three hit nobody is well: what clients are told is counted. Each answer came within
the request's time, each 503 with `Retry-After`.
"""


def cell(result: dict | None) -> str:
    if result is None:
        return ""
    total = sum(result["counts"].values())
    return f"{result['lost']} of {total} lost, p99 {result['p99_ms']:.0f} ms"


def told(result: dict | None) -> str:
    """What was answered where nobody was well."""
    if result is None:
        return ""
    counts = ", ".join(f"{count} × {name}" for name, count in result["counts"].items())
    return f"{counts}; at most {result['max_ms']:.0f} ms"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def by_fault(results: list[dict], one_by_one: set[str]) -> str:
    grouped: dict[tuple[str, str], dict[int, dict]] = {}
    for result in results:
        about = result["about"]
        if about["hit"] and about["what"] not in one_by_one:
            grouped.setdefault((about["role"], about["what"]), {})[about["hit"]] = result
    rows = [[role, what, cell(hits.get(1)), cell(hits.get(2)), told(hits.get(3))]
            for (role, what), hits in grouped.items()]
    return table(["servers", "what they do", "one of three", "two of three", "all three"], rows)


def others(results: list[dict], one_by_one: set[str]) -> str:
    rows = [[result["about"]["role"], result["about"]["what"], cell(result)] for result in results
            if not result["about"]["hit"] or result["about"]["what"] in one_by_one]
    return table(["servers", "what happens", ""], rows)


def part(results: list[dict], one_by_one: set[str], **words: str) -> str:
    return "\n".join([BEGIN, INTRO.format(**words), by_fault(results, one_by_one), NOBODY,
                      others(results, one_by_one), END])


def put(page: pathlib.Path, text: str) -> None:
    """In the place of what the page has, or at its end."""
    old = page.read_text()
    before, _, rest = old.partition(BEGIN)
    after = rest.partition(END)[2] or "\n"
    page.write_text(before.rstrip("\n") + "\n\n" + text + after)
