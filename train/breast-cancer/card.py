# SPDX-License-Identifier: Apache-2.0
"""model.yaml of a version: how its numbers are measured and how the text is laid out."""
import dataclasses
import hashlib
import math

import numpy as np
from sklearn.metrics import accuracy_score, brier_score_loss, roc_auc_score


@dataclasses.dataclass
class Version:
    number: str
    what: str
    threshold: float
    limits: str


@dataclasses.dataclass
class Contents:
    names: list[str]
    labels: list[str]
    largest: np.ndarray  # of each feature in the whole data set


REGRESSION = Version("1", "Logistic regression on standardised features.", 0.0,
                     "It never abstains.")
NETWORK = Version("2", "A network of one hidden layer of 16 on standardised features.", 0.6,
                  "Abstains when the better of the two probabilities is below 0.6; the"
                  " metrics count every row, abstained or not.")

INTENDED_USE = ("Shows how galen serves a tabular model: contract, ranges, abstention, metric"
                " in the card. Not a medical device, not for any decision about a person.")
TRAINING_DATA = (
    "Breast Cancer Wisconsin (Diagnostic), W. H. Wolberg, W. N. Street and O. L. Mangasarian,"
    " 1995: 569 masses, 212 malignant and 357 benign, 30 features of cell nuclei in an image"
    " of a fine needle aspirate. The copy inside scikit-learn 1.9.1, which names the UCI"
    " repository as its source and states no licence for the data; UCI lists the data set"
    " under CC BY 4.0. Three rows in four trained the model, the others (stratified, seeded)"
    " gave the metrics.")
LIMITS = (
    "One hospital, before 1995, no demographics, no external validation. The data set states"
    " no units, so the features have none here. A feature may be 0 to twice the largest value"
    " in the data set, rounded up to two digits; none may be missing.")


def rounded_up(value: float) -> float:
    """To two significant digits."""
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / step) * step:.2g}")


def measure(probabilities: np.ndarray, labels: np.ndarray, threshold: float) -> dict[str, float]:
    """The first label, malignant, is the positive one."""
    positive = labels == 0
    return {"rows": len(labels),
            "accuracy": round(accuracy_score(labels, probabilities.argmax(axis=1)), 6),
            "auc": round(roc_auc_score(positive, probabilities[:, 0]), 6),
            "brier": round(brier_score_loss(positive, probabilities[:, 0]), 6),
            "abstained": int((probabilities.max(axis=1) < threshold).sum())}


def folded(text: str) -> str:
    """A YAML block of lines that read as one."""
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > 92:
            lines, line = [*lines, line], ""
        line = f"{line} {word}".strip()
    return ">-\n" + "\n".join(f"    {each}" for each in [*lines, line])


def number(value: float) -> str:
    return f"{value:.12g}"


def render(version: Version, contents: Contents, onnx_bytes: bytes,
           metrics: dict[str, float]) -> str:
    features = "\n".join(
        f'  - {{name: {name}, unit: "1", min: 0, max: {number(rounded_up(2 * top))}}}'
        for name, top in zip(contents.names, contents.largest, strict=True))
    measured = ", ".join(f"{name}: {number(value)}" for name, value in metrics.items())
    return f"""# SPDX-License-Identifier: Apache-2.0
# Written by train/breast-cancer: change it there.
task: tabular-classification
title: Breast mass, benign or malignant
media_types: [application/json]
input: {{tensor: features, datatype: FP32}}
features:
{features}
output: {{tensor: probabilities, activation: none}}
labels: [{", ".join(contents.labels)}]
threshold: {number(version.threshold)}
files:
  model.onnx: {hashlib.sha256(onnx_bytes).hexdigest()}
card:
  demonstration: true
  notice: demonstration, not for clinical use
  intended_use: {folded(INTENDED_USE)}
  training_data: {folded(TRAINING_DATA)}
  metrics: {{{measured}}}
  limits: {folded(f"{version.what} {LIMITS} {version.limits}")}
"""
