# SPDX-License-Identifier: Apache-2.0
"""Whole notes in several styles, and the wear of real typing: cases, slips, broken lines."""
import dataclasses
import random
import re

import words
from phrases import Piece, Source, Writer

HEADINGS = words.named_lists("headings")
WEIGHTS = {"history": 5, "negation": 4, "examination": 4, "results": 4, "treatment": 6, "silent": 3}
BULLETS = ("- ", "* ", "• ", "{n}. ", "{n}) ", "# ", "  - ", "")
BETWEEN = (" ", " ", " ", "\n", "\n", "  ", "\n\n")
NEGATION = re.compile("(?i)den[iy]|neg|without|never|free|rule|absen|exclu|[^a-z]")
RX_LINES = ("{M} {D} {route} {F}", "{M} {D} {F}", "{M} {D} {F} for {P}", "{M} {D}", "{M}",
            "{M}, {D}, {F}", "{M} {D} {F} prn {P}", "{M} ({D}) {route} {F}", "{M} - {D} {F}",
            "{M} {F}")
LINES = ("{P}", "{Cap:P}", "{P}, {P}", "{T} {val}", "{C}", "{P} - {M} {D} {F}", "{P}: {T}, {M}",
         "{T}: {val}")


@dataclasses.dataclass
class Span:
    start: int
    end: int
    label: str


@dataclasses.dataclass
class Note:
    text: str
    spans: list[Span]


class Notes:
    def __init__(self, source: Source, seed: str, wear: float, swaps: float):
        self.dice = random.Random(seed)
        self.writer = Writer(source, self.dice)
        self.wear = wear    # the share of words with a slip
        self.swaps = swaps  # the share of words outside entities that become any other

    def topic(self) -> str:
        return self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]

    def prose(self) -> list[Piece]:
        between, pieces = self.dice.choice(BETWEEN), []
        for _ in range(self.dice.randint(1, 7)):
            pieces += [*self.writer.sentence(self.topic()), Piece(between)]
        return pieces

    def sections(self) -> list[Piece]:
        colon, pieces = self.dice.choice([": ", ":\n", ":", " - ", "\n"]), []
        for topic in self.dice.sample(list(WEIGHTS), self.dice.randint(2, 4)):
            pieces.append(Piece(self.dice.choice(HEADINGS[topic]) + colon))
            for _ in range(self.dice.randint(1, 3)):
                pieces += [*self.writer.sentence(topic), Piece(self.dice.choice([" ", "\n"]))]
            pieces.append(Piece("\n"))
        return pieces

    def bulleted(self, forms: tuple[str, ...] | None) -> list[Piece]:
        bullet, topic, pieces = self.dice.choice(BULLETS), self.topic(), []
        if self.writer.chance(0.7):
            pieces.append(Piece(self.dice.choice(HEADINGS["treatment" if forms else topic]) + ":\n"))
        for number in range(1, self.dice.randint(3, 9)):
            line = (self.writer.filled(self.dice.choice(forms)) if forms
                    else self.writer.sentence(topic))
            pieces += [Piece(bullet.format(n=number)), *line, Piece("\n")]
        return pieces

    def ward(self) -> list[Piece]:
        """Typed in haste: lower case, commas for full stops."""
        pieces = []
        for _ in range(self.dice.randint(2, 6)):
            end = Piece(self.dice.choice([", ", ". ", " ", "; "]))
            pieces += [*self.writer.sentence(self.topic()), end]
        for piece in pieces:
            piece.text = piece.text.lower()
            if piece.label is None:
                piece.text = piece.text.replace(".,", ",").rstrip(".")
        return pieces

    def silent(self) -> list[Piece]:
        pieces = []
        for _ in range(self.dice.randint(1, 5)):
            pieces += [*self.writer.sentence("silent"), Piece(self.dice.choice([" ", "\n"]))]
        return pieces

    def pieces(self) -> list[Piece]:
        styles = {self.prose: 8, self.sections: 5, lambda: self.bulleted(RX_LINES): 1.5, self.ward: 2,
                  lambda: self.bulleted(LINES): 1, lambda: self.bulleted(None): 1.5, self.silent: 2}
        return self.dice.choices(list(styles), list(styles.values()))[0]()

    def slip(self, word: str) -> str:
        at = self.dice.randrange(len(word) - 1)
        return self.dice.choice([word[:at] + word[at + 1:], word[:at] + word[at] + word[at:],
                                 word[:at] + word[at + 1] + word[at] + word[at + 2:]])

    def worn(self, text: str) -> str:
        def slips(word: str) -> bool:
            return len(word) > 4 and word.isalpha() and self.writer.chance(self.wear)
        return " ".join(self.slip(word) if slips(word) else word for word in text.split(" "))

    def swapped(self, text: str) -> str:
        """Words that carry no negation."""
        def other(word: str) -> str:
            kind = self.dice.choice(["noun", "verb", "adj", "word"])
            return self.dice.choice(self.writer.fillers[kind])

        def swaps(word: str) -> bool:
            return len(word) > 4 and not NEGATION.search(word) and self.writer.chance(self.swaps)
        return " ".join(other(word) if swaps(word) else word for word in text.split(" "))

    def cased(self, pieces: list[Piece]) -> None:
        style = self.dice.random()
        for piece in pieces:
            if style < 0.05:
                piece.text = piece.text.upper()
            elif style < 0.15:
                piece.text = piece.text.lower()

    def broken(self, pieces: list[Piece]) -> None:
        """Lines that end where they happened to be full."""
        for piece in pieces:
            if piece.label is None and self.writer.chance(0.05):
                piece.text = piece.text.replace(" ", "\n", 1)

    def note(self) -> Note:
        pieces = self.pieces()
        for piece in pieces:
            piece.text = self.worn(piece.text if piece.label else self.swapped(piece.text))
        self.cased(pieces)
        if self.writer.chance(0.1):
            self.broken(pieces)
        return together(pieces)


def together(pieces: list[Piece]) -> Note:
    text, spans = "", []
    for piece in pieces:
        start, text = len(text), text + piece.text
        if piece.label:
            spans.append(Span(start, len(text), piece.label))
    return Note(text.rstrip(), spans)
