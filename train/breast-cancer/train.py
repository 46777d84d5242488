#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains both versions of the sample model breast-cancer, measures them on rows that they
have not seen, and writes models/breast-cancer, the held-out rows and two example requests."""
import dataclasses
import json
import pathlib
import warnings

import card
import graph
import numpy as np
import onnxruntime
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models/breast-cancer"
HELD_OUT = ROOT / "tests/data/breast-cancer/heldout.json"
EXAMPLES = ROOT / "examples"

SEED = 20240229
HELD_OUT_SHARE = 0.25
TOLERANCE = 1e-5
DIGITS = 6  # of a weight: what is left of rounding differs from one processor to the next


@dataclasses.dataclass
class Data:
    names: list[str]
    labels: list[str]
    train_rows: np.ndarray
    train_labels: np.ndarray
    rows: np.ndarray
    row_labels: np.ndarray
    largest: np.ndarray


def load() -> Data:
    bundle = load_breast_cancer()
    train_rows, rows, train_labels, row_labels = train_test_split(
        bundle.data, bundle.target, test_size=HELD_OUT_SHARE, stratify=bundle.target,
        random_state=SEED)
    return Data(names=[str(name) for name in bundle.feature_names],
                labels=[str(name) for name in bundle.target_names],
                train_rows=train_rows, train_labels=train_labels, rows=rows,
                row_labels=row_labels, largest=bundle.data.max(axis=0))


def rounded(values: np.ndarray) -> np.ndarray:
    """To DIGITS significant decimal digits."""
    return np.vectorize(lambda value: float(f"{value:.{DIGITS - 1}e}"))(values)


def fit_scaler(data: Data) -> StandardScaler:
    scaler = StandardScaler().fit(data.train_rows)
    scaler.mean_, scaler.scale_ = rounded(scaler.mean_), rounded(scaler.scale_)
    return scaler


def fit_regression(data: Data, scaler: StandardScaler) -> LogisticRegression:
    model = LogisticRegression(C=1.0, tol=1e-12, max_iter=10_000)
    model.fit(scaler.transform(data.train_rows), data.train_labels)
    model.coef_, model.intercept_ = rounded(model.coef_), rounded(model.intercept_)
    return model


def fit_network(data: Data, scaler: StandardScaler) -> MLPClassifier:
    model = MLPClassifier(hidden_layer_sizes=(16,), alpha=1.0, batch_size=32,
                          learning_rate_init=0.005, max_iter=60, n_iter_no_change=60,
                          random_state=SEED)
    with warnings.catch_warnings():  # it stops early on purpose
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(scaler.transform(data.train_rows), data.train_labels)
    model.coefs_ = [rounded(weights) for weights in model.coefs_]
    model.intercepts_ = [rounded(biases) for biases in model.intercepts_]
    return model


def run(onnx_bytes: bytes, rows: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(onnx_bytes, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {"features": rows.astype(np.float32)})[0]


def check_equal(onnx_bytes: bytes, expected: np.ndarray, rows: np.ndarray) -> None:
    difference = np.abs(run(onnx_bytes, rows) - expected).max()
    if difference > TOLERANCE:
        raise SystemExit(f"the network differs from scikit-learn's by {difference}")


def write(path: pathlib.Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def write_version(data: Data, version: card.Version, onnx_bytes: bytes) -> None:
    metrics = card.measure(run(onnx_bytes, data.rows), data.row_labels, version.threshold)
    contents = card.Contents(data.names, data.labels, data.largest)
    text = card.render(version, contents, onnx_bytes, metrics)
    write(MODEL / version.number / "model.onnx", onnx_bytes)
    write(MODEL / version.number / "model.yaml", text)
    print(f"breast-cancer/{version.number}: {metrics}")


def write_tag(name: str, version: str) -> None:
    link = MODEL / name
    link.unlink(missing_ok=True)
    link.symlink_to(version)


def vector(data: Data, row: np.ndarray) -> dict[str, float]:
    return dict(zip(data.names, map(float, row), strict=True))


def write_held_out(data: Data) -> None:
    lines = [json.dumps({"label": data.labels[label], "input": vector(data, row)})
             for row, label in zip(data.rows, data.row_labels, strict=True)]
    write(HELD_OUT, "[\n" + ",\n".join(lines) + "\n]\n")


def write_examples(data: Data) -> None:
    for index, label in enumerate(data.labels):
        row = data.rows[np.flatnonzero(data.row_labels == index)[0]]
        body = {"model": "breast-cancer", "input": vector(data, row)}
        write(EXAMPLES / f"breast-cancer-{label}.json", json.dumps(body, indent=2) + "\n")


def main() -> None:
    data = load()
    scaler = fit_scaler(data)
    every_row = np.concatenate([data.train_rows, data.rows])
    scaled = scaler.transform(every_row)

    regression = fit_regression(data, scaler)
    onnx_bytes = graph.of_layers(scaler, [regression.coef_.T], [regression.intercept_])
    check_equal(onnx_bytes, regression.predict_proba(scaled), every_row)
    write_version(data, card.REGRESSION, onnx_bytes)

    network = fit_network(data, scaler)
    onnx_bytes = graph.of_layers(scaler, network.coefs_, network.intercepts_)
    check_equal(onnx_bytes, network.predict_proba(scaled), every_row)
    write_version(data, card.NETWORK, onnx_bytes)

    write_tag("current", card.NETWORK.number)
    write_tag("previous", card.REGRESSION.number)
    write_held_out(data)
    write_examples(data)


if __name__ == "__main__":
    main()
