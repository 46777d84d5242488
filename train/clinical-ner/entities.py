# SPDX-License-Identifier: Apache-2.0
"""Scores of pieces to entities, as the server makes them of a version's model.yaml (windows
merged by their center, words by their first piece, BIO, threshold), and how good they are."""
import collections

import numpy as np
import onnxruntime
import tokens
import words
from notes import Note, Span
from tokenizers import Encoding, Tokenizer

NEVER = "never"


def session(onnx_bytes: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])


def run(network: onnxruntime.InferenceSession, ids: np.ndarray) -> np.ndarray:
    inputs = {"input_ids": ids, "attention_mask": (ids != tokens.PAD).astype(np.int64)}
    return network.run(["logits"], inputs)[0]


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def merged(count: int, chances: np.ndarray) -> np.ndarray:
    """Of each piece, from the window in which it is farthest from an end."""
    step = tokens.ROOM - tokens.STRIDE
    best, depths = np.zeros((count, chances.shape[-1])), np.full(count, -1)
    for index, start in enumerate(tokens.starts(count, step)):
        size = min(tokens.ROOM, count - start)
        for place in range(size):
            depth = min(place, size - 1 - place)
            if depth > depths[start + place]:
                depths[start + place] = depth
                best[start + place] = chances[index, place + 1]
    return best


def tagged_words(encoding: Encoding, chances: np.ndarray) -> list[tuple[int, int, str, float]]:
    found, before = [], None
    for index, word in enumerate(encoding.word_ids[1:-1]):
        start, end = encoding.offsets[index + 1]
        if word == before:
            found[-1] = (found[-1][0], end, *found[-1][2:])
        else:
            tag = int(chances[index].argmax())
            found.append((start, end, tokens.TAGS[tag], float(chances[index, tag])))
        before = word
    return found


def spans(tagged: list[tuple[int, int, str, float]], threshold: float) -> list[Span]:
    found: list[tuple[Span, list[float]]] = []
    goes_on = NEVER
    for start, end, tag, chance in tagged:
        if tag == goes_on and found:
            found[-1][0].end = end
            found[-1][1].append(chance)
        elif tag != "O":
            found.append((Span(start, end, tag[2:]), [chance]))
        goes_on = NEVER if tag == "O" else f"I-{tag[2:]}"
    return [span for span, chances in found if np.mean(chances) >= threshold]


def chances(network: onnxruntime.InferenceSession, encoding: Encoding) -> np.ndarray:
    return merged(len(encoding.ids) - 2, softmax(run(network, tokens.windows(encoding))))


def found_in(network: onnxruntime.InferenceSession, tokenizer: Tokenizer, texts: list[str],
             threshold: float) -> list[list[Span]]:
    encodings = [tokenizer.encode(text) for text in texts]
    return [spans(tagged_words(encoding, chances(network, encoding)), threshold)
            for encoding in encodings]


def f1(notes: list[Note], found: list[list[Span]], label: str | None = None) -> float:
    """Of entities: right is the same label, start and end."""
    counts = collections.Counter()
    for note, answer in zip(notes, found, strict=True):
        wanted, given = ({(span.start, span.end, span.label) for span in spans
                          if label in (None, span.label)} for spans in (note.spans, answer))
        counts.update(wanted=len(wanted), given=len(given), right=len(wanted & given))
    total = counts["wanted"] + counts["given"]
    return 2 * counts["right"] / total if total else 0.0


def by_label(notes: list[Note], found: list[list[Span]], prefix: str = "") -> dict[str, float]:
    labels = {"f1": None} | {f"f1_{label.lower()}": label for label in words.LABELS.values()}
    return {prefix + name: round(f1(notes, found, label), 4) for name, label in labels.items()}


def silent_share(notes: list[Note], found: list[list[Span]]) -> float:
    """Of the texts without entities, those in which none was found."""
    answers = [not answer for note, answer in zip(notes, found, strict=True) if not note.spans]
    return round(float(np.mean(answers)), 4)
