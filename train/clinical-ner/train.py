#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains both versions of the sample model clinical-ner, measures them on notes of words and
sentences that they have not seen, and writes models/clinical-ner and the held-out notes."""
import argparse
import json
import pathlib

import by_hand
import card
import doses
import entities
import graph
import jax
import learn
import network
import numpy as np
import tokens
import words
from notes import Note
from phrases import Source

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models/clinical-ner"
HELD_OUT = ROOT / "tests/data/clinical-ner/heldout.json"

HELD_OUT_NOTES, TYPING_SLIPS = 300, 0.01
MADE_UP_SHARE = 0.5
THRESHOLD = 0.5
TOLERANCE = 1e-4

RECIPES = {
    card.SMALL: learn.Recipe(pieces="small", layers=1, width=64, heads=2, inner=128, notes=12000,
                             schedule=network.Schedule(steps=1500, rows=24, rate=3e-3)),
    card.LARGE: learn.Recipe(pieces="large", layers=2, width=96, heads=3, inner=192, notes=40000,
                             schedule=network.Schedule(steps=3600, rows=24, rate=3e-3)),
}


def listed(part: words.Part) -> frozenset[str]:
    return frozenset(entry.lower() for entries in part.words.values() for entry in entries)


def sources(is_trial: bool) -> tuple[Source, Source]:
    """What to train on, and what to measure on: the held-out part, or in a trial another that
    the held-out part has no say in."""
    parts = words.parts({"D": doses.doses(), "F": doses.frequencies()})
    train, valid, test = (parts[name] for name in words.PARTS)
    if is_trial:
        return Source(train, MADE_UP_SHARE, listed(valid | test)), Source(valid, 0.0, frozenset())
    return Source(train | valid, MADE_UP_SHARE, listed(test)), Source(test, 0.0, frozenset())


def check_equal(onnx_bytes: bytes, learnt: learn.Learnt, notes: list[Note]) -> None:
    """On every row; rows of padding alone are of no notes."""
    run, worst = entities.session(onnx_bytes), 0.0
    scores = jax.jit(network.scores, static_argnums=1)
    for note in notes:
        for row in tokens.windows(learnt.tokenizer.encode(note.text)):
            expected = np.asarray(scores(learnt.values, learnt.shape, row[None].astype(np.int32)))
            real = row != tokens.PAD
            worst = max(worst, float(np.abs(entities.run(run, row[None]) - expected)[0, real].max()))
    print(f"largest difference from JAX: {worst:.2e}")
    if worst > TOLERANCE:
        raise SystemExit(f"the network differs from JAX's by {worst}")


def measure(onnx_bytes: bytes, learnt: learn.Learnt, notes: list[Note], handwritten: list[Note],
            part: words.Part) -> dict[str, float]:
    run = entities.session(onnx_bytes)
    found, found_by_hand = (
        entities.found_in(run, learnt.tokenizer, [note.text for note in group], THRESHOLD)
        for group in (notes, handwritten))
    return {"notes": len(notes), "entities": sum(len(note.spans) for note in notes),
            **entities.by_label(notes, found),
            "silent": entities.silent_share(notes, found),
            "handwritten_notes": len(handwritten),
            "handwritten_entities": sum(len(note.spans) for note in handwritten),
            **entities.by_label(handwritten, found_by_hand, "handwritten_"),
            "handwritten_known": by_hand.known_share(handwritten, part)}


def write(path: pathlib.Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_version(version: card.Version, source: Source, notes: list[Note]) -> None:
    handwritten, learnt = by_hand.notes(), learn.learn(source, RECIPES[version])
    onnx_bytes = graph.of_network(learnt.values, learnt.shape)
    check_equal(onnx_bytes, learnt, [*notes, *handwritten])
    metrics = measure(onnx_bytes, learnt, notes, handwritten, source.part)
    files = {"model.onnx": onnx_bytes, "tokenizer.json": tokens.serialized(learnt.tokenizer).encode()}
    for name, content in files.items():
        write(MODEL / version.number / name, content)
    text = card.render(version, THRESHOLD, files, metrics)
    write(MODEL / version.number / "model.yaml", text.encode())
    print(f"clinical-ner/{version.number}: {metrics}")


def write_tag(name: str, version: str) -> None:
    link = MODEL / name
    link.unlink(missing_ok=True)
    link.symlink_to(version)


def write_held_out(notes: list[Note]) -> None:
    lines = [json.dumps({"input": note.text, "entities": [vars(span) for span in note.spans]},
                        ensure_ascii=False) for note in notes]
    write(HELD_OUT, ("[\n" + ",\n".join(lines) + "\n]\n").encode())


def attempt(version: card.Version, source: Source, notes: list[Note]) -> None:
    learnt = learn.learn(source, RECIPES[version])
    run = entities.session(graph.of_network(learnt.values, learnt.shape))
    found = entities.found_in(run, learnt.tokenizer, [note.text for note in notes], THRESHOLD)
    print(f"{entities.by_label(notes, found)}, silent {entities.silent_share(notes, found)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trial", action="store_true",
                        help="measure version 2 on the validation part and write nothing")
    parser.add_argument("--pieces", action="store_true",
                        help="find the pieces of words anew, and do no more")
    arguments = parser.parse_args()
    is_trial = arguments.trial
    source, unseen = sources(is_trial)
    if arguments.pieces:
        for recipe in RECIPES.values():
            learn.find_pieces(source, recipe)
        return
    notes = learn.written(unseen, "measured", HELD_OUT_NOTES, TYPING_SLIPS, 0.0)
    if is_trial:
        attempt(card.LARGE, source, notes)
        return
    for version in RECIPES:
        write_version(version, source, notes)
    write_tag("current", card.LARGE.number)
    write_tag("previous", card.SMALL.number)
    write_held_out(notes)


if __name__ == "__main__":
    main()
