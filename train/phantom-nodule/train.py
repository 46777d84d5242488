#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains both versions of the sample model phantom-nodule on images that it draws, measures them
on images of other seeds and another site, and writes models/phantom-nodule, the held-out
images and two examples."""
import json
import pathlib

import card
import graph
import network
import numpy as np
import onnxruntime
import phantom
import samples
from network import Layer, Plan
from ranges import ELSEWHERE, TRAINING
from scipy.optimize import minimize_scalar

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models/phantom-nodule"
HELD_OUT = ROOT / "tests/data/phantom-nodule"
EXAMPLES = ROOT / "examples"

TRAINING_SEED, VALIDATION_SEED, HELD_OUT_SEED, EXAMPLE_SEED = 11, 12, 13, 16
COUNTS = {"training": 3000, "validation": 400, "held_out": 400}
EXAMPLE_INDEX = {"phantom-clear.jpg": 0, "phantom-nodule.png": 1}
TOLERANCE = 1e-4
DIGITS = 6  # of a weight
LARGEST_BYTES = 1_000_000

SMALL = Plan((Layer(8, 2), Layer(16, 2), Layer(24, 2)), epochs=6, rate=3e-3, cell_weight=1.0, seed=21)
LARGE = Plan((Layer(8, 2), Layer(16, 1), Layer(24, 2), Layer(32, 1)), epochs=14, rate=3e-3,
             cell_weight=1.0, seed=22)


def rounded(values: np.ndarray) -> np.ndarray:
    """To DIGITS significant decimal digits."""
    round_one = np.vectorize(lambda value: float(f"{value:.{DIGITS - 1}e}"))
    return round_one(np.asarray(values, np.float64)).astype(np.float32)


def temperature(margins: np.ndarray, labels: np.ndarray) -> float:
    """What divides the margins so that their scores fit the labels best."""
    signed = np.where(labels == 1, margins, -margins).astype(np.float64)
    return float(minimize_scalar(lambda each: np.logaddexp(0, -signed / each).mean(),
                                 bounds=(0.2, 8), method="bounded").x)


def fit(plan: Plan, training: samples.Samples, validation: samples.Samples,
        calibrated: bool) -> network.Parameters:
    parameters = network.train(plan, training)
    margins = network.predict(plan, parameters, validation.pixels)
    divisor = temperature(margins, validation.labels) if calibrated else 1.0
    validated = card.measure(1 / (1 + np.exp(-margins / divisor)), validation)
    print(f"temperature {divisor:.4f}, validation {validated}", flush=True)
    parameters |= {name: parameters[name] / divisor for name in ("slope", "offset")}
    return {name: rounded(value) for name, value in parameters.items()}


def run(onnx_bytes: bytes, pixels: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"pixels": samples.normalized(pixels)[:, None]})[0]


def check(onnx_bytes: bytes, expected: np.ndarray, logits: np.ndarray) -> None:
    """expected: margins, as JAX has them."""
    halves = np.stack([-expected / 2, expected / 2], axis=1)
    difference = np.abs(logits - halves).max()
    if difference > TOLERANCE:
        raise SystemExit(f"the network differs from JAX's by {difference}")
    if len(onnx_bytes) > LARGEST_BYTES:
        raise SystemExit(f"the network has {len(onnx_bytes)} bytes")


def scores(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))


def write(path: pathlib.Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def write_version(plan: Plan, version: card.Version, parameters: network.Parameters,
                  held_out: samples.Samples) -> None:
    onnx_bytes = graph.of_network(plan, parameters)
    logits = run(onnx_bytes, held_out.pixels)
    check(onnx_bytes, network.predict(plan, parameters, held_out.pixels), logits)
    metrics = card.measure(scores(logits), held_out)
    write(MODEL / version.number / "model.onnx", onnx_bytes)
    write(MODEL / version.number / "model.yaml", card.render(version, COUNTS, onnx_bytes, metrics))
    print(f"phantom-nodule/{version.number}: {len(onnx_bytes)} bytes, {metrics}")


def write_tag(name: str, version: str) -> None:
    link = MODEL / name
    link.unlink(missing_ok=True)
    link.symlink_to(version)


def write_held_out(stored: list[samples.File]) -> None:
    for old in HELD_OUT.glob("[0-9]*"):
        old.unlink()
    for each in stored:
        write(HELD_OUT / each.name, each.content)
    lines = [json.dumps({"file": each.name, "media_type": each.media_type,
                         "label": samples.LABELS[each.diameter_mm > 0],
                         "diameter_mm": round(each.diameter_mm, 1)}) for each in stored]
    write(HELD_OUT / "index.json", "[\n" + ",\n".join(lines) + "\n]\n")


def write_examples() -> None:
    for name, label in EXAMPLE_INDEX.items():
        image = phantom.draw([EXAMPLE_SEED, label], TRAINING, label == 1).image
        options = {"format": "PNG"} if name.endswith("png") else {"format": "JPEG", "quality": 90}
        write(EXAMPLES / name, samples.encode(image, **options))


def main() -> None:
    stored = samples.files(HELD_OUT_SEED, COUNTS["held_out"], ELSEWHERE)
    held_out = samples.of_files(stored)
    validation = samples.of_files(samples.files(VALIDATION_SEED, COUNTS["validation"], ELSEWHERE))
    training = samples.for_training(TRAINING_SEED, COUNTS["training"], TRAINING)

    write_version(SMALL, card.SMALL, fit(SMALL, training, validation, False), held_out)
    write_version(LARGE, card.LARGE, fit(LARGE, training, validation, True), held_out)

    write_tag("current", card.LARGE.number)
    write_tag("previous", card.SMALL.number)
    write_held_out(stored)
    write_examples()


if __name__ == "__main__":
    main()
