# SPDX-License-Identifier: Apache-2.0
"""The figures in an image model's card are those of the served model, measured on the very
files that the card was.

The server decodes and resizes with code of its own, whose pixels may differ from Pillow's by a
gray level. One in twenty pixels that does so moves a score by up to WOBBLE, measured; an image
whose score is closer than that to where an answer changes may count on either side. All pixels
that do so move AUC and Brier by up to 0.003, and the calibration error by up to 0.015."""
import json

import numpy as np
import pytest
import yaml
from process import ROOT
from test_heldout import area_under_curve

MODEL = "phantom-nodule"
FOLDER = ROOT / "tests/data" / MODEL
WOBBLE = 0.06
BINS = 10
SMALL_MM = 12


def card(version: str) -> dict:
    return yaml.safe_load((ROOT / "models" / MODEL / version / "model.yaml").read_text())


def held_out() -> list[dict]:
    return json.loads((FOLDER / "index.json").read_bytes())


def ask(galen, version: str, rows: list[dict]) -> list[dict]:
    path = f"/infer?model={MODEL}&version={version}"
    replies = [galen.request("POST", path, (FOLDER / row["file"]).read_bytes(),
                             {"Content-Type": row["media_type"]}) for row in rows]
    assert {reply.status for reply in replies} == {200}
    return [reply.json() for reply in replies]


def scores_of_nodule(answers: list[dict]) -> np.ndarray:
    return np.array([{each["label"]: each["score"] for each in answer["predictions"]}["nodule"]
                     for answer in answers])


def near(values: np.ndarray, *limits: float) -> int:
    """How many values may be on another side of a limit."""
    return int(sum((np.abs(values - limit) < WOBBLE).sum() for limit in limits))


def calibration_error(scores: np.ndarray, positive: np.ndarray) -> float:
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    gaps = [abs(scores[bins == each].sum() - positive[bins == each].sum()) for each in range(BINS)]
    return sum(gaps) / len(scores)


@pytest.mark.parametrize("version", ["1", "2"])
def test_the_card_tells_what_the_server_does(galen, version):
    rows, contract = held_out(), card(version)
    expected, count = contract["card"]["metrics"], len(rows)
    answers = ask(galen, version, rows)
    positive = np.array([row["label"] == "nodule" for row in rows])
    scores = scores_of_nodule(answers)
    right = np.array([answer["predictions"][0]["label"] == row["label"]
                      for answer, row in zip(answers, rows, strict=True)])
    undecided = near(scores, 0.5)
    assert count == expected["images"]
    assert right.mean() == pytest.approx(expected["accuracy"], abs=undecided / count + 1e-6)
    assert right[positive].mean() == pytest.approx(
        expected["sensitivity"], abs=undecided / positive.sum() + 1e-6)
    small = np.array([0 < row["diameter_mm"] < SMALL_MM for row in rows])
    assert right[small].mean() == pytest.approx(
        expected[f"sensitivity_below_{SMALL_MM}_mm"], abs=near(scores[small], 0.5) / small.sum() + 1e-6)
    assert right[~positive].mean() == pytest.approx(
        expected["specificity"], abs=undecided / (~positive).sum() + 1e-6)
    assert area_under_curve(positive, scores) == pytest.approx(expected["auc"], abs=3e-3)
    assert np.mean((scores - positive) ** 2) == pytest.approx(expected["brier"], abs=3e-3)
    assert calibration_error(scores, positive) == pytest.approx(expected["ece"], abs=0.015)
    abstained = sum(answer["abstained"] is not None for answer in answers)
    threshold = contract["threshold"]
    assert abs(abstained - expected["abstained"]) <= near(scores, threshold, 1 - threshold)


def test_who_abstains_says_so_and_warns(galen):
    answers = ask(galen, "2", held_out()[:100])
    abstained = [answer for answer in answers if answer["abstained"]]
    assert abstained
    for answer in abstained:
        assert answer["abstained"] == "low_confidence"
        assert "low_confidence" in [each["code"] for each in answer["warnings"]]
        assert answer["predictions"][0]["score"] < card("2")["threshold"]
