# SPDX-License-Identifier: Apache-2.0
"""Writes examples/answers/ anew, of what the models of this tree answer now.

usage: PYTHONPATH=tests/support python3 tests/e2e/record_answers.py
"""
import json
import pathlib
import tempfile

import deployment
from process import ROOT

ANSWERS = ROOT / "examples/answers"


def request_of(answer_file: pathlib.Path) -> tuple[bytes, str]:
    """As tools/embed.py has it: JSON as it is, or the text of a note."""
    file = ROOT / "examples" / answer_file.name
    if file.exists():
        return file.read_bytes(), "application/json"
    return file.with_suffix(".txt").read_bytes(), "text/plain"


def main():
    with tempfile.TemporaryDirectory() as folder:
        galen = deployment.start("one", pathlib.Path(folder))
        for file in sorted(ANSWERS.glob("*.json")):
            body, media_type = request_of(file)
            model = json.loads(file.read_text())["model"]["name"]
            reply = galen.request("POST", f"/infer?model={model}", body, {"Content-Type": media_type})
            assert reply.status == 200, reply.body
            file.write_text(json.dumps(reply.json(), indent=2, ensure_ascii=False) + "\n")
        galen.stop()


if __name__ == "__main__":
    main()
