# SPDX-License-Identifier: Apache-2.0
"""The figures in a model's card are those of the served model."""
import numpy as np
import pytest
import yaml
from process import ROOT
from samples import MODEL, held_out


def card(version: str) -> dict:
    path = ROOT / "models" / MODEL / version / "model.yaml"
    return yaml.safe_load(path.read_text())["card"]["metrics"]


def area_under_curve(positive: np.ndarray, scores: np.ndarray) -> float:
    """The share of pairs in the right order; a tie is half a pair."""
    above = scores[positive][:, None] - scores[~positive][None, :]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def ask(galen, version: str, rows: list[dict]) -> list[dict]:
    replies = [galen.infer({"model": MODEL, "version": version, "input": row["input"]})
               for row in rows]
    assert {reply.status for reply in replies} == {200}
    return [reply.json() for reply in replies]


@pytest.mark.parametrize("version", ["1", "2"])
def test_the_card_tells_what_the_server_does(galen, version):
    rows, expected = held_out(), card(version)
    answers = ask(galen, version, rows)
    positive = np.array([row["label"] == "malignant" for row in rows])
    scores = np.array([{each["label"]: each["score"] for each in answer["predictions"]}["malignant"]
                       for answer in answers])
    right = [answer["predictions"][0]["label"] == row["label"]
             for answer, row in zip(answers, rows, strict=True)]
    assert len(rows) == expected["rows"]
    assert np.mean(right) == pytest.approx(expected["accuracy"], abs=1e-6)
    assert area_under_curve(positive, scores) == pytest.approx(expected["auc"], abs=1e-6)
    assert np.mean((scores - positive) ** 2) == pytest.approx(expected["brier"], abs=2e-6)
    assert sum(answer["abstained"] is not None for answer in answers) == expected["abstained"]


def test_who_abstains_says_so_and_warns(galen):
    abstained = [answer for answer in ask(galen, "2", held_out()) if answer["abstained"]]
    assert abstained
    for answer in abstained:
        assert answer["abstained"] == "low_confidence"
        assert "low_confidence" in [each["code"] for each in answer["warnings"]]
        assert answer["predictions"][0]["score"] < 0.6
