# SPDX-License-Identifier: Apache-2.0
"""A repository of every kind of model, whose answers are quick."""
import pathlib
import shutil

from process import ROOT

SOURCES = ("models/breast-cancer", "models/phantom-nodule", "tests/data/notes/lexicon",
           "tests/data/notes/urgency", "tests/data/models/simple")


def write(folder: pathlib.Path) -> dict[str, object]:
    """Settings of a deployment that serves them: lexicon takes texts that name no model."""
    for source in SOURCES:
        shutil.copytree(ROOT / source, folder / "models" / pathlib.Path(source).name, symlinks=True)
    config = folder / "galen.yaml"
    config.write_text("routes:\n  - {match: {content: text/plain}, model: lexicon}\n")
    return {"repository": folder / "models", "config": str(config)}
