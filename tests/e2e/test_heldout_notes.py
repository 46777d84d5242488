# SPDX-License-Identifier: Apache-2.0
"""The figures in the cards of clinical-ner are those of the served versions."""
import collections
import json
import re

import pytest
import yaml
from process import ROOT

MODEL = "clinical-ner"
DATA = ROOT / "tests/data" / MODEL
BY_HAND = re.compile(r"\[([^\]]+)\]\(([A-Z_]+)\)")
VERSIONS = pytest.mark.parametrize("version", ["1", "2"])


def metrics(version: str) -> dict:
    path = ROOT / "models" / MODEL / version / "model.yaml"
    return yaml.safe_load(path.read_text())["card"]["metrics"]


def entities(rows: list[dict]) -> set[tuple]:
    return {(row["label"], row["start"], row["end"]) for row in rows}


def generated() -> list[tuple[str, set[tuple]]]:
    rows = json.loads((DATA / "heldout.json").read_bytes())
    return [(row["input"], entities(row["entities"])) for row in rows]


def unmarked(marked: str) -> tuple[str, set[tuple]]:
    """`[text](LABEL)` as text and entities."""
    text, found, done = "", set(), 0
    for each in BY_HAND.finditer(marked):
        text += marked[done:each.start()]
        found.add((each[2], len(text), len(text) + len(each[1])))
        text, done = text + each[1], each.end()
    return text + marked[done:], found


def handwritten() -> list[tuple[str, set[tuple]]]:
    text = (DATA / "handwritten.txt").read_text()
    return [unmarked(part.rstrip("\n")) for part in re.split(r"^=== .*\n", text, flags=re.M)[1:]]


def ask(galen, version: str, text: str) -> set[tuple]:
    reply = galen.infer({"model": MODEL, "version": version, "input": text})
    assert reply.status == 200
    return entities(reply.json()["entities"])


def f1_by_label(pairs: list[tuple[set, set]]) -> dict[str, float]:
    """Strict: right is the same label, start and end."""
    total, right = collections.Counter(), collections.Counter()
    for wanted, given in pairs:
        for counter, found in ((total, wanted), (total, given), (right, wanted & given)):
            counter.update(label for label, _, _ in found)
            counter["all"] += len(found)
    return {label: 2 * right[label] / count for label, count in total.items()}


def check(expected: dict, prefix: str, pairs: list[tuple[set, set]]) -> None:
    measured = f1_by_label(pairs)
    assert len(pairs) == expected[f"{prefix}notes"]
    assert sum(len(wanted) for wanted, _ in pairs) == expected[f"{prefix}entities"]
    assert len(measured) == 9
    for label, value in measured.items():
        name = f"{prefix}f1" if label == "all" else f"{prefix}f1_{label.lower()}"
        assert value == pytest.approx(expected[name], abs=1e-4), name


@VERSIONS
def test_the_card_tells_what_the_server_finds_in_held_out_notes(galen, version):
    pairs = [(wanted, ask(galen, version, text)) for text, wanted in generated()]
    check(metrics(version), "", pairs)
    silent = [not given for wanted, given in pairs if not wanted]
    assert sum(silent) / len(silent) == pytest.approx(metrics(version)["silent"], abs=1e-4)


@VERSIONS
def test_the_card_tells_what_the_server_finds_in_notes_by_hand(galen, version):
    pairs = [(wanted, ask(galen, version, text)) for text, wanted in handwritten()]
    check(metrics(version), "handwritten_", pairs)
