# SPDX-License-Identifier: Apache-2.0
"""The notes that were written by hand, [text](LABEL) within them."""
import pathlib
import re

import words
from notes import Note, Span

PATH = pathlib.Path(__file__).resolve().parents[2] / "tests/data/clinical-ner/handwritten.txt"
ENTITY = re.compile(r"\[([^\]]+)\]\(([A-Z_]+)\)")


def note(marked: str) -> Note:
    text, spans, done = "", [], 0
    for found in ENTITY.finditer(marked):
        text += marked[done:found.start()]
        spans.append(Span(len(text), len(text) + len(found[1]), found[2]))
        text, done = text + found[1], found.end()
    return Note(text + marked[done:], spans)


def notes() -> list[Note]:
    parts = re.split(r"^=== .*\n", PATH.read_text(), flags=re.MULTILINE)
    return [note(part.rstrip("\n")) for part in parts[1:]]


def known_share(notes: list[Note], part: words.Part) -> float:
    """Of their entities, doses and frequencies aside, those that are entries of the part."""
    listed = {entry.lower() for entries in part.words.values() for entry in entries}
    texts = [note.text[span.start:span.end].lower() for note in notes for span in note.spans
             if span.label not in ("DOSE", "FREQUENCY")]
    return round(sum(text in listed for text in texts) / len(texts), 4)
