# SPDX-License-Identifier: Apache-2.0
"""model.yaml of a version: how its numbers are measured and how the text is laid out."""
import dataclasses
import hashlib

import numpy as np
from samples import LABELS, MEAN, SIDE, STD, Samples
from sklearn.metrics import accuracy_score, brier_score_loss, roc_auc_score

THRESHOLD = 0.6
BINS = 10
SMALL_MM = 12


@dataclasses.dataclass
class Version:
    number: str
    what: str


SMALL = Version("1", "Three convolutions, trained briefly and not calibrated.")
LARGE = Version("2", "Four convolutions; a temperature, chosen on a validation set, is part of"
                     " its last layer.")

INTENDED_USE = ("Shows how galen serves an image model: decoding, resizing, abstention, metric and"
                " calibration in the card. It has never seen a radiograph. Not a medical device,"
                " not for any decision about a person.")
TRAINING_DATA = (
    "No data of people: chest radiographs drawn by train/phantom-nodule, with lungs, heart,"
    " diaphragm, ribs, collar bones, vessels, scatter, quantum noise, blur, collimation, markers"
    " and leads; half with one nodule of 6 to 30 mm. Vessels seen end-on, nipples and calcified"
    " ends of ribs are in both halves. {training} images trained the model, {validation} chose and"
    " calibrated it, {held_out} gave the metrics. The latter two are of other seeds and of another"
    " site: fewer photons, more scatter and blur, wider ranges of field of view, rotation, bone"
    " density, gray scale and sharpening, stronger compression.")
LIMITS = (
    "Says nothing of radiographs of people. One nodule or none, frontal view, upright, no other"
    " disease. Nodules are denser than those of people, and the smaller are missed more often.")
METRICS = (
    "nodule is the positive class; sensitivity and specificity are at 0.5. ece, the expected"
    " calibration error: scores of nodule in 10 bins of equal width, mean distance of a bin's mean"
    " score from its share of nodules, weighted by its size. Abstains when the better of the two"
    " scores is below 0.6; the metrics count every image, abstained or not.")


def calibration_error(scores: np.ndarray, positive: np.ndarray) -> float:
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    return float(sum(abs(scores[bins == each].sum() - positive[bins == each].sum())
                     for each in range(BINS)) / len(scores))


def measure(scores: np.ndarray, samples: Samples) -> dict[str, float]:
    """scores: of nodule."""
    positive, found = samples.labels == 1, scores >= 0.5
    small = positive & (samples.diameters_mm < SMALL_MM)
    measured = {"accuracy": accuracy_score(positive, found),
                "auc": roc_auc_score(positive, scores),
                "brier": brier_score_loss(positive, scores),
                "ece": calibration_error(scores, positive),
                "sensitivity": found[positive].mean(),
                f"sensitivity_below_{SMALL_MM}_mm": found[small].mean(),
                "specificity": (~found[~positive]).mean()}
    return ({"images": len(scores)} | {name: round(float(value), 6) for name, value in measured.items()}
            | {"abstained": int((np.maximum(scores, 1 - scores) < THRESHOLD).sum())})


def folded(text: str) -> str:
    """A YAML block of lines that read as one."""
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > 92:
            lines, line = [*lines, line], ""
        line = f"{line} {word}".strip()
    return ">-\n" + "\n".join(f"    {each}" for each in [*lines, line])


def number(value: float) -> str:
    return f"{value:.15g}"


def render(version: Version, counts: dict[str, int], onnx_bytes: bytes,
           metrics: dict[str, float]) -> str:
    measured = ", ".join(f"{name}: {number(value)}" for name, value in metrics.items())
    return f"""# SPDX-License-Identifier: Apache-2.0
# Written by train/phantom-nodule: change it there.
task: image-classification
title: Nodule in a drawn chest radiograph
media_types: [image/png, image/jpeg]
input: {{tensor: pixels, datatype: FP32}}
image:
  channels: gray
  layout: nchw
  width: {SIDE}
  height: {SIDE}
  fit: stretch
  filter: bilinear
  scale: {number(1 / 255)}
  mean: [{number(MEAN)}]
  std: [{number(STD)}]
  min_width: 64
  min_height: 64
  convert: true
output: {{tensor: logits, activation: softmax}}
labels: [{", ".join(LABELS)}]
threshold: {number(THRESHOLD)}
files:
  model.onnx: {hashlib.sha256(onnx_bytes).hexdigest()}
card:
  demonstration: true
  notice: demonstration, not for clinical use
  intended_use: {folded(INTENDED_USE)}
  training_data: {folded(TRAINING_DATA.format(**counts))}
  metrics: {{{measured}}}
  limits: {folded(f"{version.what} {LIMITS} {METRICS}")}
"""
