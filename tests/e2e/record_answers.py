# SPDX-License-Identifier: Apache-2.0
"""Writes examples/answers/ anew, of what the models of this tree answer now.

usage: PYTHONPATH=tests/support:tools python3 tests/e2e/record_answers.py
"""
import json
import pathlib
import tempfile

import deployment
import embed
from process import ROOT

ANSWERS = ROOT / "examples/answers"


def main():
    with tempfile.TemporaryDirectory() as folder:
        galen = deployment.start("one", pathlib.Path(folder))
        for file in sorted(ANSWERS.glob("*.json")):
            model = json.loads(file.read_text())["model"]["name"]
            reply = galen.infer(embed.request_of(file, model))
            assert reply.status == 200, reply.body
            file.write_text(json.dumps(reply.json(), indent=2, ensure_ascii=False) + "\n")
        galen.stop()


if __name__ == "__main__":
    main()
