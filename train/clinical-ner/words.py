# SPDX-License-Identifier: Apache-2.0
"""The lists of words and sentences, and which of them a part of the data may use."""
import dataclasses
import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent
SEED = 20240229
LABELS = {"P": "PROBLEM", "N": "NEGATED_PROBLEM", "M": "MEDICATION", "D": "DOSE",
          "F": "FREQUENCY", "T": "TEST", "C": "PROCEDURE", "A": "ANATOMY"}
LISTS = {"P": "problems", "M": "medications", "T": "tests", "C": "procedures", "A": "anatomy"}
TOPICS = ("history", "negation", "examination", "results", "treatment", "silent")
PARTS = ("train", "valid", "test")
SHARES = (0.64, 0.16)  # of train and valid; what is left is test


@dataclasses.dataclass
class Part:
    """What one part of the data is made of. Parts share no entry of these two."""
    words: dict[str, list[str]]      # by slot
    sentences: dict[str, list[str]]  # by topic

    def __or__(self, other: "Part") -> "Part":
        def joined(mine: dict, theirs: dict) -> dict:
            return {key: mine[key] + theirs[key] for key in mine}
        return Part(joined(self.words, other.words), joined(self.sentences, other.sentences))


def lines(path: pathlib.Path) -> list[str]:
    return [line.rstrip("\n") for line in path.read_text().splitlines()
            if line.strip() and not line.startswith("# ")]


def entries(name: str) -> list[str]:
    """Once each, whatever their case."""
    found = {}
    for line in lines(HERE / f"words/{name}.txt"):
        for entry in line.split(","):
            found.setdefault(entry.strip().lower(), entry.strip())
    return [found[key] for key in sorted(found)]


def named_lists(name: str) -> dict[str, list[str]]:
    """Of lines `name: value, value`; "-" stands for nothing."""
    rows = (line.split(":", 1) for line in lines(HERE / f"words/{name}.txt"))
    return {key: ["" if value.strip() == "-" else value.strip() for value in values.split(",")]
            for key, values in rows}


def sentences(topic: str) -> list[str]:
    path = HERE / f"sentences/{topic}.txt"
    return [line for line in path.read_text().splitlines()
            if line.strip() and not line.startswith("# SPDX")]


def divided(name: str, items: list[str]) -> dict[str, list[str]]:
    shuffled = random.Random(f"{SEED} {name}").sample(items, len(items))
    first = round(SHARES[0] * len(items))
    second = first + round(SHARES[1] * len(items))
    return dict(zip(PARTS, (shuffled[:first], shuffled[first:second], shuffled[second:]),
                    strict=True))


def parts(extra: dict[str, list[str]]) -> dict[str, Part]:
    """extra: phrases by slot that are put together and not listed."""
    words = {slot: divided(name, entries(name)) for slot, name in LISTS.items()}
    words |= {slot: divided(slot, phrases) for slot, phrases in extra.items()}
    texts = {topic: divided(topic, sentences(topic)) for topic in TOPICS}
    return {part: Part({slot: split[part] for slot, split in words.items()},
                       {topic: split[part] for topic, split in texts.items()})
            for part in PARTS}
