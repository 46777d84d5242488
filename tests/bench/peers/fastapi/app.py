# SPDX-License-Identifier: Apache-2.0
"""POST /infer as a Python team would write it: FastAPI on uvicorn (uvloop, httptools),
`tokenizers`, ONNX Runtime on one thread, and the entities of galen's answer.

usage: GALEN_PEER_MODEL=folder GALEN_PEER_LABELS="O B-X I-X" GALEN_PEER_THRESHOLD=0.5 uvicorn app:app
"""
import os
import pathlib

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel
from tokenizers import Tokenizer

FOLDER = pathlib.Path(os.environ["GALEN_PEER_MODEL"])
LABELS = os.environ["GALEN_PEER_LABELS"].split()
THRESHOLD = float(os.environ["GALEN_PEER_THRESHOLD"])


def open_session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(FOLDER / "model.onnx", options,
                                        providers=["CPUExecutionProvider"])


tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
session = open_session()
app = FastAPI()


class Note(BaseModel):
    input: str


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def words_of(encoding, best: list[int], scores: list[float]) -> list[tuple[int, int, str, float]]:
    """A word's first token speaks for it."""
    words: list[tuple[int, int, str, float]] = []
    last = None
    places = zip(encoding.word_ids, encoding.offsets, best, scores, strict=True)
    for word, (start, end), label, score in places:
        if word is None:
            continue
        if word == last:
            first = words.pop()
            words.append((first[0], end, first[2], first[3]))
        else:
            words.append((start, end, LABELS[label], score))
        last = word
    return words


def entities_of(words: list[tuple[int, int, str, float]]) -> list[dict]:
    found: list[dict] = []
    is_open = False
    for start, end, label, score in words:
        kind = label[2:]
        if label == "O":
            is_open = False
        elif is_open and label[0] == "I" and found[-1]["label"] == kind:
            found[-1]["end"] = end
            found[-1]["scores"].append(score)
        else:
            found.append({"label": kind, "start": start, "end": end, "scores": [score]})
            is_open = True
    for entity in found:
        scores = entity.pop("scores")
        entity["score"] = sum(scores) / len(scores)
    return [entity for entity in found if entity["score"] >= THRESHOLD]


@app.post("/infer")
async def infer(note: Note) -> dict:
    encoding = tokenizer.encode(note.input)
    inputs = {"input_ids": np.array([encoding.ids], dtype=np.int64),
              "attention_mask": np.array([encoding.attention_mask], dtype=np.int64)}
    scores = softmax(session.run(["logits"], inputs)[0][0])
    best = scores.argmax(axis=-1)
    chosen = scores[np.arange(len(best)), best].tolist()
    return {"entities": entities_of(words_of(encoding, best.tolist(), chosen))}


@app.get("/ready")
async def ready() -> dict:
    return {}
