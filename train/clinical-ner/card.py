# SPDX-License-Identifier: Apache-2.0
"""model.yaml of a version: its contract, and the card with what was measured."""
import dataclasses
import hashlib

import tokens


@dataclasses.dataclass(frozen=True)
class Version:
    number: str
    what: str


SMALL = Version("1", "A transformer of one layer, vectors of 64, trained briefly.")
LARGE = Version("2", "A transformer of two layers, vectors of 96.")

INTENDED_USE = ("Shows how galen serves a text model: tokens, windows, words, entities, threshold,"
                " metrics in the card. Not a medical device, not for any decision about a person.")
TRAINING_DATA = (
    "English notes about nobody, written by a seeded generator (train/clinical-ner) from lists of"
    " words and sentences made for it, and from names made up of syllables and word parts; no note"
    " of a real person, no other corpus, no weights from elsewhere. Licence Apache-2.0, as the"
    " project. The metrics are of notes from sentences and entries of the lists that training"
    " had none of; headings, styles and everyday words are shared, and an entry may have words in"
    " common with another.")
LIMITS = (
    "Never measured on notes of a hospital. English only. A NEGATED_PROBLEM is one that the"
    " sentence denies; doubt, history and other people's illnesses are not told apart from a"
    " PROBLEM. How bad something is, and on which side, is no part of a PROBLEM. It knows a word by"
    " its pieces and its neighbours, and is often wrong about words, abbreviations and turns of"
    " phrase that are new to it. Metrics: f1 is of entities, right only with the same label, start"
    " and end; one that scores below the threshold is not counted as found. f1_x is of label x"
    " alone. handwritten_... are of thirty notes written by hand before any model was trained, by"
    " the author of the generator, whose lists and sentences were written after them: not of a"
    " hospital, and not independent. handwritten_known is the share of their entities, doses and"
    " frequencies aside, that are entries that training had. silent is the share of texts without"
    " entities that got none.")


def folded(text: str) -> str:
    """A YAML block of lines that read as one."""
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > 92:
            lines, line = [*lines, line], ""
        line = f"{line} {word}".strip()
    return ">-\n" + "\n".join(f"    {each}" for each in [*lines, line])


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def render(version: Version, threshold: float, files: dict[str, bytes],
           metrics: dict[str, float]) -> str:
    labels = "\n".join(f"  - {tag}" for tag in tokens.TAGS)
    sums = "\n".join(f"  {name}: {checksum(content)}" for name, content in files.items())
    measured = "\n".join(f"    {name}: {value:g}" for name, value in metrics.items())
    return f"""# SPDX-License-Identifier: Apache-2.0
# Written by train/clinical-ner: change it there.
task: token-classification
title: Entities of a clinical note
media_types: [text/plain]
input: {{tensor: input_ids, datatype: INT64}}
text:
  tokenizer: tokenizer.json
  mask: attention_mask
  max_length: {tokens.LENGTH}
  longer: window
  stride: {tokens.STRIDE}
  bucket: 8
  merge: center
entities: {{scheme: bio, words: first}}
output: {{tensor: logits, activation: softmax}}
labels:
{labels}
threshold: {threshold:g}
files:
{sums}
card:
  demonstration: true
  notice: demonstration, not for clinical use
  intended_use: {folded(INTENDED_USE)}
  training_data: {folded(TRAINING_DATA)}
  metrics:
{measured}
  limits: {folded(f"{version.what} {LIMITS}")}
"""
