# SPDX-License-Identifier: Apache-2.0
"""Texts as rows of pieces of words, with the label that each word begins with."""
import json
import pathlib
import random

import numpy as np
import words
from notes import Note
from tokenizers import Encoding, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

LENGTH, STRIDE = 128, 32
ROOM = LENGTH - 2
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
PAD, UNKNOWN, FIRST, LAST = range(4)
IGNORED = -1
TAGS = ["O", *(f"{mark}-{label}" for label in words.LABELS.values() for mark in "BI")]
SHORTEST_DROPPED = 3


def with_stages(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", FIRST), ("[SEP]", LAST)])
    return tokenizer


def pieces_path(name: str) -> pathlib.Path:
    return words.HERE / f"pieces/{name}.txt"


def of_pieces(name: str) -> Tokenizer:
    pieces = pieces_path(name).read_text().split("\n")[1:-1]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = with_stages(Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]")))
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def write_pieces(name: str, tokenizer: Tokenizer) -> None:
    vocabulary = tokenizer.get_vocab()
    pieces = sorted(vocabulary, key=vocabulary.get)
    pieces_path(name).write_text("\n".join(["# SPDX-License-Identifier: Apache-2.0", *pieces, ""]))


def of_texts(texts: list[str], size: int) -> Tokenizer:
    tokenizer = with_stages(Tokenizer(models.WordPiece(unk_token="[UNK]")))
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=list(SPECIAL),
                                        show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def thinned(tokenizer: Tokenizer, kept_share: float, seed: str) -> Tokenizer:
    """Without some of the longer pieces: known words fall apart as unknown ones do."""
    dice, vocabulary = random.Random(seed), tokenizer.get_vocab()
    kept = {piece: index for piece, index in sorted(vocabulary.items())
            if piece in SPECIAL or len(piece.removeprefix("##")) < SHORTEST_DROPPED
            or dice.random() < kept_share}
    return with_stages(Tokenizer(models.WordPiece(kept, unk_token="[UNK]")))


def tags(note: Note, encoding: Encoding) -> list[int]:
    """Of the first piece of each word; no other counts."""
    by_start = {}
    for span in note.spans:
        for at in range(span.start, span.end):
            by_start[at] = TAGS.index(f"{'B' if at == span.start else 'I'}-{span.label}")
    found, before = [], None
    for word, (start, _) in zip(encoding.word_ids[1:-1], encoding.offsets[1:-1], strict=True):
        found.append(by_start.get(start, 0) if word != before else IGNORED)
        before = word
    return found


def starts(count: int, step: int) -> range:
    """Of the windows that a text of count pieces is cut into."""
    return range(0, max(count - ROOM, 0) + step, step) if count > ROOM else range(1)


def row(ids: list[int], length: int) -> np.ndarray:
    padded = np.full(length, PAD, np.int64)
    padded[:len(ids) + 2] = [FIRST, *ids, LAST]
    return padded


def training_rows(notes: list[Note], tokenizers: list[Tokenizer]) -> tuple[np.ndarray, np.ndarray]:
    """Ids and tags; a long note is cut without overlap."""
    all_ids, all_tags = [], []
    for index, note in enumerate(notes):
        encoding = tokenizers[index % len(tokenizers)].encode(note.text)
        ids, labels = encoding.ids[1:-1], tags(note, encoding)
        for start in range(0, len(ids), ROOM):
            all_ids.append(row(ids[start:start + ROOM], LENGTH))
            labelled = np.full(LENGTH, IGNORED, np.int32)
            part = labels[start:start + ROOM]
            labelled[1:1 + len(part)] = part
            all_tags.append(labelled)
    return np.array(all_ids, np.int32), np.array(all_tags)


def windows(encoding: Encoding) -> np.ndarray:
    ids = encoding.ids[1:-1]
    return np.array([row(ids[start:start + ROOM], LENGTH)
                     for start in starts(len(ids), ROOM - STRIDE)])


def serialized(tokenizer: Tokenizer) -> str:
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, sort_keys=True) + "\n"
