# SPDX-License-Identifier: Apache-2.0
"""Notes in, a tokenizer and trained weights out."""
import dataclasses
import time

import jax
import network
import numpy as np
import tokens
from notes import Note, Notes
from phrases import Source
from tokenizers import Tokenizer

DIGITS = 6  # of a weight
WEAR, SWAPS = 0.03, 0.04
NOISE, BLANK = 0.06, 0.5  # pieces that become others in training, and how many of them unknown
KEPT_SHARES = (1.0, 1.0, 0.8, 0.6, 0.4, 0.2)
TOKENIZER_NOTES = 6000
PIECES = {"small": 2000, "large": 2500}


@dataclasses.dataclass(frozen=True)
class Recipe:
    pieces: str  # a file of pieces/
    layers: int
    width: int
    heads: int
    inner: int
    notes: int
    schedule: network.Schedule


@dataclasses.dataclass
class Learnt:
    tokenizer: Tokenizer
    shape: network.Shape
    values: dict[str, np.ndarray]


def written(source: Source, seed: str, count: int, wear: float, swaps: float) -> list[Note]:
    writer = Notes(source, seed, wear, swaps)
    return [writer.note() for _ in range(count)]


def rounded(values: np.ndarray) -> np.ndarray:
    """To DIGITS significant decimal digits."""
    each = [float(f"{value:.{DIGITS - 1}e}") for value in values.ravel().tolist()]
    return np.array(each, np.float32).reshape(values.shape)


def noisy(ids: np.ndarray, pieces: int, dice: np.random.Generator) -> np.ndarray:
    changed = (dice.random(ids.shape) < NOISE) & (ids > tokens.LAST)
    other = np.where(dice.random(ids.shape) < BLANK, tokens.UNKNOWN,
                     dice.integers(tokens.LAST + 1, pieces, ids.shape))
    return np.where(changed, other, ids).astype(np.int32)


def length_for(ids: np.ndarray) -> int:
    longest = int((ids != tokens.PAD).sum(1).max())
    return next(length for length in (32, 64, 96, tokens.LENGTH) if length >= longest)


def batches(ids: np.ndarray, schedule: network.Schedule, dice: np.random.Generator):
    """Rows of about one length together, in an order drawn anew each time round."""
    lengths = (ids != tokens.PAD).sum(1)
    while True:
        order = np.argsort(lengths + dice.random(len(lengths)) * 12, kind="stable")
        groups = [order[at:at + schedule.rows]
                  for at in range(0, len(order) - schedule.rows + 1, schedule.rows)]
        for index in dice.permutation(len(groups)):
            yield groups[index]


def trained(shape: network.Shape, schedule: network.Schedule, ids: np.ndarray,
            labels: np.ndarray) -> dict[str, np.ndarray]:
    values = network.initial(shape, 1)
    zeros = {name: np.zeros_like(value) for name, value in values.items()}
    state = (values, zeros, dict(zeros))
    dice, began = np.random.default_rng(2), time.monotonic()
    rows = batches(ids, schedule, dice)
    for number in range(schedule.steps):
        chosen = next(rows)
        length = length_for(ids[chosen])
        seen = noisy(ids[chosen, :length], shape.pieces, dice)
        state, cost = network.step(shape, schedule, state, seen, labels[chosen, :length],
                                   np.float32(number))
        if number % 250 == 249:
            print(f"step {number + 1}: {float(cost):.4f}, {time.monotonic() - began:.0f} s", flush=True)
    return {name: rounded(np.asarray(value)) for name, value in jax.device_get(state[0]).items()}


def find_pieces(source: Source, recipe: Recipe) -> None:
    """Not the same on every run: its order of equals is drawn anew. So the files are kept."""
    texts = [note.text for note in written(source, "training", TOKENIZER_NOTES, WEAR, SWAPS)]
    tokens.write_pieces(recipe.pieces, tokens.of_texts(texts, PIECES[recipe.pieces]))


def learn(source: Source, recipe: Recipe) -> Learnt:
    notes = written(source, "training", recipe.notes, WEAR, SWAPS)
    tokenizer = tokens.of_pieces(recipe.pieces)
    several = [tokens.thinned(tokenizer, share, f"{index}") for index, share in enumerate(KEPT_SHARES)]
    ids, labels = tokens.training_rows(notes, several)
    shape = network.Shape(tokenizer.get_vocab_size(), recipe.layers, recipe.width, recipe.heads,
                          recipe.inner, len(tokens.TAGS))
    return Learnt(tokenizer, shape, trained(shape, recipe.schedule, ids, labels))
