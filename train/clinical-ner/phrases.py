# SPDX-License-Identifier: Apache-2.0
"""A sentence of a note, as pieces of text with the label that each has, if any."""
import dataclasses
import random
import re

import doses
import made_up
import words

CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
SLOT = re.compile(r"\{([^}]+)\}")


@dataclasses.dataclass
class Piece:
    text: str
    label: str | None = None


@dataclasses.dataclass
class Source:
    """Where entities come from: entries of a part and, in training, names made up."""
    part: words.Part
    made_up_share: float
    taken: frozenset[str]  # what must not be made up: what other parts list


class Writer:
    def __init__(self, source: Source, dice: random.Random):
        self.source, self.dice = source, dice
        self.fillers = words.named_lists("fillers")

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def name(self, slot: str) -> str:
        if slot in made_up.KINDS and self.chance(self.source.made_up_share):
            made = made_up.name(slot, self.dice)
            if made.lower() not in self.source.taken:
                return made
        return self.dice.choice(self.source.part.words[slot])

    def entity(self, slot: str) -> Piece:
        text = self.name("P" if slot == "N" else slot)
        if slot == "F" and self.chance(0.12) and "need" not in text and "prn" not in text:
            text += f" {self.dice.choice(doses.NEED + doses.MEALS)}"
        if slot == "D" and self.chance(0.25):
            text = re.sub(r"^([\d.,-]+) (?!to )(?=[a-zA-Z%])", r"\1", text)
        if slot in "PN" and self.chance(0.04) and not text.lower().startswith(("acute", "chronic")):
            text = f"{self.dice.choice(['acute', 'chronic'])} {text}"
        return Piece(text, words.LABELS[slot])

    def joined(self, slot: str, last: str) -> list[Piece]:
        count = self.dice.choice([1, 2, 2, 3, 3, 4, 5])
        between = self.dice.choice([", "] * 8 + ["/", "; "])
        final = self.dice.choice([f" {last} ", f", {last} ", between])
        pieces = [self.entity(slot)]
        for index in range(1, count):
            mark = final if index == count - 1 else between
            pieces += [Piece(mark), self.entity(slot)]
        return pieces

    def prescription(self) -> list[Piece]:
        form = self.dice.choice(["{M} {D} {route} {F}", "{M} {D} {F}", "{M} {D}", "{D} of {M} {F}",
                                 "{M} {F}", "{M}, {D} {F}", "{M} {D} {route}", "{M} ({D}) {F}"])
        return self.filled(form)

    def value(self) -> str:
        dice = self.dice
        if self.chance(0.4):
            return dice.choice(self.fillers["values"])
        return str(dice.choice([dice.randint(1, 300), dice.randint(1, 30), dice.randint(1, 200) / 10]))

    def duration(self, short: bool) -> str:
        count = str(self.dice.randint(1, 12))
        if short:
            return count + self.dice.choice(["", " "]) + self.dice.choice(self.fillers["shortspans"])
        spelled = self.dice.choice([count, *self.fillers["spelled"]])
        return f"{spelled} {self.dice.choice(self.fillers['spans'])}"

    def clock(self) -> str:
        mark = self.dice.choice([":", ""])
        return f"{self.dice.randint(0, 23):02}{mark}{self.dice.randint(0, 59):02}"

    def age(self) -> str:
        return self.dice.choice(self.fillers["ages"]).format(n=self.dice.randint(1, 97))

    def number(self, least: int, most: int) -> str:
        return str(self.dice.randint(least, most))

    def made(self, name: str) -> str | None:
        makers = {"val": self.value, "age": self.age, "time": self.clock,
                  "dur": lambda: self.duration(False), "durshort": lambda: self.duration(True),
                  "num": lambda: self.number(1, 40), "year": lambda: self.number(1975, 2025),
                  "Age": lambda: self.number(1, 97), "surname": lambda: made_up.surname(self.dice),
                  "name": lambda: made_up.surname(self.dice)}
        return makers[name]() if name in makers else None

    def plain(self, name: str) -> str:
        key = "sevfull" if name == "Sev" else name.lower()
        value = self.made(name) or self.dice.choice(self.fillers[key])
        value = value.replace("{surname}", made_up.surname(self.dice))
        return value[:1].upper() + value[1:] if name[0].isupper() else value

    def slot(self, name: str) -> list[Piece]:
        if name.startswith("Cap:"):
            pieces = self.slot(name.removeprefix("Cap:"))
            pieces[0].text = pieces[0].text[:1].upper() + pieces[0].text[1:]
            return pieces
        if name in words.LABELS:
            return [self.entity(name)]
        if "+" in name:
            slot, _, last = name.partition("+")
            return self.joined(slot, last or "and")
        return self.prescription() if name == "rx" else [Piece(self.plain(name))]

    def chosen(self, text: str) -> str:
        while found := CHOICE.search(text):
            text = text[:found.start()] + self.dice.choice(found[1].split("|")) + text[found.end():]
        return text

    def filled(self, text: str) -> list[Piece]:
        pieces = []
        for index, part in enumerate(SLOT.split(text)):
            pieces += self.slot(part) if index % 2 else [Piece(part)]
        return tidy(pieces)

    def sentence(self, topic: str) -> list[Piece]:
        pieces = self.filled(self.chosen(self.dice.choice(self.source.part.sentences[topic])))
        if self.chance(0.8) and pieces:
            pieces[0].text = pieces[0].text[:1].upper() + pieces[0].text[1:]
        return pieces


def tidy(pieces: list[Piece]) -> list[Piece]:
    """One space where an empty filler left two, none at the ends."""
    kept: list[Piece] = []
    for piece in pieces:
        text = re.sub(" +(?=[ ,])", "", piece.text)
        if not kept or kept[-1].text.endswith(" "):
            text = text.lstrip(" ")
        if text:
            kept.append(Piece(text, piece.label))
    if kept:
        kept[-1].text = kept[-1].text.rstrip(" ")
    return kept
